// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a value: for checkpoints and logs, and for comparing two states.
// Equal values have equal bytes on every platform, and only the bytes that
// Encoded() makes are accepted back.
//
// Example:
//   std::string bytes = Encoded(value);
//   absl::Status status = DecodeAll(bytes, &value);
//
// What can be encoded:
//   integers, bool, enums, float, double, std::string; std::vector, std::array,
//   std::map, std::pair, std::optional, absl::InlinedVector, absl::variant,
//   std::unique_ptr, std::shared_ptr; absl::Time, absl::Duration;
//   a struct that lists its fields in VisitFields (embatch/fields.h);
//   a class with hooks of its own, as members or as free functions beside it:
//     void Encode(Encoder&) const;      or  void Encode(Encoder&, const T&);
//     absl::Status Decode(Decoder&);    or  absl::Status Decode(Decoder&, T*);
//   An absl::string_view can be encoded, but not decoded.
//
// An enum for which `constexpr bool IsValidEnum(E)` is declared beside it is
// checked by that when it is decoded; any other enum may get any number.
//
// Pointers are owned values here: what two shared_ptr share is written twice.
//
// Form: unsigned integers are base-128 varints, least significant group first;
// signed ones are zigzag varints; one-byte integers and bool are one byte;
// floating point is its IEEE bits, little-endian; a sequence is its length and
// then its elements; a time is its nanoseconds (lib/base/time.h); a struct is
// its fields, and one zero byte if it has none. No value takes zero bytes.
//
// Hostile input: a Decoder never crashes, never holds more than a small
// multiple of the bytes it was given, and refuses values nested deeper than
// kMaxDepth. After an error the decoded value is valid, but nothing else is
// known of it.
//
// Errors: kDataLoss, with the place in the input.

#ifndef EMBATCH_BASE_ENCODING_H_
#define EMBATCH_BASE_ENCODING_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/variant.h"
#include "lib/base/time.h"

namespace embatch {

// Codec<T> has what is known of T: Encode(Encoder&, const T&) and
// Decode(Decoder&, T*). The specialisations are at the end of this file.
template <typename T, typename = void>
struct Codec;

// An Encoder appends values to a string, or only counts their bytes.
class Encoder {
 public:
  // Borrows `out`. Without one the bytes go nowhere.
  explicit Encoder(std::string* out) : out_(out) {}

  template <typename T>
  void Encode(const T& value) {
    Codec<T>::Encode(*this, value);
  }

  // The pieces that a hook of one's own may need.
  void Byte(uint8_t byte) {
    ++count_;
    if (out_ != nullptr) out_->push_back(static_cast<char>(byte));
  }
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
    Byte(static_cast<uint8_t>(value));
  }
  void Fixed64(uint64_t value);
  void Bytes(absl::string_view bytes) {
    count_ += bytes.size();
    if (out_ != nullptr) out_->append(bytes.data(), bytes.size());
  }

  // How many bytes it has been given.
  uint64_t count() const { return count_; }

 private:
  std::string* out_;
  uint64_t count_ = 0;
};

// A Decoder reads values from a string, in the order they were encoded.
class Decoder {
 public:
  static constexpr int kMaxDepth = 100;

  // The bytes must outlive the Decoder.
  explicit Decoder(absl::string_view bytes)
      : begin_(bytes.data()), left_(bytes) {}

  template <typename T>
  absl::Status Decode(T* value) {
    return Codec<T>::Decode(*this, value);
  }

  // What was not read yet.
  absl::string_view left() const { return left_; }

  // OK when all was read.
  absl::Status Finish() const;

  // The pieces that a hook of one's own may need.
  absl::Status Byte(uint8_t* byte);
  absl::Status Varint(uint64_t* value);
  absl::Status Fixed64(uint64_t* value);
  // A view of the next `size` bytes of the input.
  absl::Status Bytes(uint64_t size, absl::string_view* bytes);
  // The length of a sequence: an error when it exceeds the bytes left.
  absl::Status Length(uint64_t* length);
  // An error that names the place, for instance "bool is 7 at byte 12".
  absl::Status Error(absl::string_view what) const;

  // Nested runs `decode` one level deeper, or refuses.
  template <typename F>
  absl::Status Nested(F decode) {
    if (depth_ == kMaxDepth) return Error("value is nested too deeply");
    ++depth_;
    absl::Status status = decode();
    --depth_;
    return status;
  }

 private:
  const char* begin_;
  absl::string_view left_;
  int depth_ = 0;
};

// Encoded returns the bytes of one value.
template <typename T>
std::string Encoded(const T& value) {
  std::string bytes;
  Encoder(&bytes).Encode(value);
  return bytes;
}

// How many bytes Encoded() would return.
template <typename T>
uint64_t EncodedSize(const T& value) {
  Encoder encoder(nullptr);
  encoder.Encode(value);
  return encoder.count();
}

// DecodeAll reads one value; anything behind it is an error.
template <typename T>
absl::Status DecodeAll(absl::string_view bytes, T* value) {
  Decoder decoder(bytes);
  absl::Status status = decoder.Decode(value);
  return status.ok() ? decoder.Finish() : status;
}

// ---------------------------------------------------------------------------
// Private: which way a type is encoded.

namespace encoding_internal {

struct AnyVisitor {
  template <typename... Fields>
  void operator()(Fields&&...) const {}
};

template <template <typename> class Expression, typename T, typename = void>
struct Detect : std::false_type {};
template <template <typename> class Expression, typename T>
struct Detect<Expression, T, std::void_t<Expression<T>>> : std::true_type {};

template <typename T>
using MemberEncode =
    decltype(std::declval<const T&>().Encode(std::declval<Encoder&>()));
template <typename T>
using FreeEncode =
    decltype(Encode(std::declval<Encoder&>(), std::declval<const T&>()));
template <typename T>
using MemberDecode =
    decltype(std::declval<T&>().Decode(std::declval<Decoder&>()));
template <typename T>
using Fields = decltype(T::VisitFields(std::declval<const T&>(), AnyVisitor()));
template <typename E>
using EnumCheck = decltype(IsValidEnum(std::declval<E>()));

template <typename T>
inline constexpr bool kHasHook =
    Detect<MemberEncode, T>::value || Detect<FreeEncode, T>::value;
template <typename T>
inline constexpr bool kHasFields = Detect<Fields, T>::value && !kHasHook<T>;

// Inside Codec its own members would hide the free functions.
template <typename T>
void CallFreeEncode(Encoder& encoder, const T& value) {
  Encode(encoder, value);
}
template <typename T>
absl::Status CallFreeDecode(Decoder& decoder, T* value) {
  return Decode(decoder, value);
}

// Decodes each of `fields` in order, up to the first error.
template <typename... Fields>
absl::Status DecodeEach(Decoder& decoder, Fields&... fields) {
  absl::Status status;
  static_cast<void>(
      ((status = decoder.Decode(&fields), status.ok()) && ... && true));
  return status;
}

template <typename Sequence>
struct SequenceCodec {
  static void Encode(Encoder& encoder, const Sequence& sequence) {
    encoder.Varint(sequence.size());
    for (const auto& element : sequence) encoder.Encode(element);
  }
  static absl::Status Decode(Decoder& decoder, Sequence* sequence) {
    using Element = typename Sequence::value_type;
    uint64_t length = 0;
    absl::Status status = decoder.Length(&length);
    sequence->clear();
    if constexpr (!std::is_same_v<Sequence, std::deque<Element>>) {
      // The rest grows as elements really arrive.
      constexpr uint64_t kReserve = 1024 / sizeof(Element) + 1;
      if (status.ok()) sequence->reserve(std::min(length, kReserve));
    }
    for (; status.ok() && length > 0; --length) {
      sequence->emplace_back();
      status = decoder.Decode(&sequence->back());
    }
    return status;
  }
};

// One byte says whether there is a value. `make` stores a new T in the holder
// and returns where.
template <typename T, typename Holder, typename Make>
absl::Status DecodeHolder(Decoder& decoder, Holder* holder, Make make) {
  bool present = false;
  absl::Status status = decoder.Decode(&present);
  *holder = Holder();
  if (!status.ok() || !present) return status;
  return decoder.Decode(static_cast<T*>(make()));
}

template <typename Holder>
void EncodeHolder(Encoder& encoder, const Holder& holder) {
  encoder.Byte(holder ? 1 : 0);
  if (holder) encoder.Encode(*holder);
}

}  // namespace encoding_internal

// ---------------------------------------------------------------------------
// Hooks and structs.

template <typename T>
struct Codec<T, std::enable_if_t<encoding_internal::kHasHook<T>>> {
  static void Encode(Encoder& encoder, const T& value) {
    if constexpr (encoding_internal::Detect<encoding_internal::MemberEncode,
                                            T>::value) {
      value.Encode(encoder);
    } else {
      encoding_internal::CallFreeEncode(encoder, value);
    }
  }
  static absl::Status Decode(Decoder& decoder, T* value) {
    return decoder.Nested([&] {
      if constexpr (encoding_internal::Detect<encoding_internal::MemberDecode,
                                              T>::value) {
        return value->Decode(decoder);
      } else {
        return encoding_internal::CallFreeDecode(decoder, value);
      }
    });
  }
};

template <typename T>
struct Codec<T, std::enable_if_t<encoding_internal::kHasFields<T>>> {
  static void Encode(Encoder& encoder, const T& value) {
    T::VisitFields(value, [&encoder](const auto&... fields) {
      if constexpr (sizeof...(fields) == 0) encoder.Byte(0);
      (encoder.Encode(fields), ...);
    });
  }
  static absl::Status Decode(Decoder& decoder, T* value) {
    return decoder.Nested([&] {
      return T::VisitFields(*value, [&decoder](auto&... fields) {
        if constexpr (sizeof...(fields) == 0) {
          absl::monostate nothing;
          return decoder.Decode(&nothing);
        } else {
          return encoding_internal::DecodeEach(decoder, fields...);
        }
      });
    });
  }
};

// ---------------------------------------------------------------------------
// Numbers.

template <>
struct Codec<bool> {
  static void Encode(Encoder& encoder, bool value) { encoder.Byte(value); }
  static absl::Status Decode(Decoder& decoder, bool* value);
};

template <>
struct Codec<absl::monostate> {
  static void Encode(Encoder& encoder, absl::monostate) { encoder.Byte(0); }
  static absl::Status Decode(Decoder& decoder, absl::monostate*);
};

template <typename T>
struct Codec<T, std::enable_if_t<std::is_integral_v<T>>> {
  static void Encode(Encoder& encoder, T value) {
    if constexpr (sizeof(T) == 1) {
      encoder.Byte(static_cast<uint8_t>(value));
    } else if constexpr (std::is_signed_v<T>) {
      const uint64_t bits = static_cast<uint64_t>(int64_t{value});
      encoder.Varint(bits << 1 ^ (value < 0 ? ~uint64_t{0} : 0));
    } else {
      encoder.Varint(value);
    }
  }
  static absl::Status Decode(Decoder& decoder, T* value) {
    if constexpr (sizeof(T) == 1) {
      uint8_t byte = 0;
      absl::Status status = decoder.Byte(&byte);
      if (status.ok()) *value = static_cast<T>(byte);
      return status;
    } else {
      uint64_t bits = 0;
      absl::Status status = decoder.Varint(&bits);
      if (!status.ok()) return status;
      if constexpr (std::is_signed_v<T>) {
        bits = bits >> 1 ^ (~(bits & 1) + 1);
        if (static_cast<int64_t>(bits) < std::numeric_limits<T>::min() ||
            static_cast<int64_t>(bits) > std::numeric_limits<T>::max()) {
          return decoder.Error("integer is out of range");
        }
      } else if (bits > std::numeric_limits<T>::max()) {
        return decoder.Error("integer is out of range");
      }
      *value = static_cast<T>(bits);
      return status;
    }
  }
};

template <typename E>
struct Codec<
    E, std::enable_if_t<std::is_enum_v<E> && !encoding_internal::kHasHook<E>>> {
  using Number = std::underlying_type_t<E>;
  static void Encode(Encoder& encoder, E value) {
    encoder.Encode(static_cast<Number>(value));
  }
  static absl::Status Decode(Decoder& decoder, E* value) {
    Number number{};
    absl::Status status = decoder.Decode(&number);
    if (!status.ok()) return status;
    if constexpr (encoding_internal::Detect<encoding_internal::EnumCheck,
                                            E>::value) {
      if (!IsValidEnum(static_cast<E>(number))) {
        return decoder.Error("enum is out of range");
      }
    }
    *value = static_cast<E>(number);
    return status;
  }
};

template <>
struct Codec<double> {
  static void Encode(Encoder& encoder, double value);
  static absl::Status Decode(Decoder& decoder, double* value);
};

template <>
struct Codec<float> {
  static void Encode(Encoder& encoder, float value);
  static absl::Status Decode(Decoder& decoder, float* value);
};

template <>
struct Codec<absl::Duration> {
  static void Encode(Encoder& encoder, absl::Duration value);
  static absl::Status Decode(Decoder& decoder, absl::Duration* value);
};

template <>
struct Codec<absl::Time> {
  static void Encode(Encoder& encoder, absl::Time value);
  static absl::Status Decode(Decoder& decoder, absl::Time* value);
};

// ---------------------------------------------------------------------------
// Strings and containers.

template <>
struct Codec<absl::string_view> {
  static void Encode(Encoder& encoder, absl::string_view value) {
    encoder.Varint(value.size());
    encoder.Bytes(value);
  }
};

template <>
struct Codec<std::string> {
  static void Encode(Encoder& encoder, const std::string& value) {
    encoder.Encode(absl::string_view(value));
  }
  static absl::Status Decode(Decoder& decoder, std::string* value);
};

template <typename T, typename A>
struct Codec<std::vector<T, A>>
    : encoding_internal::SequenceCodec<std::vector<T, A>> {
  static_assert(!std::is_same_v<T, bool>, "use a vector of uint8_t");
};

template <typename T, typename A>
struct Codec<std::deque<T, A>>
    : encoding_internal::SequenceCodec<std::deque<T, A>> {};

template <typename T, size_t N, typename A>
struct Codec<absl::InlinedVector<T, N, A>>
    : encoding_internal::SequenceCodec<absl::InlinedVector<T, N, A>> {};

template <typename T, size_t N>
struct Codec<std::array<T, N>> {
  static_assert(N > 0, "no value takes zero bytes");
  static void Encode(Encoder& encoder, const std::array<T, N>& value) {
    for (const T& element : value) encoder.Encode(element);
  }
  static absl::Status Decode(Decoder& decoder, std::array<T, N>* value) {
    absl::Status status;
    for (size_t i = 0; i < N && status.ok(); ++i) {
      status = decoder.Decode(&(*value)[i]);
    }
    return status;
  }
};

template <typename A, typename B>
struct Codec<std::pair<A, B>> {
  static void Encode(Encoder& encoder, const std::pair<A, B>& value) {
    encoder.Encode(value.first);
    encoder.Encode(value.second);
  }
  static absl::Status Decode(Decoder& decoder, std::pair<A, B>* value) {
    return encoding_internal::DecodeEach(decoder, value->first, value->second);
  }
};

// Keys must ascend when decoded, so that equal maps have equal bytes.
template <typename K, typename V, typename C, typename A>
struct Codec<std::map<K, V, C, A>> {
  using Map = std::map<K, V, C, A>;
  static void Encode(Encoder& encoder, const Map& map) {
    encoder.Varint(map.size());
    for (const auto& [key, value] : map) {
      encoder.Encode(key);
      encoder.Encode(value);
    }
  }
  static absl::Status Decode(Decoder& decoder, Map* map) {
    uint64_t length = 0;
    absl::Status status = decoder.Length(&length);
    map->clear();
    for (; status.ok() && length > 0; --length) {
      K key{};
      status = decoder.Decode(&key);
      if (!status.ok()) break;
      if (!map->empty() && !map->key_comp()(map->rbegin()->first, key)) {
        return decoder.Error("keys of a map do not ascend");
      }
      auto entry = map->emplace_hint(map->end(), std::move(key), V{});
      status = decoder.Decode(&entry->second);
    }
    return status;
  }
};

template <typename T>
struct Codec<std::optional<T>> {
  static void Encode(Encoder& encoder, const std::optional<T>& value) {
    encoding_internal::EncodeHolder(encoder, value);
  }
  static absl::Status Decode(Decoder& decoder, std::optional<T>* value) {
    return encoding_internal::DecodeHolder<T>(
        decoder, value, [value] { return &value->emplace(); });
  }
};

template <typename T>
struct Codec<std::unique_ptr<T>> {
  static void Encode(Encoder& encoder, const std::unique_ptr<T>& value) {
    encoding_internal::EncodeHolder(encoder, value);
  }
  static absl::Status Decode(Decoder& decoder, std::unique_ptr<T>* value) {
    using Value = std::remove_const_t<T>;
    return encoding_internal::DecodeHolder<Value>(decoder, value, [value] {
      auto made = std::make_unique<Value>();
      Value* place = made.get();
      *value = std::move(made);
      return place;
    });
  }
};

template <typename T>
struct Codec<std::shared_ptr<T>> {
  static void Encode(Encoder& encoder, const std::shared_ptr<T>& value) {
    encoding_internal::EncodeHolder(encoder, value);
  }
  static absl::Status Decode(Decoder& decoder, std::shared_ptr<T>* value) {
    using Value = std::remove_const_t<T>;
    return encoding_internal::DecodeHolder<Value>(decoder, value, [value] {
      auto made = std::make_shared<Value>();
      Value* place = made.get();
      *value = std::move(made);
      return place;
    });
  }
};

template <typename... Ts>
struct Codec<absl::variant<Ts...>> {
  using Variant = absl::variant<Ts...>;
  static void Encode(Encoder& encoder, const Variant& variant) {
    encoder.Varint(variant.index());
    absl::visit([&encoder](const auto& value) { encoder.Encode(value); },
                variant);
  }
  static absl::Status Decode(Decoder& decoder, Variant* variant) {
    uint64_t index = 0;
    absl::Status status = decoder.Varint(&index);
    if (!status.ok()) return status;
    return DecodeAt<0>(decoder, index, variant);
  }

 private:
  template <size_t kIndex>
  static absl::Status DecodeAt(Decoder& decoder, uint64_t index,
                               Variant* variant) {
    if constexpr (kIndex == sizeof...(Ts)) {
      return decoder.Error("variant has no such alternative");
    } else {
      if (index != kIndex) return DecodeAt<kIndex + 1>(decoder, index, variant);
      return decoder.Decode(&variant->template emplace<kIndex>());
    }
  }
};

}  // namespace embatch

#endif  // EMBATCH_BASE_ENCODING_H_
