// SPDX-License-Identifier: Apache-2.0
#include "tests/api/service/api_world.h"

#include <algorithm>
#include <string>
#include <utility>

#include "embatch/compute_environment.h"
#include "embatch/job_queue.h"
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

SimulatedRuntimeOptions ApiWorld::RuntimeOptions() {
  SimulatedRuntimeOptions options;
  options.script = [this](const ContainerSpec&) { return fate; };
  return options;
}

SimulatedProviderOptions ApiWorld::ProviderOptions() {
  SimulatedProviderOptions options;
  options.boot_delay = absl::ZeroDuration();
  options.runtime = &runtime;
  // EC2's smallest with a GPU that is not of yesterday.
  InstanceType& gpu = options.instance_types.emplace_back();
  gpu.name = "p3.2xlarge";
  gpu.resources = Resources::Of(8, 60558, 1);
  gpu.price_microdollars_per_hour = 3060000;
  return options;
}

void ApiWorld::Attach(absl::string_view environment) {
  ASSERT_TRUE(scheduler.AttachPlugins(environment, {&provider, &runtime}).ok());
}

void ApiWorld::AddEnvironment(absl::string_view name,
                              ComputeResourceType type) {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = std::string(name);
  options.compute_resources.emplace();
  options.compute_resources->max_vcpus = 256;
  options.compute_resources->type = type;
  if (!IsFargate(type)) options.compute_resources->instance_types = {"optimal"};
  auto environment = ComputeEnvironment::Create(std::move(options));
  ASSERT_TRUE(environment.ok()) << environment.status();
  ASSERT_TRUE(
      scheduler.CreateComputeEnvironment(*std::move(environment), now).ok());
  Attach(name);
  Advance();
}

void ApiWorld::AddQueue(absl::string_view name, absl::string_view environment) {
  if (!scheduler.DescribeComputeEnvironment(environment).ok()) {
    AddEnvironment(environment);
  }
  JobQueueOptions options;
  options.job_queue_name = std::string(name);
  options.priority = 1;
  options.compute_environment_order = {{1, std::string(environment)}};
  auto queue = JobQueue::Create(std::move(options));
  ASSERT_TRUE(queue.ok()) << queue.status();
  ASSERT_TRUE(scheduler.CreateJobQueue(*std::move(queue), now).ok());
  Advance();
}

}  // namespace api
}  // namespace embatch
