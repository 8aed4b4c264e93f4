// SPDX-License-Identifier: Apache-2.0
//
// How the scheduler speaks with its plug-ins: whom it asks when, and what it
// makes of odd answers. Source: design, "The laws of Advance", laws 2, 3, 7.
#include "lib/scheduler/plugin_set.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kBegin = absl::FromUnixSeconds(1767225600);

// Writes down what it is asked, and says what it is told to.
class ScriptedRuntime : public ContainerRuntime {
 public:
  explicit ScriptedRuntime(std::vector<std::string>* calls) : calls_(calls) {}
  void Start(const ContainerSpec& spec) noexcept override {
    calls_->push_back("start");
    started.push_back(spec.container);
  }
  void Stop(ContainerId, absl::Duration) noexcept override {
    calls_->push_back("stop");
  }
  void Poll(absl::Time, int max,
            std::vector<ContainerReport>& out) noexcept override {
    calls_->push_back("poll runtime");
    last_max = max;
    out.insert(out.end(), reports.begin(), reports.end());
    reports.clear();
  }
  absl::Time NextReportTime() const noexcept override { return next; }

  std::vector<ContainerReport> reports;  // given out at once, however many
  std::vector<ContainerId> started;
  absl::Time next = absl::InfiniteFuture();
  int last_max = -1;

 private:
  std::vector<std::string>* const calls_;
};

class ScriptedProvider : public ResourceProvider {
 public:
  explicit ScriptedProvider(std::vector<std::string>* calls) : calls_(calls) {}
  void Launch(const LaunchRequest& request) noexcept override {
    calls_->push_back("launch " + std::string(request.instance_type));
  }
  void Terminate(InstanceId) noexcept override {
    calls_->push_back("terminate");
  }
  void Poll(absl::Time, int max,
            std::vector<InstanceReport>& out) noexcept override {
    calls_->push_back("poll provider");
    last_max = max;
    out.insert(out.end(), reports.begin(), reports.end());
    reports.clear();
  }
  absl::Time NextReportTime() const noexcept override { return next; }

  std::vector<InstanceReport> reports;
  absl::Time next = absl::InfiniteFuture();
  int last_max = -1;

 private:
  std::vector<std::string>* const calls_;
};

class PluginSetTest : public ::testing::Test {
 protected:
  explicit PluginSetTest(int max_transitions = 100000) {
    SchedulerOptions options;
    options.max_transitions = max_transitions;
    scheduler_ = std::make_unique<Scheduler>(options);
    MakeEnvironment("hosts", {&provider_, &runtime_});
    JobQueueOptions queue;
    queue.job_queue_name = "queue";
    queue.compute_environment_order = {{1, "hosts"}};
    EXPECT_TRUE(
        scheduler_->CreateJobQueue(*JobQueue::Create(queue), kBegin).ok());
    JobDefinitionOptions definition;
    definition.job_definition_name = "d";
    definition.container_properties.image = "image";
    definition.container_properties.resources = Resources::Of(1, 512);
    EXPECT_TRUE(
        scheduler_
            ->RegisterJobDefinition(*JobDefinition::Create(definition), kBegin)
            .ok());
    ComeToRest();
    calls_.clear();
  }

  void MakeEnvironment(const std::string& name, Plugins plugins) {
    ComputeEnvironmentOptions options;
    options.compute_environment_name = name;
    options.type = ComputeEnvironmentType::kUnmanaged;
    EXPECT_TRUE(scheduler_
                    ->CreateComputeEnvironment(
                        *ComputeEnvironment::Create(options), kBegin)
                    .ok());
    EXPECT_TRUE(scheduler_->AttachPlugins(name, plugins).ok());
    ComeToRest();
  }
  absl::Time ComeToRest() {
    for (int i = 0; i < 1000; ++i) {
      const Step step = scheduler_->Advance(kBegin);
      EXPECT_TRUE(step.status.ok()) << step.status;
      if (step.next > kBegin) return step.next;
    }
    ADD_FAILURE() << "no rest";
    return absl::InfiniteFuture();
  }
  JobId Submit() {
    SubmitJobRequest request;
    request.job_name = "a";
    request.job_queue = "queue";
    request.job_definition = "d";
    return scheduler_->SubmitJob(request, kBegin).value();
  }
  void Join(uint64_t number, int64_t vcpus) {
    provider_.reports.push_back(
        InstanceReport::Ready(kBegin, InstanceId::Joined(number), "host",
                              Resources::Of(vcpus, 1000 * vcpus)));
  }
  JobStatus StatusOf(JobId job) { return scheduler_->DescribeJob(job)->status; }

  std::vector<std::string> calls_;
  ScriptedProvider provider_{&calls_};
  ScriptedRuntime runtime_{&calls_};
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(PluginSetTest, EachIsAskedOnceAtTheStart) {
  Join(1, 1);
  Submit();
  scheduler_->Advance(kBegin);
  EXPECT_THAT(calls_, ElementsAre("poll provider", "poll runtime", "start"));
}

TEST_F(PluginSetTest, OnePluginForTwoEnvironmentsIsAskedOnce) {
  MakeEnvironment("more", {&provider_, &runtime_});
  calls_.clear();
  scheduler_->Advance(kBegin);
  EXPECT_THAT(calls_, ElementsAre("poll provider", "poll runtime"));
}

TEST_F(PluginSetTest, DetachedPluginsAreNotAsked) {
  ASSERT_TRUE(scheduler_->AttachPlugins("hosts", {}).ok());
  Submit();
  scheduler_->Advance(kBegin);
  EXPECT_THAT(calls_, IsEmpty());
}

TEST_F(PluginSetTest, ReportThatWaitsMakesNextNow) {
  runtime_.next = kBegin + absl::Seconds(7);
  EXPECT_EQ(scheduler_->Advance(kBegin).next, kBegin + absl::Seconds(7));
  provider_.next = kBegin + absl::Seconds(3);
  EXPECT_EQ(scheduler_->Advance(kBegin).next, kBegin + absl::Seconds(3));
}

// It says that it has something to say, and says nothing, for ever: the host
// program comes back later, but does not spin.
TEST_F(PluginSetTest, PluginThatCriesWolfIsNotBelieved) {
  runtime_.next = absl::InfinitePast();
  provider_.next = absl::InfinitePast();
  EXPECT_GE(ComeToRest(), kBegin + absl::Milliseconds(1));
}

TEST_F(PluginSetTest, UnknownAndRepeatedReportsAreCounted) {
  const JobId a = Submit();
  Join(1, 1);
  Join(1, 1);  // repeated
  scheduler_->Advance(kBegin);
  EXPECT_EQ(scheduler_->ignored_reports().late_or_repeated, 1u);
  const ContainerReport started = ContainerReport::Started(kBegin, {{a, 1}, 0});
  runtime_.reports = {started, started,
                      ContainerReport::Started(kBegin, {{a, 2}, 0}),
                      ContainerReport::Started(kBegin, {{a, 1}, 1})};
  scheduler_->Advance(kBegin);
  EXPECT_EQ(StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(scheduler_->ignored_reports().late_or_repeated, 2u);
  EXPECT_EQ(scheduler_->ignored_reports().unknown, 2u);
}

// Of a long turn the reports to come are looked at before they are taken; each
// is taken for what it says all the same.
TEST_F(PluginSetTest, EachReportOfALongTurnIsTakenForWhatItSays) {
  constexpr uint64_t kJobs = 40;
  Join(1, kJobs);
  std::vector<JobId> jobs;
  for (uint64_t i = 0; i < kJobs; ++i) jobs.push_back(Submit());
  ComeToRest();
  for (const JobId& job : jobs) {
    const auto exited = [](JobId of, uint16_t attempt) {
      return ContainerReport::Exited(kBegin, {{of, attempt}, 0}, 0);
    };
    const std::vector<ContainerReport> reports = {
        ContainerReport::Started(kBegin, {{job, 1}, 0}),
        exited(job, 1),
        exited(job, 1),  // repeated
        exited(job, 2),
        exited({job.slot, job.generation + 1, -1}, 1),
        exited({job.slot, job.generation, 3}, 1)};
    runtime_.reports.insert(runtime_.reports.end(), reports.begin(),
                            reports.end());
  }
  scheduler_->Advance(kBegin);
  for (const JobId& job : jobs) EXPECT_EQ(StatusOf(job), JobStatus::kSucceeded);
  EXPECT_EQ(scheduler_->ignored_reports().late_or_repeated, kJobs);
  EXPECT_EQ(scheduler_->ignored_reports().unknown, 3 * kJobs);
}

// A host that was lost does not come back under its number.
TEST_F(PluginSetTest, LateReadyOfALostHostIsIgnored) {
  Join(1, 1);
  ComeToRest();
  provider_.reports.push_back(
      InstanceReport::Lost(kBegin, InstanceId::Joined(1)));
  ComeToRest();
  Join(1, 1);
  ComeToRest();
  EXPECT_EQ(scheduler_->DescribeComputeEnvironment("hosts")->instances, 0);
  EXPECT_EQ(scheduler_->ignored_reports().late_or_repeated, 1u);
  Join(2, 1);
  ComeToRest();
  EXPECT_EQ(scheduler_->DescribeComputeEnvironment("hosts")->instances, 1);
}

TEST_F(PluginSetTest, ExitWithoutAStartCountsAsBoth) {
  const JobId a = Submit();
  Join(1, 1);
  ComeToRest();
  runtime_.reports = {ContainerReport::Exited(kBegin, {{a, 1}, 0}, 0)};
  const Step step = scheduler_->Advance(kBegin);
  ASSERT_EQ(step.events.size(), 2u);
  EXPECT_EQ(step.events[0].to, JobStatus::kRunning);
  EXPECT_EQ(step.events[1].to, JobStatus::kSucceeded);
}

class FewTransitionsTest : public PluginSetTest {
 protected:
  FewTransitionsTest() : PluginSetTest(2) {}
};

TEST_F(FewTransitionsTest, MoreReportsThanAskedForWaitForTheNextCall) {
  for (uint64_t i = 1; i <= 5; ++i) Join(i, 1);
  EXPECT_EQ(scheduler_->Advance(kBegin).next, kBegin);
  EXPECT_EQ(provider_.last_max, 2);
  EXPECT_EQ(scheduler_->DescribeComputeEnvironment("hosts")->instances, 2);
  scheduler_->Advance(kBegin);
  EXPECT_EQ(provider_.last_max, 0);  // there is no room, but it learns the time
  EXPECT_EQ(scheduler_->DescribeComputeEnvironment("hosts")->instances, 4);
  ComeToRest();
  EXPECT_EQ(scheduler_->DescribeComputeEnvironment("hosts")->instances, 5);
}

// Two transitions for each report: the second report waits, and so does
// everything that is decided on it.
TEST_F(FewTransitionsTest, NoCallMakesMoreTransitionsThanAllowed) {
  const JobId a = Submit();
  const JobId b = Submit();
  Join(1, 2);
  ComeToRest();
  ASSERT_EQ(runtime_.started.size(), 2u);
  runtime_.reports = {ContainerReport::Exited(kBegin, {{a, 1}, 0}, 0),
                      ContainerReport::Exited(kBegin, {{b, 1}, 0}, 0)};
  Step step = scheduler_->Advance(kBegin);
  EXPECT_EQ(step.events.size(), 2u);
  EXPECT_EQ(step.next, kBegin);
  EXPECT_EQ(StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(StatusOf(b), JobStatus::kStarting);
  step = scheduler_->Advance(kBegin);
  EXPECT_EQ(step.events.size(), 2u);
  EXPECT_EQ(StatusOf(b), JobStatus::kSucceeded);
}

}  // namespace
}  // namespace embatch
