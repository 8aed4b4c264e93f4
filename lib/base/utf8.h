// SPDX-License-Identifier: Apache-2.0
//
// Lengths as AWS counts them: in characters, not in bytes.
#ifndef EMBATCH_BASE_UTF8_H_
#define EMBATCH_BASE_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace embatch {

// How many characters `text` has: all bytes but those that go on a character,
// at most three each. So what is no UTF-8 has no more bytes to a character.
inline size_t CountCharacters(absl::string_view text) {
  size_t count = 0;
  int may_follow = 0;
  for (const char signed_byte : text) {
    const unsigned char byte = static_cast<unsigned char>(signed_byte);
    if ((byte & 0xC0) == 0x80 && may_follow > 0) {
      --may_follow;
      continue;
    }
    ++count;
    may_follow = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
  }
  return count;
}

}  // namespace embatch

#endif  // EMBATCH_BASE_UTF8_H_
