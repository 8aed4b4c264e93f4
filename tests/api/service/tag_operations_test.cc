// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "embatch/job_definition.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::testing::HasSubstr;

std::string Of(absl::string_view resource, absl::string_view more = "") {
  return absl::StrCat(R"({"resourceArn":")", kArnPrefix, resource, "\"", more,
                      "}");
}

struct TagsTest : testing::Test {
  TagsTest() {
    JobDefinitionOptions options;
    options.job_definition_name = "resize";
    options.container_properties.image = "busybox";
    options.container_properties.resources = Resources::Of(1, 512);
    EXPECT_TRUE(
        world.scheduler
            .RegisterJobDefinition(
                JobDefinition::Create(std::move(options)).value(), world.now)
            .ok());
  }
  ApiWorld world;
};

TEST_F(TagsTest, AreAddedListedAndRemoved) {
  world.Call("TagResource",
             Of("job-definition/resize:1", R"(,"tags":{"a":"1","b":"2"})"));
  world.Call("TagResource",
             Of("job-definition/resize:1", R"(,"tags":{"b":"3"})"));
  EXPECT_EQ(
      world.Call("ListTagsForResource", Of("job-definition/resize:1")).dump(),
      R"({"tags":{"a":"1","b":"3"}})");
  world.Call("UntagResource",
             Of("job-definition/resize:1", R"(,"tagKeys":["a","none"])"));
  EXPECT_EQ(
      world.Call("ListTagsForResource", Of("job-definition/resize:1")).dump(),
      R"({"tags":{"b":"3"}})");
}

TEST_F(TagsTest, WhatIsNotThereIsNamed) {
  EXPECT_THAT(world.Refusal("ListTagsForResource", Of("job-queue/none")),
              HasSubstr("none"));
  EXPECT_THAT(world.Refusal("ListTagsForResource", Of("job-definition/resize")),
              HasSubstr("resourceArn is \"arn:aws:batch"));
  EXPECT_THAT(world.Refusal("ListTagsForResource", Of("job/123")),
              HasSubstr("resourceArn"));
}

TEST_F(TagsTest, LengthsAreInCharacters) {
  std::string value;
  for (int i = 0; i < 256; ++i) value += "\xc3\xa9";
  world.Call("TagResource",
             Of("job-definition/resize:1",
                absl::StrCat(R"(,"tags":{"a":")", value, "\"}")));
  EXPECT_THAT(world.Refusal("TagResource", Of("job-definition/resize:1",
                                              absl::StrCat(R"(,"tags":{"a":")",
                                                           value, "x\"}"))),
              HasSubstr("has 257 characters"));
}

TEST_F(TagsTest, KindOfAJobIsPartOfItsName) {
  world.AddQueue();
  const std::string job = world.Call("SubmitJob", R"({"jobName":"j",
      "jobQueue":"queue","jobDefinition":"resize",
      "arrayProperties":{"size":2}})")["jobId"];
  EXPECT_EQ(world.Call("ListTagsForResource", Of("job/" + job)).dump(),
            R"({"tags":{}})");
  EXPECT_THAT(world.Refusal("ListTagsForResource", Of("service-job/" + job)),
              HasSubstr("there is no such resource"));
  EXPECT_EQ(world.Refusal("ListTagsForResource", Of("job/" + job + ":0")),
            "resourceArn is a child of an array or a node; must be a job");
}

TEST_F(TagsTest, ArnMustBeOne) {
  EXPECT_THAT(world.Refusal("ListTagsForResource", R"({"resourceArn":"x"})"),
              HasSubstr("resourceArn"));
}

TEST_F(TagsTest, OtherRegionsAreNotThisOne) {
  EXPECT_THAT(
      world.Refusal("ListTagsForResource",
                    R"({"resourceArn":"arn:aws:batch:us-east-1:123456789012:)"
                    R"(job-definition/resize:1"})"),
      HasSubstr("there is no such resource"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
