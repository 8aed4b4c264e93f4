// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/amounts.h"

#include <cstdint>
#include <optional>

#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

TEST(AmountsTest, ThousandthsAreReadExactly) {
  EXPECT_EQ(ReadThousandths("1"), 1000);
  EXPECT_EQ(ReadThousandths("0.25"), 250);
  EXPECT_EQ(ReadThousandths("16.0"), 16000);
  EXPECT_EQ(ReadThousandths("0.001"), 1);
}

TEST(AmountsTest, WhatIsNoAmountIsRefused) {
  for (const char* text : {"", ".", "1.", ".5", "-1", "+1", "1e3", "0x1", " 1",
                           "1 ", "0.0001", "1.2.3", "9999999999999"}) {
    EXPECT_EQ(ReadThousandths(text), std::nullopt) << text;
  }
  EXPECT_EQ(ReadWhole("1.0"), std::nullopt);
  EXPECT_EQ(ReadWhole("999999999999"), int64_t{999999999999});
}

TEST(AmountsTest, PrintedAsShortAsCanBe) {
  EXPECT_EQ(PrintThousandths(1000), "1");
  EXPECT_EQ(PrintThousandths(250), "0.25");
  EXPECT_EQ(PrintThousandths(1001), "1.001");
  EXPECT_EQ(PrintThousandths(0), "0");
}

}  // namespace
}  // namespace api
}  // namespace embatch
