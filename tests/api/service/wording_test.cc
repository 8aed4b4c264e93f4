// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/wording.h"

#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

TEST(WordingTest, MembersHaveAwsNames) {
  EXPECT_EQ(InWordsOfAws("compute_resources.max_vcpus is 0; must be between"),
            "computeResources.maxvCpus is 0; must be between");
  EXPECT_EQ(InWordsOfAws("depends_on[3].job_id"), "dependsOn[3].jobId");
}

TEST(WordingTest, NamesWithoutMarksStay) {
  EXPECT_EQ(InWordsOfAws("Consumable resource job_queue already exists"),
            "Consumable resource job_queue already exists");
}

TEST(WordingTest, SomeMembersHaveOtherNames) {
  EXPECT_EQ(InWordsOfAws("fairshare_policy.share_decay is 8d"),
            "fairsharePolicy.shareDecaySeconds is 8d");
  EXPECT_EQ(InWordsOfAws("scheduling_policy is \"x\""),
            "schedulingPolicyArn is \"x\"");
}

// The scheduler counts in thousandths and MiB.
TEST(WordingTest, AmountsKeepTheirUnits) {
  EXPECT_EQ(InWordsOfAws("container_properties.resources.vcpu_milli is 0"),
            "containerProperties.resourceRequirements.VCPU (in thousandths) is "
            "0");
  EXPECT_EQ(InWordsOfAws("resources.memory_mib is 1; must be given"),
            "resourceRequirements.MEMORY (in MiB) is 1; must be given");
  EXPECT_EQ(InWordsOfAws("container_overrides.gpus is -1"),
            "containerOverrides.resourceRequirements.GPU is -1");
  EXPECT_EQ(InWordsOfAws("containers[0].resources.requests.cpu_milli is 500; "
                         "must be at most limits.cpu_milli, which is 250"),
            "containers[0].resources.requests.cpu (in thousandths) is 500; "
            "must be at most limits.cpu (in thousandths), which is 250");
  EXPECT_EQ(InWordsOfAws("resources.limits.memory_mib is 1"),
            "resources.limits.memory (in MiB) is 1");
  EXPECT_EQ(InWordsOfAws("resources.limits.nvidia_gpus is -1"),
            "resources.limits.nvidia.com/gpu is -1");
  EXPECT_EQ(InWordsOfAws("container_properties.resources is 1000 thousandths"),
            "containerProperties.resourceRequirements is 1000 thousandths");
  EXPECT_EQ(InWordsOfAws("the sum of resources is 3 gpus"),
            "the sum of resources is 3 gpus");
}

TEST(WordingTest, MembersMayStandDeeper) {
  EXPECT_EQ(InWordsOfAws("compute_resources.min_scale_down_delay_minutes is 1"),
            "computeResources.scalingPolicy.minScaleDownDelayMinutes is 1");
  EXPECT_EQ(InWordsOfAws("preemption_retries_before_termination is -1"),
            "preemptionConfiguration.preemptionRetriesBeforeTermination is -1");
  EXPECT_EQ(InWordsOfAws("filter.values is empty"),
            "filters[0].values is empty");
}

TEST(WordingTest, NothingIsSaidOfTurns) {
  EXPECT_EQ(InWordsOfAws("job_queue is \"x\", which is CREATING; must be VALID "
                         "(a new one is after the next Advance())"),
            "jobQueue is \"x\", which is CREATING; must be VALID");
}

TEST(WordingTest, WhatTheSchemaDoesNotKnowStays) {
  EXPECT_EQ(InWordsOfAws("no_such_member is 1"), "no_such_member is 1");
  EXPECT_EQ(InWordsOfAws("AWS_BATCH_JOB_ID"), "AWS_BATCH_JOB_ID");
  EXPECT_EQ(InWordsOfAws(""), "");
}

TEST(WordingTest, ValuesStay) {
  EXPECT_EQ(InWordsOfAws("job_name is \"job_name\"; job_queue is not"),
            "jobName is \"job_name\"; jobQueue is not");
  EXPECT_EQ(InWordsOfAws("job_name is \"a\\\"job_name\", job_queue"),
            "jobName is \"a\\\"job_name\", jobQueue");
  EXPECT_EQ(InWordsOfAws("a \"\\"), "a \"\\");
}

}  // namespace
}  // namespace api
}  // namespace embatch
