// SPDX-License-Identifier: Apache-2.0
//
// Source: API SubmitJob, RegisterJobDefinition; §3.1, §4. Choice: D63.
#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

JobDefinitionOptions Definition(std::string name) {
  JobDefinitionOptions options;
  options.job_definition_name = std::move(name);
  options.container_properties.image = "image";
  options.container_properties.resources = Resources::Of(1, 512);
  return options;
}

class SubmissionTest : public ::testing::Test {
 protected:
  absl::StatusOr<int> Register(const JobDefinitionOptions& options) {
    return world_.scheduler().RegisterJobDefinition(
        JobDefinition::Create(options).value(), world_.now());
  }
  World world_;
};

TEST_F(SubmissionTest, RevisionsCountFromOne) {
  EXPECT_EQ(Register(Definition("d")).value(), 1);
  EXPECT_EQ(Register(Definition("d")).value(), 2);
  EXPECT_EQ(Register(Definition("other")).value(), 1);
}

TEST_F(SubmissionTest, LatestActiveRevisionIsTaken) {
  ASSERT_TRUE(Register(Definition("d")).ok());
  ASSERT_TRUE(Register(Definition("d")).ok());
  ASSERT_TRUE(Register(Definition("d")).ok());
  ASSERT_TRUE(
      world_.scheduler().DeregisterJobDefinition("d:3", world_.now()).ok());
  const JobId latest = world_.Submit("a", OfDefinition("d"));
  const JobId first = world_.Submit("a", OfDefinition("d:1"));

  EXPECT_EQ(world_.Describe(latest).revision, 2);
  EXPECT_EQ(world_.Describe(first).revision, 1);
  EXPECT_EQ(world_.TrySubmit("a", OfDefinition("d:3")).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(world_.TrySubmit("a", OfDefinition("d:4")).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(SubmissionTest, DeregisteringLeavesSubmittedJobsAlone) {
  ASSERT_TRUE(Register(Definition("d")).ok());
  const JobId a = world_.Submit("a", OfDefinition("d"));
  ASSERT_TRUE(
      world_.scheduler().DeregisterJobDefinition("d:1", world_.now()).ok());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(SubmissionTest, ParametersAreSubstitutedOnce) {
  JobDefinitionOptions options = Definition("d");
  options.container_properties.command = {"copy", "Ref::from", "to=Ref::to"};
  options.parameters = {{"from", "here"}, {"to", "there"}};
  ASSERT_TRUE(Register(options).ok());
  const JobId a = world_.Submit("a", OfDefinition("d"), [](JobPlan& plan) {
    plan.request.parameters = {{"to", "Ref::from"}};
  });
  EXPECT_THAT(world_.Describe(a).command,
              ElementsAre("copy", "here", "to=Ref::from"));
}

TEST_F(SubmissionTest, EveryRefusalNamesMemberAndRule) {
  world_.Submit("furniture");
  using Change = std::function<void(SubmitJobRequest&)>;
  const struct {
    const char* name;
    Change change;
    absl::StatusCode code;
    const char* text;
  } kCases[] = {
      {"bad name", [](SubmitJobRequest& r) { r.job_name = "-a"; },
       absl::StatusCode::kInvalidArgument,
       "Job name should match valid pattern"},
      {"unknown queue", [](SubmitJobRequest& r) { r.job_queue = "none"; },
       absl::StatusCode::kNotFound, "Job queue \"none\" does not exist"},
      {"unknown definition",
       [](SubmitJobRequest& r) { r.job_definition = "none"; },
       absl::StatusCode::kNotFound, "Job definition \"none\" does not exist"},
      {"array too small", [](SubmitJobRequest& r) { r.array_size = 1; },
       absl::StatusCode::kInvalidArgument, "array_size is 1"},
      {"array too large", [](SubmitJobRequest& r) { r.array_size = 10001; },
       absl::StatusCode::kInvalidArgument, "between 2 and 10000"},
      {"too many dependencies",
       [](SubmitJobRequest& r) { r.depends_on.resize(21); },
       absl::StatusCode::kInvalidArgument, "depends_on has 21 entries"},
      {"share", [](SubmitJobRequest& r) { r.share_identifier = "a"; },
       absl::StatusCode::kInvalidArgument, "fair share scheduling policy"},
      {"priority",
       [](SubmitJobRequest& r) { r.scheduling_priority_override = 1; },
       absl::StatusCode::kInvalidArgument, "fair share scheduling policy"},
      {"attempts",
       [](SubmitJobRequest& r) { r.retry_strategy = RetryStrategy{11}; },
       absl::StatusCode::kInvalidArgument, "retry_strategy.attempts is 11"},
      {"timeout",
       [](SubmitJobRequest& r) { r.timeout = JobTimeout{absl::Seconds(59)}; },
       absl::StatusCode::kInvalidArgument, "timeout.attempt_duration is 59s"},
      {"memory",
       [](SubmitJobRequest& r) { r.container_overrides.memory_mib = 3; },
       absl::StatusCode::kInvalidArgument,
       "container_overrides.memory_mib is 3"},
      {"environment",
       [](SubmitJobRequest& r) {
         r.container_overrides.environment = {{"AWS_BATCH_X", "1"}};
       },
       absl::StatusCode::kInvalidArgument, "AWS_BATCH"},
      {"command",
       [](SubmitJobRequest& r) {
         r.container_overrides.command = {"a", ""};
       },
       absl::StatusCode::kInvalidArgument,
       "Command field cannot have empty strings"},
      {"parameter",
       [](SubmitJobRequest& r) {
         r.container_overrides.command = {"Ref::nobody"};
       },
       absl::StatusCode::kInvalidArgument,
       "No parameter found for reference nobody"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    const std::string before = world_.scheduler().EncodeState();
    const absl::Status status =
        world_
            .TrySubmit("a",
                       [&test](JobPlan& plan) { test.change(plan.request); })
            .status();
    EXPECT_EQ(status.code(), test.code);
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.text));
    EXPECT_EQ(world_.scheduler().EncodeState(), before);
  }
}

TEST_F(SubmissionTest, IdsAreUuidsThatParseBack) {
  const JobId a = world_.Submit("a", Array(3));
  const Scheduler& scheduler = world_.scheduler();
  const std::string text = scheduler.JobIdText(a);
  EXPECT_EQ(text.size(), 36u);
  EXPECT_EQ(scheduler.ParseJobId(text).value(), a);
  EXPECT_EQ(scheduler.ParseJobId(text + ":2").value(), a.Child(2));
  EXPECT_EQ(scheduler.ParseJobId("nonsense").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SubmissionTest, SubmittingMakesNoEvent) {
  const JobId a = world_.Submit("a");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSubmitted);
  EXPECT_EQ(world_.Describe(a).created_at, world_.now());
  EXPECT_TRUE(world_.events().empty());
}

TEST_F(SubmissionTest, RevisionNumbersAreNeverUsedAgain) {
  ASSERT_TRUE(Register(Definition("d")).ok());
  ASSERT_TRUE(
      world_.scheduler().DeregisterJobDefinition("d:1", world_.now()).ok());
  EXPECT_FALSE(world_.scheduler().DescribeJobDefinition("d:1")->active);
  EXPECT_EQ(Register(Definition("d")).value(), 2);
}

TEST_F(SubmissionTest, DeregisteringNamesARevisionThatNeedNotExist) {
  Scheduler& scheduler = world_.scheduler();
  EXPECT_TRUE(scheduler.DeregisterJobDefinition("d:7", world_.now()).ok());
  EXPECT_EQ(scheduler.DeregisterJobDefinition("d", world_.now()).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SubmissionTest, SubmissionOverridesItsDefinition) {
  JobDefinitionOptions options = Definition("d");
  options.container_properties.environment = {{"A", "1"}, {"B", "1"}};
  options.retry_strategy = RetryStrategy{5};
  options.timeout = JobTimeout{absl::Minutes(5)};
  ASSERT_TRUE(Register(options).ok());
  const JobWord environment = [](JobPlan& plan) {
    plan.request.container_overrides.environment = {{"B", "2"}, {"C", "2"}};
  };
  const JobView view = world_.Describe(
      world_.Submit("a", OfDefinition("d"), environment, Attempts(2),
                    TimesOutAfter(absl::Minutes(1)), Needs(2, 1024)));
  EXPECT_THAT(view.environment, ElementsAre(EnvironmentVariable{"A", "1"},
                                            EnvironmentVariable{"B", "2"},
                                            EnvironmentVariable{"C", "2"}));
  EXPECT_EQ(view.retry_strategy.attempts, 2);
  EXPECT_EQ(view.timeout->attempt_duration, absl::Minutes(1));
  EXPECT_EQ(view.resources, Resources::Of(2, 1024));
}

// Source: §4, step 4.
TEST_F(SubmissionTest, QueueCanRunWhatTheDefinitionNeeds) {
  world_.Submit("furniture");
  JobDefinitionOptions options = Definition("d");
  options.container_properties.resources = Resources::Of(1, 2048);
  options.platform_capabilities = {PlatformCapability::kFargate};
  ASSERT_TRUE(Register(options).ok());
  const absl::Status status = world_.TrySubmit("a", OfDefinition("d")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "job_queue is \"queue\"; Job Queue is attached to Compute "
            "Environment that can not run Jobs with capability FARGATE.");
  options.platform_capabilities.push_back(PlatformCapability::kEc2);
  ASSERT_TRUE(Register(options).ok());
  EXPECT_TRUE(world_.TrySubmit("a", OfDefinition("d")).ok());
}

// Source: API SubmitJob.eksPropertiesOverride.
TEST_F(SubmissionTest, PodsRunOnEksAndOtherContainersOnEcs) {
  world_.Managed("pods", Orchestration(OrchestrationType::kEks),
                 Strategy(AllocationStrategy::kBestFitProgressive));
  world_.Managed("tasks", Orchestration(OrchestrationType::kEcs));
  world_.Queue("eks", {"pods"});
  world_.Queue("ecs", {"tasks"});
  ASSERT_TRUE(Register(Definition("task")).ok());
  JobDefinitionOptions pod = Definition("pod");
  pod.container_properties = ContainerProperties();
  EksContainer container;
  container.image = "image";
  container.resources.limits = {1000, 512, std::nullopt};
  pod.eks_properties.emplace().pod_properties.containers = {container};
  ASSERT_TRUE(Register(pod).ok());

  const JobId a = world_.Submit("a", InQueue("eks"), OfDefinition("pod"));
  const JobId b = world_.Submit("b", InQueue("ecs"), OfDefinition("task"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
  const std::string text =
      "; Job Queue is attached to Compute Environment that can not run Jobs "
      "with capability ";
  EXPECT_EQ(world_.TrySubmit("c", InQueue("ecs"), OfDefinition("pod"))
                .status()
                .message(),
            "job_queue is \"ecs\"" + text + "EKS.");
  EXPECT_EQ(world_.TrySubmit("d", InQueue("eks"), OfDefinition("task"))
                .status()
                .message(),
            "job_queue is \"eks\"" + text + "ECS.");
}

// What comes before overrides is checked, and nothing is changed.
TEST_F(SubmissionTest, CanBeCheckedWithoutItsOverrides) {
  world_.Submit("furniture");
  ASSERT_TRUE(Register(Definition("d")).ok());
  SubmitJobRequest request;
  request.job_name = "a";
  request.job_queue = "queue";
  request.job_definition = "d:1";
  request.container_overrides.vcpu_milli = -1;
  const std::string before = world_.scheduler().EncodeState();
  EXPECT_TRUE(world_.scheduler().CheckSubmission(request).ok());
  request.array_size = 1;
  EXPECT_EQ(world_.scheduler().CheckSubmission(request).message(),
            "array_size is 1; must be between 2 and 10000");
  request.job_definition = "d:01";
  EXPECT_EQ(world_.scheduler().CheckSubmission(request).code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(world_.scheduler().EncodeState() == before);
}

TEST_F(SubmissionTest, NamesAtTheirLimits) {
  EXPECT_TRUE(world_.TrySubmit("7").ok());
  EXPECT_TRUE(world_.TrySubmit(std::string(128, 'a')).ok());
  for (const std::string& name : {std::string(), std::string(129, 'a')}) {
    EXPECT_EQ(world_.TrySubmit(name).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool first = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9');
    EXPECT_EQ(world_.TrySubmit(std::string{c, 'a'}).ok(), first) << i;
    EXPECT_EQ(world_.TrySubmit(std::string{'a', c}).ok(),
              first || c == '-' || c == '_')
        << i;
  }
}

TEST_F(SubmissionTest, ResourcesMustBeGivenSomewhere) {
  JobDefinitionOptions options = Definition("d");
  options.container_properties.resources = Resources();
  ASSERT_TRUE(Register(options).ok());
  const absl::Status status = world_.TrySubmit("a", OfDefinition("d")).status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("vcpus limit must be greater than 0"));
  EXPECT_TRUE(world_.TrySubmit("a", OfDefinition("d"), Needs(1, 4)).ok());
}

// Of two faults the one that §4 looks for first is told.
TEST_F(SubmissionTest, ChecksComeInTheirOrder) {
  const JobWord share = [](JobPlan& plan) {
    plan.request.share_identifier = "team";
  };
  const auto message = [this](absl::string_view name, JobWord a, JobWord b) {
    return std::string(world_.TrySubmit(name, a, b).status().message());
  };
  JobDefinitionOptions fargate = Definition("fargate");
  fargate.container_properties.resources = Resources::Of(1, 2048);
  fargate.platform_capabilities = {PlatformCapability::kFargate};
  ASSERT_TRUE(Register(fargate).ok());
  const JobWord queue = InQueue("none");
  const JobWord definition = OfDefinition("none");
  EXPECT_THAT(message("-", queue, definition), HasSubstr("Job name"));
  EXPECT_THAT(message("a", queue, definition), HasSubstr("Job queue"));
  EXPECT_THAT(message("a", definition, share), HasSubstr("Job definition"));
  EXPECT_THAT(message("a", OfDefinition("fargate"), share),
              HasSubstr("capability FARGATE"));
  EXPECT_THAT(message("a", share, Array(1)), HasSubstr("fair share"));
  EXPECT_THAT(message("a", Array(1), Sequential()), HasSubstr("array_size"));
  EXPECT_THAT(message("a", Sequential(), Attempts(11)),
              HasSubstr("depends_on"));
}

}  // namespace
}  // namespace embatch
