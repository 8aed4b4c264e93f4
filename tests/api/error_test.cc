// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/error.h"

#include <string>

#include "absl/status/status.h"
#include "embatch/api/batch.pb.h"
#include "embatch/api/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ErrorTest, CallersFaultIsAClientException) {
  for (const absl::Status& status :
       {absl::InvalidArgumentError("x"), absl::NotFoundError("x"),
        absl::AlreadyExistsError("x"), absl::FailedPreconditionError("x"),
        absl::ResourceExhaustedError("x"), absl::OutOfRangeError("x"),
        absl::PermissionDeniedError("x"), absl::UnauthenticatedError("x"),
        absl::UnimplementedError("x")}) {
    const Error error = ErrorOf(status);
    EXPECT_EQ(error.code, "ClientException") << status;
    EXPECT_EQ(error.http_status, 400) << status;
    EXPECT_EQ(error.message, "x");
  }
}

TEST(ErrorTest, OurFaultIsAServerException) {
  for (const absl::Status& status :
       {absl::InternalError("x"), absl::DataLossError("x"),
        absl::UnavailableError("x"), absl::AbortedError("x"),
        absl::CancelledError("x"), absl::DeadlineExceededError("x"),
        absl::UnknownError("x")}) {
    const Error error = ErrorOf(status);
    EXPECT_EQ(error.code, "ServerException") << status;
    EXPECT_EQ(error.http_status, 500) << status;
  }
}

TEST(ErrorTest, CodesAndStatusesAreThoseOfTheModel) {
  EXPECT_EQ(ErrorOf(absl::NotFoundError("x")).code,
            std::string(ClientException::descriptor()->name()));
  EXPECT_EQ(ErrorOf(absl::InternalError("x")).code,
            std::string(ServerException::descriptor()->name()));
}

TEST(ErrorTest, BodyThatCantBeReadHasCodesOfItsOwn) {
  SubmitJobRequest request;
  JsonLimits limits;
  limits.bytes_max = 20;

  const Error malformed = ErrorOfParsing(ParseJson("{", limits, request));
  EXPECT_EQ(malformed.code, "SerializationException");
  EXPECT_EQ(malformed.http_status, 400);

  const Error wrong_type =
      ErrorOfParsing(ParseJson(R"({"jobName":1})", limits, request));
  EXPECT_EQ(wrong_type.code, "SerializationException");
  EXPECT_EQ(wrong_type.message, "jobName is 1; must be a string");

  const Error large =
      ErrorOfParsing(ParseJson(std::string(21, ' '), limits, request));
  EXPECT_EQ(large.code, "RequestEntityTooLargeException");
  EXPECT_EQ(large.http_status, 413);

  ListJobsRequest list;
  const Error word =
      ErrorOfParsing(ParseJson(R"({"jobStatus":"ANY"})", {}, list));
  EXPECT_EQ(word.code, "ClientException");
  EXPECT_EQ(word.http_status, 400);
}

TEST(ErrorTest, UnknownOperationIsNamed) {
  const Error error = UnknownOperation("/v1/nonsense");
  EXPECT_EQ(error.code, "UnknownOperationException");
  EXPECT_EQ(error.http_status, 404);
  EXPECT_EQ(error.message, "\"/v1/nonsense\" is not an operation of AWS Batch");
}

TEST(ErrorTest, BodyAndHeadersSayTheSame) {
  const Error error = ErrorOf(absl::NotFoundError("Job queue \"q\"\n\xFF"));
  EXPECT_EQ(BodyOf(error),
            "{\"__type\":\"ClientException\",\"message\":\"Job queue "
            "\\\"q\\\"\\n\xEF\xBF\xBD\"}");
  EXPECT_THAT(HeadersOf(error, "id-1"),
              ElementsAre(Pair("content-type", "application/json"),
                          Pair("x-amzn-errortype", "ClientException"),
                          Pair("x-amzn-requestid", "id-1")));
}

}  // namespace
}  // namespace api
}  // namespace embatch
