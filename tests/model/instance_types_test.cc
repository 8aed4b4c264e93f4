// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/model/instance_types.h.
#include "lib/model/instance_types.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

InstanceType Named(std::string name,
                   CpuArchitecture architecture = CpuArchitecture::kX8664) {
  InstanceType type;
  type.name = std::move(name);
  type.architecture = architecture;
  return type;
}

std::vector<std::string> Allowed(const std::vector<std::string>& entries,
                                 const std::vector<InstanceType>& catalogue) {
  const std::vector<bool> allowed = AllowedTypes(entries, catalogue);
  std::vector<std::string> names;
  for (size_t i = 0; i < catalogue.size(); ++i) {
    if (allowed[i]) names.push_back(catalogue[i].name);
  }
  return names;
}

std::vector<InstanceType> Region() {
  return {Named("c5.large"),   Named("c5.metal"),
          Named("c5d.large"),  Named("m5.xlarge"),
          Named("c6i.large"),  Named("c7i.metal-24xl"),
          Named("r6i.large"),  Named("m6g.large", CpuArchitecture::kArm64),
          Named("p3.2xlarge"), Named("c7g.large", CpuArchitecture::kArm64)};
}

TEST(InstanceTypesTest, FamilyStandsBeforeTheDot) {
  EXPECT_EQ(FamilyOf("c5.8xlarge"), "c5");
  EXPECT_EQ(FamilyOf("local"), "local");
  EXPECT_EQ(FamilyOf(""), "");
}

TEST(InstanceTypesTest, SizesAndFamilies) {
  EXPECT_THAT(Allowed({"m5.xlarge"}, Region()), ElementsAre("m5.xlarge"));
  EXPECT_THAT(Allowed({"c5"}, Region()), ElementsAre("c5.large"));
  EXPECT_THAT(Allowed({"c5.metal", "p3"}, Region()),
              ElementsAre("c5.metal", "p3.2xlarge"));
  EXPECT_THAT(Allowed({"c"}, Region()), IsEmpty());
  EXPECT_THAT(Allowed({"x1.large"}, Region()), IsEmpty());
}

TEST(InstanceTypesTest, BundlesAreFamilies) {
  EXPECT_THAT(Allowed({"optimal"}, Region()),
              ElementsAre("c5.large", "m5.xlarge"));
  EXPECT_THAT(Allowed({"default_x86_64"}, Region()),
              ElementsAre("c6i.large", "r6i.large"));
  EXPECT_THAT(Allowed({"default_arm64"}, Region()),
              ElementsAre("m6g.large", "c7g.large"));
}

TEST(InstanceTypesTest, WithoutEc2sFamiliesABundleHoldsAll) {
  const std::vector<InstanceType> rack = {
      Named("local"), Named("big.metal"),
      Named("pi.4", CpuArchitecture::kArm64)};
  EXPECT_THAT(Allowed({"optimal"}, rack), ElementsAre("local"));
  EXPECT_THAT(Allowed({"default_x86_64"}, rack), ElementsAre("local"));
  EXPECT_THAT(Allowed({"default_arm64"}, rack), ElementsAre("pi.4"));
}

TEST(InstanceTypesTest, AllAreOfTheFirstOnesArchitecture) {
  EXPECT_THAT(Allowed({"c7g", "p3", "c5"}, Region()),
              ElementsAre("c5.large", "p3.2xlarge"));
  EXPECT_THAT(Allowed({"c7g", "m6g.large"}, Region()),
              ElementsAre("m6g.large", "c7g.large"));
}

}  // namespace
}  // namespace embatch
