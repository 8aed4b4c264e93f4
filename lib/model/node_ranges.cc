// SPDX-License-Identifier: Apache-2.0
#include "lib/model/node_ranges.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// "7", not "07" or "+7".
bool ParseIndex(absl::string_view text, int32_t* index) {
  return absl::SimpleAtoi(text, index) && *index >= 0 &&
         absl::StrCat(*index) == text;
}

}  // namespace

absl::StatusOr<NodeRange> ParseNodeRange(absl::string_view text,
                                         int32_t num_nodes) {
  NodeRange range;
  const size_t colon = text.find(':');
  const absl::string_view from = text.substr(0, colon);
  bool valid = true;
  if (colon == absl::string_view::npos) {
    valid = ParseIndex(from, &range.first);
    range.last = range.first;
  } else {
    const absl::string_view to = text.substr(colon + 1);
    range.is_open = to.empty();
    range.last = num_nodes - 1;
    valid = (from.empty() || ParseIndex(from, &range.first)) &&
            (to.empty() || ParseIndex(to, &range.last)) &&
            (to.empty() || range.first <= range.last);
  }
  if (valid) return range;
  return absl::InvalidArgumentError(
      absl::StrCat("is ", Quoted(text),
                   "; must be a range of nodes such as \"0:3\", \":3\", "
                   "\"2:\", \":\" or \"2\""));
}

// The narrowest range that a node lies in is its own.
absl::StatusOr<std::vector<uint8_t>> RangeOfEachNode(
    const std::vector<NodeRange>& ranges, int32_t num_nodes) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    for (size_t j = i + 1; j < ranges.size(); ++j) {
      const NodeRange& a = ranges[i];
      const NodeRange& b = ranges[j];
      const bool apart = a.last < b.first || b.last < a.first;
      const bool equal = a.IsSame(b);
      if (apart || (!equal && (a.Contains(b) || b.Contains(a)))) continue;
      // Choice: §12.1, refused.
      return absl::InvalidArgumentError(absl::StrCat(
          "has the ranges ", a.first, ":", a.last, " and ", b.first, ":",
          b.last, ", which overlap; one must lie inside the other"));
    }
  }
  std::vector<uint8_t> result(static_cast<size_t>(num_nodes));
  for (int32_t node = 0; node < num_nodes; ++node) {
    const NodeRange* best = nullptr;
    for (const NodeRange& range : ranges) {
      if (node < range.first || node > range.last) continue;
      if (best == nullptr || range.size() < best->size()) best = &range;
    }
    if (best == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "has no range for node ", node,
          "; the ranges must account for all nodes, 0:", num_nodes - 1));
    }
    result[static_cast<size_t>(node)] =
        static_cast<uint8_t>(best - ranges.data());
  }
  return result;
}

}  // namespace embatch
