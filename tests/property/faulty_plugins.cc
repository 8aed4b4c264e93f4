// SPDX-License-Identifier: Apache-2.0
#include "tests/property/faulty_plugins.h"

#include <limits>
#include <string>
#include <utility>

#include "embatch/ids.h"
#include "tests/property/random.h"

namespace embatch {
namespace {

// Moves what is due by `now` to `out`. Answers how many.
template <typename Report>
int TakeDue(std::multimap<absl::Time, Report>& late, absl::Time now,
            std::vector<Report>& out) {
  int taken = 0;
  while (!late.empty() && late.begin()->first <= now) {
    out.push_back(std::move(late.begin()->second));
    late.erase(late.begin());
    ++taken;
  }
  return taken;
}

uint64_t HashOf(const ContainerId& id) {
  const JobId& job = id.attempt.job;
  return Scatter(
      Scatter(job.slot, job.generation),
      Scatter(static_cast<uint64_t>(job.child + 1), id.attempt.number));
}

// Something like `id` that is no container of the scheduler's.
ContainerId Unlike(ContainerId id, Random& random) {
  switch (random.Below(7)) {
    case 0:
      id.attempt.job.generation += 1000;
      break;
    case 1:
      id.attempt.job.slot = std::numeric_limits<uint32_t>::max();
      break;
    case 2:
      id.attempt.job.child = std::numeric_limits<int32_t>::max();
      break;
    case 3:
      id.attempt.job.child = std::numeric_limits<int32_t>::min();
      break;
    case 4:
      id.attempt.number = std::numeric_limits<uint16_t>::max();
      break;
    case 5:
      id.container = 1;
      break;
    default:
      id = ContainerId();
  }
  return id;
}

int64_t StrangeTime(Random& random, int64_t honest_ns) {
  return random.OneOf<int64_t>({honest_ns, honest_ns, 0,
                                std::numeric_limits<int64_t>::min(),
                                std::numeric_limits<int64_t>::max()});
}

}  // namespace

// Out of several things the seed picks, an honest report is followed by a
// repetition, by a lie about a container that is over or was never there, and
// later by one more repetition.
void FaultyRuntime::Add(const ContainerReport& honest,
                        std::vector<ContainerReport>& out) {
  Random random(Scatter(Scatter(seed_, HashOf(honest.container)),
                        static_cast<uint64_t>(honest.kind)));
  const absl::Time time = absl::FromUnixNanos(honest.time_ns);
  const auto add = [&](ContainerReport report) {
    out.push_back(std::move(report));
  };
  if (random.Percent(30)) add(honest);
  if (random.Percent(30)) {
    ContainerReport unknown = honest;
    unknown.container = Unlike(honest.container, random);
    unknown.time_ns = StrangeTime(random, honest.time_ns);
    add(unknown);
  }
  if (honest.kind == ContainerReport::Kind::kStarted) {
    // It has started, so it can't fail to.
    if (random.Percent(30)) {
      add(ContainerReport::StartFailed(time, honest.container, "after all"));
    }
  } else if (random.Percent(50)) {
    // It is over, however it is said.
    add(ContainerReport::Exited(time, honest.container, 0, "again"));
    add(ContainerReport::Started(time, honest.container));
  }
  if (random.Percent(30)) {
    late_.emplace(time + absl::Seconds(random.OneOf({0, 7, 60, 200})), honest);
  }
}

void FaultyRuntime::Poll(absl::Time now, int max,
                         std::vector<ContainerReport>& out) noexcept {
  TakeDue(late_, now, out);
  std::vector<ContainerReport> honest;
  honest_->Poll(now, max, honest);
  for (const ContainerReport& report : honest) {
    out.push_back(report);
    Add(report, out);
  }
}

absl::Time FaultyRuntime::NextReportTime() const noexcept {
  const absl::Time honest = honest_->NextReportTime();
  return late_.empty() ? honest : std::min(honest, late_.begin()->first);
}

void FaultyProvider::Add(const InstanceReport& honest,
                         std::vector<InstanceReport>& out) {
  Random random(Scatter(Scatter(seed_, honest.instance.number),
                        static_cast<uint64_t>(honest.kind)));
  const absl::Time time = absl::FromUnixNanos(honest.time_ns);
  const auto add = [&](InstanceReport report) {
    out.push_back(std::move(report));
  };
  if (random.Percent(30)) add(honest);
  if (random.Percent(30)) {
    InstanceReport unknown = honest;
    unknown.time_ns = StrangeTime(random, honest.time_ns);
    if (honest.kind == InstanceReport::Kind::kCatalogue) {
      unknown.compute_environment = "nowhere";
    } else if (!honest.instance.joined() || random.Percent(50)) {
      unknown.instance.number = random.OneOf<uint64_t>(
          {0, 1000000, std::numeric_limits<int64_t>::max()});
    } else {
      unknown.compute_environment = "nowhere";
    }
    add(unknown);
  }
  if (honest.kind == InstanceReport::Kind::kReady && random.Percent(30)) {
    add(InstanceReport::LaunchFailed(time, honest.instance,
                                     LaunchFailure::kPermission, "after all"));
  }
  if (honest.kind == InstanceReport::Kind::kLost ||
      honest.kind == InstanceReport::Kind::kLaunchFailed) {
    InstanceReport ready = InstanceReport::Ready(time, honest.instance, "again",
                                                 Resources::Of(64, 64000));
    ready.compute_environment = honest.compute_environment;
    if (random.Percent(50)) add(ready);
    if (random.Percent(50)) {
      late_.emplace(time + absl::Seconds(random.OneOf({0, 7, 60})), ready);
    }
  }
  if (random.Percent(30)) {
    late_.emplace(time + absl::Seconds(random.OneOf({0, 7, 60, 200})), honest);
  }
}

void FaultyProvider::Poll(absl::Time now, int max,
                          std::vector<InstanceReport>& out) noexcept {
  TakeDue(late_, now, out);
  std::vector<InstanceReport> honest;
  honest_->Poll(now, max, honest);
  for (const InstanceReport& report : honest) {
    out.push_back(report);
    Add(report, out);
  }
}

absl::Time FaultyProvider::NextReportTime() const noexcept {
  const absl::Time honest = honest_->NextReportTime();
  return late_.empty() ? honest : std::min(honest, late_.begin()->first);
}

}  // namespace embatch
