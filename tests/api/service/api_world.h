// SPDX-License-Identifier: Apache-2.0
// A scheduler behind AWS's API, on virtual time, with simulated machines: what
// the tests of operations stand on.
//
//   ApiWorld world;
//   world.AddQueue();  // "queue", on the environment "machines"
//   world.fate.exit_code = 1;
//   ... RegisterJobDefinition, SubmitJob ...
//   world.Advance(60);
#ifndef EMBATCH_TESTS_API_SERVICE_API_WORLD_H_
#define EMBATCH_TESTS_API_SERVICE_API_WORLD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/api/service.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"
#include "nlohmann/json.hpp"

namespace embatch {
namespace api {

inline constexpr char kArnPrefix[] = "arn:aws:batch:eu-central-1:123456789012:";

struct ApiWorld {
  explicit ApiWorld(SchedulerOptions options = {}) : scheduler(options) {}
  ApiWorld(const ApiWorld&) = delete;
  ApiWorld& operator=(const ApiWorld&) = delete;

  // A MANAGED environment of 256 vCPUs at most, VALID when the call returns.
  // Its instances boot at once; Fargate has none.
  void AddEnvironment(absl::string_view name = "machines",
                      ComputeResourceType type = ComputeResourceType::kEc2);

  // A queue of priority 1 on one environment, which is made if it is not there.
  // VALID when the call returns.
  void AddQueue(absl::string_view name = "queue",
                absl::string_view environment = "machines");

  // Lets this world's plug-ins serve an environment that was made otherwise.
  void Attach(absl::string_view environment);

  // What an operation answers; fails the test when that is no success.
  nlohmann::json Call(absl::string_view operation, absl::string_view json);

  // The message of the ClientException that it must answer.
  std::string Refusal(absl::string_view operation, absl::string_view json);

  // Lets `seconds` go by, in turns as the scheduler asks for.
  void Advance(double seconds = 0);

  absl::Time now = absl::FromUnixSeconds(1767225600);  // 2026-01-01

  // What becomes of each container that is started from now on: unless a test
  // says otherwise it starts in 1 s, runs for 10 s and exits with 0.
  ContainerFate fate;
  SimulatedRuntime runtime{RuntimeOptions()};
  SimulatedProvider provider{ProviderOptions()};
  Scheduler scheduler;
  Service service =
      Service::Create(scheduler, {"eu-central-1", "123456789012", {}}).value();

 private:
  SimulatedRuntimeOptions RuntimeOptions();
  SimulatedProviderOptions ProviderOptions();
};

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_TESTS_API_SERVICE_API_WORLD_H_
