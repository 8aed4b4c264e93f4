// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

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

std::string ShareArn(absl::string_view name) {
  return absl::StrCat(kArnPrefix, "job-queue/queue/quota-share/", name);
}

// A queue "queue" with quota shares.
struct QuotaSharesTest : testing::Test {
  QuotaSharesTest() {
    world.AddEnvironment();
    world.Call("CreateSchedulingPolicy", R"({"name":"quota","quotaSharePolicy":
        {"idleResourceAssignmentStrategy":"FIFO"}})");
    json queue = json::parse(R"({"jobQueueName":"queue","priority":1,
        "computeEnvironmentOrder":[
          {"order":1,"computeEnvironment":"machines"}]})");
    queue["schedulingPolicyArn"] =
        absl::StrCat(kArnPrefix, "scheduling-policy/quota");
    world.Call("CreateJobQueue", queue.dump());
    world.Advance();
  }
  void Create(const char* name) {
    request["quotaShareName"] = name;
    world.Call("CreateQuotaShare", request.dump());
    world.Advance();
  }
  json Describe(absl::string_view name) {
    return world.Call("DescribeQuotaShare",
                      json({{"quotaShareArn", ShareArn(name)}}).dump());
  }
  json Update(json update) {
    update["quotaShareArn"] = ShareArn("share");
    const json answer = world.Call("UpdateQuotaShare", update.dump());
    world.Advance();
    return answer;
  }

  ApiWorld world;
  json request = json::parse(R"({"quotaShareName":"share","jobQueue":"queue",
      "capacityLimits":[{"maxCapacity":8,"capacityUnit":"VCPU"},
                        {"maxCapacity":0,"capacityUnit":"GPU"}],
      "resourceSharingConfiguration":{"strategy":"LEND_AND_BORROW",
                                      "borrowLimit":200},
      "preemptionConfiguration":{"inSharePreemption":"ENABLED"},
      "state":"DISABLED","tags":{"a":"b"}})");
};

TEST_F(QuotaSharesTest, EveryMemberComesBack) {
  EXPECT_EQ(world.Call("CreateQuotaShare", request.dump()),
            json({{"quotaShareName", "share"},
                  {"quotaShareArn", ShareArn("share")}}));
  EXPECT_EQ(Describe("share")["status"], "CREATING");
  world.Advance();
  json expected = request;
  expected.erase("jobQueue");
  expected["jobQueueArn"] = absl::StrCat(kArnPrefix, "job-queue/queue");
  expected["quotaShareArn"] = ShareArn("share");
  expected["status"] = "VALID";
  EXPECT_EQ(Describe("share"), expected);
}

TEST_F(QuotaSharesTest, HasDefaults) {
  request.erase("state");
  request.erase("tags");
  request["jobQueue"] = absl::StrCat(kArnPrefix, "job-queue/queue");
  request["resourceSharingConfiguration"] = {{"strategy", "RESERVE"}};
  request["preemptionConfiguration"]["inSharePreemption"] = "DISABLED";
  Create("share");
  const json detail = Describe("share");
  EXPECT_EQ(detail["state"], "ENABLED");
  EXPECT_EQ(detail["tags"], json::object());
  EXPECT_EQ(detail["resourceSharingConfiguration"],
            json({{"strategy", "RESERVE"}}));
  EXPECT_EQ(detail["preemptionConfiguration"],
            json({{"inSharePreemption", "DISABLED"}}));
}

TEST_F(QuotaSharesTest, CreationIsRefused) {
  const auto with = [this](const char* pointer, const json& value) {
    json changed = request;
    changed[json::json_pointer(pointer)] = value;
    return world.Refusal("CreateQuotaShare", changed.dump());
  };
  EXPECT_THAT(with("/jobQueue", "none"), HasSubstr("none"));
  EXPECT_THAT(with("/capacityLimits", json::array()),
              StartsWith("capacityLimits has 0 entries"));
  EXPECT_THAT(with("/capacityLimits", json(6, request["capacityLimits"][0])),
              StartsWith("capacityLimits has 6 entries"));
  EXPECT_THAT(with("/capacityLimits/1/capacityUnit", "VCPU"),
              HasSubstr("capacityUnit is \"VCPU\" twice"));
  EXPECT_THAT(with("/resourceSharingConfiguration/strategy", "LEND"),
              StartsWith("resourceSharingConfiguration.borrowLimit is 200"));
  EXPECT_THAT(with("/preemptionConfiguration", nullptr),
              StartsWith("preemptionConfiguration is absent"));
  EXPECT_THAT(with("/resourceSharingConfiguration", nullptr),
              StartsWith("resourceSharingConfiguration is absent"));
  Create("share");
  EXPECT_THAT(world.Refusal("CreateQuotaShare", request.dump()),
              HasSubstr("share"));
}

TEST_F(QuotaSharesTest, UpdateChangesWhatItGives) {
  Create("share");
  EXPECT_EQ(Update({{"state", "ENABLED"}}),
            json({{"quotaShareName", "share"},
                  {"quotaShareArn", ShareArn("share")}}));
  EXPECT_EQ(Describe("share")["state"], "ENABLED");
  EXPECT_EQ(Describe("share")["capacityLimits"], request["capacityLimits"]);
  Update(json::parse(R"({"capacityLimits":[
      {"maxCapacity":4,"capacityUnit":"VCPU"}],
      "resourceSharingConfiguration":{"strategy":"LEND"},
      "preemptionConfiguration":{"inSharePreemption":"DISABLED"}})"));
  const json detail = Describe("share");
  EXPECT_EQ(detail["capacityLimits"],
            json({{{"maxCapacity", 4}, {"capacityUnit", "VCPU"}}}));
  EXPECT_EQ(detail["resourceSharingConfiguration"],
            json({{"strategy", "LEND"}}));
  EXPECT_EQ(detail["preemptionConfiguration"]["inSharePreemption"], "DISABLED");
}

TEST_F(QuotaSharesTest, SharesAreNamedByArn) {
  EXPECT_THAT(world.Refusal("UpdateQuotaShare", R"({"quotaShareArn":"share"})"),
              StartsWith("quotaShareArn is \"share\"; must be an ARN"));
  const std::string none = json({{"quotaShareArn", ShareArn("none")}}).dump();
  EXPECT_THAT(world.Refusal("DescribeQuotaShare", none), HasSubstr("\"none\""));
  EXPECT_EQ(world.Refusal("UpdateQuotaShare", none),
            "quotaShareArn: Quota share \"none\" does not exist");
  world.AddQueue("plain");
  EXPECT_EQ(
      world.Refusal(
          "UpdateQuotaShare",
          json({{"quotaShareArn",
                 absl::StrCat(kArnPrefix, "job-queue/plain/quota-share/a")}})
              .dump()),
      "quotaShareArn: its job queue is \"plain\"; must have a scheduling "
      "policy with quota shares");
  EXPECT_EQ(world.Call("DeleteQuotaShare",
                       json({{"quotaShareArn", ShareArn("none")}}).dump()),
            json::object());
  Create("share");
  EXPECT_EQ(world.Refusal("UpdateQuotaShare",
                          json({{"quotaShareArn", ShareArn("share")},
                                {"capacityLimits", json::array()}})
                              .dump()),
            "capacityLimits is empty; must have at least 1 item");
}

TEST_F(QuotaSharesTest, DeletionNeedsADisabledOne) {
  request["state"] = "ENABLED";
  Create("share");
  const std::string of = json({{"quotaShareArn", ShareArn("share")}}).dump();
  EXPECT_EQ(world.Refusal("DeleteQuotaShare", of),
            absl::StrCat("quotaShareArn is \"", ShareArn("share"),
                         "\", which is ENABLED; must be DISABLED"));
  Update({{"state", "DISABLED"}});
  world.Call("DeleteQuotaShare", of);
  world.Advance();
  EXPECT_THAT(world.Refusal("DescribeQuotaShare", of), HasSubstr("share"));
}

// The core's numbers are wider than AWS's.
TEST_F(QuotaSharesTest, LargeCapacitiesAreCut) {
  QuotaShareOptions options;
  options.quota_share_name = "large";
  options.job_queue = "queue";
  options.capacity_limits = {{int64_t{1} << 35, "VCPU"}};
  ASSERT_TRUE(world.scheduler
                  .CreateQuotaShare(
                      QuotaShare::Create(std::move(options)).value(), world.now)
                  .ok());
  EXPECT_EQ(Describe("large")["capacityLimits"][0]["maxCapacity"], 2147483647);
}

TEST_F(QuotaSharesTest, ListGoesByName) {
  for (const char* name : {"b", "c", "a"}) Create(name);
  json page =
      world.Call("ListQuotaShares", R"({"jobQueue":"queue","maxResults":2})");
  ASSERT_EQ(page["quotaShares"].size(), 2u);
  json first = Describe("a");
  first.erase("tags");
  EXPECT_EQ(page["quotaShares"][0], first);
  page = world.Call(
      "ListQuotaShares",
      json({{"jobQueue", "queue"}, {"nextToken", page["nextToken"]}}).dump());
  ASSERT_EQ(page["quotaShares"].size(), 1u);
  EXPECT_FALSE(page.contains("nextToken"));
  EXPECT_THAT(world.Refusal("ListQuotaShares", R"({"jobQueue":"none"})"),
              "Job queue none does not exist");
  EXPECT_THAT(world.Refusal("ListQuotaShares",
                            R"({"jobQueue":"queue","maxResults":101})"),
              StartsWith("maxResults is 101"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
