// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/model/container_checks.h through JobDefinition::Create(): the
// rules of the containers of a definition, of every kind.
// Source: API RegisterJobDefinition and its members; §3.2 to §3.4.
#include "lib/model/container_checks.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

using Change = std::function<void(JobDefinitionOptions&)>;
struct Case {
  Change change;
  std::string want;
};

void ExpectAnswers(const JobDefinitionOptions& good,
                   const std::vector<Case>& cases,
                   LimitsProfile profile = LimitsProfile::kAws) {
  EXPECT_EQ(Answer(JobDefinition::Create(good, profile)), "OK");
  for (const Case& test : cases) {
    JobDefinitionOptions options = good;
    test.change(options);
    EXPECT_EQ(Answer(JobDefinition::Create(options, profile)), test.want);
  }
}

JobDefinitionOptions Single() {
  JobDefinitionOptions options;
  options.job_definition_name = "single";
  options.container_properties.image = "image";
  options.container_properties.resources = Resources::Of(1, 2048);
  return options;
}

TaskContainerProperties Container(std::string name, bool essential = true) {
  TaskContainerProperties container;
  container.name = std::move(name);
  container.image = "image";
  container.resources = Resources::Of(1, 2048);
  container.essential = essential;
  return container;
}

// main, which waits for setup to succeed, and a log router beside it.
JobDefinitionOptions Task() {
  JobDefinitionOptions options;
  options.job_definition_name = "task";
  TaskContainerProperties main = Container("main");
  main.depends_on = {{"setup", ContainerCondition::kSuccess}};
  options.ecs_properties.emplace();
  options.ecs_properties->task_properties = {
      {{main, Container("setup", false), Container("logs", false)}, {}}};
  return options;
}

std::vector<TaskContainerProperties>& Containers(
    JobDefinitionOptions& options) {
  return options.ecs_properties->task_properties[0].containers;
}

EksContainer PodContainer(std::string name) {
  EksContainer container;
  container.name = std::move(name);
  container.image = "image";
  container.resources.limits = {1000, 512, std::nullopt};
  return container;
}

JobDefinitionOptions Pod() {
  JobDefinitionOptions options;
  options.job_definition_name = "pod";
  options.eks_properties.emplace();
  options.eks_properties->pod_properties.containers = {PodContainer("main")};
  options.eks_properties->pod_properties.init_containers = {
      PodContainer("setup")};
  return options;
}

EksPodProperties& PodOf(JobDefinitionOptions& options) {
  return options.eks_properties->pod_properties;
}

TEST(DefinitionKindTest, HasExactlyOneKindOfProperties) {
  JobDefinitionOptions options = Single();
  options.ecs_properties = Task().ecs_properties;
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "2 of container_properties, ecs_properties, eks_properties and "
            "node_properties are given; must be exactly one");
  options.eks_properties = Pod().eks_properties;
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "3 of container_properties, ecs_properties, eks_properties and "
            "node_properties are given; must be exactly one");
  options = JobDefinitionOptions();
  options.job_definition_name = "none";
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "container_properties.image is empty; containerProperties must "
            "contain image");
}

TEST(DefinitionKindTest, TypesAndPlatformsAreAwss) {
  ExpectAnswers(
      Single(),
      {{[](auto& o) { o.type = static_cast<JobDefinitionType>(2); },
        "type is 2; type must be one of ('container', 'multinode')"},
       {[](auto& o) {
          o.platform_capabilities = {static_cast<PlatformCapability>(2)};
        },
        "platform_capabilities[0] is 2; must be EC2 or FARGATE"},
       {[](auto& o) { o.platform_capabilities = {PlatformCapability::kEc2}; },
        "OK"},
       {[](auto& o) { o.container_properties.instance_type = "c5.large"; },
        "container_properties.instance_type is \"c5.large\"; must be empty, "
        "because only multi-node parallel jobs have one"}});
}

TEST(DeprecatedResourcesTest, HaveLimitsOfTheirOwn) {
  ExpectAnswers(
      Single(),
      {{[](auto& o) { o.container_properties.deprecated_vcpus = 1; }, "OK"},
       {[](auto& o) { o.container_properties.deprecated_vcpus = 0; },
        "container_properties.deprecated_vcpus is 0; must be between 1 and "
        "1099511627"},
       {[](auto& o) { o.container_properties.deprecated_memory_mib = 4; },
        "OK"},
       {[](auto& o) { o.container_properties.deprecated_memory_mib = 3; },
        "container_properties.deprecated_memory_mib is 3; must be between 4 "
        "and 1099511627776"}});
}

// Source: API RegisterJobDefinition, what is not for Fargate; §22.
TEST(FargateTest, RefusesWhatItDoesNotHave) {
  JobDefinitionOptions fargate = Single();
  fargate.platform_capabilities = {PlatformCapability::kFargate};
  ExpectAnswers(
      fargate,
      {{[](auto& o) { o.container_properties.resources.gpus = 1; },
        "container_properties.resources.gpus is given; GPU is not applicable "
        "for Fargate."},
       {[](auto& o) { o.container_properties.deprecated_vcpus = 1; },
        "container_properties.deprecated_vcpus is given; vcpus is not "
        "applicable for Fargate."},
       {[](auto& o) { o.container_properties.deprecated_memory_mib = 2048; },
        "container_properties.deprecated_memory_mib is given; memory is not "
        "applicable for Fargate."},
       {[](auto& o) { o.container_properties.resources = {}; }, "OK"},
       {[](auto& o) { o.container_properties.resources.memory_mib = 2049; },
        "container_properties.resources is 1000 thousandths of a vCPU and 2049 "
        "MiB; must be one of the pairs that Fargate has"}});
}

TEST(FargateTest, HasTheSizesOfItsTable) {
  std::vector<Resources> sizes;
  const auto add = [&sizes](int64_t vcpu_milli, int64_t first, int64_t last,
                            int64_t step) {
    for (int64_t mib = first; mib <= last; mib += step) {
      sizes.push_back({vcpu_milli, mib, 0});
    }
  };
  for (int64_t mib : {512, 1024, 2048}) sizes.push_back({250, mib, 0});
  for (int64_t mib : {1024, 2048, 3072, 4096}) sizes.push_back({500, mib, 0});
  add(1000, 2048, 8192, 1024);
  add(2000, 4096, 16384, 1024);
  add(4000, 8192, 30720, 1024);
  add(8000, 16384, 61440, 4096);
  add(16000, 32768, 122880, 8192);
  for (int64_t vcpu_milli = 250; vcpu_milli <= 17000; vcpu_milli += 250) {
    for (int64_t mib = 256; mib <= 131072; mib += 256) {
      const Resources size = {vcpu_milli, mib, 0};
      EXPECT_EQ(IsFargateSize(size),
                std::find(sizes.begin(), sizes.end(), size) != sizes.end())
          << size;
    }
  }
}

TEST(RuntimePlatformTest, IsOneThatAwsHas) {
  const auto answer = [](std::string system, std::string architecture) {
    JobDefinitionOptions options = Single();
    options.container_properties.runtime_platform = {std::move(system),
                                                     std::move(architecture)};
    return Answer(JobDefinition::Create(options));
  };
  EXPECT_EQ(answer("LINUX", "ARM64"), "OK");
  EXPECT_EQ(answer("", "X86_64"), "OK");
  EXPECT_EQ(answer("WINDOWS_SERVER_2019_CORE", ""), "OK");
  EXPECT_EQ(answer("WINDOWS_SERVER_2022_FULL", "ARM64"),
            "container_properties.runtime_platform.cpu_architecture is "
            "\"ARM64\"; must be X86_64 for Windows containers");
  EXPECT_EQ(answer("linux", ""),
            "container_properties.runtime_platform.operating_system_family is "
            "\"linux\"; must be LINUX or WINDOWS_SERVER_2019_CORE, _2019_FULL, "
            "_2022_CORE, _2022_FULL");
  EXPECT_EQ(answer("", "MIPS"),
            "container_properties.runtime_platform.cpu_architecture is "
            "\"MIPS\"; must be X86_64 or ARM64");
}

TEST(EcsPropertiesTest, EveryMemberIsChecked) {
  const std::string c = "ecs_properties.task_properties[0].containers";
  ExpectAnswers(
      Task(),
      {{[](auto& o) { o.ecs_properties->task_properties.clear(); },
        "ecs_properties.task_properties has 0 entries; must have exactly 1"},
       {[](auto& o) {
          auto& tasks = o.ecs_properties->task_properties;
          tasks.push_back(tasks[0]);
        },
        "ecs_properties.task_properties has 2 entries; must have exactly 1"},
       {[](auto& o) { Containers(o).clear(); },
        c + " has 0 entries; must have 1 to 10"},
       {[](auto& o) { Containers(o)[0].name = "a b"; },
        c + "[0].name is \"a b\"; must be 1 to 128 letters, digits, hyphens "
            "and underscores"},
       {[](auto& o) { Containers(o)[2].name = "setup"; },
        c + "[2].name is \"setup\"; another container has that name"},
       {[](auto& o) { Containers(o)[1].image.clear(); },
        c + "[1].image is empty; taskContainerProperties must contain image"},
       {[](auto& o) { Containers(o)[1].command = {""}; },
        c + "[1].command[0] is empty; Command field cannot have empty strings"},
       {[](auto& o) {
          Containers(o)[1].environment = {{"AWS_BATCH_X", ""}};
        },
        c + "[1].environment[0].name is \"AWS_BATCH_X\"; must not begin with "
            "AWS_BATCH"},
       {[](auto& o) { Containers(o)[1].resources.memory_mib = 3; },
        c + "[1].resources.memory_mib is 3; must be between 4 and "
            "1099511627776"},
       {[](auto& o) { Containers(o)[0].essential = false; },
        c + " has no essential container; must have at least one"},
       {[](auto& o) { Containers(o)[0].depends_on[0].container_name = "who"; },
        c + "[0].depends_on[0].container_name is \"who\"; must be a container "
            "of the task"},
       {[](auto& o) {
          Containers(o)[0].depends_on[0].condition =
              static_cast<ContainerCondition>(3);
        },
        c + "[0].depends_on[0].condition is 3; must be START, COMPLETE or "
            "SUCCESS"},
       {[](auto& o) { Containers(o)[1].essential = true; },
        c + "[0].depends_on[0].condition is SUCCESS; must be START, because "
            "\"setup\" is essential"},
       {[](auto& o) {
          Containers(o)[1].essential = true;
          Containers(o)[0].depends_on[0].condition =
              ContainerCondition::kComplete;
        },
        c + "[0].depends_on[0].condition is COMPLETE; must be START, because "
            "\"setup\" is essential"},
       {[](auto& o) {
          Containers(o)[1].essential = true;
          Containers(o)[0].depends_on[0].condition = ContainerCondition::kStart;
        },
        "OK"},
       {[](auto& o) {
          Containers(o)[2].depends_on = {{"logs", ContainerCondition::kStart}};
        },
        c + ": \"logs\" waits for itself; depends_on must have no cycle"},
       {[](auto& o) {
          Containers(o)[1].depends_on = {{"main", ContainerCondition::kStart}};
        },
        c + ": \"main\" waits for itself; depends_on must have no cycle"}});
}

TEST(EcsPropertiesTest, HasUpToTenContainers) {
  JobDefinitionOptions options = Task();
  while (Containers(options).size() < 10) {
    Containers(options).push_back(
        Container(absl::StrCat("c", Containers(options).size())));
  }
  EXPECT_EQ(Answer(JobDefinition::Create(options)), "OK");
  Containers(options).push_back(Container("eleventh"));
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "ecs_properties.task_properties[0].containers has 11 entries; must "
            "have 1 to 10");
}

// Source: API TaskContainerProperties.startTimeout.
TEST(EcsPropertiesTest, StartTimeoutHasTheLimitsOfStopTimeout) {
  JobDefinitionOptions options = Task();
  Containers(options)[0].start_timeout = absl::Seconds(2);
  EXPECT_EQ(Answer(JobDefinition::Create(options)), "OK");
  Containers(options)[0].start_timeout = absl::Seconds(1);
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "ecs_properties.task_properties[0].containers[0].start_timeout is "
            "1s; must be whole seconds, at least 2s and at most 876000h");
}

// Source: API TaskContainerProperties.stopTimeout.
TEST(EcsPropertiesTest, StopTimeoutIsTwoSecondsOnFargateAtMostTwoMinutes) {
  const auto answer = [](absl::Duration timeout, bool fargate) {
    JobDefinitionOptions options = Task();
    if (fargate) {
      Containers(options).resize(1);
      Containers(options)[0].depends_on.clear();
      options.platform_capabilities = {PlatformCapability::kFargate};
    }
    Containers(options)[0].stop_timeout = timeout;
    return Answer(JobDefinition::Create(options));
  };
  const std::string member =
      "ecs_properties.task_properties[0].containers[0].stop_timeout";
  EXPECT_EQ(answer(absl::Seconds(2), false), "OK");
  EXPECT_EQ(answer(absl::Seconds(1), false),
            member +
                " is 1s; must be whole seconds, at least 2s and at most "
                "876000h");
  EXPECT_NE(answer(absl::Milliseconds(2500), false), "OK");
  EXPECT_EQ(answer(absl::Seconds(121), false), "OK");
  EXPECT_EQ(answer(absl::Seconds(120), true), "OK");
  EXPECT_EQ(answer(absl::Seconds(121), true),
            member +
                " is 2m1s; must be whole seconds, at least 2s and at most "
                "2m");
}

// Of a task the sum counts.
TEST(EcsPropertiesTest, FargateSizeIsThatOfTheWholeTask) {
  JobDefinitionOptions options = Task();
  options.platform_capabilities = {PlatformCapability::kFargate};
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "ecs_properties.task_properties[0].containers: the sum of "
            "resources is 3000 thousandths of a vCPU and 6144 MiB; must be one "
            "of the pairs that Fargate has");
  Containers(options).pop_back();
  EXPECT_EQ(Answer(JobDefinition::Create(options)), "OK");
  Containers(options)[0].resources.gpus = 1;
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "ecs_properties.task_properties[0].containers[0].resources.gpus is "
            "given; GPU is not applicable for Fargate.");
}

TEST(EksPropertiesTest, EveryMemberIsChecked) {
  const std::string c = "eks_properties.pod_properties.containers";
  const std::string r = c + "[0].resources";
  ExpectAnswers(
      Pod(),
      {{[](auto& o) { PodOf(o).containers.clear(); },
        c + " has 0 entries; must have 1 to 10"},
       {[](auto& o) { PodOf(o).init_containers.clear(); }, "OK"},
       {[](auto& o) { PodOf(o).init_containers[0].name = "main"; },
        "eks_properties.pod_properties.init_containers[0].name is \"main\"; "
        "another container has that name"},
       {[](auto& o) { PodOf(o).containers[0].image.clear(); },
        c + "[0].image is empty; eksContainer must contain image"},
       {[](auto& o) { PodOf(o).containers[0].args = {""}; },
        c + "[0].args[0] is empty; Command field cannot have empty strings"},
       {[](auto& o) {
          PodOf(o).containers[0].env = {{"AWS_BATCH", ""}};
        },
        c + "[0].env[0].name is \"AWS_BATCH\"; must not begin with AWS_BATCH"},
       {[](auto& o) {
          PodOf(o).containers[0].resources.limits.cpu_milli = 250;
        },
        "OK"},
       {[](auto& o) {
          PodOf(o).containers[0].resources.limits.cpu_milli = 300;
        },
        r + ".limits.cpu_milli is 300; must be a multiple of 250"},
       {[](auto& o) {
          PodOf(o).containers[0].resources.requests.cpu_milli = 1000;
        },
        "OK"},
       {[](auto& o) {
          PodOf(o).containers[0].resources.requests.cpu_milli = 1250;
        },
        r + ".requests.cpu_milli is 1250; must be at most limits.cpu_milli, "
            "which is 1000"},
       {[](auto& o) {
          PodOf(o).containers[0].resources.requests.memory_mib = 511;
        },
        r + ".requests.memory_mib is 511; must be equal to limits.memory_mib, "
            "which is 512"},
       {[](auto& o) {
          PodOf(o).containers[0].resources.limits.nvidia_gpus = 1;
          PodOf(o).containers[0].resources.requests.nvidia_gpus = 2;
        },
        r + ".requests.nvidia_gpus is 2; must be equal to limits.nvidia_gpus, "
            "which is 1"},
       {[](auto& o) { PodOf(o).containers[0].resources.limits.memory_mib = 3; },
        r + ".limits.memory_mib is 3; must be between 4 and 1099511627776"},
       {[](auto& o) { o.platform_capabilities = {PlatformCapability::kEc2}; },
        "platform_capabilities is given; must not be with eks_properties"},
       {[](auto& o) { o.propagate_tags = true; },
        "propagate_tags is true; must not be with eks_properties"}});
}

TEST(EksPropertiesTest, HasUpToTenOfEachKind) {
  JobDefinitionOptions options = Pod();
  PodOf(options).init_containers.clear();
  for (int i = 0; i < 11; ++i) {
    PodOf(options).init_containers.push_back(PodContainer(absl::StrCat(i)));
  }
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "eks_properties.pod_properties.init_containers has 11 entries; "
            "must have at most 10");
  PodOf(options).init_containers.pop_back();
  EXPECT_EQ(Answer(JobDefinition::Create(options)), "OK");
}

// Every byte that is not named in AWS's rule is refused, in each kind of name.
class NameByteTest : public ::testing::TestWithParam<int> {};

TEST_P(NameByteTest, IsAllowedOnlyIfAwsNamesIt) {
  const char c = static_cast<char>(GetParam());
  const bool is_letter_or_digit = (c >= 'a' && c <= 'z') ||
                                  (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9');
  const bool is_allowed = is_letter_or_digit || c == '-' || c == '_';
  const std::string inside = {'a', c, 'b'};
  JobDefinitionOptions options = Single();
  options.job_definition_name = inside;
  EXPECT_EQ(Answer(JobDefinition::Create(options)) == "OK", is_allowed);
  options.job_definition_name = std::string(1, c);
  EXPECT_EQ(Answer(JobDefinition::Create(options)) == "OK", is_allowed);
  options = Task();
  Containers(options)[2].name = inside;
  EXPECT_EQ(Answer(JobDefinition::Create(options)) == "OK", is_allowed);
  options = Pod();
  PodOf(options).containers[0].name = inside;
  EXPECT_EQ(Answer(JobDefinition::Create(options)) == "OK", is_allowed);
}

INSTANTIATE_TEST_SUITE_P(AllBytes, NameByteTest, ::testing::Range(0, 256));

}  // namespace
}  // namespace embatch
