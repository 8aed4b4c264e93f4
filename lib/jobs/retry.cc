// SPDX-License-Identifier: Apache-2.0
#include "lib/jobs/retry.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace embatch {
namespace {

bool Holds(const std::optional<std::string>& pattern, absl::string_view text) {
  return !pattern.has_value() || MatchesExitPattern(*pattern, text);
}

}  // namespace

bool MatchesExitPattern(absl::string_view pattern, absl::string_view text) {
  const size_t first = pattern.find('*');
  if (first == absl::string_view::npos) return text == pattern;
  if (!absl::ConsumePrefix(&text, pattern.substr(0, first))) return false;
  // Each part between two stars is taken where it is found first.
  for (pattern.remove_prefix(first + 1);;) {
    const size_t next = pattern.find('*');
    if (next == absl::string_view::npos) return absl::EndsWith(text, pattern);
    const size_t found = text.find(pattern.substr(0, next));
    if (found == absl::string_view::npos) return false;
    text.remove_prefix(found + next);
    pattern.remove_prefix(next + 1);
  }
}

RetryAction ActionOnExit(const RetryStrategy& strategy,
                         const FailedAttempt& attempt) {
  const std::string exit_code =
      attempt.exit_code.has_value() ? absl::StrCat(*attempt.exit_code) : "";
  for (const EvaluateOnExit& rule : strategy.evaluate_on_exit) {
    if (Holds(rule.on_status_reason, attempt.status_reason) &&
        Holds(rule.on_reason, attempt.reason) &&
        Holds(rule.on_exit_code, exit_code)) {
      return rule.action;
    }
  }
  return RetryAction::kRetry;
}

}  // namespace embatch
