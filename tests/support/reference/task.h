// SPDX-License-Identifier: Apache-2.0
//
// What an attempt runs: one container, or several that make a task or a pod.
// Source: §3.2, §3.3, §3.6, §5.2.
#ifndef EMBATCH_TESTS_SUPPORT_REFERENCE_TASK_H_
#define EMBATCH_TESTS_SUPPORT_REFERENCE_TASK_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/container_overrides.h"
#include "embatch/container_properties.h"
#include "embatch/resources.h"

namespace embatch::reference {

struct Container {
  struct Wait {
    int other = 0;  // of the same task
    ContainerCondition condition = ContainerCondition::kStart;
  };
  std::string name;
  Resources resources;
  absl::Duration grace = absl::Seconds(30);  // Source: §7
  // How long others wait for it, once it was asked to start.
  std::optional<absl::Duration> start_timeout;
  bool essential = true;
  bool is_init = false;
  std::vector<Wait> waits;
};

struct Task {
  bool is_pod = false;
  std::vector<Container> containers;

  // What it needs of its instance.
  Resources Need() const;
};

// What a definition and a submission say: of the three kinds the one that the
// definition has.
Task MakeTask(const ContainerProperties& container,
              const ContainerOverrides& container_overrides,
              const std::optional<EcsProperties>& ecs,
              const std::optional<EcsPropertiesOverride>& ecs_override,
              const std::optional<EksProperties>& eks,
              const std::optional<EksPropertiesOverride>& eks_override);

// How a container of an attempt stands.
struct ContainerState {
  enum class Phase { kWaiting, kStarting, kRunning, kExited, kNeverStarted };
  Phase phase = Phase::kWaiting;
  int64_t asked_ns = 0;
  std::optional<int> exit_code;
  std::string reason;

  bool is_over() const { return phase >= Phase::kExited; }
  bool is_up() const { return phase >= Phase::kRunning; }
  bool is_held() const {  // by a runtime
    return phase == Phase::kStarting || phase == Phase::kRunning;
  }
  bool has_succeeded() const {
    return phase == Phase::kExited && exit_code == 0;
  }
};

}  // namespace embatch::reference

#endif  // EMBATCH_TESTS_SUPPORT_REFERENCE_TASK_H_
