// SPDX-License-Identifier: Apache-2.0
// Members of submissions, for definitions of every kind. DescribeJobs shows
// what a submission replaced where the definition's own would stand.
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

json OneContainer() {
  return json::parse(R"({"name":"a","image":"i","resourceRequirements":[
      {"type":"VCPU","value":"1"},{"type":"MEMORY","value":"9"}]})");
}

json OnePod() {
  return json::parse(R"({"podProperties":{
      "containers":[{"name":"a","image":"i","resources":
          {"limits":{"cpu":"1","memory":"64Mi"}}}],
      "initContainers":[{"name":"b","image":"i","resources":
          {"limits":{"cpu":"1","memory":"64Mi"}}}]}})");
}

json OneTask() {
  return {{"taskProperties", {{{"containers", {OneContainer()}}}}}};
}

// Two nodes, or as many as a submission asks for. The range is written
// otherwise than in submissions.
json Nodes(const char* kind, json properties) {
  properties.erase("name");
  return {{"numNodes", 2},
          {"mainNode", 0},
          {"nodeRangeProperties",
           {{{"targetNodes", ":"}, {kind, std::move(properties)}}}}};
}

// What one container of `path` may be given.
Changes Asks(const std::string& path) {
  return {{path + "/resourceRequirements",
           {{{"type", "VCPU"}, {"value", "2"}},
            {{"type", "MEMORY"}, {"value", "64"}},
            {{"type", "GPU"}, {"value", "1"}}}}};
}

Changes TaskAsks(const std::string& path) {
  return Asks(path + "/taskProperties/0/containers/0");
}

Changes PodAsks(const std::string& path) {
  const json amounts = {{"cpu", "2"}, {"memory", "128Mi"}};
  Changes changes;
  const std::string pod = path + "/podProperties";
  for (const char* list : {"containers", "initContainers"}) {
    const std::string resources = absl::StrCat(pod, "/", list, "/0/resources/");
    Add(changes,
        {{resources + "limits", amounts}, {resources + "requests", amounts}});
  }
  Add(changes, {{pod + "/initContainers/0/name", "b"}});
  return changes;
}

// `described` under the names that a submission has for its parts.
json InWordsOfSubmissions(const json& described) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"consumableResourceProperties", "consumableResourcePropertiesOverride"},
      {"container", "containerOverrides"},
      {"ecsProperties", "ecsPropertiesOverride"},
      {"eksProperties", "eksPropertiesOverride"},
      {"schedulingPriority", "schedulingPriorityOverride"}};
  json words = described;
  for (const auto& [name, submitted] : kNames) {
    if (described.contains(name)) words[submitted] = described[name];
  }
  if (!described.contains("nodeProperties")) return words;
  json& nodes = words["nodeOverrides"];
  nodes["numNodes"] = described["nodeProperties"]["numNodes"];
  for (const json& range : described["nodeProperties"]["nodeRangeProperties"]) {
    nodes["nodePropertyOverrides"].push_back(InWordsOfSubmissions(range));
  }
  return words;
}

struct AllSubmissionMembersTest : AllMembersTest {
  AllSubmissionMembersTest() {
    world.AddEnvironment();
    CallWith("CreateSchedulingPolicy", {{"name", "fair"}});
    CallWith("CreateJobQueue",
             {{"jobQueueName", "queue"},
              {"priority", 1},
              {"schedulingPolicyArn", Arn("scheduling-policy/fair")},
              {"computeEnvironmentOrder",
               {{{"order", 1}, {"computeEnvironment", "machines"}}}}});
    CallWith("CreateConsumableResource",
             {{"consumableResourceName", "a"}, {"totalQuantity", 1000000}});
    json plain = OneContainer();
    plain.erase("name");
    Register("plain", "containerProperties", plain);
    Register("old", "containerProperties",
             {{"image", "i"}, {"vcpus", 1}, {"memory", 9}});
    Register("task", "ecsProperties", OneTask());
    Register("pod", "eksProperties", OnePod());
    Register("nodes", "nodeProperties", Nodes("container", OneContainer()));
    Register("old-nodes", "nodeProperties",
             Nodes("container", {{"image", "i"}, {"vcpus", 1}, {"memory", 9}}));
    Register("tasks", "nodeProperties", Nodes("ecsProperties", OneTask()));
    Register("pods", "nodeProperties", Nodes("eksProperties", OnePod()));
    world.Advance();
    array = CallWith(
        "SubmitJob",
        Submission("plain", {{"arrayProperties", {{"size", 60}}}}))["jobId"];
  }

  static std::string Arn(absl::string_view resource) {
    return absl::StrCat(kArnPrefix, resource);
  }

  void Register(const std::string& name, const std::string& kind,
                const json& properties) {
    CallWith("RegisterJobDefinition",
             {{"jobDefinitionName", name},
              {"type", kind == "nodeProperties" ? "multinode" : "container"},
              {kind, properties}});
  }

  static json Submission(const std::string& definition, json more) {
    more["jobName"] = "j";
    more["jobQueue"] = "queue";
    more["shareIdentifier"] = "a";
    more["jobDefinition"] = definition;
    return more;
  }

  // What makes sense for any job of this definition, whose overrides have the
  // name `kind`.
  Changes For(const std::string& definition, const std::string& kind) {
    Changes changes = {{"/jobQueue", Arn("job-queue/queue")},
                       {"/jobDefinition",
                        Arn(absl::StrCat("job-definition/", definition, ":1"))},
                       {"/retryStrategy/attempts", 3},
                       {"/retryStrategy/evaluateOnExit/0/onExitCode", "1"},
                       {"/dependsOn/0/jobId", array}};
    for (const char* other : {"containerOverrides", "ecsPropertiesOverride",
                              "eksPropertiesOverride", "nodeOverrides"}) {
      if (other != kind) {
        changes.push_back({absl::StrCat("/", other), nullptr});
      }
    }
    return changes;
  }

  // Of multi-node jobs, whose groups have overrides of the name `kind`.
  Changes ForNodes(const std::string& definition, const std::string& kind) {
    const std::string group = "/nodeOverrides/nodePropertyOverrides/0";
    Changes changes = For(definition, "nodeOverrides");
    Add(changes, {{"/arrayProperties", nullptr},
                  {"/dependsOn/0/type", nullptr},
                  {"/consumableResourcePropertiesOverride", nullptr},
                  {"/nodeOverrides/numNodes", 3},
                  {group + "/targetNodes", "0:1"}});
    for (const char* other : {"containerOverrides", "ecsPropertiesOverride",
                              "eksPropertiesOverride"}) {
      if (other != kind) {
        changes.push_back({absl::StrCat(group, "/", other), nullptr});
      }
    }
    const std::string path = absl::StrCat(group, "/", kind);
    Add(changes, kind == "containerOverrides"      ? Asks(path)
                 : kind == "ecsPropertiesOverride" ? TaskAsks(path)
                                                   : PodAsks(path));
    return changes;
  }

  std::string array;  // a job of 60 children
};

TEST_F(AllSubmissionMembersTest, ComeBack) {
  Changes plain = For("plain", "containerOverrides");
  Add(plain, Asks("/containerOverrides"));
  Add(plain, {{"/containerOverrides/vcpus", nullptr},
              {"/containerOverrides/memory", nullptr},
              {"/containerOverrides/instanceType", nullptr}});
  Changes old = For("old", "containerOverrides");
  Add(old, {{"/containerOverrides/resourceRequirements",
             {{{"type", "GPU"}, {"value", "1"}}}},
            {"/containerOverrides/instanceType", nullptr}});
  Changes task = For("task", "ecsPropertiesOverride");
  Add(task, TaskAsks("/ecsPropertiesOverride"));
  Changes pod = For("pod", "eksPropertiesOverride");
  Add(pod, PodAsks("/eksPropertiesOverride"));
  Add(pod, {{"/propagateTags", nullptr}});
  // A submission's vcpus and memory replace these alone (§3.6).
  const std::string container =
      "/nodeOverrides/nodePropertyOverrides/0/containerOverrides";
  Changes nodes = ForNodes("nodes", "containerOverrides");
  Add(nodes,
      {{container + "/vcpus", nullptr}, {container + "/memory", nullptr}});
  Changes old_nodes = ForNodes("old-nodes", "containerOverrides");
  Add(old_nodes, {{container + "/resourceRequirements",
                   {{{"type", "GPU"}, {"value", "1"}}}}});
  Changes pods = ForNodes("pods", "eksPropertiesOverride");
  Add(pods, {{"/propagateTags", nullptr}});
  // Only nodes have a type of instance. A range is described as the definition
  // has it.
  Try("SubmitJob",
      {plain, old, task, pod, nodes, old_nodes,
       ForNodes("tasks", "ecsPropertiesOverride"), pods},
      [this](const json&, const json& answer) {
        return InWordsOfSubmissions(
            CallWith("DescribeJobs", {{"jobs", {answer["jobId"]}}})["jobs"][0]);
      },
      {"nodeOverrides.nodePropertyOverrides.targetNodes"},
      {"containerOverrides.instanceType"});
}

}  // namespace
}  // namespace api
}  // namespace embatch
