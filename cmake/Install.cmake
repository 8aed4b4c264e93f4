# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts in place: headers, the schema, libraries, the CMake
# package and the pkg-config files, one of each for every library that was built.

include(CMakePackageConfigHelpers)

set(embatch_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/embatch)
set(embatch_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The pkg-config files find the prefix from their own place, so an installed
# tree may be moved, and `cmake --install --prefix` works.
file(RELATIVE_PATH embatch_prefix_from_pkgconfig
     "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
set(EMBATCH_PC_PREFIX "\${pcfiledir}/${embatch_prefix_from_pkgconfig}")
string(REGEX REPLACE "/+$" "" EMBATCH_PC_PREFIX "${EMBATCH_PC_PREFIX}")
foreach(kind IN ITEMS LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}}")
    set(EMBATCH_PC_${kind} "${CMAKE_INSTALL_${kind}}")
  else()
    set(EMBATCH_PC_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
  endif()
endforeach()

# embatch_install_library(<target> <file> <pkg-config name> <description>
#                         <requires> <private libraries>)
function(embatch_install_library target file pc description requires libraries)
  install(
    TARGETS ${target}
    EXPORT ${file}-targets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(
    EXPORT ${file}-targets
    NAMESPACE embatch::
    DESTINATION ${embatch_package_dir})
  set(EMBATCH_PC_NAME ${pc})
  set(EMBATCH_PC_DESCRIPTION "${description}")
  set(EMBATCH_PC_LIBRARY ${target})
  set(EMBATCH_PC_REQUIRES "${requires}")
  set(EMBATCH_PC_LIBRARIES "${libraries}")
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embatch.pc.in
                 ${PROJECT_BINARY_DIR}/${pc}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc
          DESTINATION ${embatch_pkgconfig_dir})
endfunction()

# What the core links, in the words of Abseil's own pkg-config files.
get_target_property(embatch_links embatch INTERFACE_LINK_LIBRARIES)
list(FILTER embatch_links INCLUDE REGEX "^absl::")
list(TRANSFORM embatch_links REPLACE "^absl::" "absl_")
list(JOIN embatch_links ", " embatch_absl_modules)

embatch_install_library(embatch embatch embatch "${PROJECT_DESCRIPTION}"
                        "${embatch_absl_modules}" "")
if(TARGET embatch_sim)
  embatch_install_library(
    embatch_sim embatch-sim embatch-sim
    "embatch: a simulated provider and runtime on virtual time"
    "embatch = ${PROJECT_VERSION}" "")
endif()
if(TARGET embatch_local)
  embatch_install_library(
    embatch_local embatch-local embatch-local
    "embatch: containers as processes of this machine"
    "embatch = ${PROJECT_VERSION}" "-pthread")
endif()
if(TARGET embatch_api)
  embatch_install_library(
    embatch_api embatch-api embatch-api
    "embatch: AWS Batch's API as Protobuf and JSON"
    "embatch = ${PROJECT_VERSION}, protobuf" "")
  install(
    DIRECTORY ${PROJECT_BINARY_DIR}/generated/embatch
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING
    PATTERN "*.pb.h")
endif()

# Headers of a library that was not built would only mislead.
foreach(component IN ITEMS sim local api)
  if(NOT TARGET embatch_${component})
    list(APPEND embatch_header_exclusions PATTERN "embatch/${component}"
         EXCLUDE)
  endif()
endforeach()
install(
  DIRECTORY ${PROJECT_SOURCE_DIR}/include/embatch
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*.proto" ${embatch_header_exclusions})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/embatch-config.cmake.in
  ${PROJECT_BINARY_DIR}/embatch-config.cmake
  INSTALL_DESTINATION ${embatch_package_dir}
  NO_SET_AND_CHECK_MACRO)
# Until version 1.0 a minor version may break its callers.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/embatch-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/embatch-config.cmake
              ${PROJECT_BINARY_DIR}/embatch-config-version.cmake
        DESTINATION ${embatch_package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
