// SPDX-License-Identifier: Apache-2.0
// What holds for every operation.
#include "embatch/api/service.h"

#include "embatch/api/job.pb.h"
#include "embatch/api/tag.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::testing::HasSubstr;

TEST(ServiceTest, NeedsAnAccountAndARegion) {
  Scheduler scheduler;
  EXPECT_FALSE(Service::Create(scheduler, {"eu-central-1", "12345", {}}).ok());
  EXPECT_FALSE(Service::Create(scheduler, {"", "123456789012", {}}).ok());
}

TEST(ServiceTest, UnknownOperationIsAnError) {
  ApiWorld world;
  const Answer answer = world.service.CallJson("MakeCoffee", "{}", world.now);
  EXPECT_EQ(answer.http_status, 404);
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->code, "UnknownOperationException");
}

TEST(ServiceTest, WhatIsNoJsonIsAnError) {
  ApiWorld world;
  const Answer answer = world.service.CallJson("SubmitJob", "{", world.now);
  EXPECT_EQ(answer.http_status, 400);
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->code, "SerializationException");
}

TEST(ServiceTest, MissingMemberIsNamed) {
  ApiWorld world;
  EXPECT_THAT(world.Refusal("TagResource", "{}"), HasSubstr("resourceArn"));
}

TEST(ServiceTest, ResponseMustBeOfTheOperation) {
  ApiWorld world;
  ListTagsForResourceRequest request;
  request.set_resource_arn("x");
  TagResourceResponse response;
  EXPECT_EQ(world.service.Call(request, world.now, response).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world.service.Call(response, world.now, response).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace api
}  // namespace embatch
