// SPDX-License-Identifier: Apache-2.0
//
// The end of a process whose own invariant does not hold.

#include "lib/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace embatch {

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace embatch
