// SPDX-License-Identifier: Apache-2.0
//
// Tokens of lists that come in pages. A token holds the key of the last entry
// of its page in an order that never changes, so that what lives throughout is
// listed once, whatever comes and goes in between. Source: §20.1.
#ifndef EMBATCH_SCHEDULER_PAGING_H_
#define EMBATCH_SCHEDULER_PAGING_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/scheduler.h"

namespace embatch {

inline constexpr uint64_t kNoSequence = std::numeric_limits<uint64_t>::max();

// `kind` keeps the token of one list from being taken for that of another.
std::string TextToken(char kind, absl::string_view text);
std::optional<std::string> TextOfToken(char kind, absl::string_view token);
std::string NumberToken(char kind, uint64_t number);
std::optional<uint64_t> NumberOfToken(char kind, absl::string_view token);

// kInvalidArgument.
absl::Status BadToken(absl::string_view token);

// Whether a name matches one of the values, case aside; "abc*" matches what
// begins with "abc". No value: everything matches.
// Source: API ListJobs, filter JOB_NAME, and those of its kind.
bool MatchesAny(absl::string_view name, const std::vector<std::string>& values);

// A page of names, which need no order and no page of their own.
absl::StatusOr<NamePage> PageOfNames(char kind, std::vector<std::string> names,
                                     const PageRequest& request);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_PAGING_H_
