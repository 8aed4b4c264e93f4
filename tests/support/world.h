// SPDX-License-Identifier: Apache-2.0
//
// A World is all that a scheduler needs around it, on virtual time, and speaks
// the words of the domain (vocabulary.h). Tests of the whole scheduler read
// like this:
//
//   class RetryTest : public ::testing::Test {
//    protected:
//     World world_;
//   };
//
//   TEST_F(RetryTest, SecondAttemptMaySucceed) {
//     JobId a = world_.Submit("a", Attempts(2), Exits(1, 0));
//
//     world_.RunUntilIdle();
//
//     EXPECT_EQ(world_.StatusesOf(a),
//               "SUBMITTED RUNNABLE STARTING RUNNING "
//               "RUNNABLE STARTING RUNNING SUCCEEDED");
//   }
//
// Unless a test makes others, there are a queue "queue" and a MANAGED
// environment "machines" (256 vCPUs at most, boots in a minute) when the first
// job is submitted. A job needs 1 vCPU and 512 MiB, starts in 1 s and runs for
// 10 s, unless said otherwise.
//
// Every World is a test of its own: after each run the invariants
// (invariants.h) are checked, and at the end of its life all its inputs are
// replayed into a fresh scheduler, which must show equal events and an equal
// state. A call that fails, where the test does not ask for the failure, is a
// failure of the test.
#ifndef EMBATCH_TESTS_SUPPORT_WORLD_H_
#define EMBATCH_TESTS_SUPPORT_WORLD_H_

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/event.h"
#include "embatch/ids.h"
#include "embatch/input_log.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"
#include "embatch/scheduler.h"
#include "embatch/scheduling_policy.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"
#include "embatch/sim/simulated_service.h"
#include "embatch/sim/simulation.h"
#include "tests/support/invariants.h"
#include "tests/support/reference/comparison.h"
#include "tests/support/vocabulary.h"

namespace embatch {

struct WorldOptions {
  SchedulerOptions scheduler;  // its log is the world's
  SimulationOptions simulation;
  ContainerFate fate;  // of a container, unless its job says otherwise
  bool check_invariants = true;
  bool check_replay = true;
  // Against the reference scheduler (reference/); EMBATCH_TWIN=1 in the
  // environment turns it on for every world.
  bool check_twin = std::getenv("EMBATCH_TWIN") != nullptr;
};

// An event with its text.
struct WorldEvent {
  Event event;
  std::string reason;
};

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // --- Furniture. What is made is VALID when the call returns. ---------------

  template <typename... Words>
  void Managed(absl::string_view name, Words... words) {
    MakeEnvironment(name, ComputeEnvironmentType::kManaged,
                    {EnvironmentWord(words)...});
  }
  template <typename... Words>
  void Unmanaged(absl::string_view name, Words... words) {
    MakeEnvironment(name, ComputeEnvironmentType::kUnmanaged,
                    {EnvironmentWord(words)...});
  }
  // Environments in their order.
  void Queue(absl::string_view name, std::vector<std::string> environments,
             int priority = 1);
  void Queue(JobQueueOptions options, std::vector<std::string> environments);
  // The same with a fair-share policy "<name>-policy" of its own.
  void FairQueue(absl::string_view name, std::vector<std::string> environments,
                 FairsharePolicy policy = {}, int priority = 1);
  // Replaces the body of that policy.
  void ChangeFairQueue(absl::string_view name, FairsharePolicy policy);
  // A queue with quota shares, and a share of it.
  void QuotaQueue(absl::string_view name, std::vector<std::string> environments,
                  int priority = 1);
  template <typename... Words>
  void QuotaShare(absl::string_view queue, absl::string_view name,
                  Words... words) {
    MakeQuotaShare(queue, name, {ShareWord(words)...});
  }
  // A service environment, served by the world's service; and a queue for
  // service jobs on it.
  void Service(absl::string_view name, std::vector<CapacityLimit> limits);
  void UpdateService(const UpdateServiceEnvironmentRequest& request);
  void ServiceQueue(absl::string_view name, absl::string_view environment,
                    int priority = 1);
  void ServiceQueue(JobQueueOptions options, absl::string_view environment);
  void FairServiceQueue(absl::string_view name, absl::string_view environment,
                        FairsharePolicy policy = {});
  void QuotaServiceQueue(absl::string_view name, absl::string_view environment);
  void Define(JobDefinitionOptions options);
  void Consumable(
      absl::string_view name, int64_t total,
      ConsumableResourceType type = ConsumableResourceType::kReplenishable);
  // VALID again when the call returns.
  void UpdateQueue(const UpdateJobQueueRequest& request);
  void DisableQueue(absl::string_view name);
  void DeleteQueue(
      absl::string_view name);  // disables it first; takes its time

  // --- What happens to it.
  // ----------------------------------------------------

  // An instance joins an UNMANAGED environment now.
  InstanceId Join(absl::string_view environment, int64_t vcpus,
                  int64_t memory_mib);
  // The first instance of an environment, by number, is lost; or is announced
  // to be lost.
  void LoseInstance(absl::string_view environment);
  void InterruptInstance(absl::string_view environment);

  template <typename... Words>
  JobId Submit(absl::string_view name, Words... words) {
    return MustSubmit(name, {JobWord(words)...});
  }
  // For submissions that are to fail.
  template <typename... Words>
  absl::StatusOr<JobId> TrySubmit(absl::string_view name, Words... words) {
    return SubmitPlan(name, {JobWord(words)...});
  }
  // Unless said otherwise a service job goes to the queue "training", needs one
  // ml.m5.large, starts in 1 s and runs for 10 s.
  template <typename... Words>
  JobId Train(absl::string_view name, Words... words) {
    return MustTrain(name, {ServiceJobWord(words)...});
  }
  template <typename... Words>
  absl::StatusOr<JobId> TryTrain(absl::string_view name, Words... words) {
    return SubmitTraining(name, {ServiceJobWord(words)...});
  }
  void TerminateTraining(JobId job,
                         absl::string_view reason = "ended by the test");
  ServiceJobView DescribeTraining(JobId job) const;
  void Cancel(JobId job, absl::string_view reason = "cancelled by the test");
  void Terminate(JobId job, absl::string_view reason = "ended by the test");

  // --- Time.
  // ------------------------------------------------------------------

  void RunUntilIdle();
  void RunUntil(absl::Time time);
  void RunFor(absl::Duration duration);
  void Settle();  // runs what is due now
  absl::Time now() const { return simulation_.now(); }
  absl::Duration elapsed() const { return now() - start_; }

  // --- What came out of it.
  // ---------------------------------------------------

  // Every status of a job so far, e.g. "SUBMITTED RUNNABLE STARTING". A child
  // of an array begins with PENDING, a node with RUNNABLE: until it is placed,
  // only its job tells.
  std::string StatusesOf(JobId job) const;
  JobStatus StatusOf(JobId job) const;
  std::string ReasonOf(JobId job) const;  // the statusReason
  absl::Time StartTimeOf(JobId job) const;
  absl::Time StopTimeOf(JobId job) const;
  JobView Describe(JobId job) const;
  std::vector<AttemptView> AttemptsOf(JobId job) const;

  const std::vector<WorldEvent>& events() const { return events_; }
  std::vector<WorldEvent> EventsOf(JobId job) const;

  // All events, or those of one job, each as a line such as
  // "1m11s a:0 RUNNING -> FAILED attempt 2: Essential container in task exited"
  // with the time since the world's beginning; "a:0..9" stands for ten
  // children, "a#0..3" for four nodes.
  std::vector<std::string> Log() const;
  std::vector<std::string> LogOf(JobId job) const;

  // --- The parts. ---------------------------------------------------------

  Scheduler& scheduler() { return scheduler_; }
  Simulation& simulation() { return simulation_; }
  SimulatedRuntime& runtime() { return runtime_; }
  SimulatedService& service() { return service_; }
  SimulatedProvider& provider(absl::string_view environment);
  const MemoryInputLog& log() const { return log_; }

  // Replays all inputs so far and expects the same. The destructor does too.
  void CheckReplay() const;
  void CheckTwin();

 private:
  void MakeEnvironment(absl::string_view name, ComputeEnvironmentType type,
                       std::vector<EnvironmentWord> words);
  void MakeQuotaShare(absl::string_view queue, absl::string_view name,
                      std::vector<ShareWord> words);
  void MakeDefaults(const std::string& queue, const std::string& definition);
  bool HasNodes(JobId job) const;
  JobId MustSubmit(absl::string_view name, std::vector<JobWord> words);
  absl::StatusOr<JobId> SubmitPlan(absl::string_view name,
                                   std::vector<JobWord> words);
  JobId MustTrain(absl::string_view name, std::vector<ServiceJobWord> words);
  absl::StatusOr<JobId> SubmitTraining(absl::string_view name,
                                       std::vector<ServiceJobWord> words);
  ContainerFate FateOf(const ContainerSpec& spec);
  ServiceFate FateOf(const ServiceJobSpec& spec);
  std::string QuotaPolicy();
  Simulation::Observer Observer();
  void AfterRun(const absl::Status& status);
  InstanceId FirstInstance(absl::string_view environment);
  std::string Line(const WorldEvent& event) const;

  const WorldOptions options_;
  const absl::Time start_;
  MemoryInputLog log_;
  SimulatedRuntime runtime_;
  SimulatedService service_;
  std::map<std::string, std::unique_ptr<SimulatedProvider>> providers_;
  reference::Comparison comparison_;
  ContainerRuntime* const watched_runtime_;
  Simulation simulation_;
  Scheduler scheduler_;
  InvariantChecker invariants_;
  std::map<JobId, JobPlan> plans_;
  std::map<JobId, ServiceJobPlan> trainings_;
  std::map<JobId, int> tries_;  // containers that were asked for
  std::vector<WorldEvent> events_;
};

// Makes failures of EXPECT_EQ on events readable.
std::ostream& operator<<(std::ostream& out, const WorldEvent& event);

}  // namespace embatch

#endif  // EMBATCH_TESTS_SUPPORT_WORLD_H_
