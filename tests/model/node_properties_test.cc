// SPDX-License-Identifier: Apache-2.0
//
// Tests of multi-node definitions and of what a submission may change of them.
// Source: §12.1, §22, §23.
#include "embatch/node_properties.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/model/job_spec.h"
#include "lib/model/node_ranges.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NodeRangeProperty Range(std::string target_nodes, std::string image = "mpi") {
  NodeRangeProperty range;
  range.target_nodes = std::move(target_nodes);
  range.container.image = std::move(image);
  range.container.resources = Resources::Of(2, 1024);
  return range;
}

JobDefinitionOptions Definition(int32_t num_nodes, int32_t main_node,
                                std::vector<NodeRangeProperty> ranges) {
  JobDefinitionOptions options;
  options.job_definition_name = "simulate";
  options.type = JobDefinitionType::kMultinode;
  options.node_properties.emplace();
  options.node_properties->num_nodes = num_nodes;
  options.node_properties->main_node = main_node;
  options.node_properties->node_range_properties = std::move(ranges);
  return options;
}

std::string Create(int32_t num_nodes, int32_t main_node,
                   std::vector<std::string> ranges) {
  std::vector<NodeRangeProperty> properties;
  for (std::string& range : ranges) properties.push_back(Range(range));
  return Answer(JobDefinition::Create(
      Definition(num_nodes, main_node, std::move(properties))));
}

constexpr char kRanges[] = "node_properties.node_range_properties";

TEST(NodePropertiesTest, RangesAreWrittenInFiveWays) {
  EXPECT_EQ(Create(4, 0, {"0:3"}), "OK");
  EXPECT_EQ(Create(4, 0, {":3"}), "OK");
  EXPECT_EQ(Create(4, 0, {"0:"}), "OK");
  EXPECT_EQ(Create(4, 0, {":"}), "OK");
  EXPECT_EQ(Create(1, 0, {"0"}), "OK");
  for (const char* text :
       {"", "a", "1:0", "-1:3", "0:3:4", " 0:3", "00:3", "0-3", "+1:"}) {
    EXPECT_THAT(Create(4, 0, {"0:3", text}),
                HasSubstr(std::string(kRanges) + "[1].target_nodes is"))
        << text;
  }
}

TEST(NodePropertiesTest, RangesNameEveryNodeAndNoOther) {
  EXPECT_EQ(Create(4, 0, {"0:1", "2:3"}), "OK");
  EXPECT_EQ(Create(4, 0, {"0:1", "3"}),
            std::string(kRanges) +
                " has no range for node 2; the ranges must account for all "
                "nodes, 0:3");
  EXPECT_EQ(Create(4, 0, {"0:4"}),
            std::string(kRanges) +
                "[0].target_nodes is \"0:4\"; must lie below num_nodes, 4");
  EXPECT_EQ(Create(4, 0, {":", "4:"}),
            std::string(kRanges) +
                "[1].target_nodes is \"4:\"; must lie below num_nodes, 4");
}

TEST(NodePropertiesTest, RangesNestButDoNotOverlap) {
  EXPECT_EQ(Create(11, 0, {"0:10", "4:5"}), "OK");
  EXPECT_EQ(Create(11, 0, {"4", "0:10", "4:5"}), "OK");
  EXPECT_EQ(Create(11, 0, {"0:6", "4:10"}),
            std::string(kRanges) +
                " has the ranges 0:6 and 4:10, which overlap; one must lie "
                "inside the other");
  EXPECT_THAT(Create(4, 0, {"0:3", ":"}), HasSubstr("which overlap"));
}

TEST(NodePropertiesTest, NodesAndGroupsAreLimited) {
  EXPECT_EQ(Create(1000, 999, {":"}), "OK");
  EXPECT_EQ(Create(1001, 0, {":"}),
            "node_properties.num_nodes is 1001; must be between 1 and 1000");
  EXPECT_EQ(Create(0, 0, {":"}),
            "node_properties.num_nodes is 0; must be between 1 and 1000");
  EXPECT_EQ(Create(4, 4, {":"}),
            "node_properties.main_node is 4; must be between 0 and 3");
  EXPECT_EQ(Create(4, -1, {":"}),
            "node_properties.main_node is -1; must be between 0 and 3");
  EXPECT_EQ(Create(5, 0, {"0", "1", "2", "3", "4"}), "OK");
  EXPECT_EQ(Create(6, 0, {"0", "1", "2", "3", "4", "5"}),
            std::string(kRanges) + " has 6 entries; must have 1 to 5");
  EXPECT_EQ(Create(6, 0, {}),
            std::string(kRanges) + " has 0 entries; must have 1 to 5");
}

TEST(NodePropertiesTest, ContainersAreCheckedInTheirRange) {
  std::vector<NodeRangeProperty> ranges = {Range("0:1"), Range("2:", "")};
  EXPECT_THAT(Answer(JobDefinition::Create(Definition(3, 0, ranges))),
              HasSubstr(std::string(kRanges) + "[1].container.image"));
}

// What a definition says of the whole job is not a group's.
TEST(NodePropertiesTest, WholeDefinitionIsCheckedOnce) {
  const JobDefinitionOptions good = Definition(2, 0, {Range("0"), Range("1")});
  JobDefinitionOptions options = good;
  options.retry_strategy = RetryStrategy{11};
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "retry_strategy.attempts is 11; must be between 1 and 10");
  options = good;
  options.timeout = JobTimeout{absl::Seconds(59)};
  EXPECT_THAT(Answer(JobDefinition::Create(options)),
              testing::StartsWith("timeout.attempt_duration is 59"));
  options = good;
  options.scheduling_priority = 10000;
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "scheduling_priority is 10000; must be between 0 and 9999");
  options = good;
  options.tags = {{"", "b"}};
  EXPECT_THAT(Answer(JobDefinition::Create(options)),
              testing::StartsWith("tags"));
  options = good;
  options.parameters["long"] = std::string(25000, 'x');
  EXPECT_THAT(Answer(JobDefinition::Create(options)),
              testing::StartsWith("the job definition has "));
}

TEST(NodePropertiesTest, DefinitionsOfPodsNameNoPlatformAndPropagateNoTags) {
  NodeRangeProperty range;
  range.target_nodes = ":";
  EksContainer container;
  container.image = "mpi";
  container.resources.requests.cpu_milli = 1000;
  container.resources.requests.memory_mib = 64;
  range.eks_properties.emplace().pod_properties.containers = {container};
  const JobDefinitionOptions good = Definition(2, 0, {range});
  EXPECT_EQ(Answer(JobDefinition::Create(good)), "OK");
  JobDefinitionOptions options = good;
  options.platform_capabilities = {PlatformCapability::kEc2};
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "platform_capabilities is given; must not be with eks_properties");
  options = good;
  options.propagate_tags = true;
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "propagate_tags is true; must not be with eks_properties");
  SubmitJobRequest request;
  request.propagate_tags = false;
  EXPECT_EQ(
      Answer(MakeJobSpec(*JobDefinition::Create(good), 0, request, kAwsLimits)),
      "propagate_tags is given; must not be for a job definition with "
      "eks_properties");
}

TEST(NodePropertiesTest, AGroupHasContainersOfOneKind) {
  NodeRangeProperty range = Range(":");
  range.ecs_properties.emplace();
  EXPECT_EQ(Answer(JobDefinition::Create(Definition(2, 0, {range}))),
            std::string(kRanges) +
                "[0]: 2 of container_properties, ecs_properties, "
                "eks_properties and node_properties are given; must be exactly "
                "one");
}

TEST(NodePropertiesTest, TypeAndPropertiesGoTogether) {
  JobDefinitionOptions options = Definition(2, 0, {Range(":")});
  options.container_properties.image = "mpi";
  EXPECT_THAT(Answer(JobDefinition::Create(options)),
              HasSubstr("must be exactly one"));
  options = Definition(2, 0, {Range(":")});
  options.type = JobDefinitionType::kContainer;
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "node_properties is given; must be absent unless type is "
            "multinode");
  options = Definition(2, 0, {Range(":")});
  options.node_properties.reset();
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "type is multinode; node_properties must be given");
  options = Definition(2, 0, {Range(":")});
  options.platform_capabilities = {PlatformCapability::kFargate};
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "platform_capabilities has FARGATE; must not when type is "
            "multinode");
}

TEST(NodePropertiesTest, AllGroupsUseOneInstanceType) {
  std::vector<NodeRangeProperty> ranges = {Range("0"), Range("1"), Range("2")};
  ranges[0].instance_types = {"c5.large"};
  ranges[1].container.instance_type = "c5.large";
  EXPECT_EQ(Answer(JobDefinition::Create(Definition(3, 0, ranges))), "OK");
  ranges[2].instance_types = {"m5.large"};
  EXPECT_EQ(Answer(JobDefinition::Create(Definition(3, 0, ranges))),
            std::string(kRanges) +
                "[2].instance_types is \"m5.large\"; all groups must use the "
                "same instance type, and another one has \"c5.large\"");
  ranges[2].instance_types = {"c5.large", "c5.large"};
  EXPECT_EQ(Answer(JobDefinition::Create(Definition(3, 0, ranges))),
            std::string(kRanges) +
                "[2].instance_types has 2 entries; must have at most 1");
  ranges[2].instance_types = {"c5.large"};
  ranges[2].container.instance_type = "m5.large";
  EXPECT_EQ(Answer(JobDefinition::Create(Definition(3, 0, ranges))),
            std::string(kRanges) +
                "[2].container.instance_type is \"m5.large\"; must be that of "
                "instance_types, \"c5.large\"");
}

class NodeOverridesTest : public ::testing::Test {
 protected:
  NodeOverridesTest() { Use({Range("0"), Range("1:")}); }

  void Use(std::vector<NodeRangeProperty> ranges, int32_t num_nodes = 4,
           int32_t main_node = 0) {
    definition_ = *JobDefinition::Create(
        Definition(num_nodes, main_node, std::move(ranges)));
    request_.node_overrides.emplace();
  }
  absl::StatusOr<JobSpec> Make() {
    return MakeJobSpec(definition_, 0, request_, kAwsLimits);
  }
  NodePropertyOverride& Override(std::string target_nodes) {
    NodePropertyOverride& entry =
        request_.node_overrides->node_property_overrides.emplace_back();
    entry.target_nodes = std::move(target_nodes);
    return entry;
  }

  JobDefinition definition_;
  SubmitJobRequest request_;
};

TEST_F(NodeOverridesTest, NarrowestRangeCounts) {
  Use({Range("0:3", "outer"), Range("1:2", "inner"), Range("2", "one")});
  const absl::StatusOr<JobSpec> spec = Make();
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_THAT(spec->extras->node_groups, ElementsAre(0, 1, 2, 0));
  EXPECT_EQ(spec->extras->groups[2].extras->image, "one");
}

TEST_F(NodeOverridesTest, NumberOfNodesReplacesTheDefinitions) {
  request_.node_overrides->num_nodes = 6;
  EXPECT_EQ(Make()->extras->node_groups.size(), 6u);
  request_.node_overrides->num_nodes = 2;
  EXPECT_THAT(Make()->extras->node_groups, ElementsAre(0, 1));
  EXPECT_EQ(RequirementOf(*Make()).nodes, 2);
}

TEST_F(NodeOverridesTest, NumberOfNodesHasThreeConditions) {
  request_.node_overrides->num_nodes = 1;
  EXPECT_EQ(Answer(Make()),
            "node_overrides.num_nodes is 1; must be greater than the lower "
            "boundary of every range, one of which is 1");
  Use({Range(":")}, 4, 3);
  request_.node_overrides->num_nodes = 3;
  EXPECT_EQ(Answer(Make()),
            "node_overrides.num_nodes is 3; must be greater than main_node, 3");
  request_.node_overrides->num_nodes = 1001;
  EXPECT_EQ(Answer(Make()),
            "node_overrides.num_nodes is 1001; must be between 1 and 1000");
  Use({Range("0:3")});
  request_.node_overrides->num_nodes = 4;
  EXPECT_EQ(Answer(Make()),
            "node_overrides.num_nodes is given; a range of the definition must "
            "have an open upper boundary, such as \":\" or \"2:\"");
}

TEST_F(NodeOverridesTest, EachRangeHasItsOwn) {
  Override("1:3").container_overrides.vcpu_milli = 4000;
  const absl::StatusOr<JobSpec> spec = Make();
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->resources, Resources::Of(2, 1024));  // of the main node
  EXPECT_EQ(spec->extras->groups[1].resources, Resources::Of(4, 1024));
  EXPECT_EQ(RequirementOf(*spec).resources, Resources::Of(4, 1024));
  EXPECT_EQ(RequirementOf(*spec).nodes, 4);
}

TEST_F(NodeOverridesTest, TargetsAreRangesOfTheDefinition) {
  Override("0:0");
  EXPECT_EQ(Answer(Make()), "OK");
  Override("1:2");
  Override("2");
  EXPECT_EQ(Answer(Make()),
            "NodeOverride targets should match job definition. Non matching "
            "targets - 1:2, 2");
  request_.node_overrides->node_property_overrides.clear();
  Override("0");
  Override("0:0");
  EXPECT_EQ(Answer(Make()),
            "node_overrides.node_property_overrides[1].target_nodes is "
            "\"0:0\"; another entry has that range");
  request_.node_overrides->node_property_overrides.clear();
  Override("x");
  EXPECT_THAT(
      Answer(Make()),
      HasSubstr("node_overrides.node_property_overrides[0].target_nodes is "
                "\"x\"; must be a range of nodes"));
}

TEST_F(NodeOverridesTest, RefusalsNameTheEntry) {
  Override("1:").container_overrides.command = {""};
  EXPECT_THAT(Answer(Make()),
              HasSubstr("node_overrides.node_property_overrides[0]."
                        "container_overrides.command[0] is empty"));
}

// What a submission says of the whole job is not an entry's.
TEST_F(NodeOverridesTest, WholeSubmissionIsCheckedOnce) {
  Override("1:");
  request_.retry_strategy = RetryStrategy{11};
  EXPECT_EQ(Answer(Make()),
            "retry_strategy.attempts is 11; must be between 1 and 10");
  request_.retry_strategy = RetryStrategy{2, {EvaluateOnExit()}};
  EXPECT_THAT(Answer(Make()),
              testing::StartsWith("retry_strategy.evaluate_on_exit[0]"));
  request_.retry_strategy.reset();
  request_.timeout = JobTimeout{absl::Seconds(59)};
  EXPECT_THAT(Answer(Make()),
              testing::StartsWith("timeout.attempt_duration is 59"));
  request_.timeout.reset();
  request_.scheduling_priority_override = 10000;
  EXPECT_EQ(Answer(Make()),
            "scheduling_priority_override is 10000; must be between 0 and "
            "9999");
  request_.scheduling_priority_override.reset();
  request_.tags = {{"", "b"}};
  EXPECT_THAT(Answer(Make()), testing::StartsWith("tags"));
}

TEST_F(NodeOverridesTest, ParametersAreNoEntrysButWhatTheyMakeIs) {
  Override("1:").container_overrides.command = {"Ref::a"};
  request_.parameters = {{"a", std::string(1, 0)}};
  EXPECT_EQ(Answer(Make()),
            "parameters[\"a\"] holds a NUL; a command must hold none");
  request_.parameters = {{"a", std::string(30721, 'x')}};
  EXPECT_EQ(Answer(Make()),
            "node_overrides.node_property_overrides[0].container_overrides."
            "command has more than 30720 bytes after its parameters are "
            "substituted");
  request_.parameters.clear();
  EXPECT_EQ(Answer(Make()),
            "node_overrides.node_property_overrides[0]: Unable to substitute "
            "value. No parameter found for reference a");
}

// "2:" lies in "0:3" as long as there are four nodes.
TEST_F(NodeOverridesTest, MoreNodesDoNotMakeRangesOverlap) {
  Use({Range("0:3"), Range("2:")});
  EXPECT_EQ(Answer(Make()), "OK");
  request_.node_overrides->num_nodes = 6;
  EXPECT_EQ(Answer(Make()),
            "node_overrides.num_nodes is 6; the job definition then has the "
            "ranges 0:3 and 2:5, which overlap; one must lie inside the "
            "other");
}

TEST_F(NodeOverridesTest, InstanceTypeIsReplacedForAllOrNone) {
  std::vector<NodeRangeProperty> ranges = {Range("0"), Range("1:")};
  ranges[0].instance_types = {"c5.large"};
  Use(ranges);
  EXPECT_EQ(RequirementOf(*Make()).instance_type, "c5.large");
  Override("1:").instance_types = {"m5.large"};
  EXPECT_THAT(Answer(Make()),
              HasSubstr("all groups must use the same instance type"));
  Override("0").instance_types = {"m5.large"};
  EXPECT_EQ(RequirementOf(*Make()).instance_type, "m5.large");
}

TEST_F(NodeOverridesTest, InstanceTypesAreOneNameAtMost) {
  Override("1:").instance_types = {""};
  EXPECT_EQ(Answer(Make()),
            "node_overrides.node_property_overrides[0].instance_types has an "
            "empty entry; must name an instance type");
  request_.node_overrides->node_property_overrides[0].instance_types = {"a.b",
                                                                        "c.d"};
  EXPECT_EQ(Answer(Make()),
            "node_overrides.node_property_overrides[0].instance_types has 2 "
            "entries; must have at most 1");
}

TEST_F(NodeOverridesTest, ARangeIsShownHowToBeWritten) {
  Override("x");
  EXPECT_EQ(Answer(Make()),
            "node_overrides.node_property_overrides[0].target_nodes is \"x\"; "
            "must be a range of nodes such as \"0:3\", \":3\", \"2:\", \":\" "
            "or \"2\"");
}

// Source: API NodeRangeProperty.consumableResourceProperties; §18.
TEST_F(NodeOverridesTest, ConsumablesAreSummedOverTheNodes) {
  std::vector<NodeRangeProperty> ranges = {Range("0"), Range("1:")};
  ranges[0].consumable_resource_properties.consumable_resource_list = {
      {"licence", 2}, {"seat", 1}};
  ranges[1].consumable_resource_properties.consumable_resource_list = {
      {"licence", 5}};
  JobDefinitionOptions options = Definition(4, 0, std::move(ranges));
  options.consumable_resource_properties.consumable_resource_list = {
      {"licence", 100}};
  definition_ = *JobDefinition::Create(options);
  const std::vector<ConsumableResourceRequirement> want = {{"licence", 117},
                                                           {"seat", 1}};
  ASSERT_TRUE(Make().ok()) << Make().status();
  EXPECT_EQ(RequirementOf(*Make()).consumables, want);
  EXPECT_EQ(Make()->extras->groups[1].extras->consumables,
            (std::vector<ConsumableResourceRequirement>{{"licence", 5}}));
  request_.node_overrides->num_nodes = 6;
  EXPECT_EQ(Make()->extras->consumables[0].quantity, 127);
  Override("1:")
      .consumable_resource_properties_override.consumable_resource_list = {
      {"licence", 1}, {"key", 3}};
  request_.consumable_resource_properties_override.consumable_resource_list = {
      {"licence", 10}};
  EXPECT_EQ(Make()->extras->consumables,
            (std::vector<ConsumableResourceRequirement>{
                {"key", 15}, {"licence", 17}, {"seat", 1}}));
}

TEST_F(NodeOverridesTest, ConsumablesAreCheckedWhereTheyStand) {
  std::vector<NodeRangeProperty> ranges = {Range("0"), Range("1:")};
  ranges[1].consumable_resource_properties.consumable_resource_list = {
      {"licence", 0}};
  EXPECT_EQ(Answer(JobDefinition::Create(Definition(4, 0, ranges))),
            "node_properties.node_range_properties[1].consumable_resource_"
            "properties.consumable_resource_list.quantity is 0; must be "
            "between 1 and 9007199254740992");
  auto& list =
      Override("1:")
          .consumable_resource_properties_override.consumable_resource_list;
  list = {{"", 1}};
  EXPECT_THAT(Answer(Make()),
              HasSubstr("node_overrides.node_property_overrides[0].consumable_"
                        "resource_properties_override.consumable_resource_list."
                        "consumable_resource is \"\""));
  list = {{"licence", 9007199254740992}};
  EXPECT_EQ(Answer(Make()),
            "consumable_resource_properties_override.consumable_resource_list, "
            "with the job definition's, has too much of \"licence\", summed "
            "over all nodes; must be at most 9007199254740992");
  list = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}};
  EXPECT_EQ(Answer(Make()), "OK");
  request_.consumable_resource_properties_override.consumable_resource_list = {
      {"f", 1}};
  EXPECT_EQ(Answer(Make()),
            "consumable_resource_properties_override.consumable_resource_list, "
            "with the job definition's, has 6 entries; must have at most 5");
  request_.consumable_resource_properties_override.consumable_resource_list = {
      {"f", 0}};
  EXPECT_EQ(Answer(Make()),
            "consumable_resource_properties_override.consumable_resource_list."
            "quantity is 0; must be between 1 and 9007199254740992");
}

TEST_F(NodeOverridesTest, OverridesAreOfTheKindOfTheJob) {
  request_.container_overrides.vcpu_milli = 1000;
  EXPECT_EQ(Answer(Make()),
            "container_overrides is given; a multi-node job is changed by "
            "node_overrides");
  request_.container_overrides = ContainerOverrides();
  request_.ecs_properties_override.emplace();
  EXPECT_EQ(Answer(Make()),
            "ecs_properties_override is given; a multi-node job is changed by "
            "node_overrides");
  request_.ecs_properties_override.reset();
  request_.eks_properties_override.emplace();
  EXPECT_EQ(Answer(Make()),
            "eks_properties_override is given; a multi-node job is changed by "
            "node_overrides");
  request_.eks_properties_override.reset();
  JobDefinitionOptions single;
  single.job_definition_name = "single";
  single.container_properties = Range("0").container;
  definition_ = *JobDefinition::Create(single);
  request_ = SubmitJobRequest();
  request_.node_overrides.emplace();
  EXPECT_EQ(Answer(Make()),
            "node_overrides is given; must be absent unless the definition's "
            "type is multinode");
}

}  // namespace
}  // namespace embatch
