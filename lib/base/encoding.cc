// SPDX-License-Identifier: Apache-2.0
//
// The parts of the encoding that are no templates.

#include "lib/base/encoding.h"

#include "absl/strings/str_cat.h"

namespace embatch {

namespace {

template <typename To, typename From>
To BitsOf(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

}  // namespace

void Encoder::Fixed64(uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    Byte(static_cast<uint8_t>(value >> shift));
  }
}

absl::Status Decoder::Error(absl::string_view what) const {
  return absl::DataLossError(
      absl::StrCat(what, " at byte ", left_.data() - begin_));
}

absl::Status Decoder::Finish() const {
  if (left_.empty()) return absl::OkStatus();
  return Error(absl::StrCat(left_.size(), " bytes too many"));
}

absl::Status Decoder::Byte(uint8_t* byte) {
  if (left_.empty()) return Error("input ends too early");
  *byte = static_cast<uint8_t>(left_.front());
  left_.remove_prefix(1);
  return absl::OkStatus();
}

absl::Status Decoder::Varint(uint64_t* value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    uint8_t byte = 0;
    absl::Status status = Byte(&byte);
    if (!status.ok()) return status;
    // The tenth byte has room for one bit only.
    if (shift == 63 && byte > 1) break;
    result |= uint64_t{byte & 0x7fu} << shift;
    if (byte & 0x80) continue;
    // One number has one form: no zero groups on top.
    if (byte == 0 && shift > 0) return Error("varint is too long");
    *value = result;
    return absl::OkStatus();
  }
  return Error("varint exceeds 64 bits");
}

absl::Status Decoder::Fixed64(uint64_t* value) {
  absl::string_view bytes;
  absl::Status status = Bytes(8, &bytes);
  if (!status.ok()) return status;
  *value = 0;
  for (int i = 0; i < 8; ++i) {
    *value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  }
  return status;
}

absl::Status Decoder::Bytes(uint64_t size, absl::string_view* bytes) {
  if (size > left_.size()) return Error("input ends too early");
  *bytes = left_.substr(0, size);
  left_.remove_prefix(size);
  return absl::OkStatus();
}

absl::Status Decoder::Length(uint64_t* length) {
  absl::Status status = Varint(length);
  if (!status.ok()) return status;
  if (*length > left_.size()) return Error("length exceeds the input");
  return status;
}

absl::Status Codec<bool>::Decode(Decoder& decoder, bool* value) {
  uint8_t byte = 0;
  absl::Status status = decoder.Byte(&byte);
  if (!status.ok()) return status;
  if (byte > 1) return decoder.Error(absl::StrCat("bool is ", byte));
  *value = byte == 1;
  return status;
}

absl::Status Codec<absl::monostate>::Decode(Decoder& decoder,
                                            absl::monostate*) {
  uint8_t byte = 0;
  absl::Status status = decoder.Byte(&byte);
  if (!status.ok()) return status;
  return byte == 0 ? status : decoder.Error(absl::StrCat("nothing is ", byte));
}

void Codec<double>::Encode(Encoder& encoder, double value) {
  encoder.Fixed64(BitsOf<uint64_t>(value));
}

absl::Status Codec<double>::Decode(Decoder& decoder, double* value) {
  uint64_t bits = 0;
  absl::Status status = decoder.Fixed64(&bits);
  if (status.ok()) *value = BitsOf<double>(bits);
  return status;
}

// A float is written as its bits in a varint: it is rare.
void Codec<float>::Encode(Encoder& encoder, float value) {
  encoder.Encode(BitsOf<uint32_t>(value));
}

absl::Status Codec<float>::Decode(Decoder& decoder, float* value) {
  uint32_t bits = 0;
  absl::Status status = decoder.Decode(&bits);
  if (status.ok()) *value = BitsOf<float>(bits);
  return status;
}

void Codec<absl::Duration>::Encode(Encoder& encoder, absl::Duration value) {
  encoder.Encode(DurationToNanos(value));
}

absl::Status Codec<absl::Duration>::Decode(Decoder& decoder,
                                           absl::Duration* value) {
  int64_t nanos = 0;
  absl::Status status = decoder.Decode(&nanos);
  if (!status.ok()) return status;
  // One number below "infinite past" is no time: it would be encoded otherwise.
  if (nanos < kNanosInfinitePast) return decoder.Error("time is out of range");
  *value = DurationFromNanos(nanos);
  return status;
}

void Codec<absl::Time>::Encode(Encoder& encoder, absl::Time value) {
  encoder.Encode(value - absl::UnixEpoch());
}

absl::Status Codec<absl::Time>::Decode(Decoder& decoder, absl::Time* value) {
  absl::Duration since_epoch;
  absl::Status status = decoder.Decode(&since_epoch);
  if (status.ok()) *value = absl::UnixEpoch() + since_epoch;
  return status;
}

absl::Status Codec<std::string>::Decode(Decoder& decoder, std::string* value) {
  uint64_t length = 0;
  absl::Status status = decoder.Length(&length);
  if (!status.ok()) return status;
  absl::string_view bytes;
  status = decoder.Bytes(length, &bytes);
  if (status.ok()) value->assign(bytes.data(), bytes.size());
  return status;
}

}  // namespace embatch
