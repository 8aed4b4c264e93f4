// SPDX-License-Identifier: Apache-2.0
// Amounts of CPU and memory as AWS writes them: texts. A text stands for one
// number; the scheduler counts in whole thousandths and MiB.
// Source: API ResourceRequirement.value, EksLimits, EksRequests; §3.3.
#ifndef EMBATCH_LIB_API_SERVICE_AMOUNTS_H_
#define EMBATCH_LIB_API_SERVICE_AMOUNTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace embatch {
namespace api {

// "0.25" is 250, "4" is 4000. Nothing: it is no such number, or has more than
// three digits behind the point.
std::optional<int64_t> ReadThousandths(absl::string_view text);
// The reverse, as short as can be.
std::string PrintThousandths(int64_t thousandths);

// "2048". Nothing: it is no whole number, or a negative one.
std::optional<int64_t> ReadWhole(absl::string_view text);

// For a member of 32 bits: what is past its ends is shown as they are.
int32_t ToInt32(int64_t number);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_AMOUNTS_H_
