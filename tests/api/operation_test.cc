// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/operation.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

TEST(OperationTest, AreSortedByName) {
  const auto all = Operations();
  EXPECT_EQ(all.size(), 45U);
  EXPECT_TRUE(std::is_sorted(
      all.begin(), all.end(),
      [](const Operation& a, const Operation& b) { return a.name < b.name; }));
}

TEST(OperationTest, EachIsFoundByItsName) {
  for (const Operation& operation : Operations()) {
    EXPECT_EQ(FindOperation(operation.name), &operation);
  }
}

TEST(OperationTest, KnowsPathRequestAndResponse) {
  const Operation* untag = FindOperation("UntagResource");
  ASSERT_NE(untag, nullptr);
  EXPECT_EQ(untag->method, "DELETE");
  EXPECT_EQ(untag->path, "/v1/tags/{resourceArn}");
  EXPECT_EQ(std::string(untag->request->GetDescriptor()->name()),
            "UntagResourceRequest");
  EXPECT_EQ(std::string(untag->response->GetDescriptor()->name()),
            "UntagResourceResponse");
}

TEST(OperationTest, NamesAreExact) {
  for (const char* name : {"", "submitjob", "SubmitJo", "SubmitJobs", "Zzz"}) {
    EXPECT_EQ(FindOperation(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace api
}  // namespace embatch
