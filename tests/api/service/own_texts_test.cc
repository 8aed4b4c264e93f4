// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/own_texts.h"

#include <optional>

#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

TEST(OwnTextsTest, WhatStandsAroundIsDropped) {
  EXPECT_EQ(OwnText("jobName is \"-\"; Job name should match valid pattern: "
                    "a letter or digit, then letters"),
            "Job name should match valid pattern");
  EXPECT_EQ(OwnText("jobQueue: Job queue \"a\" does not exist"),
            "Job queue a does not exist");
  EXPECT_EQ(OwnText("x.vcpus is given; vcpus is not applicable for Fargate."),
            "vcpus is not applicable for Fargate.");
  EXPECT_EQ(OwnText("Unable to substitute value. No parameter found for "
                    "reference name"),
            "Unable to substitute value. No parameter found for reference "
            "name");
}

TEST(OwnTextsTest, OtherMessagesHaveNone) {
  EXPECT_EQ(OwnText("maxResults is 0; must be between 1 and 100"),
            std::nullopt);
  EXPECT_EQ(OwnText(""), std::nullopt);
}

// A value that holds such a text is no such error.
TEST(OwnTextsTest, ValuesAreNotTakenForTexts) {
  EXPECT_EQ(OwnText("reason is \"Command field cannot have empty strings\"; "
                    "too long"),
            std::nullopt);
}

}  // namespace
}  // namespace api
}  // namespace embatch
