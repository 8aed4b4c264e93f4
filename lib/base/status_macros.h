// SPDX-License-Identifier: Apache-2.0
//
// EMBATCH_RETURN_IF_ERROR(expression): leaves the function with the status of
// `expression` unless it is OK.
#ifndef EMBATCH_BASE_STATUS_MACROS_H_
#define EMBATCH_BASE_STATUS_MACROS_H_

#include "absl/status/status.h"

#define EMBATCH_RETURN_IF_ERROR(expression)          \
  do {                                               \
    absl::Status embatch_status = (expression);      \
    if (!embatch_status.ok()) return embatch_status; \
  } while (false)

#endif  // EMBATCH_BASE_STATUS_MACROS_H_
