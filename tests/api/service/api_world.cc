// SPDX-License-Identifier: Apache-2.0
#include "tests/api/service/api_world.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace embatch {
namespace api {

nlohmann::json ApiWorld::Call(absl::string_view operation,
                              absl::string_view json) {
  const Answer answer = service.CallJson(operation, json, now);
  EXPECT_EQ(answer.http_status, 200) << operation << ": " << answer.body;
  return nlohmann::json::parse(answer.body);
}

std::string ApiWorld::Refusal(absl::string_view operation,
                              absl::string_view json) {
  const Answer answer = service.CallJson(operation, json, now);
  EXPECT_EQ(answer.http_status, 400) << operation << ": " << answer.body;
  if (!answer.error.has_value()) return "";
  EXPECT_EQ(answer.error->code, "ClientException");
  return answer.error->message;
}

void ApiWorld::Advance(double seconds) {
  const absl::Time until = now + absl::Seconds(seconds);
  for (;;) {
    const Step step = scheduler.Advance(now);
    ASSERT_TRUE(step.status.ok()) << step.status;
    if (step.next > until) break;
    now = std::max(now, step.next);
  }
  now = until;
  ASSERT_TRUE(scheduler.Advance(now).status.ok());
}

}  // namespace api
}  // namespace embatch
