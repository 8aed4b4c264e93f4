// SPDX-License-Identifier: Apache-2.0
#include "lib/base/rare.h"

#include <map>
#include <string>

#include "absl/hash/hash.h"
#include "embatch/fields.h"
#include "gtest/gtest.h"

namespace embatch {

// Not in the namespace without a name: absl would not find its hash there.
struct RareExtras {
  std::map<std::string, std::string> tags;
  int number = 7;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.tags, self.number);
  }
};

namespace {

Rare<RareExtras> WithNumber(int number) {
  RareExtras extras;
  extras.number = number;
  return Rare<RareExtras>(extras);
}

TEST(RareTest, IsUsualFromTheStart) {
  const Rare<RareExtras> extras;
  EXPECT_FALSE(extras.is_unusual());
  EXPECT_EQ(extras->number, 7);
  EXPECT_TRUE(extras->tags.empty());
}

TEST(RareTest, TakesNoMemoryForTheUsualValue) {
  EXPECT_FALSE(WithNumber(7).is_unusual());
  EXPECT_EQ(WithNumber(7), Rare<RareExtras>());
}

TEST(RareTest, KeepsAnotherValue) {
  const Rare<RareExtras> extras = WithNumber(8);
  EXPECT_TRUE(extras.is_unusual());
  EXPECT_EQ(extras->number, 8);
  EXPECT_EQ((*extras).number, 8);
}

TEST(RareTest, ComparesAndHashesValues) {
  EXPECT_EQ(WithNumber(8), WithNumber(8));
  EXPECT_NE(WithNumber(8), WithNumber(9));
  EXPECT_NE(WithNumber(8), Rare<RareExtras>());
  EXPECT_NE(Rare<RareExtras>(), WithNumber(8));
  const absl::Hash<Rare<RareExtras>> hash;
  EXPECT_EQ(hash(WithNumber(8)), hash(WithNumber(8)));
  EXPECT_NE(hash(WithNumber(8)), hash(WithNumber(9)));
  EXPECT_NE(hash(WithNumber(8)), hash(Rare<RareExtras>()));
}

TEST(RareTest, HasTheBytesOfItsValue) {
  EXPECT_EQ(Encoded(WithNumber(8)), Encoded(WithNumber(8)));
  EXPECT_NE(Encoded(WithNumber(8)), Encoded(WithNumber(9)));
  EXPECT_EQ(Encoded(WithNumber(7)), Encoded(Rare<RareExtras>()));
}

TEST(RareTest, CopiesOutliveWhatTheyWereCopiedFrom) {
  Rare<RareExtras> copy;
  {
    const Rare<RareExtras> extras = WithNumber(8);
    copy = extras;
  }
  EXPECT_EQ(copy->number, 8);
  copy = Rare<RareExtras>();
  EXPECT_EQ(copy->number, 7);
}

}  // namespace
}  // namespace embatch
