// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Everything that a request can say of instances.
constexpr char kSpot[] = R"({
  "computeEnvironmentName": "spot", "type": "MANAGED", "state": "DISABLED",
  "serviceRole": "arn:aws:iam::123456789012:role/batch", "context": "c",
  "tags": {"team": "blue"},
  "eksConfiguration": {"eksClusterArn": "arn:aws:eks:x", "kubernetesNamespace": "jobs"},
  "computeResources": {
    "type": "SPOT", "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED",
    "minvCpus": 2, "maxvCpus": 64, "desiredvCpus": 4,
    "instanceTypes": ["m5", "c5.large"], "imageId": "ami-1",
    "subnets": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"],
    "ec2KeyPair": "key", "instanceRole": "role", "tags": {"Name": "i"},
    "placementGroup": "pg", "bidPercentage": 60,
    "spotIamFleetRole": "arn:aws:iam::123456789012:role/fleet",
    "launchTemplate": {"launchTemplateName": "lt", "version": "$Latest",
      "userdataType": "EKS_NODEADM",
      "overrides": [{"launchTemplateId": "lt-2", "version": "1",
        "targetInstanceTypes": ["m5"], "userdataType": "EKS_BOOTSTRAP_SH"}]},
    "ec2Configuration": [{"imageType": "EKS_AL2023", "imageIdOverride": "ami-2",
      "imageKubernetesVersion": "1.30"}],
    "scalingPolicy": {"minScaleDownDelayMinutes": 20}}})";

constexpr char kFargate[] = R"({
  "computeEnvironmentName": "far", "type": "MANAGED",
  "computeResources": {"type": "FARGATE", "maxvCpus": 16,
    "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}})";

constexpr char kEc2[] = R"({
  "computeEnvironmentName": "ec2", "type": "MANAGED",
  "computeResources": {"type": "EC2", "maxvCpus": 16, "instanceTypes": ["m5"],
    "allocationStrategy": "BEST_FIT_PROGRESSIVE", "instanceRole": "role",
    "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}})";

json With(const char* request, absl::string_view pointer, json value) {
  json changed = json::parse(request);
  changed[json::json_pointer(std::string(pointer))] = std::move(value);
  return changed;
}

struct ComputeEnvironmentsTest : testing::Test {
  json Create(absl::string_view request) {
    const json answer = world.Call("CreateComputeEnvironment", request);
    world.Advance();
    return answer;
  }
  std::string Refused(const json& request) {
    return world.Refusal("CreateComputeEnvironment", request.dump());
  }
  json Describe(absl::string_view name) {
    const json answer =
        world.Call("DescribeComputeEnvironments",
                   absl::StrCat(R"({"computeEnvironments":[")", name, "\"]}"));
    const json& found = answer["computeEnvironments"];
    return found.empty() ? json() : found[0];
  }
  json Update(absl::string_view request) {
    const json answer = world.Call("UpdateComputeEnvironment", request);
    world.Advance();
    return answer;
  }

  ApiWorld world;
};

TEST_F(ComputeEnvironmentsTest, CreationAnswersNameAndArn) {
  EXPECT_EQ(Create(kEc2),
            json({{"computeEnvironmentName", "ec2"},
                  {"computeEnvironmentArn",
                   absl::StrCat(kArnPrefix, "compute-environment/ec2")}}));
}

TEST_F(ComputeEnvironmentsTest, EveryMemberComesBack) {
  Create(kSpot);
  const json detail = Describe("spot");
  json expected = json::parse(kSpot);
  expected["computeEnvironmentArn"] =
      absl::StrCat(kArnPrefix, "compute-environment/spot");
  expected["status"] = "VALID";
  expected["statusReason"] = "ComputeEnvironment Healthy";
  expected["containerOrchestrationType"] = "EKS";
  expected["uuid"] = detail["uuid"];
  EXPECT_EQ(detail["uuid"].get<std::string>().size(), 36u);
  EXPECT_EQ(detail, expected);
}

TEST_F(ComputeEnvironmentsTest, FargateHasNoMembersOfInstances) {
  Create(kFargate);
  const json detail = Describe("far");
  const std::string uuid = detail["uuid"];
  EXPECT_EQ(
      detail,
      json::parse(absl::StrCat(
          R"({"computeEnvironmentName":"far","computeEnvironmentArn":")",
          kArnPrefix, R"(compute-environment/far","ecsClusterArn":")",
          "arn:aws:ecs:eu-central-1:123456789012:cluster/far_Batch_", uuid,
          R"(","tags":{},"type":"MANAGED","state":"ENABLED","status":"VALID",)",
          R"("statusReason":"ComputeEnvironment Healthy","computeResources":{)",
          R"("type":"FARGATE","maxvCpus":16,"subnets":["subnet-1"],)",
          R"("securityGroupIds":["sg-1"]},"containerOrchestrationType":"ECS",)",
          R"("uuid":")", uuid, "\"}")));
}

TEST_F(ComputeEnvironmentsTest, UnmanagedOnesHaveNoResources) {
  Create(R"({"computeEnvironmentName":"own","type":"UNMANAGED",
             "unmanagedvCpus":8,"state":"ENABLED"})");
  const json detail = Describe("own");
  EXPECT_EQ(detail["unmanagedvCpus"], 8);
  EXPECT_EQ(detail["type"], "UNMANAGED");
  EXPECT_FALSE(detail.contains("computeResources"));
  EXPECT_FALSE(detail.contains("serviceRole"));
  EXPECT_TRUE(detail.contains("ecsClusterArn"));
}

TEST_F(ComputeEnvironmentsTest, IsCreatingUntilTheNextTurn) {
  world.Call("CreateComputeEnvironment", kEc2);
  EXPECT_EQ(Describe("ec2")["status"], "CREATING");
  EXPECT_FALSE(Describe("ec2").contains("statusReason"));
  world.Advance();
  EXPECT_EQ(Describe("ec2")["status"], "VALID");
}

TEST_F(ComputeEnvironmentsTest, NamesAreTakenOnce) {
  Create(kEc2);
  EXPECT_EQ(world.Refusal("CreateComputeEnvironment", kEc2),
            "A compute environment already exists with the name ec2");
}

TEST_F(ComputeEnvironmentsTest, NextOneOfANameHasAnotherUuid) {
  Create(kFargate);
  const std::string uuid = Describe("far")["uuid"];
  Update(R"({"computeEnvironment":"far","state":"DISABLED"})");
  world.Call("DeleteComputeEnvironment", R"({"computeEnvironment":"far"})");
  world.Advance();
  EXPECT_TRUE(Describe("far").is_null());
  Create(kFargate);
  EXPECT_NE(Describe("far")["uuid"], uuid);
}

TEST_F(ComputeEnvironmentsTest, WhatInstancesNeedIsAskedFor) {
  EXPECT_THAT(Refused(With(kEc2, "/computeResources/subnets", json::array())),
              HasSubstr("At least 1 subnet must be provided"));
  EXPECT_THAT(Refused(With(kEc2, "/computeResources/subnets", nullptr)),
              HasSubstr("computeResources.subnets is absent"));
  EXPECT_THAT(
      Refused(With(kEc2, "/computeResources/instanceTypes", json::array())),
      HasSubstr("At least 1 instance type must be provided"));
  EXPECT_THAT(Refused(With(kEc2, "/computeResources/instanceRole", nullptr)),
              StartsWith("computeResources.instanceRole is absent"));
  EXPECT_THAT(Refused(With(kEc2, "/computeResources/minvCpus", 17)),
              HasSubstr("maxVCpus must be greater than minvCpus"));
  EXPECT_THAT(Refused(With(kEc2, "/computeResources", nullptr)),
              StartsWith("computeResources is missing"));
  EXPECT_THAT(Refused(With(kEc2, "/computeEnvironmentName", "a b")),
              StartsWith("computeEnvironmentName is \"a b\""));
}

TEST_F(ComputeEnvironmentsTest, SpotWithBestFitNeedsAFleetRole) {
  json request = With(kEc2, "/computeResources/type", "SPOT");
  request["computeResources"].erase("allocationStrategy");
  EXPECT_THAT(Refused(request),
              StartsWith("computeResources.spotIamFleetRole"));
  request["computeResources"]["spotIamFleetRole"] = "role";
  Create(request.dump());
  EXPECT_FALSE(Describe("ec2")["computeResources"].contains("bidPercentage"));
}

TEST_F(ComputeEnvironmentsTest, OneLaunchTemplateHasOneName) {
  const auto refused = [this](absl::string_view launch_template) {
    return Refused(With(kEc2, "/computeResources/launchTemplate",
                        json::parse(std::string(launch_template))));
  };
  EXPECT_EQ(refused("{}"),
            "computeResources.launchTemplate has neither launchTemplateId and "
            "launchTemplateName; must have one of them");
  EXPECT_THAT(refused(R"({"launchTemplateId":"a","launchTemplateName":"b"})"),
              HasSubstr("has both"));
  EXPECT_THAT(refused(R"({"launchTemplateId":"a","overrides":[
                  {"launchTemplateId":"b"}]})"),
              HasSubstr("overrides[0].targetInstanceTypes"));
  json many = {{"launchTemplateId", "a"}};
  for (int i = 0; i < 11; ++i) {
    many["overrides"].push_back(
        {{"launchTemplateId", "b"}, {"targetInstanceTypes", {"m5"}}});
  }
  EXPECT_THAT(refused(many.dump()),
              HasSubstr("overrides has 11 items; must have at most 10"));
  many["overrides"].erase(0);
  Create(With(kEc2, "/computeResources/launchTemplate", many).dump());
}

TEST_F(ComputeEnvironmentsTest, OneOrTwoImagesAreConfigured) {
  const json one = {{"imageType", "ECS_AL2023"}};
  EXPECT_THAT(Refused(With(kEc2, "/computeResources/ec2Configuration",
                           json::array({one, one, one}))),
              HasSubstr("ec2Configuration has 3 items; must have at most 2"));
}

TEST_F(ComputeEnvironmentsTest, FargateRefusesWhatIsForInstances) {
  const json values = {{"allocationStrategy", "BEST_FIT"},
                       {"minvCpus", 0},
                       {"desiredvCpus", 0},
                       {"instanceTypes", {"m5"}},
                       {"imageId", "ami"},
                       {"ec2KeyPair", "key"},
                       {"instanceRole", "role"},
                       {"tags", {{"a", "b"}}},
                       {"placementGroup", "pg"},
                       {"bidPercentage", 100},
                       {"spotIamFleetRole", "role"},
                       {"launchTemplate", {{"launchTemplateId", "lt"}}},
                       {"ec2Configuration", {{{"imageType", "x"}}}},
                       {"scalingPolicy", {{"minScaleDownDelayMinutes", 20}}}};
  for (const auto& [name, value] : values.items()) {
    EXPECT_EQ(Refused(With(kFargate, absl::StrCat("/computeResources/", name),
                           value)),
              absl::StrCat(name, " is not applicable for Fargate."));
  }
}

TEST_F(ComputeEnvironmentsTest, FargateHasANetworkOfItsOwn) {
  EXPECT_THAT(
      Refused(With(kFargate, "/computeResources/securityGroupIds", nullptr)),
      StartsWith("computeResources.securityGroupIds is absent"));
  EXPECT_THAT(Refused(With(kFargate, "/computeResources/securityGroupIds",
                           json(6, "sg"))),
              HasSubstr("has 6 items; must have at most 5"));
  EXPECT_THAT(
      Refused(With(kFargate, "/computeResources/subnets", json(17, "s"))),
      HasSubstr("has 17 items; must have at most 16"));
}

TEST_F(ComputeEnvironmentsTest, NamespacesOfEksHaveAForm) {
  for (const char* name :
       {"", "default", "kube-system", "Jobs", "-a", "a-", "a_b"}) {
    EXPECT_THAT(
        Refused(With(kSpot, "/eksConfiguration/kubernetesNamespace", name)),
        StartsWith("eksConfiguration.kubernetesNamespace is \""))
        << name;
  }
  EXPECT_THAT(Refused(With(kSpot, "/eksConfiguration/kubernetesNamespace",
                           std::string(64, 'a'))),
              HasSubstr("1 to 63"));
  EXPECT_THAT(
      Refused(With(kSpot, "/computeResources/allocationStrategy", "BEST_FIT")),
      HasSubstr("must be another one in an environment on EKS"));
}

// Source: API CreateComputeEnvironment.eksConfiguration.
TEST_F(ComputeEnvironmentsTest, EksHasManagedInstancesOnly) {
  const json eks = {{"eksClusterArn", "x"}, {"kubernetesNamespace", "a"}};
  const std::string refusal =
      "eksConfiguration is given; type must be MANAGED and "
      "computeResources.type EC2 or SPOT then";
  EXPECT_EQ(Refused(With(kFargate, "/eksConfiguration", eks)), refusal);
  EXPECT_EQ(Refused({{"computeEnvironmentName", "own"},
                     {"type", "UNMANAGED"},
                     {"eksConfiguration", eks}}),
            refusal);
}

TEST_F(ComputeEnvironmentsTest, EksDoesNotDefaultToBestFit) {
  json request = With(kEc2, "/eksConfiguration",
                      {{"eksClusterArn", "x"}, {"kubernetesNamespace", "a"}});
  request["computeResources"].erase("allocationStrategy");
  Create(request.dump());
  EXPECT_EQ(Describe("ec2")["computeResources"]["allocationStrategy"],
            "BEST_FIT_PROGRESSIVE");
}

TEST_F(ComputeEnvironmentsTest, UpdateChangesWhatItGives) {
  Create(kEc2);
  EXPECT_EQ(Update(R"({"computeEnvironment":"ec2","computeResources":{
                         "minvCpus":1,"maxvCpus":32}})"),
            json({{"computeEnvironmentName", "ec2"},
                  {"computeEnvironmentArn",
                   absl::StrCat(kArnPrefix, "compute-environment/ec2")}}));
  Update(absl::StrCat(R"({"computeEnvironment":")", kArnPrefix,
                      R"(compute-environment/ec2","state":"DISABLED",
      "serviceRole":"new","context":"c","updatePolicy":{"terminateJobsOnUpdate":true},
      "computeResources":{"type":"SPOT","allocationStrategy":
        "SPOT_PRICE_CAPACITY_OPTIMIZED","instanceTypes":["c5"],"imageId":"ami",
        "ec2KeyPair":"key","instanceRole":"other","placementGroup":"pg",
        "bidPercentage":50,"subnets":["s2"],"securityGroupIds":["g2"],
        "tags":{"a":"b"},"launchTemplate":{"launchTemplateId":"lt"},
        "ec2Configuration":[{"imageType":"ECS_AL2"}],
        "scalingPolicy":{"minScaleDownDelayMinutes":30},
        "updateToLatestImageVersion":true}})"));
  const json detail = Describe("ec2");
  EXPECT_EQ(detail["state"], "DISABLED");
  EXPECT_EQ(detail["serviceRole"], "new");
  EXPECT_EQ(detail["context"], "c");
  EXPECT_EQ(detail["updatePolicy"], json({{"terminateJobsOnUpdate", true},
                                          {"jobExecutionTimeoutMinutes", 30}}));
  EXPECT_EQ(detail["computeResources"], json::parse(R"({"type":"SPOT",
      "allocationStrategy":"SPOT_PRICE_CAPACITY_OPTIMIZED","minvCpus":1,
      "maxvCpus":32,"desiredvCpus":1,"instanceTypes":["c5"],"imageId":"ami",
      "subnets":["s2"],"securityGroupIds":["g2"],"ec2KeyPair":"key",
      "instanceRole":"other","tags":{"a":"b"},"placementGroup":"pg",
      "bidPercentage":50,"launchTemplate":{"launchTemplateId":"lt"},
      "ec2Configuration":[{"imageType":"ECS_AL2"}],
      "scalingPolicy":{"minScaleDownDelayMinutes":30}})"));
}

TEST_F(ComputeEnvironmentsTest, EmptyValuesTakeAwayWhatWasThere) {
  Create(With(kEc2, "/computeResources/imageId", "ami").dump());
  Update(R"({"computeEnvironment":"ec2","computeResources":{
      "ec2KeyPair":"key","placementGroup":"pg","tags":{"a":"b"},
      "launchTemplate":{"launchTemplateId":"lt"},
      "ec2Configuration":[{"imageType":"ECS_AL2"}]}})");
  Update(R"({"computeEnvironment":"ec2","computeResources":{"imageId":"",
      "ec2KeyPair":"","placementGroup":"","tags":{},"subnets":[],
      "securityGroupIds":[],"launchTemplate":{"launchTemplateName":""},
      "ec2Configuration":[]}})");
  EXPECT_EQ(Describe("ec2")["computeResources"], json::parse(R"({"type":"EC2",
      "allocationStrategy":"BEST_FIT_PROGRESSIVE","minvCpus":0,"maxvCpus":16,
      "desiredvCpus":0,"instanceTypes":["m5"],"subnets":[],
      "instanceRole":"role"})"));
  Update(R"({"computeEnvironment":"ec2","computeResources":{
      "launchTemplate":{"launchTemplateId":"lt"}}})");
  Update(R"({"computeEnvironment":"ec2","computeResources":{
      "launchTemplate":{"launchTemplateId":"","launchTemplateName":""}}})");
  EXPECT_FALSE(Describe("ec2")["computeResources"].contains("launchTemplate"));
}

TEST_F(ComputeEnvironmentsTest, EmptyListsChangeNothingOfFargate) {
  Create(kFargate);
  Update(R"({"computeEnvironment":"far","computeResources":{"subnets":[],
             "securityGroupIds":[],"maxvCpus":8}})");
  EXPECT_EQ(Describe("far")["computeResources"], json::parse(R"({
      "type":"FARGATE","maxvCpus":8,"subnets":["subnet-1"],
      "securityGroupIds":["sg-1"]})"));
}

TEST_F(ComputeEnvironmentsTest, UpdateIsRefused) {
  Create(kEc2);
  Create(kFargate);
  const auto refused = [this](absl::string_view request) {
    return world.Refusal("UpdateComputeEnvironment", request);
  };
  EXPECT_THAT(refused(R"({"computeEnvironment":"none"})"),
              HasSubstr("\"none\" does not exist"));
  EXPECT_THAT(refused("{}"), StartsWith("computeEnvironment is absent"));
  EXPECT_THAT(refused(R"({"computeEnvironment":"far","computeResources":{
                          "desiredvCpus":1}})"),
              HasSubstr("desiredvCpus is not applicable for Fargate."));
  EXPECT_THAT(refused(R"({"computeEnvironment":"far","computeResources":{
                          "type":"EC2"}})"),
              StartsWith("computeResources.type is EC2"));
  EXPECT_THAT(refused(R"({"computeEnvironment":"ec2","updatePolicy":{
                          "jobExecutionTimeoutMinutes":361}})"),
              HasSubstr("must be between 1 and 360"));
  EXPECT_THAT(refused(R"({"computeEnvironment":"ec2","computeResources":{
                          "launchTemplate":{}}})"),
              HasSubstr("launchTemplate has neither"));
  EXPECT_EQ(refused(R"({"computeEnvironment":"ec2","computeResources":{
                        "instanceRole":""}})"),
            "computeResources.instanceRole is absent or empty; it is required "
            "for EC2 and SPOT");
  world.Call("UpdateComputeEnvironment", R"({"computeEnvironment":"ec2"})");
  EXPECT_EQ(Describe("ec2")["status"], "UPDATING");
  EXPECT_THAT(refused(R"({"computeEnvironment":"ec2"})"),
              HasSubstr("Cannot update, resource is being modified"));
}

TEST_F(ComputeEnvironmentsTest, DeletionIsRefusedOrSilent) {
  Create(kEc2);
  EXPECT_THAT(world.Refusal("DeleteComputeEnvironment",
                            R"({"computeEnvironment":"ec2"})"),
              HasSubstr("ENABLED"));
  EXPECT_EQ(world.Call("DeleteComputeEnvironment",
                       R"({"computeEnvironment":"none"})"),
            json::object());
  EXPECT_THAT(world.Refusal("DeleteComputeEnvironment",
                            absl::StrCat(R"({"computeEnvironment":")",
                                         kArnPrefix, "job-queue/ec2\"}")),
              StartsWith("computeEnvironment is \"arn:"));
}

TEST_F(ComputeEnvironmentsTest, PagesGoByName) {
  for (const char* name : {"c", "a", "b"}) {
    Create(With(kFargate, "/computeEnvironmentName", name).dump());
  }
  json page = world.Call("DescribeComputeEnvironments", R"({"maxResults":2})");
  ASSERT_EQ(page["computeEnvironments"].size(), 2u);
  EXPECT_EQ(page["computeEnvironments"][0]["computeEnvironmentName"], "a");
  page = world.Call("DescribeComputeEnvironments",
                    json({{"nextToken", page["nextToken"]}}).dump());
  ASSERT_EQ(page["computeEnvironments"].size(), 1u);
  EXPECT_EQ(page["computeEnvironments"][0]["computeEnvironmentName"], "c");
  EXPECT_FALSE(page.contains("nextToken"));
  EXPECT_THAT(
      world.Refusal("DescribeComputeEnvironments", R"({"nextToken":"x"})"),
      StartsWith("nextToken is \"x\""));
  for (const char* number : {"0", "101"}) {
    EXPECT_THAT(world.Refusal("DescribeComputeEnvironments",
                              absl::StrCat("{\"maxResults\":", number, "}")),
                StartsWith(absl::StrCat("maxResults is ", number)));
  }
}

TEST_F(ComputeEnvironmentsTest, UnknownNamesAreLeftOut) {
  Create(kFargate);
  EXPECT_TRUE(Describe("none").is_null());
  const json answer =
      world.Call("DescribeComputeEnvironments",
                 absl::StrCat(R"({"computeEnvironments":["none",")", kArnPrefix,
                              "compute-environment/far\"]}"));
  EXPECT_EQ(answer["computeEnvironments"].size(), 1u);
  EXPECT_EQ(
      world.Refusal("DescribeComputeEnvironments",
                    json({{"computeEnvironments", json(101, "x")}}).dump()),
      "computeEnvironments has 101 items; must have at most 100");
}

}  // namespace
}  // namespace api
}  // namespace embatch
