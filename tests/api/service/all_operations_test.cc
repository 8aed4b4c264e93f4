// SPDX-License-Identifier: Apache-2.0
// That there is no operation without an answer.
#include <map>
#include <string>

#include "embatch/api/operation.h"
#include "embatch/api/options.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/service/handlers.h"
#include "nlohmann/json.hpp"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;
using ::testing::SizeIs;

// The first member that a request of this operation must have; "" for none.
std::string FirstRequired(const Operation& operation) {
  const auto* request = operation.request->GetDescriptor();
  for (int i = 0; i < request->field_count(); ++i) {
    if (request->field(i)->options().GetExtension(model::required)) {
      return request->field(i)->json_name();
    }
  }
  return "";
}

TEST(AllOperationsTest, HaveAHandler) {
  EXPECT_THAT(Operations(), SizeIs(45));
  for (const Operation& operation : Operations()) {
    EXPECT_NE(FindHandler(operation.request->GetDescriptor()), nullptr)
        << operation.name;
  }
}

TEST(AllOperationsTest, NameTheFirstMemberThatIsMissing) {
  ApiWorld world;
  for (const Operation& operation : Operations()) {
    const std::string member = FirstRequired(operation);
    if (member.empty()) continue;
    EXPECT_EQ(world.Refusal(operation.name, "{}"),
              member + " is absent; it is required")
        << operation.name;
  }
}

TEST(AllOperationsTest, ListNothingWhereNothingIsAskedFor) {
  const std::map<std::string, std::string> answers = {
      {"DescribeComputeEnvironments", R"({"computeEnvironments":[]})"},
      {"DescribeJobDefinitions", R"({"jobDefinitions":[]})"},
      {"DescribeJobQueues", R"({"jobQueues":[]})"},
      {"DescribeServiceEnvironments", R"({"serviceEnvironments":[]})"},
      {"ListConsumableResources", R"({"consumableResources":[]})"},
      {"ListSchedulingPolicies", R"({"schedulingPolicies":[]})"},
  };
  ApiWorld world;
  for (const Operation& operation : Operations()) {
    if (!FirstRequired(operation).empty()) continue;
    const auto answer = answers.find(std::string(operation.name));
    if (answer != answers.end()) {
      EXPECT_EQ(world.Call(operation.name, "{}").dump(), answer->second);
    } else {
      // They list the jobs of something, and AWS's model requires no member.
      EXPECT_THAT(world.Refusal(operation.name, "{}"),
                  testing::HasSubstr("jobQueue"))
          << operation.name;
    }
  }
}

}  // namespace
}  // namespace api
}  // namespace embatch
