// SPDX-License-Identifier: Apache-2.0
#include "embatch/sim/environment_fates.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;

struct Container {
  std::vector<EnvironmentVariable> environment;
  uint16_t attempt = 1;
  int32_t child = -1;
};

ContainerFate FateOf(const Container& container) {
  ContainerSpec spec;
  spec.container.attempt = {{1, 1, container.child}, container.attempt};
  spec.environment = container.environment;
  ContainerFate otherwise;
  otherwise.run_time = absl::Seconds(1);
  otherwise.start_delay = absl::Seconds(9);
  return EnvironmentFate(spec, otherwise);
}

TEST(EnvironmentFatesTest, WithoutVariablesIsTheOther) {
  const ContainerFate fate = FateOf({});
  EXPECT_EQ(fate.run_time, absl::Seconds(1));
  EXPECT_EQ(fate.start_delay, absl::Seconds(9));
  EXPECT_EQ(fate.exit_code, 0);
  EXPECT_EQ(fate.stop_delay, absl::ZeroDuration());
  EXPECT_FALSE(fate.start_fails);
}

TEST(EnvironmentFatesTest, VariablesSayWhatHappens) {
  const ContainerFate fate = FateOf({{{"EMBATCH_SIM_SECONDS", "2.5"},
                                      {"EMBATCH_SIM_EXIT", "255"},
                                      {"EMBATCH_SIM_REASON", "OutOfMemory: x"},
                                      {"EMBATCH_SIM_STOP_SECONDS", "40"}}});
  EXPECT_EQ(fate.run_time, absl::Seconds(2.5));
  EXPECT_EQ(fate.exit_code, 255);
  EXPECT_EQ(fate.reason, "OutOfMemory: x");
  EXPECT_EQ(fate.stop_delay, absl::Seconds(40));
  EXPECT_EQ(fate.start_delay, absl::Seconds(9));
  EXPECT_FALSE(fate.start_fails);
}

TEST(EnvironmentFatesTest, EachAttemptHasItsValueAndTheLastRepeats) {
  const std::vector<EnvironmentVariable> environment = {
      {"EMBATCH_SIM_EXIT", "3, 4,0"}, {"EMBATCH_SIM_SECONDS", "5,,7"}};
  EXPECT_EQ(FateOf({environment, 1}).exit_code, 3);
  EXPECT_EQ(FateOf({environment, 2}).exit_code, 4);
  EXPECT_EQ(FateOf({environment, 3}).exit_code, 0);
  EXPECT_EQ(FateOf({environment, 10}).exit_code, 0);
  EXPECT_EQ(FateOf({environment, 1}).run_time, absl::Seconds(5));
  EXPECT_EQ(FateOf({environment, 2}).run_time, absl::Seconds(1));
  EXPECT_EQ(FateOf({environment, 9}).run_time, absl::Seconds(7));
}

TEST(EnvironmentFatesTest, AnIndexIsForOneChild) {
  const std::vector<EnvironmentVariable> environment = {
      {"EMBATCH_SIM_EXIT_7", "1,0"}, {"EMBATCH_SIM_EXIT", "2"}};
  EXPECT_EQ(FateOf({environment, 1, 7}).exit_code, 1);
  EXPECT_EQ(FateOf({environment, 2, 7}).exit_code, 0);
  EXPECT_EQ(FateOf({environment, 1, 6}).exit_code, 2);
  EXPECT_EQ(FateOf({environment, 1, 70}).exit_code, 2);
  EXPECT_EQ(FateOf({environment, 1, -1}).exit_code, 2);
}

TEST(EnvironmentFatesTest, OfTwoOfOneNameTheLastHolds) {
  EXPECT_EQ(FateOf({{{"EMBATCH_SIM_EXIT", "1"}, {"EMBATCH_SIM_EXIT", "2"}}})
                .exit_code,
            2);
}

TEST(EnvironmentFatesTest, ForEverIsAnAnswer) {
  EXPECT_EQ(FateOf({{{"EMBATCH_SIM_SECONDS", "inf"}}}).run_time,
            absl::InfiniteDuration());
}

TEST(EnvironmentFatesTest, NonsenseDoesNotStart) {
  for (const EnvironmentVariable& variable :
       std::vector<EnvironmentVariable>{{"EMBATCH_SIM_SECONDS", "soon"},
                                        {"EMBATCH_SIM_SECONDS", "-1"},
                                        {"EMBATCH_SIM_SECONDS", "nan"},
                                        {"EMBATCH_SIM_STOP_SECONDS", "x"},
                                        {"EMBATCH_SIM_EXIT", "256"},
                                        {"EMBATCH_SIM_EXIT", "-1"},
                                        {"EMBATCH_SIM_EXIT", "1.5"}}) {
    const ContainerFate fate = FateOf({{variable}});
    SCOPED_TRACE(variable.value);
    EXPECT_TRUE(fate.start_fails);
    EXPECT_THAT(fate.reason, HasSubstr(variable.name + " is \"" +
                                       variable.value + "\"; must be "));
  }
}

}  // namespace
}  // namespace embatch
