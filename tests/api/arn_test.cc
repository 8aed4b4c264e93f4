// SPDX-License-Identifier: Apache-2.0
#include "lib/api/arn.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

ArnScope Frankfurt() { return {"aws", "eu-central-1", "123456789012"}; }

constexpr char kPrefix[] = "arn:aws:batch:eu-central-1:123456789012:";

TEST(ArnTest, EachKindPrintsAndReadsBack) {
  struct Case {
    ArnKind kind;
    const char* name;
    const char* queue;
    int32_t revision;
    const char* want;
  };
  const char* const kId = "4c0ee9a2-3b1b-8d6e-9f44-0123456789ab";
  const std::string job = absl::StrCat("job/", kId);
  const std::string child = absl::StrCat(kId, ":17");
  const std::string node = absl::StrCat(kId, "#0");
  const std::string child_arn = absl::StrCat("job/", child);
  const std::string node_arn = absl::StrCat("job/", node);
  const std::string service_job = absl::StrCat("service-job/", kId);
  const Case kCases[] = {
      {ArnKind::kComputeEnvironment, "a-1_B", "", 0,
       "compute-environment/a-1_B"},
      {ArnKind::kJobQueue, "q", "", 0, "job-queue/q"},
      {ArnKind::kJobDefinition, "d", "", 3, "job-definition/d:3"},
      {ArnKind::kJobDefinition, "d", "", 0, "job-definition/d"},
      {ArnKind::kJobDefinition, "d", "", std::numeric_limits<int32_t>::max(),
       "job-definition/d:2147483647"},
      {ArnKind::kJob, kId, "", 0, job.c_str()},
      {ArnKind::kJob, child.c_str(), "", 0, child_arn.c_str()},
      {ArnKind::kJob, node.c_str(), "", 0, node_arn.c_str()},
      {ArnKind::kSchedulingPolicy, "p", "", 0, "scheduling-policy/p"},
      {ArnKind::kQuotaShare, "s", "q", 0, "job-queue/q/quota-share/s"},
      {ArnKind::kConsumableResource, "r", "", 0, "consumable-resource/r"},
      {ArnKind::kServiceEnvironment, "e", "", 0, "service-environment/e"},
      {ArnKind::kServiceJob, kId, "", 0, service_job.c_str()},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.want);
    const Arn arn = {Frankfurt(), c.kind, c.name, c.queue, c.revision};
    const std::string text = absl::StrCat(kPrefix, c.want);
    EXPECT_EQ(PrintArn(arn), text);
    const absl::StatusOr<Arn> read = ParseArn(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(*read == arn) << PrintArn(*read);
  }
}

TEST(ArnTest, PartitionFollowsFromTheRegion) {
  struct Case {
    const char* region;
    const char* want;
  };
  const Case kCases[] = {{"eu-central-1", "aws"},
                         {"cn-north-1", "aws-cn"},
                         {"us-gov-west-1", "aws-us-gov"},
                         {"us-east-1", "aws"},
                         {"local", "aws"}};
  for (const Case& c : kCases) {
    const absl::StatusOr<ArnScope> scope =
        MakeArnScope(c.region, "000000000000");
    ASSERT_TRUE(scope.ok()) << scope.status();
    EXPECT_EQ(scope->partition, c.want) << c.region;
    const std::string text = absl::StrCat("arn:", c.want, ":batch:", c.region,
                                          ":000000000000:job-queue/q");
    EXPECT_TRUE(ParseArn(text).ok()) << text;
  }
  EXPECT_THAT(
      std::string(ParseArn("arn:aws:batch:cn-north-1:000000000000:job-queue/q")
                      .status()
                      .message()),
      EndsWith("the partition of its region is aws-cn"));
}

TEST(ArnTest, RegionAndAccountAreChecked) {
  for (const char* region :
       {"", "EU-central-1", "eu central", "eu:1", "eu/1"}) {
    const absl::Status status = MakeArnScope(region, "123456789012").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("region is "));
  }
  for (const char* account :
       {"", "12345678901", "1234567890123", "12345678901a"}) {
    const absl::Status status = MakeArnScope("eu-central-1", account).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("must be 12 digits"));
  }
}

TEST(ArnTest, WhatIsNoArnIsRefused) {
  const std::string texts[] = {
      "",
      "arn",
      "arn:aws:batch:eu-central-1:123456789012",
      "urn:aws:batch:eu-central-1:123456789012:job-queue/q",
      "arn:aws:ecs:eu-central-1:123456789012:cluster/q",
      "arn:aws:batch:eu-central-1:12345:job-queue/q",
      "arn:aws:batch::123456789012:job-queue/q",
      "arn:aws-cn:batch:eu-central-1:123456789012:job-queue/q",
      absl::StrCat(kPrefix, ""),
      absl::StrCat(kPrefix, "job-queue"),
      absl::StrCat(kPrefix, "job-queue/"),
      absl::StrCat(kPrefix, "job-queue/a b"),
      absl::StrCat(kPrefix, "job-queue/a/b"),
      absl::StrCat(kPrefix, "job-queue/a:1"),
      absl::StrCat(kPrefix, "job-queue/q/quota-share/"),
      absl::StrCat(kPrefix, "job-queue//quota-share/s"),
      absl::StrCat(kPrefix, "job-queue/q/quota-share/s/t"),
      absl::StrCat(kPrefix, "job-definition/d:"),
      absl::StrCat(kPrefix, "job-definition/d:0"),
      absl::StrCat(kPrefix, "job-definition/d:01"),
      absl::StrCat(kPrefix, "job-definition/d:+1"),
      absl::StrCat(kPrefix, "job-definition/d: 1"),
      absl::StrCat(kPrefix, "job-definition/d:1:1"),
      absl::StrCat(kPrefix, "job-definition/d:2147483648"),
      absl::StrCat(kPrefix, "job/"),
      absl::StrCat(kPrefix, "job/a/b"),
      absl::StrCat(kPrefix, "nonsense/a"),
  };
  for (const std::string& text : texts) {
    SCOPED_TRACE(text);
    const absl::Status status = ParseArn(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(" is not an ARN of AWS Batch: "));
  }
}

TEST(ArnTest, MemberTakesNameOrArn) {
  const auto queue = [](absl::string_view text) {
    return NameOrArn("jobQueue", text, ArnKind::kJobQueue, Frankfurt());
  };
  EXPECT_EQ(queue("q").value(), "q");
  EXPECT_EQ(queue("").value(), "");
  EXPECT_EQ(queue(absl::StrCat(kPrefix, "job-queue/q")).value(), "q");

  // Another kind, another region, another account.
  for (const std::string& text :
       {absl::StrCat(kPrefix, "compute-environment/q"),
        absl::StrCat(kPrefix, "job-queue/q/quota-share/s"),
        std::string("arn:aws:batch:eu-west-1:123456789012:job-queue/q"),
        std::string("arn:aws:batch:eu-central-1:123456789013:job-queue/q")}) {
    const absl::Status status = queue(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(),
              absl::StrCat("jobQueue is \"", text,
                           "\"; must be a job queue of 123456789012 in "
                           "eu-central-1"));
  }
  EXPECT_EQ(queue("arn:nonsense").status().message(),
            "jobQueue: \"arn:nonsense\" is not an ARN of AWS Batch: it has not "
            "the form arn:...:...:...:...:...");
}

}  // namespace
}  // namespace api
}  // namespace embatch
