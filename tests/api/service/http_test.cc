// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/http.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "embatch/api/operation.h"
#include "embatch/job_definition.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kTagsOfResize[] =
    "/v1/tags/arn%3Aaws%3Abatch%3Aeu-central-1%3A123456789012%3A"
    "job-definition%2Fresize%3A1";

struct HttpTest : testing::Test {
  HttpResponse Ask(absl::string_view method, absl::string_view target,
                   absl::string_view body = "") {
    return Serve(world.service, {method, target, body}, "request-7", world.now);
  }

  void RegisterResize() {
    JobDefinitionOptions options;
    options.job_definition_name = "resize";
    options.container_properties.image = "busybox";
    options.container_properties.resources = Resources::Of(1, 512);
    ASSERT_TRUE(
        world.scheduler
            .RegisterJobDefinition(
                JobDefinition::Create(std::move(options)).value(), world.now)
            .ok());
  }

  ApiWorld world;
};

std::string CodeOf(const HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "x-amzn-errortype") return value;
  }
  return "";
}

TEST_F(HttpTest, EveryOperationIsFoundByItsPath) {
  for (const Operation& operation : Operations()) {
    SCOPED_TRACE(operation.name);
    const bool tags = absl::EndsWith(operation.path, "}");
    const HttpResponse response =
        Ask(operation.method, tags ? "/v1/tags/x" : operation.path, "[]");
    // A list is no request, so whoever reads the body says so.
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(CodeOf(response), operation.method == "POST"
                                    ? "SerializationException"
                                    : "ClientException");
  }
}

TEST_F(HttpTest, SuccessHasTheRequestsId) {
  RegisterResize();
  const HttpResponse response = Ask("GET", kTagsOfResize);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"tags":{}})");
  EXPECT_THAT(response.headers,
              AllOf(Contains(Pair("content-type", "application/json")),
                    Contains(Pair("x-amzn-requestid", "request-7"))));
}

TEST_F(HttpTest, TagsComeByPathAndQuery) {
  RegisterResize();
  EXPECT_EQ(Ask("POST", kTagsOfResize,
                R"({"tags":{"a b":"1","\u00e9&=+/:":"2","c":"3"}})")
                .body,
            "{}");
  EXPECT_EQ(Ask("DELETE", absl::StrCat(kTagsOfResize,
                                       "?tagKeys=a%20b&other=c&tagKeys="
                                       "%C3%A9%26%3D%2B%2F%3A"))
                .body,
            "{}");
  EXPECT_EQ(Ask("GET", kTagsOfResize).body, R"({"tags":{"c":"3"}})");
}

TEST_F(HttpTest, SlashesOfAnArnNeedNotBeEncoded) {
  RegisterResize();
  EXPECT_EQ(Ask("GET",
                "/v1/tags/arn:aws:batch:eu-central-1:123456789012:"
                "job-definition/resize:1")
                .status,
            200);
}

TEST_F(HttpTest, PlusInAQueryIsASpace) {
  RegisterResize();
  Ask("POST", kTagsOfResize, R"({"tags":{"a b":"1"}})");
  Ask("DELETE", absl::StrCat(kTagsOfResize, "?tagKeys=a+b"));
  EXPECT_EQ(Ask("GET", kTagsOfResize).body, R"({"tags":{}})");
}

TEST_F(HttpTest, AnArnInTheBodyDoesNotCount) {
  RegisterResize();
  EXPECT_EQ(
      Ask("POST", kTagsOfResize, R"({"resourceArn":"x","tags":{"a":"1"}})")
          .status,
      200);
}

TEST_F(HttpTest, BadEscapesAreRefused) {
  for (const char* target : {"/v1/tags/arn%3", "/v1/tags/%zz", "/v1/tags/%"}) {
    SCOPED_TRACE(target);
    const HttpResponse response = Ask("GET", target);
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, HasSubstr("resourceArn"));
  }
  const HttpResponse response = Ask("DELETE", "/v1/tags/x?tagKeys=%4");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("tagKeys"));
}

TEST_F(HttpTest, UnknownPathIsAnErrorInJson) {
  for (const char* target : {"", "/", "/v1/", "/v1/submitjob/", "/v1/SubmitJob",
                             "/v2/submitjob", "/v1%2Fsubmitjob", "/v1/tags"}) {
    SCOPED_TRACE(target);
    const HttpResponse response = Ask("POST", target, "{}");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(CodeOf(response), "UnknownOperationException");
    EXPECT_THAT(response.body, HasSubstr("\"message\":"));
  }
}

TEST_F(HttpTest, WrongMethodIsAnErrorThatSaysTheRightOne) {
  const HttpResponse response = Ask("GET", "/v1/submitjob");
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers, Contains(Pair("allow", "POST")));
  EXPECT_THAT(response.body, HasSubstr("must be POST"));
  EXPECT_EQ(Ask("PUT", kTagsOfResize).status, 405);
}

TEST_F(HttpTest, TooLongABodyIsAnError) {
  const std::string body(world.service.json_limits().bytes_max + 1, ' ');
  for (const char* target : {"/v1/submitjob", kTagsOfResize}) {
    const HttpResponse response = Ask("POST", target, body);
    EXPECT_EQ(response.status, 413);
    EXPECT_EQ(CodeOf(response), "RequestEntityTooLargeException");
  }
}

TEST(RegionTest, IsThatOfTheCredential) {
  EXPECT_EQ(RegionOf("AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu-central-1/"
                     "batch/aws4_request, SignedHeaders=host, Signature=0"),
            "eu-central-1");
  EXPECT_EQ(RegionOf(""), "");
  EXPECT_EQ(RegionOf("Basic YTpi"), "");
  EXPECT_EQ(RegionOf("AWS4-HMAC-SHA256 Credential=AKIA"), "");
  EXPECT_EQ(RegionOf("AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu"), "");
}

}  // namespace
}  // namespace api
}  // namespace embatch
