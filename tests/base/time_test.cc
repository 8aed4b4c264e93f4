// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/time.h.

#include "lib/base/time.h"

#include <limits>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(TimeTest, CountsFromTheEpoch) {
  EXPECT_EQ(ToNanos(absl::UnixEpoch()), 0);
  EXPECT_EQ(ToNanos(absl::FromUnixSeconds(-2)), -2000000000);
  EXPECT_EQ(FromNanos(1500000000), absl::FromUnixMillis(1500));
}

TEST(TimeTest, RoundsDownOnBothSidesOfTheEpoch) {
  const absl::Duration quarter = absl::Nanoseconds(1) / 4;
  const absl::Time epoch = absl::UnixEpoch();
  EXPECT_EQ(ToNanos(epoch + quarter), 0);
  EXPECT_EQ(ToNanos(epoch + absl::Nanoseconds(7) + 3 * quarter), 7);
  EXPECT_EQ(ToNanos(epoch - quarter), -1);
  EXPECT_EQ(ToNanos(epoch - absl::Nanoseconds(7) - quarter), -8);
}

TEST(TimeTest, EndsAtTheInfiniteValues) {
  EXPECT_EQ(ToNanos(absl::InfiniteFuture()), kMax);
  EXPECT_EQ(ToNanos(absl::InfinitePast()), -kMax);
  EXPECT_EQ(ToNanos(absl::FromUnixSeconds(int64_t{1} << 40)), kMax);
  EXPECT_EQ(ToNanos(absl::FromUnixSeconds(-(int64_t{1} << 40))), -kMax);
  EXPECT_EQ(FromNanos(kMax), absl::InfiniteFuture());
  EXPECT_EQ(FromNanos(-kMax), absl::InfinitePast());
  EXPECT_EQ(FromNanos(std::numeric_limits<int64_t>::min()),
            absl::InfinitePast());
}

TEST(TimeTest, EveryFiniteNumberComesBack) {
  for (int64_t nanos :
       {int64_t{0}, int64_t{1}, int64_t{-1}, kMaxNowNanos, kMax - 1, 1 - kMax,
        int64_t{999999999}, int64_t{-1000000001}}) {
    EXPECT_EQ(ToNanos(FromNanos(nanos)), nanos);
  }
}

TEST(TimeTest, TheLatestNowIsTheBeginningOf2200) {
  EXPECT_EQ(
      FromNanos(kMaxNowNanos),
      absl::FromCivil(absl::CivilSecond(2200, 1, 1), absl::UTCTimeZone()));
}

TEST(TimeTest, SaturatingAddStopsAtTheEnds) {
  EXPECT_EQ(SaturatingAdd(2, 3), 5);
  EXPECT_EQ(SaturatingAdd(2, -3), -1);
  EXPECT_EQ(SaturatingAdd(kMax - 1, 1), kMax);
  EXPECT_EQ(SaturatingAdd(kMax - 1, 2), kMax);
  EXPECT_EQ(SaturatingAdd(kMax - 1, kMax - 1), kMax);
  EXPECT_EQ(SaturatingAdd(1 - kMax, -1), -kMax);
  EXPECT_EQ(SaturatingAdd(1 - kMax, -2), -kMax);
  EXPECT_EQ(SaturatingAdd(1 - kMax, kMax - 1), 0);
}

TEST(TimeTest, NeverPlusAnythingIsNever) {
  EXPECT_EQ(SaturatingAdd(kMax, -5), kMax);
  EXPECT_EQ(SaturatingAdd(-5, kMax), kMax);
  EXPECT_EQ(SaturatingAdd(kMax, -kMax), kMax);
}

}  // namespace
}  // namespace embatch
