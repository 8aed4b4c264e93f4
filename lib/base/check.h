// SPDX-License-Identifier: Apache-2.0
//
// EMBATCH_CHECK states what this library must never get wrong by itself. It is
// not for what a caller, a plug-in or a file got wrong: that is an absl::Status
// or is ignored and counted.
//
// Example:
//   EMBATCH_CHECK(live_count_ > 0);

#ifndef EMBATCH_BASE_CHECK_H_
#define EMBATCH_BASE_CHECK_H_

#include "absl/base/optimization.h"

namespace embatch {

// CheckFailed prints the place and the condition to stderr, then aborts.
[[noreturn]] void CheckFailed(const char* file, int line,
                              const char* condition);

}  // namespace embatch

// EMBATCH_CHECK ends the process when `condition` is false.
#define EMBATCH_CHECK(condition)  \
  (ABSL_PREDICT_TRUE((condition)) \
       ? static_cast<void>(0)     \
       : ::embatch::CheckFailed(__FILE__, __LINE__, #condition))

// EMBATCH_DCHECK does so in debug builds; elsewhere it is compiled, never run.
#ifdef NDEBUG
#define EMBATCH_DCHECK(condition) \
  (true ? static_cast<void>(0) : EMBATCH_CHECK(condition))
#else
#define EMBATCH_DCHECK(condition) EMBATCH_CHECK(condition)
#endif

#endif  // EMBATCH_BASE_CHECK_H_
