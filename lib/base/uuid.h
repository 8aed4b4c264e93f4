// SPDX-License-Identifier: Apache-2.0
//
// A UuidCodec turns the name of a job (slot, generation and a little more) into
// a UUID and back. Nothing is stored: the UUID is an encryption of the name
// under a key made from a seed, so it looks random, and one that was not made
// with this seed is recognised, but for one in 2^34.
//
// Example:
//   UuidCodec codec(seed);
//   std::string id = codec.Format({slot, generation, kind, number});
//   std::optional<UuidCodec::Parts> parts = codec.Parse(id);
//
// It hides nothing from somebody who wants to know: the permutation is fast,
// not secure.
//
// Source: RFC 9562, section 5.8 (version 8, for forms of one's own).

#ifndef EMBATCH_BASE_UUID_H_
#define EMBATCH_BASE_UUID_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace embatch {

class UuidCodec {
 public:
  // Letters and hyphens of a UUID.
  static constexpr int kLength = 36;

  struct Parts {
    uint32_t slot = 0;
    uint32_t generation = 0;
    uint8_t kind = 0;
    uint16_t number = 0;

    friend bool operator==(const Parts& x, const Parts& y) {
      return x.slot == y.slot && x.generation == y.generation &&
             x.kind == y.kind && x.number == y.number;
    }
  };

  explicit UuidCodec(uint64_t seed);

  // Format gives lower-case letters, such as
  // "5b3e1f0c-9d2a-8c41-b7e6-0f1d2c3b4a59".
  std::string Format(const Parts& parts) const;

  // FormatTo writes exactly kLength characters.
  void FormatTo(const Parts& parts, char* out) const;

  // Parse returns what Format was given, letters of either case, or nullopt for
  // any other text.
  std::optional<Parts> Parse(absl::string_view text) const;

 private:
  static constexpr int kRounds = 8;

  // The 122 bits that a version 8 UUID leaves free, as two halves of 61.
  struct Halves {
    uint64_t left;
    uint64_t right;
  };

  Halves Encrypt(Halves halves) const;
  Halves Decrypt(Halves halves) const;

  std::array<uint64_t, kRounds> keys_;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_UUID_H_
