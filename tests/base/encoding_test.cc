// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/encoding.h. The main one: whatever bytes are accepted are
// the bytes that the decoded value is encoded to.

#include "lib/base/encoding.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/types/variant.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;

enum class Color : uint8_t { kRed, kGreen, kBlue };
constexpr bool IsValidEnum(Color color) { return color <= Color::kBlue; }
enum class Unchecked : int32_t { kOnly = 1 };

struct Point {
  int32_t x = 0;
  int32_t y = 0;
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.x, self.y);
  }
  friend bool operator==(Point a, Point b) { return a.x == b.x && a.y == b.y; }
};

struct Nothing {
  template <typename Self, typename Visitor>
  static auto VisitFields(Self&, Visitor&& visit) {
    return visit();
  }
};

struct Tree {
  std::string name;
  std::vector<Tree> children;
  std::unique_ptr<Tree> other;
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.children, self.other);
  }
};

// A class with hooks as members: even numbers only, written halved.
class Even {
 public:
  Even() = default;
  explicit Even(uint32_t value) : value_(value) {}
  uint32_t value() const { return value_; }
  void Encode(Encoder& encoder) const { encoder.Encode(value_ / 2); }
  absl::Status Decode(Decoder& decoder) {
    uint32_t half = 0;
    absl::Status status = decoder.Decode(&half);
    if (!status.ok()) return status;
    if (half > 1000) return decoder.Error("even number is too large");
    value_ = 2 * half;
    return status;
  }

 private:
  uint32_t value_ = 0;
};

// A type with hooks beside it.
struct Outside {
  char letter = 'a';
};
void Encode(Encoder& encoder, const Outside& outside) {
  encoder.Encode(outside.letter);
}
absl::Status Decode(Decoder& decoder, Outside* outside) {
  return decoder.Decode(&outside->letter);
}

// One of everything.
struct Everything {
  bool flag = false;
  char letter = 0;
  int8_t tiny = 0;
  uint16_t port = 0;
  int32_t number = 0;
  int64_t large = 0;
  uint64_t larger = 0;
  Color color = Color::kRed;
  Unchecked unchecked = Unchecked::kOnly;
  float ratio = 0;
  double share = 0;
  std::string text;
  std::vector<Point> points;
  absl::InlinedVector<uint16_t, 2> few;
  std::array<uint8_t, 3> three = {};
  std::optional<std::string> maybe;
  std::map<std::string, std::vector<int32_t>> lists;
  std::pair<uint32_t, std::string> both;
  absl::Time time;
  absl::Duration duration;
  absl::variant<absl::monostate, Point, std::string> choice;
  std::unique_ptr<Point> owned;
  std::shared_ptr<const std::string> shared;
  Nothing nothing;
  Even even;
  Outside outside;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.flag, self.letter, self.tiny, self.port, self.number,
                 self.large, self.larger, self.color, self.unchecked,
                 self.ratio, self.share, self.text, self.points, self.few,
                 self.three, self.maybe, self.lists, self.both, self.time,
                 self.duration, self.choice, self.owned, self.shared,
                 self.nothing, self.even, self.outside);
  }
};

Everything Sample() {
  Everything all;
  all.flag = true;
  all.letter = 'x';
  all.tiny = -3;
  all.port = 50000;
  all.number = -70000;
  all.large = std::numeric_limits<int64_t>::min();
  all.larger = std::numeric_limits<uint64_t>::max();
  all.color = Color::kBlue;
  all.unchecked = static_cast<Unchecked>(-9);
  all.ratio = 0.5f;
  all.share = -1.0 / 3;
  all.text = std::string("a\0b", 3);
  all.points = {{1, 2}, {-3, 4}};
  all.few = {1, 2, 3};
  all.three = {7, 8, 9};
  all.maybe = "perhaps";
  all.lists = {{"", {}}, {"a", {1}}, {"b", {2, 3}}};
  all.both = {300, "both"};
  all.time = absl::FromUnixNanos(1700000000123456789);
  all.duration = -absl::InfiniteDuration();
  all.choice = Point{5, 6};
  all.owned = std::make_unique<Point>(Point{7, 8});
  all.shared = std::make_shared<const std::string>("shared");
  all.even = Even(84);
  all.outside.letter = 'z';
  return all;
}

std::string Hex(const std::string& bytes) {
  return absl::BytesToHexString(bytes);
}

template <typename T>
T RoundTrip(const T& value) {
  T decoded{};
  const std::string bytes = Encoded(value);
  EXPECT_TRUE(DecodeAll(bytes, &decoded).ok()) << DecodeAll(bytes, &decoded);
  EXPECT_EQ(Hex(Encoded(decoded)), Hex(bytes));
  return decoded;
}

// The decoder must refuse `bytes`, for the reason given.
template <typename T>
void ExpectRefused(const std::string& bytes, const std::string& reason) {
  T decoded{};
  const absl::Status status = DecodeAll(bytes, &decoded);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << Hex(bytes);
  EXPECT_THAT(std::string(status.message()), HasSubstr(reason)) << Hex(bytes);
}

TEST(EncodedSizeTest, IsThatOfTheBytes) {
  const std::vector<std::string> texts = {"", "a", std::string(300, 'b')};
  EXPECT_EQ(EncodedSize(texts), Encoded(texts).size());
  EXPECT_EQ(EncodedSize(1.5), Encoded(1.5).size());
  EXPECT_EQ(EncodedSize(uint64_t{1} << 40), Encoded(uint64_t{1} << 40).size());
}

TEST(EncodingTest, BytesAreTheSameForEver) {
  EXPECT_EQ(Hex(Encoded(uint32_t{0})), "00");
  EXPECT_EQ(Hex(Encoded(uint32_t{127})), "7f");
  EXPECT_EQ(Hex(Encoded(uint32_t{128})), "8001");
  EXPECT_EQ(Hex(Encoded(uint64_t{300})), "ac02");
  EXPECT_EQ(Hex(Encoded(int32_t{-1})), "01");
  EXPECT_EQ(Hex(Encoded(int32_t{1})), "02");
  EXPECT_EQ(Hex(Encoded(int64_t{-65})), "8101");
  EXPECT_EQ(Hex(Encoded(uint8_t{200})), "c8");
  EXPECT_EQ(Hex(Encoded(int8_t{-1})), "ff");
  EXPECT_EQ(Hex(Encoded(true)), "01");
  EXPECT_EQ(Hex(Encoded(Color::kBlue)), "02");
  EXPECT_EQ(Hex(Encoded(1.0)), "000000000000f03f");
  EXPECT_EQ(Hex(Encoded(std::string("hi"))), "026869");
  EXPECT_EQ(Hex(Encoded(absl::string_view("hi"))), "026869");
  EXPECT_EQ(Hex(Encoded(std::vector<uint32_t>{1, 2})), "020102");
  EXPECT_EQ(Hex(Encoded(std::optional<bool>())), "00");
  EXPECT_EQ(Hex(Encoded(std::optional<bool>(false))), "0100");
  EXPECT_EQ(Hex(Encoded(Point{1, -1})), "0201");
  EXPECT_EQ(Hex(Encoded(Nothing())), "00");
  EXPECT_EQ(Hex(Encoded(absl::Nanoseconds(3))), "06");
}

TEST(EncodingTest, OneOfEverythingComesBack) {
  const Everything want = Sample();
  const Everything got = RoundTrip(want);
  EXPECT_EQ(got.tiny, want.tiny);
  EXPECT_EQ(got.large, want.large);
  EXPECT_EQ(got.larger, want.larger);
  EXPECT_EQ(got.unchecked, want.unchecked);
  EXPECT_EQ(got.share, want.share);
  EXPECT_EQ(got.text, want.text);
  EXPECT_EQ(got.points, want.points);
  EXPECT_EQ(got.few, want.few);
  EXPECT_EQ(got.maybe, want.maybe);
  EXPECT_EQ(got.lists, want.lists);
  EXPECT_EQ(got.both, want.both);
  EXPECT_EQ(got.time, want.time);
  EXPECT_EQ(got.duration, want.duration);
  EXPECT_EQ(absl::get<Point>(got.choice), (Point{5, 6}));
  EXPECT_EQ(*got.owned, *want.owned);
  EXPECT_EQ(*got.shared, *want.shared);
  EXPECT_EQ(got.even.value(), 84u);
  EXPECT_EQ(got.outside.letter, 'z');
  RoundTrip(Everything());
}

TEST(EncodingTest, NumbersAtTheEndsOfTheirTypesComeBack) {
  for (int shift = 0; shift < 64; ++shift) {
    for (int64_t delta : {-1, 0, 1}) {
      const uint64_t bits = (uint64_t{1} << shift) + delta;
      EXPECT_EQ(RoundTrip(bits), bits);
      EXPECT_EQ(RoundTrip(static_cast<int64_t>(bits)),
                static_cast<int64_t>(bits));
      EXPECT_EQ(RoundTrip(static_cast<int32_t>(bits)),
                static_cast<int32_t>(bits));
      EXPECT_EQ(RoundTrip(static_cast<int16_t>(bits)),
                static_cast<int16_t>(bits));
    }
  }
  for (double value : {0.0, -0.0, std::numeric_limits<double>::denorm_min(),
                       std::numeric_limits<double>::infinity(), std::nan("")}) {
    RoundTrip(value);
    RoundTrip(static_cast<float>(value));
  }
}

TEST(EncodingTest, InfiniteTimesComeBack) {
  EXPECT_EQ(RoundTrip(absl::InfiniteFuture()), absl::InfiniteFuture());
  EXPECT_EQ(RoundTrip(absl::InfinitePast()), absl::InfinitePast());
  EXPECT_EQ(RoundTrip(absl::InfiniteDuration()), absl::InfiniteDuration());
  EXPECT_EQ(RoundTrip(absl::FromUnixNanos(-5)), absl::FromUnixNanos(-5));
  const std::string too_early = Encoded(std::numeric_limits<int64_t>::min());
  ExpectRefused<absl::Time>(too_early, "time is out of range");
}

TEST(EncodingTest, EveryBeginningIsRefused) {
  const std::string bytes = Encoded(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ExpectRefused<Everything>(bytes.substr(0, size), "");
  }
  ExpectRefused<Everything>(bytes + "x", "1 bytes too many");
}

// Accepted bytes are canonical.
void TryBytes(const std::string& bytes) {
  Everything decoded;
  if (!DecodeAll(bytes, &decoded).ok()) return;
  ASSERT_EQ(Hex(Encoded(decoded)), Hex(bytes));
}

TEST(EncodingTest, AnyChangedByteIsRefusedOrMeansSomethingElse) {
  const std::string bytes = Encoded(Sample());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(value);
      TryBytes(changed);
    }
  }
}

TEST(EncodingTest, RandomDamageIsRefusedOrMeansSomethingElse) {
  const std::string bytes = Encoded(Sample());
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    std::string changed = bytes;
    for (uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t place = random() % changed.size();
      const char byte = static_cast<char>(random());
      switch (random() % 3) {
        case 0:
          changed[place] = byte;
          break;
        case 1:
          changed.insert(place, 1, byte);
          break;
        case 2:
          changed.erase(place, 1);
          break;
      }
    }
    TryBytes(changed);
  }
}

TEST(EncodingTest, EachRuleIsKept) {
  ExpectRefused<bool>("\2", "bool is 2 at byte 1");
  ExpectRefused<uint32_t>("", "input ends too early at byte 0");
  ExpectRefused<uint32_t>("\x80", "input ends too early at byte 1");
  ExpectRefused<uint32_t>(std::string("\x80\0", 2), "varint is too long");
  ExpectRefused<uint32_t>("\xff\xff\xff\xff\x7f", "integer is out of range");
  ExpectRefused<uint16_t>("\x80\x80\x04", "integer is out of range");
  ExpectRefused<int16_t>("\x80\x80\x04", "integer is out of range");
  ExpectRefused<int16_t>("\x81\x80\x04", "integer is out of range");
  ExpectRefused<uint64_t>(std::string(9, '\xff') + "\2", "exceeds 64 bits");
  ExpectRefused<uint64_t>(std::string(20, '\xff'), "exceeds 64 bits");
  ExpectRefused<Color>("\3", "enum is out of range");
  ExpectRefused<double>("1234567", "input ends too early");
  ExpectRefused<std::string>("\3ab", "length exceeds the input");
}

TEST(EncodingTest, KeysOfAMapAscend) {
  using Map = std::map<uint8_t, uint8_t>;
  Map map;
  EXPECT_TRUE(DecodeAll("\2\1\5\2\6", &map).ok());
  ExpectRefused<Map>("\2\2\5\1\6", "keys of a map do not ascend");
  ExpectRefused<Map>("\2\1\5\1\6", "keys of a map do not ascend");
}

TEST(EncodingTest, AVariantKnowsItsAlternatives) {
  using Choice = absl::variant<uint8_t, bool>;
  ExpectRefused<Choice>("\2\1", "variant has no such alternative");
  ExpectRefused<Choice>("\1\2", "bool is 2");
  ExpectRefused<Choice>(std::string(9, '\xff') + "\1", "no such alternative");
}

// A great length costs nothing when the bytes behind it are missing.
TEST(EncodingTest, LengthsAreCheckedBeforeAnythingIsAllocated) {
  const std::string great = Encoded(uint64_t{1} << 62);
  ExpectRefused<std::string>(great, "length exceeds the input");
  ExpectRefused<std::vector<uint64_t>>(great, "length exceeds the input");
  ExpectRefused<std::map<uint64_t, bool>>(great, "length exceeds the input");

  std::vector<std::array<uint64_t, 100>> wide;
  std::string bytes = Encoded(uint64_t{1000000}) + std::string(1000000, '\xff');
  EXPECT_FALSE(DecodeAll(bytes, &wide).ok());
  EXPECT_LE(wide.capacity(), 4u);
}

TEST(EncodingTest, DepthIsLimited) {
  Tree tree;
  for (int depth = 1; depth < Decoder::kMaxDepth; ++depth) {
    Tree parent;
    if (depth % 2 == 0) {
      parent.other = std::make_unique<Tree>(std::move(tree));
    } else {
      parent.children.push_back(std::move(tree));
    }
    tree = std::move(parent);
  }
  RoundTrip(tree);
  Tree deeper;
  deeper.children.push_back(std::move(tree));
  ExpectRefused<Tree>(Encoded(deeper), "nested too deeply");
  // Each byte pair opens one more level: no name, one child.
  std::string hostile;
  for (int i = 0; i < 1000000; ++i) hostile.append("\0\1", 2);
  ExpectRefused<Tree>(hostile, "nested too deeply");
}

// Depth is how deep, not how many.
TEST(EncodingTest, ManyNeighboursAreNotDepth) {
  const std::vector<Point> points(10 * Decoder::kMaxDepth, Point{1, 2});
  EXPECT_EQ(RoundTrip(points), points);
}

TEST(EncodingTest, HooksMayRefuse) {
  ExpectRefused<Even>(Encoded(uint32_t{1001}), "even number is too large");
}

TEST(EncodingTest, AValueIsReplacedNotExtended) {
  std::vector<uint8_t> list = {9, 9, 9};
  ASSERT_TRUE(DecodeAll(std::string("\1\5"), &list).ok());
  EXPECT_EQ(list, (std::vector<uint8_t>{5}));
  std::optional<uint8_t> maybe = 3;
  ASSERT_TRUE(DecodeAll(std::string("\0", 1), &maybe).ok());
  EXPECT_EQ(maybe, std::nullopt);
  std::map<uint8_t, uint8_t> map = {{1, 1}};
  ASSERT_TRUE(DecodeAll(std::string("\0", 1), &map).ok());
  EXPECT_TRUE(map.empty());
}

TEST(EncodingTest, ADecoderReadsOneValueAfterTheOther) {
  std::string bytes;
  Encoder encoder(&bytes);
  encoder.Encode(uint32_t{500});
  encoder.Encode(std::string("tail"));
  encoder.Bytes("raw");
  Decoder decoder(bytes);
  uint32_t number = 0;
  std::string text;
  absl::string_view raw;
  ASSERT_TRUE(decoder.Decode(&number).ok());
  ASSERT_TRUE(decoder.Decode(&text).ok());
  EXPECT_EQ(decoder.left(), "raw");
  EXPECT_FALSE(decoder.Finish().ok());
  ASSERT_TRUE(decoder.Bytes(3, &raw).ok());
  EXPECT_TRUE(decoder.Finish().ok());
  EXPECT_EQ(number, 500u);
  EXPECT_EQ(text, "tail");
  EXPECT_EQ(raw, "raw");
}

}  // namespace
}  // namespace embatch
