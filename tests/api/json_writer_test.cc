// SPDX-License-Identifier: Apache-2.0
// Messages as JSON.
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "embatch/api/batch.pb.h"
#include "embatch/api/json.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

TEST(JsonWriterTest, OnlyWhatIsThereIsPrinted) {
  JobDetail job;
  EXPECT_EQ(PrintJson(job), "{}");
  job.set_job_name("");
  job.set_created_at(0);
  job.set_is_terminated(false);
  job.mutable_depends_on();
  job.mutable_parameters();
  job.mutable_timeout();
  EXPECT_EQ(PrintJson(job),
            R"({"jobName":"","createdAt":0,"dependsOn":[],"parameters":{},)"
            R"("timeout":{},"isTerminated":false})");
}

TEST(JsonWriterTest, NumbersAreNumbers) {
  JobDetail job;
  job.set_created_at(1795287150031);
  job.set_scheduling_priority(-7);
  EXPECT_EQ(PrintJson(job),
            R"({"schedulingPriority":-7,"createdAt":1795287150031})");

  UpdateConsumableResourceRequest update;
  update.set_quantity(std::numeric_limits<int64_t>::min());
  EXPECT_EQ(PrintJson(update), R"({"quantity":-9223372036854775808})");
}

TEST(JsonWriterTest, RealNumbersAreAsShortAsTheyReadBackTheSame) {
  struct Case {
    float number;
    const char* want;
  };
  const Case kCases[] = {
      {0.1F, "0.1"},           {0.5F, "0.5"}, {1, "1"},
      {999.9999F, "999.9999"}, {-0.0F, "-0"}, {1e20F, "1e+20"},
      {1.0F / 3, "0.33333334"}};
  for (const Case& c : kCases) {
    ShareAttributes share;
    share.set_weight_factor(c.number);
    EXPECT_EQ(PrintJson(share),
              std::string("{\"weightFactor\":") + c.want + "}");
  }
  JobCapacityUsageSummary usage;
  usage.set_quantity(0.1);
  EXPECT_EQ(PrintJson(usage), R"({"quantity":0.1})");
}

TEST(JsonWriterTest, EnumsAreAwsWords) {
  JobDetail job;
  job.set_status(JOB_STATUS_RUNNABLE);
  job.mutable_platform_capabilities()->add_items(PLATFORM_CAPABILITY_EC2);
  job.mutable_platform_capabilities()->add_items(PLATFORM_CAPABILITY_FARGATE);
  EXPECT_EQ(
      PrintJson(job),
      R"({"status":"RUNNABLE","platformCapabilities":["EC2","FARGATE"]})");

  LogConfiguration log;
  log.set_log_driver(LOG_DRIVER_JSON_FILE);
  EXPECT_EQ(PrintJson(log), R"({"logDriver":"json-file"})");
  ServiceResourceId id;
  id.set_name(SERVICE_RESOURCE_ID_NAME_TRAINING_JOB_ARN);
  EXPECT_EQ(PrintJson(id), R"({"name":"TrainingJobArn"})");
}

// Source: §6.3. Those of service jobs have no other case than the model's.
TEST(JsonWriterTest, RetryActionsAreInLowerCase) {
  EvaluateOnExit rule;
  rule.set_action(RETRY_ACTION_RETRY);
  EXPECT_EQ(PrintJson(rule), R"({"action":"retry"})");
  rule.set_action(RETRY_ACTION_EXIT);
  EXPECT_EQ(PrintJson(rule), R"({"action":"exit"})");
  ServiceJobEvaluateOnExit of_service;
  of_service.set_action(SERVICE_JOB_RETRY_ACTION_RETRY);
  EXPECT_EQ(PrintJson(of_service), R"({"action":"RETRY"})");
}

TEST(JsonWriterTest, MapsAreSortedByKey) {
  ListTagsForResourceResponse response;
  auto& tags = *response.mutable_tags()->mutable_entries();
  tags["b"] = "2";
  tags["a\""] = "1";
  tags[""] = "0";
  tags["\xC3\xA9"] = "3";
  EXPECT_EQ(PrintJson(response),
            "{\"tags\":{\"\":\"0\",\"a\\\"\":\"1\",\"b\":\"2\","
            "\"\xC3\xA9\":\"3\"}}");
}

TEST(JsonWriterTest, MapsHoldNumbersAndLists) {
  ArrayPropertiesDetail array;
  (*array.mutable_status_summary()->mutable_entries())["RUNNING"] = 3;
  EXPECT_EQ(PrintJson(array), R"({"statusSummary":{"RUNNING":3}})");

  FrontOfQuotaSharesDetail front;
  (*front.mutable_quota_shares()->mutable_entries())["share"]
      .add_items()
      ->set_job_arn("arn");
  const std::string text = R"({"quotaShares":{"share":[{"jobArn":"arn"}]}})";
  EXPECT_EQ(PrintJson(front), text);
}

TEST(JsonWriterTest, TextIsEscapedWhereJsonAsksForIt) {
  CancelJobRequest request;
  request.set_reason(std::string("\"\\/\b\f\n\r\t\0\x1F\x7F", 11) +
                     "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(PrintJson(request),
            "{\"reason\":\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000\\u001f\x7F"
            "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}");
}

// Eight plain bytes are taken at once, so each place within eight counts.
TEST(JsonWriterTest, EachByteIsEscapedInEachPlace) {
  for (int byte = 0; byte < 0x80; ++byte) {
    for (size_t place = 0; place < 20; ++place) {
      std::string text(20, '~');
      text[place] = static_cast<char>(byte);
      CancelJobRequest request;
      request.set_reason(text);
      CancelJobRequest again;
      const std::string printed = PrintJson(request);
      ASSERT_TRUE(ParseJson(printed, {}, again).ok()) << printed;
      EXPECT_EQ(again.reason(), text);
      const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
      EXPECT_EQ(printed.size() == text.size() + 13, plain) << printed;
    }
  }
}

TEST(JsonWriterTest, WhatIsNotUtf8BecomesTheReplacementCharacter) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case kCases[] = {
      {"a\xFFz", "a\xEF\xBF\xBDz"},
      {"\x80", "\xEF\xBF\xBD"},
      {"\xC3", "\xEF\xBF\xBD"},
      {"\xC3(", "\xEF\xBF\xBD("},
      {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF5\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const Case& c : kCases) {
    CancelJobRequest request;
    request.set_reason(c.text);
    EXPECT_EQ(PrintJson(request),
              std::string("{\"reason\":\"") + c.want + "\"}");
  }
}

TEST(JsonWriterTest, WhatJsonHasNoFormForIsLeftOut) {
  FairsharePolicy policy;
  policy.set_compute_reservation(1);
  auto* shares = policy.mutable_share_distribution();
  shares->add_items()->set_weight_factor(
      std::numeric_limits<float>::infinity());
  shares->add_items()->set_weight_factor(std::nanf(""));
  EXPECT_EQ(PrintJson(policy),
            R"({"computeReservation":1,"shareDistribution":[{},{}]})");

  JobDetail job;
  job.set_status(static_cast<JobStatus>(99));
  job.set_job_name("a");
  job.mutable_platform_capabilities()->add_items(
      static_cast<PlatformCapability>(0));
  job.mutable_platform_capabilities()->add_items(PLATFORM_CAPABILITY_EC2);
  EXPECT_EQ(PrintJson(job),
            R"({"jobName":"a","platformCapabilities":["EC2"]})");
}

TEST(JsonWriterTest, AppendsToWhatIsThere) {
  std::string out = "x";
  AppendJson(CancelJobResponse(), out);
  EXPECT_EQ(out, "x{}");
}

// Its descriptor is that of the schema, its memory is not.
TEST(JsonWriterTest, MessageThatIsNotGeneratedIsAnEmptyObject) {
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(CancelJobRequest::descriptor())->New());
  EXPECT_EQ(PrintJson(*message), "{}");
  EXPECT_EQ(ParseJson("{}", {}, *message).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(JsonWriterTest, OtherMessagesAreEmptyObjects) {
  google::protobuf::FileDescriptorProto other;
  other.set_name("a");
  EXPECT_EQ(PrintJson(other), "{}");
}

}  // namespace
}  // namespace api
}  // namespace embatch
