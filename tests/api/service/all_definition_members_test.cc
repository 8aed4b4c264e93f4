// SPDX-License-Identifier: Apache-2.0
// Members of job definitions, of every kind, and of submissions.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/api/service/all_members.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;

void Add(Changes& changes, Changes more) {
  for (auto& change : more) changes.push_back(std::move(change));
}

// What makes sense in any definition, whose kind of properties is `kind`.
Changes Definition(const std::string& kind) {
  Changes changes = {
      {"/retryStrategy/attempts", 3},
      {"/retryStrategy/evaluateOnExit/0/onExitCode", "1"},
      {"/schedulingPriority", 60},
  };
  for (const char* other : {"containerProperties", "ecsProperties",
                            "eksProperties", "nodeProperties"}) {
    if (other != kind) changes.push_back({absl::StrCat("/", other), nullptr});
  }
  return changes;
}

const json& Linux() {
  static const auto* const platform = new json(
      {{"operatingSystemFamily", "LINUX"}, {"cpuArchitecture", "X86_64"}});
  return *platform;
}

// Of one container, at `path`.
Changes Container(const std::string& path) {
  return {{path + "/runtimePlatform", Linux()},
          {path + "/resourceRequirements/0/value", "1"},
          {path + "/networkConfiguration", nullptr},
          {path + "/fargatePlatformConfiguration", nullptr},
          {path + "/ephemeralStorage", nullptr}};
}

Changes FargateContainer(const std::string& path) {
  return {{"/platformCapabilities/0", "FARGATE"},
          {path + "/runtimePlatform", Linux()},
          {path + "/vcpus", nullptr},
          {path + "/memory", nullptr},
          {path + "/resourceRequirements",
           {{{"type", "VCPU"}, {"value", "1"}},
            {{"type", "MEMORY"}, {"value", "2048"}}}},
          {path + "/privileged", false},
          {path + "/ulimits", json::array()},
          {path + "/instanceType", nullptr},
          {path + "/linuxParameters", {{"initProcessEnabled", true}}}};
}

// Of a task of one container, at `path`. It waits for nobody: there is nobody
// else.
Changes Task(const std::string& path) {
  const std::string task = path + "/taskProperties/0";
  return {{task + "/runtimePlatform", Linux()},
          {task + "/networkConfiguration", nullptr},
          {task + "/ephemeralStorage", nullptr},
          {task + "/containers/1",
           {{"name", "b"},
            {"image", "b"},
            {"resourceRequirements",
             {{{"type", "VCPU"}, {"value", "1"}},
              {{"type", "MEMORY"}, {"value", "9"}}}}}},
          {task + "/containers/0/dependsOn/0",
           {{"containerName", "b"}, {"condition", "START"}}},
          {task + "/containers/0/resourceRequirements",
           {{{"type", "GPU"}, {"value", "1"}},
            {{"type", "VCPU"}, {"value", "1"}},
            {{"type", "MEMORY"}, {"value", "9"}}}}};
}

Changes FargateTask(const std::string& path) {
  const std::string task = path + "/taskProperties/0";
  return {
      {"/platformCapabilities/0", "FARGATE"},
      {task + "/runtimePlatform", Linux()},
      {task + "/ipcMode", nullptr},
      {task + "/containers/0/dependsOn", json::array()},
      {task + "/containers/0/privileged", false},
      {task + "/containers/0/linuxParameters", {{"initProcessEnabled", true}}},
      {task + "/containers/0/resourceRequirements",
       {{{"type", "VCPU"}, {"value", "1"}},
        {{"type", "MEMORY"}, {"value", "2048"}}}}};
}

Changes Pod(const std::string& path) {
  const json amounts = {{"cpu", "1"}, {"memory", "64Mi"}};
  const std::string pod = path + "/podProperties";
  return {{"/platformCapabilities", nullptr},
          {"/propagateTags", false},
          {pod + "/containers/0/resources/limits", amounts},
          {pod + "/containers/0/resources/requests", amounts},
          {pod + "/initContainers/0/name", "init"},
          {pod + "/initContainers/0/resources/limits", amounts},
          {pod + "/initContainers/0/resources/requests", amounts}};
}

// A multi-node job whose only range has this kind of properties.
Changes Nodes(const std::string& kind) {
  const std::string range = "/nodeProperties/nodeRangeProperties/0";
  Changes changes = Definition("nodeProperties");
  Add(changes, {{"/type", "multinode"},
                {"/nodeProperties/numNodes", 2},
                {"/nodeProperties/mainNode", 1},
                {range + "/targetNodes", "0:1"}});
  for (const char* other : {"container", "ecsProperties", "eksProperties"}) {
    if (other != kind) {
      changes.push_back({absl::StrCat(range, "/", other), nullptr});
    }
  }
  const std::string path = absl::StrCat(range, "/", kind);
  Add(changes, kind == "container"       ? Container(path)
               : kind == "ecsProperties" ? Task(path)
                                         : Pod(path));
  return changes;
}

TEST_F(AllMembersTest, OfJobDefinitions) {
  Changes container = Definition("containerProperties");
  Add(container, Container("/containerProperties"));
  Add(container, {{"/containerProperties/instanceType", nullptr}});
  Changes fargate = Definition("containerProperties");
  Add(fargate, FargateContainer("/containerProperties"));
  Changes ecs = Definition("ecsProperties");
  Add(ecs, Task("/ecsProperties"));
  Changes fargate_ecs = Definition("ecsProperties");
  Add(fargate_ecs, FargateTask("/ecsProperties"));
  Changes eks = Definition("eksProperties");
  Add(eks, Pod("/eksProperties"));
  // Only one range of nodes has a type of instance in its container, and none
  // runs on Fargate.
  const std::string range = "nodeProperties.nodeRangeProperties.";
  const std::string task = range + "ecsProperties.taskProperties.";
  Try("RegisterJobDefinition",
      {container, fargate, ecs, fargate_ecs, eks, Nodes("container"),
       Nodes("ecsProperties"), Nodes("eksProperties")},
      [this](const json&, const json& answer) {
        return CallWith("DescribeJobDefinitions",
                        {{"jobDefinitions",
                          {answer["jobDefinitionArn"]}}})["jobDefinitions"][0];
      },
      {},
      {"containerProperties.instanceType", range + "container.ephemeralStorage",
       range + "container.ephemeralStorage.sizeInGiB",
       range + "container.fargatePlatformConfiguration",
       range + "container.fargatePlatformConfiguration.platformVersion",
       range + "container.networkConfiguration",
       range + "container.networkConfiguration.assignPublicIp",
       task + "ephemeralStorage", task + "ephemeralStorage.sizeInGiB",
       task + "networkConfiguration",
       task + "networkConfiguration.assignPublicIp"});
}

}  // namespace
}  // namespace api
}  // namespace embatch
