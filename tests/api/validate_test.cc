// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/validate.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "embatch/api/batch.pb.h"
#include "embatch/api/json.h"
#include "embatch/api/operation.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

using ::testing::HasSubstr;

SubmitJobRequest GoodJob() {
  SubmitJobRequest request;
  request.set_job_name("a");
  request.set_job_queue("b");
  request.set_job_definition("c");
  return request;
}

// The message of what is wrong; "" when nothing is.
std::string Wrong(const google::protobuf::Message& message) {
  const absl::Status status = Validate(message);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  return std::string(status.message());
}

TEST(ValidateTest, GoodRequestPasses) {
  EXPECT_EQ(Wrong(GoodJob()), "");
  EXPECT_EQ(Wrong(ListJobsRequest()), "");
}

TEST(ValidateTest, RequiredMembersAreMissed) {
  EXPECT_EQ(Wrong(SubmitJobRequest()), "jobName is absent; it is required");
  SubmitJobRequest request = GoodJob();
  request.clear_job_queue();
  EXPECT_EQ(Wrong(request), "jobQueue is absent; it is required");
  EXPECT_EQ(Wrong(DescribeJobsRequest()), "jobs is absent; it is required");
}

TEST(ValidateTest, RequiredMembersWithinListsAreMissed) {
  SubmitJobRequest request = GoodJob();
  auto* overrides = request.mutable_node_overrides();
  overrides->mutable_node_property_overrides()->add_items()->set_target_nodes(
      "0:");
  overrides->mutable_node_property_overrides()->add_items();
  EXPECT_EQ(Wrong(request),
            "nodeOverrides.nodePropertyOverrides[1].targetNodes is absent; it "
            "is required");
}

TEST(ValidateTest, EmptyIsNotAbsent) {
  SubmitJobRequest request = GoodJob();
  request.set_job_name("");
  EXPECT_EQ(Wrong(request), "");
}

// A key of as many characters, two bytes each but for the number in front.
std::string Key(int number, int characters) {
  if (characters == 0) return "";
  std::string key = absl::StrCat(number);
  for (int i = static_cast<int>(key.size()); i < characters; ++i) {
    key += "\xC3\xA9";
  }
  return key;
}

TEST(ValidateTest, TagsHaveLimits) {
  const auto with = [](int count, int key_length, int value_length) {
    SubmitJobRequest request = GoodJob();
    auto& tags = *request.mutable_tags()->mutable_entries();
    for (int i = 0; i < count; ++i) {
      tags[Key(i, key_length)] = std::string(value_length, 'v');
    }
    return request;
  };
  EXPECT_EQ(Wrong(with(1, 1, 0)), "");
  EXPECT_EQ(Wrong(with(50, 128, 256)), "");
  EXPECT_EQ(Wrong(with(0, 1, 1)),
            "tags has 0 entries; must be between 1 and 50");
  EXPECT_EQ(Wrong(with(51, 1, 1)),
            "tags has 51 entries; must be between 1 and 50");
  EXPECT_EQ(Wrong(with(1, 0, 1)),
            "tags has the key \"\" of 0 characters; must be between 1 and 128");
  EXPECT_THAT(Wrong(with(1, 129, 1)),
              HasSubstr(" of 129 characters; must be between 1 and 128"));
  EXPECT_THAT(Wrong(with(1, 1, 257)),
              HasSubstr("tags[\"0\"] has 257 characters: \"vvv"));
  EXPECT_THAT(Wrong(with(1, 1, 257)), HasSubstr("; must be at most 256"));
}

TEST(ValidateTest, ListsAndTheirTextsHaveLimits) {
  const auto with = [](int count, int length) {
    UntagResourceRequest request;
    request.set_resource_arn("arn");
    request.mutable_tag_keys();
    for (int i = 0; i < count; ++i) {
      request.mutable_tag_keys()->add_items(std::string(length, 'k'));
    }
    return request;
  };
  EXPECT_EQ(Wrong(with(1, 1)), "");
  EXPECT_EQ(Wrong(with(50, 128)), "");
  EXPECT_EQ(Wrong(with(0, 1)), "tagKeys has 0 items; must be between 1 and 50");
  EXPECT_EQ(Wrong(with(51, 1)),
            "tagKeys has 51 items; must be between 1 and 50");
  EXPECT_EQ(Wrong(with(1, 0)),
            "tagKeys[0] has 0 characters: \"\"; must be between 1 and 128");
  EXPECT_THAT(Wrong(with(2, 129)),
              HasSubstr("tagKeys[0] has 129 characters: "));
}

TEST(ValidateTest, TextsHaveLimits) {
  SubmitServiceJobRequest request;
  request.set_job_name("a");
  request.set_job_queue("b");
  request.set_service_request_payload("{}");
  request.set_service_job_type(SERVICE_JOB_TYPE_SAGEMAKER_TRAINING);
  EXPECT_EQ(Wrong(request), "");
  request.set_client_token(std::string(64, 't'));
  EXPECT_EQ(Wrong(request), "");
  request.set_client_token(std::string(65, 't'));
  EXPECT_THAT(Wrong(request), HasSubstr("clientToken has 65 characters: "));
  request.set_client_token("");
  EXPECT_EQ(Wrong(request),
            "clientToken has 0 characters: \"\"; must be between 1 and 64");
}

TEST(ValidateTest, NumbersHaveLimits) {
  UpdateComputeEnvironmentRequest request;
  request.set_compute_environment("a");
  UpdatePolicy* policy = request.mutable_update_policy();
  for (int minutes : {1, 360}) {
    policy->set_job_execution_timeout_minutes(minutes);
    EXPECT_EQ(Wrong(request), "");
  }
  for (int minutes : {0, 361}) {
    policy->set_job_execution_timeout_minutes(minutes);
    EXPECT_EQ(Wrong(request),
              absl::StrCat("updatePolicy.jobExecutionTimeoutMinutes is ",
                           minutes, "; must be between 1 and 360"));
  }
}

// They can't come by JSON.
TEST(ValidateTest, EnumsWithoutANameAreRefused) {
  CreateJobQueueRequest request;
  request.set_job_queue_name("a");
  request.set_priority(1);
  request.set_state(static_cast<JQState>(7));
  EXPECT_EQ(Wrong(request),
            "state is the number 7; must be one of ENABLED, DISABLED");
  request.set_state(JQ_STATE_UNSPECIFIED);
  EXPECT_EQ(Wrong(request),
            "state is the number 0; must be one of ENABLED, DISABLED");
  request.set_state(JQ_STATE_ENABLED);
  EXPECT_EQ(Wrong(request), "");

  RegisterJobDefinitionRequest definition;
  definition.set_job_definition_name("a");
  definition.set_type(JOB_DEFINITION_TYPE_CONTAINER);
  definition.mutable_platform_capabilities()->add_items(
      static_cast<PlatformCapability>(9));
  EXPECT_EQ(Wrong(definition),
            "platformCapabilities[0] is the number 9; must be one of EC2, "
            "FARGATE");
}

TEST(ValidateTest, OtherMessagesAreRefused) {
  EXPECT_THAT(Wrong(google::protobuf::FileDescriptorProto()),
              HasSubstr("not a shape"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
