# SPDX-License-Identifier: Apache-2.0
# How embatch compiles its own code: warnings, sanitizers, coverage.
#
# The flags sit on one interface library that is never exported and that only
# embatch's own targets link, so a host program's flags stay its own.

add_library(embatch_build_flags INTERFACE)

# Somebody who builds embatch as a part of their program can't act on its
# warnings, so there the compiler keeps quiet unless it is asked.
if(PROJECT_IS_TOP_LEVEL OR EMBATCH_WERROR)
  if(MSVC)
    target_compile_options(embatch_build_flags INTERFACE /W4)
  else()
    target_compile_options(embatch_build_flags INTERFACE -Wall -Wextra
                                                         -Wpedantic -Wshadow)
  endif()
endif()
if(EMBATCH_WERROR)
  target_compile_options(embatch_build_flags
                         INTERFACE $<IF:$<BOOL:${MSVC}>,/WX,-Werror>)
endif()

if(EMBATCH_SANITIZE)
  list(JOIN EMBATCH_SANITIZE "," embatch_sanitizers)
  # A finding of the undefined-behaviour sanitizer must fail the test that
  # made it, hence no recovery. Unoptimized instrumented code is too slow for
  # the property tests.
  target_compile_options(
    embatch_build_flags
    INTERFACE -fsanitize=${embatch_sanitizers} -fno-sanitize-recover=all
              -fno-omit-frame-pointer $<$<CONFIG:Debug>:-O1>)
  target_link_options(embatch_build_flags INTERFACE
                      -fsanitize=${embatch_sanitizers})
endif()

if(EMBATCH_COVERAGE)
  target_compile_options(embatch_build_flags INTERFACE --coverage
                                                       -fprofile-update=atomic)
  target_link_options(embatch_build_flags INTERFACE --coverage)
endif()

# Gives one of embatch's own targets the flags above, and standard C++ without
# the compiler's extensions.
function(embatch_use_build_flags target)
  target_compile_features(${target} PRIVATE cxx_std_17)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  # Reading headers is most of the work of an unoptimized build. That each unit
  # has all it needs is seen by `cmake/dev units`.
  if(EMBATCH_UNITY_BUILD AND target MATCHES
                             "^embatch(_test_support)?$|^(scenario|scheduler|property|twin)_test$")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON
                                               UNITY_BUILD_BATCH_SIZE 8)
  endif()
  # BUILD_INTERFACE keeps the flags out of the installed package.
  target_link_libraries(${target}
                        PRIVATE $<BUILD_INTERFACE:embatch_build_flags>)
endfunction()
