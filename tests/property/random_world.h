// SPDX-License-Identifier: Apache-2.0
//
// A RandomWorld carries a WorldPlan out, and checks after every call of
// Advance() what must hold after any.
#ifndef EMBATCH_TESTS_PROPERTY_RANDOM_WORLD_H_
#define EMBATCH_TESTS_PROPERTY_RANDOM_WORLD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/input_log.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"
#include "tests/property/faulty_plugins.h"
#include "tests/property/random.h"
#include "tests/property/world_plan.h"
#include "tests/support/invariants.h"
#include "tests/support/reference/comparison.h"

namespace embatch {

// How a plan is carried out.
struct RunOptions {
  int max_transitions = 100000;
  bool faulty = false;         // plug-ins as in faulty_plugins.h
  bool late = false;           // Advance() is called at random, later times
  bool restless = false;       // commands come while calls are still due
  bool checks_replay = false;  // after every step; dear
  bool checks_rest = false;    // laws 3 to 5; dear
  bool checks_twin = false;    // against the reference scheduler; dear
};

// An event with its text.
struct TellingEvent {
  Event event;
  std::string reason;

  // The text counts, not its index.
  bool operator==(const TellingEvent& other) const {
    Event same = other.event;
    same.reason = event.reason;
    return event == same && reason == other.reason;
  }
};
std::ostream& operator<<(std::ostream& out, const TellingEvent& event);

class RandomWorld {
 public:
  RandomWorld(WorldPlan plan, RunOptions options);

  // Carries the whole plan out, then goes on until nothing more happens.
  void Run();

  const WorldPlan& plan() const { return plan_; }
  const std::vector<TellingEvent>& events() const { return events_; }
  Scheduler& scheduler() { return *scheduler_; }
  absl::Time now() const { return now_; }
  const MemoryInputLog& log() const { return log_; }

  // Whether nothing is due that could still make a difference, when it has
  // run.
  bool is_at_rest() const { return is_at_rest_; }
  // What the provider of each environment holds.
  InstancesByEnvironment Instances() const;

  // By the jobs' numbers in the plan; null where the submission was refused.
  const std::vector<JobId>& jobs() const { return jobs_; }

  // All that can be read of every job and child, a line each.
  std::vector<std::string> Ends() const;

  // When an attempt was begun, and whether the scheduler asked it to end.
  absl::Time BeginOf(const AttemptId& attempt) const;
  bool WasStopped(const AttemptId& attempt) const;

 private:
  // Keeps book of what is asked of the runtime; now and then it is deaf to a
  // Stop.
  class Bookkeeper : public ContainerRuntime {
   public:
    explicit Bookkeeper(RandomWorld* world) : world_(world) {}
    void Start(const ContainerSpec& spec) noexcept override;
    void Stop(ContainerId container, absl::Duration grace) noexcept override;
    void Poll(absl::Time now, int max,
              std::vector<ContainerReport>& out) noexcept override {
      ++world_->polls_;
      world_->runtime_.Poll(now, max, out);
    }
    absl::Time NextReportTime() const noexcept override {
      return world_->runtime_.NextReportTime();
    }

   private:
    RandomWorld* const world_;
  };

  void MakeFurniture();
  void MakeEnvironment(int index);
  void Do(const PlannedAction& action);
  void Submit(const PlannedAction& action);
  void ChangeQueue(const PlannedAction& action);
  bool MayUseQuota(const SubmitJobRequest& request) const;
  void ChangeQuota(const PlannedAction& action);
  // random_world_capacity.cc
  void ChangeEnvironment(const PlannedAction& action);
  void DeleteEnvironment(const std::string& name);
  void ChangeConsumable(const PlannedAction& action);
  bool AreConsumablesThere(const SubmitJobRequest& request) const;
  bool AreEnvironmentsValid(const JobQueueOptions& queue) const;
  // What becomes of a container, which may be asked for once more after there
  // was no capacity for it.
  ContainerFate FateFor(const ContainerSpec& spec);
  absl::Time Step();  // one Advance(); answers Step::next
  // Advances at now() until at rest; answers when to go on.
  absl::Time ComeToRest();
  void CheckRest(absl::Time next);
  void CheckReplay(const embatch::Step& step);
  void CheckTwin();
  void CheckInvariants();
  bool IsOver(absl::Time next) const;
  std::string EndOf(JobId job) const;

  const WorldPlan plan_;
  const RunOptions options_;
  const absl::Time start_ = absl::FromUnixSeconds(1767225600);
  absl::Time now_ = start_;
  absl::Time last_event_ = start_;
  bool is_at_rest_ = false;
  Random chance_;  // for what the plan leaves open

  MemoryInputLog log_;
  SimulatedRuntime runtime_;
  Bookkeeper bookkeeper_;
  FaultyRuntime faulty_runtime_;
  reference::Comparison comparison_;
  std::vector<std::unique_ptr<SimulatedProvider>> providers_;
  std::vector<std::unique_ptr<FaultyProvider>> faulty_providers_;
  std::vector<std::unique_ptr<SimulatedProvider>> retired_providers_;
  std::vector<std::unique_ptr<FaultyProvider>> retired_faulty_providers_;
  ContainerRuntime* watched_runtime_ = nullptr;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Scheduler> mirror_;  // fed from the log
  size_t mirrored_ = 0;                // inputs

  std::vector<JobId> jobs_;
  std::vector<TellingEvent> events_;
  InvariantChecker invariants_;
  std::map<std::string, int> tries_;         // of a container that is returned
  std::map<std::string, absl::Time> begun_;  // by the attempt's printed form
  std::set<std::string> stopped_;            // the same
  std::set<std::string> containers_begun_;
  std::set<std::string> containers_stopped_;
  int polls_ = 0;  // of the runtime in this step
  int steps_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_PROPERTY_RANDOM_WORLD_H_
