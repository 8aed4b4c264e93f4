// SPDX-License-Identifier: Apache-2.0
// What every consumer project of this folder builds: a scheduler that learns a
// job definition and runs for a moment.
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "embatch/job_definition.h"
#include "embatch/scheduler.h"

namespace {

int Fail(const absl::Status& status) {
  std::cerr << status << '\n';
  return 1;
}

}  // namespace

int main() {
  embatch::JobDefinitionOptions options;
  options.job_definition_name = "hello";
  options.container_properties.image = "busybox";
  options.container_properties.command = {"echo", "hello"};
  options.container_properties.resources = embatch::Resources::Of(1, 128);
  auto definition = embatch::JobDefinition::Create(std::move(options));
  if (!definition.ok()) return Fail(definition.status());

  embatch::Scheduler scheduler;
  const absl::Time now = absl::FromUnixSeconds(1'000'000'000);
  auto revision = scheduler.RegisterJobDefinition(*std::move(definition), now);
  if (!revision.ok()) return Fail(revision.status());
  const embatch::Step step = scheduler.Advance(now);
  if (!step.status.ok()) return Fail(step.status);
  auto view = scheduler.DescribeJobDefinition("hello");
  if (!view.ok()) return Fail(view.status());
  if (!view->active || view->revision != 1 || *revision != 1) return 1;
  std::cout << "hello:" << view->revision << " is ACTIVE\n";
  return 0;
}
