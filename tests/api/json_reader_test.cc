// SPDX-License-Identifier: Apache-2.0
// JSON into messages: what is taken, and what is refused with which words.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "embatch/api/batch.pb.h"
#include "embatch/api/json.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

SubmitJobRequest Parsed(absl::string_view text) {
  SubmitJobRequest request;
  const absl::Status status = ParseJson(text, {}, request);
  EXPECT_TRUE(status.ok()) << text << ": " << status;
  return request;
}

// What goes wrong with a request to submit a job.
absl::Status Refused(absl::string_view text) {
  SubmitJobRequest request;
  return ParseJson(text, {}, request);
}

TEST(JsonReaderTest, ReadsMembersOfEveryKind) {
  const SubmitJobRequest request = Parsed(R"({
    "jobName": "hello", "schedulingPriorityOverride": -3,
    "propagateTags": false, "tags": {"team": "a", "": "b"},
    "dependsOn": [{"jobId": "1", "type": "N_TO_N"}, {"jobId": "2"}],
    "containerOverrides": {"command": ["echo", "x"], "environment": []},
    "consumableResourcePropertiesOverride": {"consumableResourceList":
      [{"consumableResource": "licence", "quantity": 9007199254740993}]}})");

  EXPECT_EQ(request.job_name(), "hello");
  EXPECT_EQ(request.scheduling_priority_override(), -3);
  EXPECT_TRUE(request.has_propagate_tags());
  EXPECT_FALSE(request.propagate_tags());
  EXPECT_THAT(request.tags().entries(),
              UnorderedElementsAre(Pair("team", "a"), Pair("", "b")));
  ASSERT_EQ(request.depends_on().items_size(), 2);
  EXPECT_EQ(request.depends_on().items(0).type(), ARRAY_JOB_DEPENDENCY_N_TO_N);
  EXPECT_FALSE(request.depends_on().items(1).has_type());
  EXPECT_THAT(request.container_overrides().command().items(),
              ElementsAre("echo", "x"));
  EXPECT_EQ(request.consumable_resource_properties_override()
                .consumable_resource_list()
                .items(0)
                .quantity(),
            9007199254740993);
}

// Source: API EvaluateOnExit.action ("The values aren't case sensitive").
TEST(JsonReaderTest, RetryActionsAreTakenInAnyCase) {
  const SubmitJobRequest request = Parsed(R"({"retryStrategy": {
    "evaluateOnExit": [{"action": "retry"}, {"action": "Exit"}]}})");
  const auto& rules = request.retry_strategy().evaluate_on_exit().items();
  ASSERT_EQ(rules.size(), 2);
  EXPECT_EQ(rules[0].action(), RETRY_ACTION_RETRY);
  EXPECT_EQ(rules[1].action(), RETRY_ACTION_EXIT);
  EXPECT_EQ(Refused(R"({"retryStrategy": {"evaluateOnExit": [
                        {"action": "again"}]}})")
                .code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Refused(R"({"dependsOn": [{"type": "sequential"}]})").code(),
            absl::StatusCode::kOutOfRange);
}

TEST(JsonReaderTest, AbsentAndEmptyDiffer) {
  EXPECT_FALSE(Parsed("{}").has_depends_on());
  EXPECT_TRUE(Parsed(R"({"dependsOn": []})").has_depends_on());
  EXPECT_FALSE(Parsed("{}").has_tags());
  EXPECT_TRUE(Parsed(R"({"tags": {}})").has_tags());
  EXPECT_FALSE(Parsed("{}").has_job_name());
  EXPECT_TRUE(Parsed(R"({"jobName": ""})").has_job_name());
  EXPECT_FALSE(Parsed("{}").has_timeout());
  EXPECT_TRUE(Parsed(R"({"timeout": {}})").has_timeout());
  EXPECT_FALSE(Parsed("{}").has_scheduling_priority_override());
  EXPECT_TRUE(Parsed(R"({"schedulingPriorityOverride": 0})")
                  .has_scheduling_priority_override());
}

TEST(JsonReaderTest, EmptyTextStandsForAnEmptyObject) {
  EXPECT_TRUE(Refused("").ok());
  EXPECT_TRUE(Refused("{}").ok());
}

TEST(JsonReaderTest, EarlierContentIsDropped) {
  SubmitJobRequest request;
  request.set_job_name("old");
  ASSERT_TRUE(ParseJson("{}", {}, request).ok());
  EXPECT_FALSE(request.has_job_name());
}

TEST(JsonReaderTest, NullCountsAsAbsent) {
  const SubmitJobRequest request = Parsed(
      R"({"jobName": null, "dependsOn": null, "timeout": null,
          "tags": {"a": null, "b": "c"}})");
  EXPECT_FALSE(request.has_job_name());
  EXPECT_FALSE(request.has_depends_on());
  EXPECT_FALSE(request.has_timeout());
  EXPECT_THAT(request.tags().entries(), ElementsAre(Pair("b", "c")));
}

TEST(JsonReaderTest, UnknownMembersArePassedOver) {
  const SubmitJobRequest request = Parsed(
      R"({"_comment": "x", "novel": {"jobName": ["a", {"b": [1, null]}], "c": 2},
          "list": [[1], {"jobName": "no"}, true], "number": 1.5,
          "timeout": {"novel": {}, "attemptDurationSeconds": 60},
          "jobName": "yes", "JobName": "other case"})");
  EXPECT_EQ(request.job_name(), "yes");
  EXPECT_EQ(request.timeout().attempt_duration_seconds(), 60);
}

TEST(JsonReaderTest, LastOfTwoEqualMembersHolds) {
  const SubmitJobRequest request = Parsed(
      R"({"jobName": "a", "jobName": "b",
          "dependsOn": [{"jobId": "1"}], "dependsOn": [{"jobId": "2"}],
          "timeout": {"attemptDurationSeconds": 60}, "timeout": {},
          "retryStrategy": {"attempts": 3}, "retryStrategy": null,
          "tags": {"a": "1", "a": "2"}})");
  EXPECT_EQ(request.job_name(), "b");
  ASSERT_EQ(request.depends_on().items_size(), 1);
  EXPECT_EQ(request.depends_on().items(0).job_id(), "2");
  EXPECT_FALSE(request.timeout().has_attempt_duration_seconds());
  EXPECT_FALSE(request.has_retry_strategy());
  EXPECT_EQ(PrintJson(request.tags()), R"({"a":"2"})");
  EXPECT_THAT(request.tags().entries(), ElementsAre(Pair("a", "2")));
}

TEST(JsonReaderTest, EscapesAndUtf8AreText) {
  EXPECT_EQ(Parsed(R"({"jobName": "\u00e9\ud83d\ude00\n\"\\\/"})").job_name(),
            "\xC3\xA9\xF0\x9F\x98\x80\n\"\\/");
  EXPECT_EQ(Parsed("{\"jobName\": \"\xC3\xA9\xF0\x9F\x98\x80\"}").job_name(),
            "\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(Parsed(R"({"jobName": "a\u0000b"})").job_name(),
            std::string("a\0b", 3));
  // A member's name may be escaped too.
  EXPECT_EQ(Parsed(R"({"job\u004eame": "a"})").job_name(), "a");
}

TEST(JsonReaderTest, WhatIsNoJsonIsRefused) {
  const char* const kTexts[] = {
      "{",
      "}",
      "{]",
      " ",
      "{\"jobName\": }",
      "{\"jobName\" \"a\"}",
      "{\"jobName\": \"a\",}",
      "{'jobName': 'a'}",
      "{\"jobName\": \"a\"} x",
      "{} {}",
      "{\"jobName\": \"a",
      "{\"jobName\": tru}",
      "{\"novel\": 01}",
      "{\"jobName\": .5}",
      "{\"jobName\": NaN}",
      "{\"jobName\": \"\x01\"}",
      "{\"jobName\": \"\\x\"}",
      "{\"jobName\": \"\\u12\"}",
      "{\"jobName\": \"\\ud83d\"}",         // half of a pair
      "{\"jobName\": \"\\ude00\\ud83d\"}",  // the wrong way round
      "{\"jobName\": \"\xFF\"}",
      "{\"jobName\": \"\xC0\x80\"}",          // overlong
      "{\"jobName\": \"\xED\xA0\x80\"}",      // a surrogate in UTF-8
      "{\"jobName\": \"\xF4\x90\x80\x80\"}",  // past U+10FFFF
      "{// comment\n}",
      "\xEF\xBB",
  };
  for (const char* text : kTexts) {
    SCOPED_TRACE(text);
    const absl::Status status = Refused(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                StartsWith("Could not parse the request body into JSON: "
                           "unexpected text at byte "));
  }
}

TEST(JsonReaderTest, MessageNamesPathValueAndWhatIsAllowed) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case kCases[] = {
      {R"([])", "The request body is a list; must be an object"},
      {R"("a")", "The request body is a string; must be an object"},
      {R"(5)", "The request body is a number; must be an object"},
      {R"(null)", "The request body is null; must be an object"},
      {R"({"jobName": 5})", "jobName is 5; must be a string"},
      {R"({"jobName": true})", "jobName is true; must be a string"},
      {R"({"jobName": 1.50})", "jobName is 1.50; must be a string"},
      {R"({"jobName": {}})", "jobName is an object; must be a string"},
      {R"({"jobName": ["a"]})", "jobName is a list; must be a string"},
      {R"({"dependsOn": {}})", "dependsOn is an object; must be a list"},
      {R"({"dependsOn": "a"})", "dependsOn is \"a\"; must be a list"},
      {R"({"dependsOn": [{}, 3]})", "dependsOn[1] is 3; must be an object"},
      {R"({"dependsOn": [{}, []]})",
       "dependsOn[1] is a list; must be an object"},
      {R"({"dependsOn": [{}, null]})",
       "dependsOn[1] is null; must be an object"},
      {R"({"dependsOn": [{"jobId": 1}]})",
       "dependsOn[0].jobId is 1; must be a string"},
      {R"({"dependsOn": [{"type": 1}]})",
       "dependsOn[0].type is 1; must be a string"},
      {R"({"timeout": []})", "timeout is a list; must be an object"},
      {R"({"tags": []})", "tags is a list; must be an object"},
      {R"({"tags": {"a b": 1}})", "tags[\"a b\"] is 1; must be a string"},
      {R"({"tags": {"a": {}}})", "tags[\"a\"] is an object; must be a string"},
      {R"({"propagateTags": "true"})",
       "propagateTags is \"true\"; must be true or false"},
      {R"({"propagateTags": 1})", "propagateTags is 1; must be true or false"},
      {R"({"containerOverrides": {"command": ["a", 7]}})",
       "containerOverrides.command[1] is 7; must be a string"},
      {R"({"containerOverrides": {"vcpus": "2"}})",
       "containerOverrides.vcpus is \"2\"; must be an integer"},
      {R"({"containerOverrides": {"vcpus": 2.5}})",
       "containerOverrides.vcpus is 2.5; must be an integer"},
      {R"({"containerOverrides": {"vcpus": false}})",
       "containerOverrides.vcpus is false; must be an integer"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    const absl::Status status = Refused(c.text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), c.want);
  }
}

TEST(JsonReaderTest, UnknownWordIsAnsweredWithTheKnownOnes) {
  const absl::Status status = Refused(R"({"dependsOn": [{"type": "ANY"}]})");
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(status.message(),
            "dependsOn[0].type is \"ANY\"; must be one of N_TO_N, SEQUENTIAL");
  // Words are AWS's as they stand, and no names of the schema.
  for (const char* word :
       {"n_to_n", "", "UNSPECIFIED", "1", "ARRAY_JOB_DEPENDENCY_N_TO_N"}) {
    EXPECT_EQ(
        Refused(absl::StrCat(R"({"dependsOn": [{"type": ")", word, R"("}]})"))
            .code(),
        absl::StatusCode::kOutOfRange)
        << word;
  }
}

TEST(JsonReaderTest, UnknownWordIsAnsweredAsAwsDoesWhereThatIsKnown) {
  ListJobsRequest list;
  EXPECT_EQ(
      ParseJson(R"({"jobStatus": "ANY"})", {}, list).message(),
      "Job status is not one of SUBMITTED | PENDING | RUNNABLE | STARTING "
      "| RUNNING | SUCCEEDED | FAILED");
  RegisterJobDefinitionRequest definition;
  EXPECT_EQ(ParseJson(R"({"type": "vm"})", {}, definition).message(),
            "type must be one of ('container', 'multinode')");
}

TEST(JsonReaderTest, LongValuesAreCutInMessages) {
  const absl::Status status =
      Refused(absl::StrCat(R"({"timeout": ")", std::string(63, 'x'), "\xC3\xA9",
                           std::string(935, 'x'), "\"}"));
  EXPECT_EQ(status.message(),
            absl::StrCat("timeout is \"", std::string(63, 'x'),
                         "\"... (1000 bytes); must be an object"));
}

TEST(JsonReaderTest, NumbersAreTakenUpToTheirLimitAndNotPast) {
  const auto vcpus = [](absl::string_view number) {
    return absl::StrCat(R"({"containerOverrides": {"vcpus": )", number, "}}");
  };
  for (const auto& [text, want] :
       {std::pair<const char*, int32_t>{"2147483647", 2147483647},
        {"-2147483648", std::numeric_limits<int32_t>::min()},
        {"2.0", 2},
        {"1e3", 1000},
        {"-0", 0},
        {"-0.0", 0}}) {
    EXPECT_EQ(Parsed(vcpus(text)).container_overrides().vcpus(), want) << text;
  }
  for (const char* text : {"2147483648", "-2147483649", "9223372036854775808",
                           "18446744073709551615", "-9223372036854775809",
                           "1e300", "123456789012345678901234567890"}) {
    EXPECT_EQ(Refused(vcpus(text)).message(),
              absl::StrCat("containerOverrides.vcpus is ", text,
                           "; must be between -2147483648 and 2147483647"));
  }
}

TEST(JsonReaderTest, LongIntegersKeepEveryDigit) {
  const auto parse = [](absl::string_view number,
                        UpdateConsumableResourceRequest& request) {
    return ParseJson(absl::StrCat(R"({"quantity": )", number, "}"), {},
                     request);
  };
  UpdateConsumableResourceRequest request;
  ASSERT_TRUE(parse("9223372036854775807", request).ok());
  EXPECT_EQ(request.quantity(), std::numeric_limits<int64_t>::max());
  ASSERT_TRUE(parse("-9223372036854775808", request).ok());
  EXPECT_EQ(request.quantity(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(parse("9223372036854775808", request).message(),
            "quantity is 9223372036854775808; must be between "
            "-9223372036854775808 and 9223372036854775807");
}

TEST(JsonReaderTest, RealNumbersAreTakenUpToTheirLimitAndNotPast) {
  const auto parse = [](absl::string_view number, ShareAttributes& share) {
    CreateSchedulingPolicyRequest request;
    const absl::Status status = ParseJson(
        absl::StrCat(
            R"({"fairsharePolicy": {"shareDistribution": [{"weightFactor": )",
            number, "}]}}"),
        {}, request);
    if (status.ok()) {
      share = request.fairshare_policy().share_distribution().items(0);
    }
    return status;
  };
  ShareAttributes share;
  ASSERT_TRUE(parse("0.1", share).ok());
  EXPECT_EQ(share.weight_factor(), 0.1F);
  ASSERT_TRUE(parse("2", share).ok());
  EXPECT_EQ(share.weight_factor(), 2.0F);
  ASSERT_TRUE(parse("3.4028234e38", share).ok());
  EXPECT_THAT(std::string(parse("3.5e38", share).message()),
              StartsWith("fairsharePolicy.shareDistribution[0].weightFactor is "
                         "3.5e38; must be between -3.40282e+38 and "));
  EXPECT_EQ(parse("1e999", share).message(),
            "fairsharePolicy.shareDistribution[0].weightFactor is 1e999; no "
            "number may be so large");
  EXPECT_EQ(parse("\"1\"", share).message(),
            "fairsharePolicy.shareDistribution[0].weightFactor is \"1\"; must "
            "be a number");
}

TEST(JsonReaderTest, DepthIsBounded) {
  const auto nested = [](int depth) {
    // The body itself is one deep.
    return absl::StrCat("{\"novel\": ", std::string(depth - 1, '['),
                        std::string(depth - 1, ']'), "}");
  };
  EXPECT_TRUE(Refused(nested(64)).ok());
  const absl::Status status = Refused(nested(65));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("must be at most 64"));
  // A bomb is refused where the limit is, and does not overflow the stack.
  EXPECT_THAT(
      std::string(
          Refused("{\"novel\": " + std::string(1000000, '[')).message()),
      HasSubstr("must be at most 64"));

  SubmitJobRequest request;
  JsonLimits limits;
  limits.depth_max = 2;
  EXPECT_TRUE(ParseJson(R"({"timeout": {}})", limits, request).ok());
  EXPECT_FALSE(ParseJson(R"({"dependsOn": [{}]})", limits, request).ok());
}

TEST(JsonReaderTest, SizeIsBounded) {
  SubmitJobRequest request;
  JsonLimits limits;
  limits.bytes_max = 15;
  EXPECT_TRUE(ParseJson(R"({"jobName":"a"})", limits, request).ok());
  limits.bytes_max = 14;
  const absl::Status status = ParseJson(R"({"jobName":"a"})", limits, request);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(),
            "The request body has 15 bytes; must be at most 14");
  EXPECT_EQ(Refused(std::string((1 << 20) + 1, ' ')).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(JsonReaderTest, OtherMessagesAreRefused) {
  google::protobuf::FileDescriptorProto other;
  const absl::Status status = ParseJson("{}", {}, other);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not a shape"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
