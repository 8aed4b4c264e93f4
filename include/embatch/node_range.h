// SPDX-License-Identifier: Apache-2.0
//
// What the text of a range of nodes means. Definitions and submissions may
// write one range in several ways; two texts are of one range when first and
// last node are the same.
//
//   ParseNodeRange("2:", 4)->last == 3
//
// Source: API NodeRangeProperty.targetNodes; §12.1.
#ifndef EMBATCH_NODE_RANGE_H_
#define EMBATCH_NODE_RANGE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace embatch {

// Both ends belong to it.
struct NodeRange {
  int32_t first = 0;
  int32_t last = 0;
  bool is_open = false;  // it goes to the last node, however many there are

  int32_t size() const { return last - first + 1; }
  bool Contains(const NodeRange& other) const {
    return first <= other.first && other.last <= last;
  }
  bool IsSame(const NodeRange& other) const {
    return first == other.first && last == other.last;
  }
};

// What `text` means where there are so many nodes, of which it may name some
// that are not there. kInvalidArgument, without the member's name: it is no
// range.
absl::StatusOr<NodeRange> ParseNodeRange(absl::string_view text,
                                         int32_t num_nodes);

}  // namespace embatch

#endif  // EMBATCH_NODE_RANGE_H_
