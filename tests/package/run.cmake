# SPDX-License-Identifier: Apache-2.0
# Runs one test of packaging: `cmake -D CASE=<case> ... -P run.cmake`. The
# CMakeLists.txt beside it says which cases there are and what each is given.

cmake_minimum_required(VERSION 3.25)

set(here ${CMAKE_CURRENT_LIST_DIR})
set(prefix ${WORK_DIR}/installed)
set(shared_prefix ${WORK_DIR}/installed-shared)

# run(<command> <argument>...): must succeed. Its output is left in `output`.
macro(run)
  execute_process(
    COMMAND ${ARGV}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  string(JOIN " " command ${ARGV})
  message(STATUS "${command}\n${output}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "Failed with ${result}: ${command}")
  endif()
endmacro()

# configure(<source> <build> <cmake argument>...): in a fresh build folder,
# without optimization and debug information, because only building matters.
function(configure source build)
  file(REMOVE_RECURSE ${build})
  run(${CMAKE_COMMAND} -S ${source} -B ${build} -G ${GENERATOR} #
      -D CMAKE_BUILD_TYPE= #
      -D CMAKE_CXX_COMPILER=${CXX} #
      -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} #
      ${ARGN})
endfunction()

function(check_consumer_runs program)
  run(${program})
  if(NOT output STREQUAL "hello:1 is ACTIVE\n")
    message(FATAL_ERROR "${program} did not print 'hello:1 is ACTIVE'")
  endif()
endfunction()

function(install_from binary_dir to)
  file(REMOVE_RECURSE ${to})
  run(${CMAKE_COMMAND} --install ${binary_dir} --prefix ${to} ${ARGN})
  foreach(file IN ITEMS include/embatch/scheduler.h share/doc/embatch/LICENSE)
    if(NOT EXISTS ${to}/${file})
      message(FATAL_ERROR "${file} is not installed")
    endif()
  endforeach()
  # Headers of lib/ are nobody's business.
  file(GLOB others ${to}/include/*)
  list(REMOVE_ITEM others ${to}/include/embatch ${to}/include/absl)
  if(others)
    message(FATAL_ERROR "Installed beside include/embatch: ${others}")
  endif()
endfunction()

# Lets find_package() look into <folder>..., and where this build looked. By the
# environment, because a list does not survive being passed on as an argument.
macro(set_prefix_path)
  set(path ${ARGN} ${PREFIX_PATH})
  cmake_path(CONVERT "${path}" TO_NATIVE_PATH_LIST path)
  set(ENV{CMAKE_PREFIX_PATH} "${path}")
endmacro()

function(build_with_find_package source build from)
  set_prefix_path(${from})
  configure(${source} ${build})
  run(${CMAKE_COMMAND} --build ${build})
endfunction()

# By hand, as a Makefile would.
function(build_with_pkg_config build from)
  file(REMOVE_RECURSE ${build})
  file(MAKE_DIRECTORY ${build})
  file(GLOB_RECURSE modules ${from}/*/embatch*.pc)
  list(GET modules 0 first)
  get_filename_component(folder "${first}" DIRECTORY)
  list(TRANSFORM modules REPLACE "^.*/(.*)\\.pc$" "\\1")
  set(ENV{PKG_CONFIG_PATH} "${folder}:$ENV{PKG_CONFIG_PATH}")
  run(${PKG_CONFIG} --cflags --libs ${modules})
  string(STRIP "${output}" flags)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(${CXX} -std=c++17 ${here}/main.cc -o ${build}/consumer ${flags})
endfunction()

if(CASE STREQUAL "install")
  if(CONFIG)
    set(config --config ${CONFIG})
  endif()
  install_from(${BINARY_DIR} ${prefix} ${config})

elseif(CASE STREQUAL "find_package")
  build_with_find_package(${here}/find_package ${WORK_DIR}/find_package
                          ${prefix})
  check_consumer_runs(${WORK_DIR}/find_package/consumer)

elseif(CASE STREQUAL "pkg_config")
  build_with_pkg_config(${WORK_DIR}/pkg_config ${prefix})
  check_consumer_runs(${WORK_DIR}/pkg_config/consumer)

elseif(CASE STREQUAL "add_subdirectory")
  set(build ${WORK_DIR}/add_subdirectory)
  set_prefix_path()
  configure(${here}/add_subdirectory ${build} #
            -D EMBATCH_DIR=${SOURCE_DIR} #
            -D BUILD_SHARED_LIBS=ON)
  run(${CMAKE_COMMAND} --build ${build} --parallel 2)
  check_consumer_runs(${build}/consumer)

  # The program's own file is compiled with the program's own flags.
  file(READ ${build}/compile_commands.json commands)
  string(REGEX MATCH "\"command\": \"[^\n]*consumer\\.dir[^\n]*" command
               "${commands}")
  if(NOT command MATCHES " -std=c\\+\\+17 ")
    message(FATAL_ERROR "Not compiled as the program wishes: ${command}")
  endif()
  if(command MATCHES " -(W|f|O|g)")
    message(FATAL_ERROR "A flag of embatch's leaked: ${command}")
  endif()

elseif(CASE STREQUAL "shared")
  set(build ${WORK_DIR}/add_subdirectory)
  run(${CMAKE_COMMAND} -D EMBATCH_INSTALL=ON -D EXPECT_INSTALL=ON ${build})
  # What is to be installed is linked differently; nothing is compiled.
  run(${CMAKE_COMMAND} --build ${build})
  install_from(${build} ${shared_prefix})
  file(GLOB_RECURSE static ${shared_prefix}/*.a)
  if(static)
    message(FATAL_ERROR "A shared build installed ${static}")
  endif()
  build_with_find_package(${here}/find_package ${WORK_DIR}/shared_find_package
                          ${shared_prefix})
  check_consumer_runs(${WORK_DIR}/shared_find_package/consumer)

elseif(CASE MATCHES "^example\\.")
  build_with_find_package(${EXAMPLE} ${WORK_DIR}/${CASE} ${prefix})

else()
  message(FATAL_ERROR "There is no case '${CASE}'")
endif()
