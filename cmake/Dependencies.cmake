# SPDX-License-Identifier: Apache-2.0
# Finds what embatch is built with. An installed package is always taken
# first; only where there is none a pinned release is downloaded.

# embatch_find_dependency(<package> <target> URL <url> SHA256 <hash>
#                         [OPTIONS <name=value>...])
#
# Makes sure that <target> exists: because the host program has it already,
# from an installed <package>, or from the release at <url>, for which OPTIONS
# are set while it configures.
macro(embatch_find_dependency package target)
  if(NOT TARGET ${target})
    find_package(${package} QUIET CONFIG)
  endif()
  if(NOT TARGET ${target})
    embatch_fetch_dependency(${package} ${target} ${ARGN})
  endif()
endmacro()

# A function, so that the options it sets end with it.
function(embatch_fetch_dependency package target)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "URL;SHA256" "OPTIONS")
  if(NOT EMBATCH_FETCH_DEPENDENCIES)
    message(
      FATAL_ERROR
        "embatch needs ${package} (${target}) and did not find it. Install it, "
        "name its place in CMAKE_PREFIX_PATH, or allow the download with "
        "-DEMBATCH_FETCH_DEPENDENCIES=ON.")
  endif()
  message(STATUS "embatch: ${package} is not installed, fetching ${arg_URL}")
  foreach(option IN LISTS arg_OPTIONS)
    string(REGEX MATCH "^([^=]+)=(.*)$" match "${option}")
    set(${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  endforeach()
  # Lets the plain variables above answer the option() calls of releases that
  # ask for an older CMake.
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  include(FetchContent)
  FetchContent_Declare(
    ${package}
    URL "${arg_URL}"
    URL_HASH "SHA256=${arg_SHA256}"
    DOWNLOAD_EXTRACT_TIMESTAMP FALSE)
  FetchContent_MakeAvailable(${package})
  if(NOT TARGET ${target})
    message(FATAL_ERROR "${arg_URL} does not define ${target}.")
  endif()
endfunction()

# A fetched Abseil is installed with embatch: the exported targets name it.
embatch_find_dependency(
  absl
  absl::status
  URL
  https://github.com/abseil/abseil-cpp/archive/refs/tags/20230802.1.tar.gz
  SHA256
  987ce98f02eefbaf930d6e38ab16aa05737234d7afbab2d5c4ea7adbe50c28ed
  OPTIONS
  ABSL_PROPAGATE_CXX_STD=ON
  ABSL_ENABLE_INSTALL=${EMBATCH_INSTALL}
  CMAKE_CXX_STANDARD=17)

# embatch::api is built where these are installed, and never fetches them: a
# program has one Protobuf, and it is the program's.
if(EMBATCH_BUILD_API)
  if(NOT TARGET protobuf::libprotobuf)
    find_package(Protobuf QUIET)
  endif()
  if(NOT TARGET nlohmann_json::nlohmann_json)
    find_package(nlohmann_json 3.11 QUIET CONFIG)
  endif()
endif()

if(EMBATCH_BUILD_TESTS)
  embatch_find_dependency(
    GTest
    GTest::gmock_main
    URL
    https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz
    SHA256
    8ad598c73ad796e0d8280b082cebd82a630d73e73cd3c70057938a6501bba5d7
    OPTIONS
    INSTALL_GTEST=OFF
    gtest_force_shared_crt=ON)
endif()

if(EMBATCH_BUILD_BENCHMARKS)
  embatch_find_dependency(
    benchmark
    benchmark::benchmark_main
    URL
    https://github.com/google/benchmark/archive/refs/tags/v1.8.3.tar.gz
    SHA256
    6bc180a57d23d4d9515519f92b0c83d61b05b5bab188961f36ac7b06b0d9e9ce
    OPTIONS
    BENCHMARK_ENABLE_TESTING=OFF
    BENCHMARK_ENABLE_INSTALL=OFF
    BENCHMARK_ENABLE_WERROR=OFF)
endif()
