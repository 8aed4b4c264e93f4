# SPDX-License-Identifier: Apache-2.0
# embatch_find_examples(<result>): the folders of examples/ whose libraries are
# all built here. A platform may lack one, and a build may leave one out.
function(embatch_find_examples result)
  file(
    GLOB lists
    LIST_DIRECTORIES false
    CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*/CMakeLists.txt)
  set(folders)
  foreach(list IN LISTS lists)
    set(missing)
    file(STRINGS ${list} lines REGEX "embatch::")
    string(REGEX MATCHALL "embatch::[a-z]+" libraries "${lines}")
    foreach(library IN LISTS libraries)
      if(NOT TARGET ${library})
        list(APPEND missing ${library})
      endif()
    endforeach()
    get_filename_component(folder ${list} DIRECTORY)
    if(missing)
      list(REMOVE_DUPLICATES missing)
      message(STATUS "embatch: without ${missing}, not built: ${folder}")
    else()
      list(APPEND folders ${folder})
    endif()
  endforeach()
  set(${result}
      ${folders}
      PARENT_SCOPE)
endfunction()
