// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/paging.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {

std::string TextToken(char kind, absl::string_view text) {
  return absl::StrCat(std::string(1, kind), ":", text);
}

std::optional<std::string> TextOfToken(char kind, absl::string_view token) {
  if (token.size() < 2 || token[0] != kind || token[1] != ':') {
    return std::nullopt;
  }
  return std::string(token.substr(2));
}

std::string NumberToken(char kind, uint64_t number) {
  return TextToken(kind, absl::StrCat(number));
}

std::optional<uint64_t> NumberOfToken(char kind, absl::string_view token) {
  const std::optional<std::string> text = TextOfToken(kind, token);
  uint64_t number = 0;
  if (!text.has_value() || !absl::SimpleAtoi(*text, &number)) {
    return std::nullopt;
  }
  return number;
}

absl::Status BadToken(absl::string_view token) {
  return absl::InvalidArgumentError(
      absl::StrCat("next_token is ", Quoted(token),
                   "; must be that of the page before, in the same list"));
}

// By name, an order that knows where a name stands that is gone.
absl::StatusOr<NamePage> PageOfNames(char kind, std::vector<std::string> names,
                                     const PageRequest& request) {
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("max_results", request.max_results, 1, kPageMax));
  std::sort(names.begin(), names.end());
  auto next = names.begin();
  if (!request.next_token.empty()) {
    const std::optional<std::string> last =
        TextOfToken(kind, request.next_token);
    if (!last.has_value()) return BadToken(request.next_token);
    next = std::upper_bound(names.begin(), names.end(), *last);
  }
  NamePage page;
  while (next != names.end() &&
         page.names.size() < static_cast<size_t>(request.max_results)) {
    page.names.push_back(*next++);
  }
  if (next != names.end()) page.next_token = TextToken(kind, page.names.back());
  return page;
}

bool MatchesAny(absl::string_view name,
                const std::vector<std::string>& values) {
  if (values.empty()) return true;
  return std::any_of(
      values.begin(), values.end(), [name](const std::string& value) {
        if (!absl::EndsWith(value, "*")) {
          return absl::EqualsIgnoreCase(name, value);
        }
        return absl::StartsWithIgnoreCase(
            name, absl::string_view(value).substr(0, value.size() - 1));
      });
}

}  // namespace embatch
