// SPDX-License-Identifier: Apache-2.0
#include "tests/api/service/all_members.h"

#include "embatch/api/operation.h"
#include "gmock/gmock.h"

namespace embatch {
namespace api {

void AllMembersTest::Try(const char* operation,
                         const std::vector<Changes>& variants,
                         const Describe& describe, const Paths& not_described,
                         const Paths& never_given) {
  const nlohmann::json all = Filled(*FindOperation(operation)->request);
  Paths untried = PathsOf(all);
  for (const Changes& changes : variants) {
    const nlohmann::json request = Changed(all, changes);
    for (const std::string& path : PathsOf(request)) untried.erase(path);
    const nlohmann::json answer = CallWith(operation, request);
    if (answer.contains("__type")) continue;  // refused, and said so
    world.Advance();
    Paths lost = Lost(request, describe(request, answer));
    for (const std::string& path : not_described) lost.erase(path);
    EXPECT_THAT(lost, testing::IsEmpty())
        << operation << ": " << request.dump();
  }
  EXPECT_EQ(untried, never_given) << operation;
}

}  // namespace api
}  // namespace embatch
