// SPDX-License-Identifier: Apache-2.0
//
// Texts that claim to be job ids: parsing never crashes, and what parses
// formats to the same text, but for the case of its letters.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "embatch/ids.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<embatch::JobId> id = embatch::ParseJobId(text, 1);
  if (id.has_value() &&
      !absl::EqualsIgnoreCase(embatch::FormatJobId(*id, 1), text)) {
    std::abort();
  }
  // Every id has a text that parses back, whatever its numbers are.
  embatch::JobId any;
  if (size >= 12) {
    for (int i = 0; i < 4; ++i) {
      any.slot = any.slot << 8 | data[i];
      any.generation = any.generation << 8 | data[4 + i];
      any.child = static_cast<int32_t>(static_cast<uint32_t>(any.child) << 8 |
                                       data[8 + i]);
    }
    if (any.child < -1) any.child = -1;
    if (any.generation > 0 &&
        embatch::ParseJobId(embatch::FormatJobId(any, 7), 7) != any) {
      std::abort();
    }
  }
  return 0;
}
