// SPDX-License-Identifier: Apache-2.0
//
// Tests of ConsumableResource::Create() and of what jobs need of them.
#include "embatch/consumable_resource.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/model/consumables.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

using List = std::vector<ConsumableResourceRequirement>;

TEST(ConsumableResourceTest, EveryMemberIsChecked) {
  const auto answer =
      [](const std::function<void(ConsumableResourceOptions&)>& change) {
        ConsumableResourceOptions options;
        options.consumable_resource_name = "licence";
        change(options);
        return Answer(ConsumableResource::Create(options));
      };
  EXPECT_EQ(answer([](auto&) {}), "OK");
  EXPECT_EQ(answer([](auto& o) { o.total_quantity = int64_t{1} << 53; }), "OK");
  EXPECT_EQ(answer([](auto& o) { o.total_quantity = -1; }),
            absl::StrCat("total_quantity is -1; must be between 0 and ",
                         int64_t{1} << 53));
  EXPECT_EQ(answer([](auto& o) { o.total_quantity = (int64_t{1} << 53) + 1; }),
            absl::StrCat("total_quantity is ", (int64_t{1} << 53) + 1,
                         "; must be between 0 and ", int64_t{1} << 53));
  EXPECT_EQ(answer([](auto& o) { o.consumable_resource_name = "a b"; }),
            "consumable_resource_name is \"a b\"; must be 1 to 128 letters, "
            "digits, hyphens and underscores");
  EXPECT_EQ(answer([](auto& o) {
              o.resource_type = static_cast<ConsumableResourceType>(2);
            }),
            "resource_type is 2; must be REPLENISHABLE or NON_REPLENISHABLE");
  EXPECT_EQ(answer([](auto& o) { o.tags[""] = "x"; }).substr(0, 4), "tags");
}

TEST(ConsumableResourceTest, WhatAJobNeedsIsChecked) {
  const auto answer = [](const List& list) {
    return std::string(
        CheckConsumableResources("list", list, kAwsLimits).message());
  };
  EXPECT_EQ(answer({}), "");
  EXPECT_EQ(answer({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}}), "");
  EXPECT_EQ(
      answer({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}, {"f", 1}}),
      "list has 6 entries; must have at most 5");
  EXPECT_THAT(answer({{"a", 0}}),
              testing::StartsWith("list.quantity is 0; must be between 1 and"));
  EXPECT_THAT(answer({{"", 1}}),
              testing::StartsWith("list.consumable_resource is \"\""));
  EXPECT_EQ(answer({{"a", 1}, {"a", 2}}),
            "list.consumable_resource is \"a\" twice; each must be given once");
}

TEST(ConsumableResourceTest, ASubmissionsQuantityWins) {
  const List merged =
      MergedConsumableResources({{"b", 1}, {"a", 2}}, {{"c", 3}, {"a", 4}});
  EXPECT_TRUE(merged == (List{{"a", 4}, {"b", 1}, {"c", 3}}));
}

}  // namespace
}  // namespace embatch
