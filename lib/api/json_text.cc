// SPDX-License-Identifier: Apache-2.0
#include "lib/api/json_text.h"

#include <charconv>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace embatch {
namespace api {
namespace {

// Whether a byte may stand in a JSON string as it is, without another look.
bool IsPlain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

// The same of eight bytes at once. A byte that is not plain sets its highest
// bit in one of the terms; of plain bytes none does, and none borrows from the
// next.
bool AreEightPlain(const char* text) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  uint64_t bytes;
  std::memcpy(&bytes, text, sizeof bytes);
  const uint64_t quotes = bytes ^ (kOnes * '"');
  const uint64_t backslashes = bytes ^ (kOnes * '\\');
  return ((bytes | (bytes - kOnes * 0x20) | (quotes - kOnes) |
           (backslashes - kOnes)) &
          (kOnes * 0x80)) == 0;
}

void AppendEscaped(unsigned char byte, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
  }
}

template <typename Number>
void AppendShortest(Number number, std::string& out) {
  char digits[32];
  const std::to_chars_result result =
      std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, result.ptr - digits);
}

}  // namespace

int CharacterBytes(absl::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const int first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // a byte that follows, or an overlong form
  if (first < 0xE0) return follows(1) ? 2 : 0;
  if (first < 0xF0) {
    if (first == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
    if (first == 0xED && byte(1) >= 0xA0) return 0;  // half of a pair
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first == 0xF0 && byte(1) < 0x90) return 0;                     // overlong
  if (first > 0xF4 || (first == 0xF4 && byte(1) >= 0x90)) return 0;  // > 10FFFF
  return follows(1) && follows(2) && follows(3) ? 4 : 0;
}

int64_t CountCharacters(absl::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  int64_t count = 0;
  for (size_t i = 0; i < text.size();) {
    uint64_t eight = kHighBits;
    if (text.size() - i >= sizeof eight) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
    }
    if ((eight & kHighBits) == 0) {  // all of them ASCII
      i += sizeof eight;
      count += sizeof eight;
      continue;
    }
    const int bytes = CharacterBytes(text.substr(i));
    i += bytes == 0 ? 1 : bytes;
    ++count;
  }
  return count;
}

void AppendJsonString(absl::string_view text, std::string& out) {
  out += '"';
  size_t done = 0;
  for (size_t i = 0; i < text.size();) {
    if (text.size() - i >= 8 && AreEightPlain(text.data() + i)) {
      i += 8;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (IsPlain(byte)) {
      ++i;
      continue;
    }
    const int bytes = byte < 0x80 ? 0 : CharacterBytes(text.substr(i));
    if (bytes > 0) {
      i += bytes;
      continue;
    }
    out.append(text.data() + done, i - done);
    if (byte < 0x80) {
      AppendEscaped(byte, out);
    } else {
      out += "\xEF\xBF\xBD";
    }
    done = ++i;
  }
  out.append(text.data() + done, text.size() - done);
  out += '"';
}

void AppendJsonNumber(double number, std::string& out) {
  AppendShortest(number, out);
}

void AppendJsonNumber(float number, std::string& out) {
  AppendShortest(number, out);
}

std::string Quote(absl::string_view text, size_t bytes_shown) {
  std::string quoted;
  if (text.size() <= bytes_shown) {
    AppendJsonString(text, quoted);
    return quoted;
  }
  // Not in the middle of a character.
  size_t end = 0;
  while (true) {
    const int bytes = CharacterBytes(text.substr(end));
    const size_t next = end + (bytes == 0 ? 1 : bytes);
    if (next > bytes_shown) break;
    end = next;
  }
  AppendJsonString(text.substr(0, end), quoted);
  absl::StrAppend(&quoted, "... (", text.size(), " bytes)");
  return quoted;
}

}  // namespace api
}  // namespace embatch
