// SPDX-License-Identifier: Apache-2.0
//
// The permutation is a Feistel network: each round mixes one half into the
// other, and is undone by doing the same again. It is balanced, 61 bits a half,
// and has more rounds than it takes for each bit to reach all others.

#include "lib/base/uuid.h"

namespace embatch {

namespace {

constexpr int kHalfBits = 61;
constexpr uint64_t kHalfMask = (uint64_t{1} << kHalfBits) - 1;

// How the parts lie in the halves; all other bits are zero.
constexpr int kSlotShift = 29;        // right
constexpr int kGenerationShift = 29;  // left
constexpr int kNumberShift = 13;      // left
constexpr int kKindShift = 5;         // left
constexpr uint64_t kLeftZeroBits = (uint64_t{1} << kKindShift) - 1;
constexpr uint64_t kRightZeroBits = (uint64_t{1} << kSlotShift) - 1;

constexpr uint64_t kVersionAndVariant[2] = {uint64_t{8} << 12,
                                            uint64_t{2} << 62};

// Spreads each bit over the whole word: multiplications carry upwards, shifts
// bring back down. The constants are the golden ratio's and pi's bits, odd.
uint64_t Mix(uint64_t x) {
  x ^= x >> 32;
  x *= 0x9e3779b97f4a7c15;
  x ^= x >> 29;
  x *= 0x243f6a8885a308d3;
  x ^= x >> 32;
  return x;
}

// The 122 bits stand around the version (4 bits) and the variant (2 bits): 48,
// 12 and 62 of them.
void ToWords(uint64_t left, uint64_t right, uint64_t words[2]) {
  const uint64_t high = left >> 1;
  words[0] = high >> 12 << 16 | kVersionAndVariant[0] | (high & 0xfff);
  words[1] = kVersionAndVariant[1] | (left & 1) << kHalfBits | right;
}

bool FromWords(const uint64_t words[2], uint64_t* left, uint64_t* right) {
  if ((words[0] & 0xf000) != kVersionAndVariant[0]) return false;
  if (words[1] >> 62 << 62 != kVersionAndVariant[1]) return false;
  const uint64_t high = words[0] >> 16 << 12 | (words[0] & 0xfff);
  *left = high << 1 | (words[1] >> kHalfBits & 1);
  *right = words[1] & kHalfMask;
  return true;
}

// The groups of digits between the hyphens.
struct Group {
  int position;  // In the text.
  int digits;
  int word;
  int shift;  // Of its lowest digit in the word.
};
constexpr Group kGroups[] = {
    {0, 8, 0, 32}, {9, 4, 0, 16}, {14, 4, 0, 0}, {19, 4, 1, 48}, {24, 12, 1, 0},
};

// The value of every character as a hexadecimal digit, or kNoDigit.
constexpr uint8_t kNoDigit = 16;
constexpr std::array<uint8_t, 256> DigitValues() {
  std::array<uint8_t, 256> values{};
  for (uint8_t& value : values) value = kNoDigit;
  for (uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) {
    values['a' + i] = static_cast<uint8_t>(10 + i);
    values['A' + i] = static_cast<uint8_t>(10 + i);
  }
  return values;
}
constexpr std::array<uint8_t, 256> kDigitValues = DigitValues();

void WriteText(const uint64_t words[2], char* out) {
  for (const Group& group : kGroups) {
    if (group.position > 0) out[group.position - 1] = '-';
    uint64_t value = words[group.word] >> group.shift;
    for (int i = group.digits - 1; i >= 0; --i, value >>= 4) {
      out[group.position + i] = "0123456789abcdef"[value & 15];
    }
  }
}

bool ReadText(absl::string_view text, uint64_t words[2]) {
  if (text.size() != UuidCodec::kLength) return false;
  uint8_t all = 0;
  for (const Group& group : kGroups) {
    if (group.position > 0 && text[group.position - 1] != '-') return false;
    uint64_t value = 0;
    for (int i = 0; i < group.digits; ++i) {
      const char c = text[group.position + i];
      const uint8_t digit = kDigitValues[static_cast<uint8_t>(c)];
      all |= digit;
      value = value << 4 | digit;
    }
    words[group.word] |= value << group.shift;
  }
  return (all & kNoDigit) == 0;
}

}  // namespace

UuidCodec::UuidCodec(uint64_t seed) {
  for (uint64_t& key : keys_) {
    seed += 0x9e3779b97f4a7c15;
    key = Mix(seed);
  }
}

UuidCodec::Halves UuidCodec::Encrypt(Halves halves) const {
  for (int round = 0; round < kRounds; round += 2) {
    halves.left ^= Mix(halves.right + keys_[round]) & kHalfMask;
    halves.right ^= Mix(halves.left + keys_[round + 1]) & kHalfMask;
  }
  return halves;
}

UuidCodec::Halves UuidCodec::Decrypt(Halves halves) const {
  for (int round = kRounds; round > 0; round -= 2) {
    halves.right ^= Mix(halves.left + keys_[round - 1]) & kHalfMask;
    halves.left ^= Mix(halves.right + keys_[round - 2]) & kHalfMask;
  }
  return halves;
}

void UuidCodec::FormatTo(const Parts& parts, char* out) const {
  const Halves halves =
      Encrypt(Halves{uint64_t{parts.generation} << kGenerationShift |
                         uint64_t{parts.number} << kNumberShift |
                         uint64_t{parts.kind} << kKindShift,
                     uint64_t{parts.slot} << kSlotShift});
  uint64_t words[2];
  ToWords(halves.left, halves.right, words);
  WriteText(words, out);
}

std::string UuidCodec::Format(const Parts& parts) const {
  std::string text(kLength, '-');
  FormatTo(parts, &text[0]);
  return text;
}

std::optional<UuidCodec::Parts> UuidCodec::Parse(absl::string_view text) const {
  uint64_t words[2] = {0, 0};
  if (!ReadText(text, words)) return std::nullopt;
  Halves halves{0, 0};
  if (!FromWords(words, &halves.left, &halves.right)) return std::nullopt;
  halves = Decrypt(halves);
  if ((halves.left & kLeftZeroBits) != 0) return std::nullopt;
  if ((halves.right & kRightZeroBits) != 0) return std::nullopt;
  Parts parts;
  parts.slot = static_cast<uint32_t>(halves.right >> kSlotShift);
  parts.generation = static_cast<uint32_t>(halves.left >> kGenerationShift);
  parts.number = static_cast<uint16_t>(halves.left >> kNumberShift);
  parts.kind = static_cast<uint8_t>(halves.left >> kKindShift);
  return parts;
}

}  // namespace embatch
