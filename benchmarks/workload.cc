// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/workload.h"

#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

struct JobSize {
  const char* job_definition;
  Resources resources;
};

constexpr std::array<JobSize, 8> kJobSizes = {{
    {"vcpu1-gib1", Resources::Of(1, 1024)},
    {"vcpu1-gib2", Resources::Of(1, 2048)},
    {"vcpu2-gib2", Resources::Of(2, 2048)},
    {"vcpu2-gib4", Resources::Of(2, 4096)},
    {"vcpu4-gib4", Resources::Of(4, 4096)},
    {"vcpu4-gib8", Resources::Of(4, 8192)},
    {"vcpu8-gib8", Resources::Of(8, 8192)},
    {"vcpu8-gib16", Resources::Of(8, 16384)},
}};
constexpr size_t kSameSize = 4;

constexpr int64_t kSecond = 1000000000;

uint64_t ChanceOf(uint64_t seed, const ContainerId& container) {
  const JobId& job = container.attempt.job;
  return Mix(Mix(seed, uint64_t{job.generation} << 32 | job.slot),
             static_cast<uint32_t>(job.child));
}

// Written in place: making a name must cost little beside submitting it.
void SetName(int64_t number, std::string& name) {
  constexpr size_t kDigits = 12;
  name.assign("job-000000000000");
  for (size_t i = name.size(); number > 0 && i > name.size() - kDigits;) {
    name[--i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

}  // namespace

std::vector<JobDefinition> Workload::JobDefinitions() const {
  std::vector<JobDefinition> definitions;
  for (const JobSize& size : kJobSizes) {
    JobDefinitionOptions options;
    options.job_definition_name = size.job_definition;
    options.container_properties.image = "busybox";
    options.container_properties.command = {"true"};
    options.container_properties.resources = size.resources;
    definitions.push_back(JobDefinition::Create(std::move(options)).value());
  }
  return definitions;
}

void Workload::MakeJob(int64_t number, SubmitJobRequest& request) const {
  const uint64_t chance = Mix(options_.seed, static_cast<uint64_t>(number));
  const size_t size =
      options_.same_size ? kSameSize : Below(kJobSizes.size(), chance);
  SetName(number, request.job_name);
  request.job_queue = kClusterQueue;
  request.job_definition = kJobSizes[size].job_definition;
}

FateScript Workload::Fates() const {
  return [options = options_](const ContainerSpec& spec) {
    ContainerFate fate;
    fate.start_delay = absl::Seconds(1);
    if (options.same_run_time) {
      fate.run_time = absl::Minutes(1);
      return fate;
    }
    const uint64_t chance = ChanceOf(options.seed, spec.container);
    int64_t nanos =
        kSecond + static_cast<int64_t>(Below(119 * kSecond + 1, chance));
    if (options.clock == Clock::kTicks) {
      nanos = (nanos + kSecond - 1) / kSecond * kSecond;
    }
    fate.run_time = absl::Nanoseconds(nanos);
    return fate;
  };
}

}  // namespace embatch
