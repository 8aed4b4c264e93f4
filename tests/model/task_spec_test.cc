// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/model/task_spec.h through MakeJobSpec(): the containers of a job
// as they are to run.
// Source: §3.3, §3.5, §3.6, §5.2.
#include "lib/model/task_spec.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/model/job_spec.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

absl::StatusOr<JobSpec> Spec(const JobDefinitionOptions& options,
                             const SubmitJobRequest& request) {
  const auto definition = JobDefinition::Create(options);
  EXPECT_EQ(Answer(definition), "OK");
  return MakeJobSpec(*definition, 0, request, kAwsLimits);
}

JobSpec Merged(const JobDefinitionOptions& options,
               const SubmitJobRequest& request = {}) {
  const absl::StatusOr<JobSpec> spec = Spec(options, request);
  EXPECT_EQ(Answer(spec), "OK");
  return spec.value_or(JobSpec());
}

JobDefinitionOptions Single() {
  JobDefinitionOptions options;
  options.job_definition_name = "single";
  options.container_properties.image = "image";
  options.container_properties.command = {"run", "Ref::what"};
  options.container_properties.resources = Resources::Of(1, 2048);
  options.parameters = {{"what", "this"}};
  return options;
}

TaskContainerProperties Container(std::string name, bool essential = true) {
  TaskContainerProperties container;
  container.name = std::move(name);
  container.image = "image";
  container.command = {"run", "Ref::what"};
  container.environment = {{"A", "1"}};
  container.resources = Resources::Of(1, 2048);
  container.essential = essential;
  return container;
}

JobDefinitionOptions Task() {
  JobDefinitionOptions options;
  options.job_definition_name = "task";
  options.parameters = {{"what", "this"}};
  TaskContainerProperties main = Container("main");
  main.depends_on = {{"setup", ContainerCondition::kSuccess}};
  main.stop_timeout = absl::Seconds(5);
  options.ecs_properties.emplace();
  options.ecs_properties->task_properties = {
      {{main, Container("setup", false)}, {}}};
  return options;
}

SubmitJobRequest Overriding(TaskContainerOverrides overrides) {
  SubmitJobRequest request;
  request.ecs_properties_override.emplace();
  request.ecs_properties_override->task_properties = {{{std::move(overrides)}}};
  return request;
}

EksContainer PodContainer(std::string name, int64_t cpu_milli,
                          int64_t memory_mib) {
  EksContainer container;
  container.name = std::move(name);
  container.image = "image";
  container.command = {"run"};
  container.args = {"Ref::what"};
  container.resources.limits = {cpu_milli, memory_mib, std::nullopt};
  return container;
}

JobDefinitionOptions Pod() {
  JobDefinitionOptions options;
  options.job_definition_name = "pod";
  options.parameters = {{"what", "this"}};
  options.eks_properties.emplace();
  EksPodProperties& pod = options.eks_properties->pod_properties;
  pod.containers = {PodContainer("a", 500, 1024), PodContainer("b", 250, 64)};
  pod.init_containers = {PodContainer("first", 1000, 16),
                         PodContainer("second", 250, 2048)};
  return options;
}

SubmitJobRequest Overriding(EksContainerOverride overrides) {
  SubmitJobRequest request;
  request.eks_properties_override.emplace();
  request.eks_properties_override->pod_properties.containers = {
      std::move(overrides)};
  return request;
}

TEST(SingleContainerTest, IsNoTask) {
  EXPECT_FALSE(Merged(Single()).has_task());
}

// Source: API ContainerOverrides.vcpus, .memory; §3.6.
TEST(SingleContainerTest, DeprecatedAmountsCountWhereResourcesAreSilent) {
  JobDefinitionOptions options = Single();
  options.container_properties.resources = {};
  options.container_properties.deprecated_vcpus = 2;
  options.container_properties.deprecated_memory_mib = 300;
  EXPECT_EQ(Merged(options).resources, Resources::Of(2, 300));

  SubmitJobRequest request;
  request.container_overrides.deprecated_vcpus = 3;
  request.container_overrides.deprecated_memory_mib = 400;
  EXPECT_EQ(Merged(options, request).resources, Resources::Of(3, 400));

  request.container_overrides.vcpu_milli = 4000;
  EXPECT_EQ(Merged(options, request).resources, Resources::Of(4, 400));
}

TEST(SingleContainerTest, DeprecatedAmountsDoNotBeatResources) {
  JobDefinitionOptions options = Single();
  options.container_properties.deprecated_vcpus = 2;
  options.container_properties.deprecated_memory_mib = 300;
  SubmitJobRequest request;
  request.container_overrides.deprecated_vcpus = 3;
  request.container_overrides.deprecated_memory_mib = 400;
  EXPECT_EQ(Merged(options, request).resources, Resources::Of(1, 2048));
}

TEST(SingleContainerTest, WhatIsNotForItIsRefused) {
  JobDefinitionOptions fargate = Single();
  fargate.platform_capabilities = {PlatformCapability::kFargate};
  SubmitJobRequest request;
  request.container_overrides.deprecated_vcpus = 1;
  EXPECT_EQ(Answer(Spec(fargate, request)),
            "container_overrides.deprecated_vcpus is given; vcpus is not "
            "applicable for Fargate.");
  request = {};
  request.container_overrides.deprecated_memory_mib = 3;
  EXPECT_EQ(Answer(Spec(Single(), request)),
            "container_overrides.deprecated_memory_mib is 3; must be between 4 "
            "and 1099511627776");
  request = {};
  request.container_overrides.instance_type = "c5.large";
  EXPECT_EQ(Answer(Spec(Single(), request)),
            "container_overrides.instance_type is \"c5.large\"; must be empty, "
            "because only multi-node parallel jobs have one");
  request = {};
  request.container_overrides.gpus = 1;
  EXPECT_EQ(Answer(Spec(fargate, request)),
            "resources.gpus is given; GPU is not applicable for Fargate.");
}

TEST(SingleContainerTest, MergedSizeIsOneThatFargateHas) {
  JobDefinitionOptions options = Single();
  options.platform_capabilities = {PlatformCapability::kFargate};
  EXPECT_EQ(Answer(Spec(options, {})), "OK");
  SubmitJobRequest request;
  request.container_overrides.vcpu_milli = 250;
  EXPECT_EQ(Answer(Spec(options, request)), "OK");
  request.container_overrides.memory_mib = 4096;
  EXPECT_EQ(Answer(Spec(options, request)),
            "resources is 250 thousandths of a vCPU and 4096 MiB; must be one "
            "of the pairs that Fargate has");
}

TEST(EcsTaskTest, ContainersComeInTheOrderOfTheDefinition) {
  const JobSpec spec = Merged(Task());
  EXPECT_TRUE(spec.has_task());
  EXPECT_EQ(spec.extras->task.kind, TaskKind::kTask);
  ASSERT_THAT(spec.extras->task.containers, SizeIs(2));
  const TaskContainer& main = spec.extras->task.containers[0];
  EXPECT_EQ(main.name, "main");
  EXPECT_EQ(main.image, "image");
  EXPECT_THAT(main.command, ElementsAre("run", "this"));
  EXPECT_EQ(main.stop_timeout, absl::Seconds(5));
  EXPECT_TRUE(main.essential);
  EXPECT_THAT(main.waits,
              ElementsAre(ContainerWait{1, ContainerCondition::kSuccess}));
  const TaskContainer& setup = spec.extras->task.containers[1];
  EXPECT_EQ(setup.stop_timeout, absl::Seconds(30));
  EXPECT_FALSE(setup.essential);
  EXPECT_THAT(setup.waits, IsEmpty());
}

TEST(EcsTaskTest, NeedsTheSum) {
  EXPECT_EQ(Merged(Task()).resources, Resources::Of(2, 4096));
}

TEST(EcsTaskTest, OverridesAreByName) {
  TaskContainerOverrides overrides;
  overrides.name = "setup";
  overrides.command = {"Ref::what"};
  overrides.environment = {{"B", "2"}};
  overrides.memory_mib = 100;
  const JobSpec spec = Merged(Task(), Overriding(overrides));
  EXPECT_THAT(spec.extras->task.containers[0].command,
              ElementsAre("run", "this"));
  const TaskContainer& setup = spec.extras->task.containers[1];
  EXPECT_THAT(setup.command, ElementsAre("this"));
  EXPECT_THAT(setup.environment, ElementsAre(EnvironmentVariable{"A", "1"},
                                             EnvironmentVariable{"B", "2"}));
  EXPECT_EQ(setup.resources, Resources::Of(1, 100));
  EXPECT_EQ(spec.resources, Resources::Of(2, 2148));
}

TEST(EcsTaskTest, RefusesOverridesThatDoNotFit) {
  const std::string member =
      "ecs_properties_override.task_properties[0].containers[0]";
  TaskContainerOverrides overrides;
  overrides.name = "other";
  EXPECT_EQ(Answer(Spec(Task(), Overriding(overrides))),
            member +
                ".name is \"other\"; must be a container of the job "
                "definition");
  overrides.name = "main";
  SubmitJobRequest twice = Overriding(overrides);
  auto& tasks = twice.ecs_properties_override->task_properties;
  tasks[0].containers.push_back(overrides);
  EXPECT_EQ(Answer(Spec(Task(), twice)),
            "ecs_properties_override.task_properties[0].containers[1].name is "
            "\"main\"; another override has that name");
  tasks[0].containers.pop_back();
  tasks.push_back(tasks[0]);
  EXPECT_EQ(Answer(Spec(Task(), twice)),
            "ecs_properties_override.task_properties has 2 entries; must have "
            "at most 1");
  overrides.command = {""};
  EXPECT_EQ(Answer(Spec(Task(), Overriding(overrides))),
            member +
                ".command[0] is empty; Command field cannot have empty "
                "strings");
  overrides.command = {"Ref::nobody"};
  EXPECT_EQ(Answer(Spec(Task(), Overriding(overrides))),
            "Unable to substitute value. No parameter found for reference "
            "nobody");
}

TEST(EcsTaskTest, ResourcesMustBeGivenSomewhere) {
  JobDefinitionOptions options = Task();
  for (auto& container :
       options.ecs_properties->task_properties[0].containers) {
    container.resources = {};
  }
  EXPECT_EQ(Answer(Spec(options, {})),
            "resources.vcpu_milli is 0; must be given by the definition or the "
            "submission: container vcpus limit must be greater than 0");
}

TEST(EksPodTest, InitContainersGoFirstOneAfterAnother) {
  const JobSpec spec = Merged(Pod());
  EXPECT_EQ(spec.extras->task.kind, TaskKind::kPod);
  ASSERT_THAT(spec.extras->task.containers, SizeIs(4));
  std::vector<std::string> names;
  std::vector<int> waits;
  for (const TaskContainer& container : spec.extras->task.containers) {
    names.push_back(container.name);
    waits.push_back(container.waits.empty() ? -1
                                            : container.waits[0].container);
    EXPECT_LE(container.waits.size(), 1u);
    for (const ContainerWait& wait : container.waits) {
      EXPECT_EQ(wait.condition, ContainerCondition::kSuccess);
    }
  }
  EXPECT_THAT(names, ElementsAre("first", "second", "a", "b"));
  EXPECT_THAT(waits, ElementsAre(-1, 0, 1, 1));
  EXPECT_TRUE(spec.extras->task.containers[1].is_init);
  EXPECT_FALSE(spec.extras->task.containers[2].is_init);
}

TEST(EksPodTest, NeedsTheSumOrTheLargestInitContainer) {
  // 750 and 1,088 by the sum; 1,000 and 2,048 by the init containers.
  EXPECT_EQ(Merged(Pod()).resources, (Resources{1000, 2048, 0}));
  JobDefinitionOptions options = Pod();
  options.eks_properties->pod_properties.init_containers.clear();
  EXPECT_EQ(Merged(options).resources, (Resources{750, 1088, 0}));
}

TEST(EksPodTest, WhatIsRequestedCountsAndTheLimitWhereNothingIs) {
  JobDefinitionOptions options = Pod();
  EksPodProperties& pod = options.eks_properties->pod_properties;
  pod.init_containers.clear();
  pod.containers.resize(1);
  pod.containers[0].resources.limits = {2000, 512, 1};
  pod.containers[0].resources.requests = {250, std::nullopt, std::nullopt};
  EXPECT_EQ(Merged(options).resources, (Resources{250, 512, 1}));
}

TEST(EksPodTest, RunsItsCommandAndThenItsArguments) {
  EXPECT_THAT(Merged(Pod()).extras->task.containers[2].command,
              ElementsAre("run", "this"));
  EksContainerOverride overrides;
  overrides.name = "a";
  overrides.args = {"that"};
  EXPECT_THAT(
      Merged(Pod(), Overriding(overrides)).extras->task.containers[2].command,
      ElementsAre("run", "that"));
}

TEST(EksPodTest, OverridesAreByName) {
  EksContainerOverride overrides;
  overrides.name = "b";
  overrides.image = "other";
  overrides.env = {{"A", "2"}};
  overrides.resources.requests.cpu_milli = 4000;
  const JobSpec spec = Merged(Pod(), Overriding(overrides));
  const TaskContainer& b = spec.extras->task.containers[3];
  EXPECT_EQ(b.image, "other");
  EXPECT_THAT(b.environment, ElementsAre(EnvironmentVariable{"A", "2"}));
  EXPECT_EQ(b.resources, (Resources{4000, 64, 0}));

  overrides.name.clear();
  EXPECT_EQ(
      Merged(Pod(), Overriding(overrides)).extras->task.containers[2].image,
      "other");
}

TEST(EksPodTest, RefusesOverridesThatDoNotFit) {
  const std::string member =
      "eks_properties_override.pod_properties.containers[0]";
  EksContainerOverride overrides;
  overrides.name = "first";  // an init container
  EXPECT_EQ(Answer(Spec(Pod(), Overriding(overrides))),
            member +
                ".name is \"first\"; must be a container of the job "
                "definition");
  overrides.name = "a";
  overrides.image.assign(256, 'i');
  EXPECT_EQ(Answer(Spec(Pod(), Overriding(overrides))),
            member + ".image has 256 characters; must have at most 255");
  overrides.image.clear();
  overrides.resources.limits.cpu_milli = 100;
  EXPECT_EQ(Answer(Spec(Pod(), Overriding(overrides))),
            member +
                ".resources.limits.cpu_milli is 100; must be between 250 "
                "and 1099511627776");
}

TEST(OverridesTest, AreOfTheDefinitionsKind) {
  SubmitJobRequest container;
  container.container_overrides.memory_mib = 8;
  const SubmitJobRequest ecs = Overriding(TaskContainerOverrides());
  const SubmitJobRequest eks = Overriding(EksContainerOverride());
  const auto refused = [](const std::string& member) {
    return member +
           " is given; the job definition has properties of another kind";
  };
  EXPECT_EQ(Answer(Spec(Task(), container)), refused("container_overrides"));
  EXPECT_EQ(Answer(Spec(Pod(), container)), refused("container_overrides"));
  EXPECT_EQ(Answer(Spec(Single(), ecs)), refused("ecs_properties_override"));
  EXPECT_EQ(Answer(Spec(Pod(), ecs)), refused("ecs_properties_override"));
  EXPECT_EQ(Answer(Spec(Single(), eks)), refused("eks_properties_override"));
  EXPECT_EQ(Answer(Spec(Task(), eks)), refused("eks_properties_override"));
}

std::map<std::string, std::string> Tags(std::string prefix, int count) {
  std::map<std::string, std::string> tags;
  for (int i = 0; i < count; ++i) {
    tags[prefix + std::to_string(i)] = prefix;
  }
  return tags;
}

// Source: §2.4.
TEST(PropagatedTagsTest, AreTheDefinitionsAndTheJobsWhichWin) {
  JobDefinitionOptions options = Single();
  options.tags = {{"of", "definition"}, {"x", "definition"}};
  SubmitJobRequest request;
  request.tags = {{"of", "job"}, {"y", "job"}};
  EXPECT_THAT(Merged(options, request).extras->propagated_tags, IsEmpty());
  request.propagate_tags = true;
  EXPECT_THAT(Merged(options, request).extras->propagated_tags,
              ElementsAre(Pair("of", "job"), Pair("x", "definition"),
                          Pair("y", "job")));
}

TEST(PropagatedTagsTest, MoreThanFiftyCannotBeLaunched) {
  JobDefinitionOptions options = Single();
  options.tags = Tags("d", 30);
  options.propagate_tags = true;
  SubmitJobRequest request;
  request.tags = Tags("j", 20);
  EXPECT_EQ(Merged(options, request).launch_rejection, LaunchRejection::kNone);
  request.tags = Tags("j", 21);
  EXPECT_EQ(Merged(options, request).launch_rejection,
            LaunchRejection::kTooManyTags);
  request.propagate_tags = false;
  EXPECT_EQ(Merged(options, request).launch_rejection, LaunchRejection::kNone);
}

TEST(PropagatedTagsTest, ArePodsNot) {
  SubmitJobRequest request;
  request.propagate_tags = true;
  EXPECT_EQ(Answer(Spec(Pod(), request)),
            "propagate_tags is given; must not be for a job definition with "
            "eks_properties");
}

// Source: §5.2, "Container Overrides length must be at most 8192".
TEST(OverridesLengthTest, MoreThan8192CannotBeLaunched) {
  SubmitJobRequest request;
  const auto rejection = [&request](size_t length) {
    request.container_overrides.command = {std::string(length - 3, 'c')};
    return Merged(Single(), request).launch_rejection;
  };
  EXPECT_EQ(rejection(8192), LaunchRejection::kNone);
  EXPECT_EQ(rejection(8193), LaunchRejection::kOverridesTooLong);
  request.container_overrides.environment = {{"N", "v"}};  // 25 characters
  EXPECT_EQ(rejection(8192 - 25), LaunchRejection::kNone);
  EXPECT_EQ(rejection(8193 - 25), LaunchRejection::kOverridesTooLong);
}

TEST(OverridesLengthTest, CountsWhatParametersMakeOfACommand) {
  SubmitJobRequest request;
  request.parameters = {{"what", std::string(8192, 'w')}};
  EXPECT_EQ(Merged(Single(), request).launch_rejection,
            LaunchRejection::kOverridesTooLong);
  EXPECT_EQ(Merged(Task(), request).launch_rejection,
            LaunchRejection::kOverridesTooLong);
  EXPECT_EQ(Merged(Pod(), request).launch_rejection, LaunchRejection::kNone);
}

TEST(OverridesLengthTest, OfATaskIsThatOfAllItsContainers) {
  TaskContainerOverrides overrides;
  overrides.name = "main";
  overrides.environment = {{"N", std::string(8192 - 24, 'v')}};
  EXPECT_EQ(Merged(Task(), Overriding(overrides)).launch_rejection,
            LaunchRejection::kOverridesTooLong);
}

}  // namespace
}  // namespace embatch
