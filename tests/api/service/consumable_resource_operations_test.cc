// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ResourceArn(absl::string_view name) {
  return absl::StrCat(kArnPrefix, "consumable-resource/", name);
}

struct ConsumableResourcesTest : testing::Test {
  json Describe(absl::string_view name) {
    return world.Call("DescribeConsumableResource",
                      json({{"consumableResource", std::string(name)}}).dump());
  }
  json Update(absl::string_view more) {
    return world.Call(
        "UpdateConsumableResource",
        absl::StrCat(R"({"consumableResource":"seat",)", more, "}"));
  }
  std::string UpdateRefused(absl::string_view more) {
    return world.Refusal(
        "UpdateConsumableResource",
        absl::StrCat(R"({"consumableResource":"seat")", more, "}"));
  }
  ApiWorld world;
};

TEST_F(ConsumableResourcesTest, EveryMemberComesBack) {
  EXPECT_EQ(world.Call("CreateConsumableResource",
                       R"({"consumableResourceName":"seat","totalQuantity":5,
                           "resourceType":"NON_REPLENISHABLE",
                           "tags":{"a":"b"}})"),
            json({{"consumableResourceName", "seat"},
                  {"consumableResourceArn", ResourceArn("seat")}}));
  EXPECT_EQ(
      Describe("seat"),
      json::parse(absl::StrCat(
          R"({"consumableResourceName":"seat","consumableResourceArn":")",
          ResourceArn("seat"), R"(","totalQuantity":5,"inUseQuantity":0,)",
          R"("availableQuantity":5,"resourceType":"NON_REPLENISHABLE",)",
          R"("createdAt":1767225600000,"tags":{"a":"b"}})")));
  EXPECT_EQ(Describe(ResourceArn("seat")), Describe("seat"));
}

TEST_F(ConsumableResourcesTest, HasDefaults) {
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"seat"})");
  EXPECT_EQ(Describe("seat")["totalQuantity"], 0);
  EXPECT_EQ(Describe("seat")["resourceType"], "REPLENISHABLE");
}

TEST_F(ConsumableResourcesTest, CreationIsRefused) {
  const auto refused = [this](absl::string_view more) {
    return world.Refusal(
        "CreateConsumableResource",
        absl::StrCat(R"({"consumableResourceName":"a")", more, "}"));
  };
  EXPECT_THAT(refused(R"(,"resourceType":"ENDLESS")"),
              StartsWith("resourceType is \"ENDLESS\"; must be REPLENISHABLE"));
  EXPECT_THAT(refused(R"(,"totalQuantity":-1)"),
              StartsWith("totalQuantity is -1"));
  world.Call("CreateConsumableResource", R"({"consumableResourceName":"a"})");
  EXPECT_EQ(refused(""), "Consumable resource a already exists");
}

TEST_F(ConsumableResourcesTest, QuantityIsSetAddedAndRemoved) {
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"seat"})");
  EXPECT_EQ(Update(R"("operation":"SET","quantity":7)"),
            json({{"consumableResourceName", "seat"},
                  {"consumableResourceArn", ResourceArn("seat")},
                  {"totalQuantity", 7}}));
  EXPECT_EQ(Update(R"("operation":"ADD","quantity":3)")["totalQuantity"], 10);
  EXPECT_EQ(Update(R"("operation":"REMOVE","quantity":99)")["totalQuantity"],
            0);
}

TEST_F(ConsumableResourcesTest, TokenMakesAnUpdateHappenOnce) {
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"seat"})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Update(R"("operation":"ADD","quantity":3,"clientToken":"t")")
                  ["totalQuantity"],
              3);
  }
}

TEST_F(ConsumableResourcesTest, UpdateIsRefused) {
  EXPECT_THAT(UpdateRefused(R"(,"operation":"SET","quantity":1)"),
              HasSubstr("\"seat\" does not exist"));
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"seat"})");
  EXPECT_EQ(UpdateRefused(R"(,"operation":"SET")"),
            "quantity is absent; it is required");
  EXPECT_EQ(UpdateRefused(R"(,"operation":"TAKE","quantity":1)"),
            "operation is \"TAKE\"; must be SET, ADD or REMOVE");
  EXPECT_THAT(UpdateRefused(R"(,"quantity":1)"),
              StartsWith("operation is \"\""));
  EXPECT_THAT(UpdateRefused(R"(,"operation":"SET","quantity":-1)"),
              StartsWith("quantity is -1"));
  EXPECT_THAT(UpdateRefused(absl::StrCat(
                  R"(,"operation":"SET","quantity":1,"clientToken":")",
                  std::string(65, 't'), "\"")),
              StartsWith("clientToken has 65 characters"));
}

TEST_F(ConsumableResourcesTest, DeletionIsSilent) {
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"seat"})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.Call("DeleteConsumableResource",
                         R"({"consumableResource":"seat"})"),
              json::object());
  }
  EXPECT_THAT(world.Refusal("DescribeConsumableResource",
                            R"({"consumableResource":"seat"})"),
              HasSubstr("\"seat\" does not exist"));
}

TEST_F(ConsumableResourcesTest, ListIsFilteredAndPaged) {
  for (const char* name : {"seat-b", "token", "seat-a", "seat-c"}) {
    world.Call("CreateConsumableResource",
               json({{"consumableResourceName", name}}).dump());
  }
  const json filters = {
      {{"name", "CONSUMABLE_RESOURCE_NAME"}, {"values", {"SEAT*"}}}};
  json page =
      world.Call("ListConsumableResources",
                 json({{"filters", filters}, {"maxResults", 2}}).dump());
  ASSERT_EQ(page["consumableResources"].size(), 2u);
  EXPECT_EQ(page["consumableResources"][0],
            json({{"consumableResourceArn", ResourceArn("seat-a")},
                  {"consumableResourceName", "seat-a"},
                  {"totalQuantity", 0},
                  {"inUseQuantity", 0},
                  {"resourceType", "REPLENISHABLE"}}));
  page = world.Call(
      "ListConsumableResources",
      json({{"filters", filters}, {"nextToken", page["nextToken"]}}).dump());
  ASSERT_EQ(page["consumableResources"].size(), 1u);
  EXPECT_EQ(page["consumableResources"][0]["consumableResourceName"], "seat-c");
  EXPECT_EQ(
      world.Call("ListConsumableResources", "{}")["consumableResources"].size(),
      4u);
}

TEST_F(ConsumableResourcesTest, ListIsRefused) {
  const auto refused = [this](absl::string_view request) {
    return world.Refusal("ListConsumableResources", request);
  };
  EXPECT_THAT(refused(R"({"maxResults":0})"), StartsWith("maxResults is 0"));
  EXPECT_THAT(refused(R"({"nextToken":"?"})"), StartsWith("nextToken is"));
  EXPECT_EQ(refused(R"({"filters":[{"name":"NAME","values":["a"]}]})"),
            "filters.name is \"NAME\"; must be CONSUMABLE_RESOURCE_NAME");
  EXPECT_EQ(refused(R"({"filters":[{"name":"CONSUMABLE_RESOURCE_NAME"}]})"),
            "filters.values is empty; must have at least 1 item");
  EXPECT_EQ(refused(R"({"filters":[{},{}]})"),
            "filters has 2 items; must have at most 1");
}

}  // namespace
}  // namespace api
}  // namespace embatch
