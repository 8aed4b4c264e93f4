// SPDX-License-Identifier: Apache-2.0
//
// Lengths as AWS counts them: in characters, not in bytes.
#ifndef EMBATCH_BASE_UTF8_H_
#define EMBATCH_BASE_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace embatch {

// How many characters `text` has: all bytes but those that go on a character.
inline size_t CountCharacters(absl::string_view text) {
  size_t count = 0;
  for (const char byte : text) {
    count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }
  return count;
}

}  // namespace embatch

#endif  // EMBATCH_BASE_UTF8_H_
