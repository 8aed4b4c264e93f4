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
