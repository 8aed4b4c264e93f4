// SPDX-License-Identifier: Apache-2.0
//
// How the tests of a room say that a value was refused, and with what words.
#ifndef EMBATCH_TESTS_MODEL_REFUSED_H_
#define EMBATCH_TESTS_MODEL_REFUSED_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace embatch {

inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// What a table of cases expects: "OK", or the whole message of a
// kInvalidArgument. Any other code shows itself before its message.
template <typename Result>
std::string Answer(const Result& result) {
  const absl::Status status = StatusOf(result);
  if (status.ok()) return "OK";
  if (absl::IsInvalidArgument(status)) return std::string(status.message());
  return status.ToString();
}

// EXPECT_THAT(CheckName("name", ""), Refused("name is \"\"; must be ..."));
MATCHER_P(Refused, message, "is kInvalidArgument saying exactly this") {
  *result_listener << StatusOf(arg);
  return absl::IsInvalidArgument(StatusOf(arg)) &&
         StatusOf(arg).message() == message;
}

}  // namespace embatch

#endif  // EMBATCH_TESTS_MODEL_REFUSED_H_
