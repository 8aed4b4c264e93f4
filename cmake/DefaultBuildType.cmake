# SPDX-License-Identifier: Apache-2.0
# A plain `cmake -B build` gives an optimized build with line numbers, not
# CMake's unoptimized default.

get_property(embatch_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT embatch_multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE
      RelWithDebInfo
      CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()
