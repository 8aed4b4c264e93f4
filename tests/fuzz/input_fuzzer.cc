// SPDX-License-Identifier: Apache-2.0
//
// Bytes that claim to be logged inputs: decoding never crashes, what decodes
// encodes to the same bytes, and a scheduler survives replaying it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "embatch/input.h"
#include "embatch/scheduler.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  embatch::Scheduler scheduler;
  absl::string_view rest(reinterpret_cast<const char*>(data), size);
  // Each input is preceded by its length in two bytes.
  while (rest.size() >= 2) {
    const size_t length = static_cast<uint8_t>(rest[0]) |
                          static_cast<size_t>(static_cast<uint8_t>(rest[1]))
                              << 8;
    rest.remove_prefix(2);
    const absl::string_view bytes = rest.substr(0, length);
    rest.remove_prefix(bytes.size());
    const absl::StatusOr<embatch::Input> input = embatch::DecodeInput(bytes);
    if (input.ok() && embatch::EncodeInput(*input) != bytes) std::abort();
    scheduler.Replay(bytes);
  }
  return 0;
}
