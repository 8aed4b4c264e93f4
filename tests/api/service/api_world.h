// SPDX-License-Identifier: Apache-2.0
// A scheduler behind AWS's API, on virtual time: what the tests of operations
// stand on.
#ifndef EMBATCH_TESTS_API_SERVICE_API_WORLD_H_
#define EMBATCH_TESTS_API_SERVICE_API_WORLD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/api/service.h"
#include "embatch/scheduler.h"
#include "nlohmann/json.hpp"

namespace embatch {
namespace api {

inline constexpr char kArnPrefix[] = "arn:aws:batch:eu-central-1:123456789012:";

struct ApiWorld {
  explicit ApiWorld(SchedulerOptions options = {}) : scheduler(options) {}

  // What an operation answers; fails the test when that is no success.
  nlohmann::json Call(absl::string_view operation, absl::string_view json);

  // The message of the ClientException that it must answer.
  std::string Refusal(absl::string_view operation, absl::string_view json);

  // Lets `seconds` go by, in turns as the scheduler asks for.
  void Advance(double seconds = 0);

  absl::Time now = absl::FromUnixSeconds(1767225600);  // 2026-01-01
  Scheduler scheduler;
  Service service =
      Service::Create(scheduler, {"eu-central-1", "123456789012", {}}).value();
};

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_TESTS_API_SERVICE_API_WORLD_H_
