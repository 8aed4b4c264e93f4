// SPDX-License-Identifier: Apache-2.0
//
// Tests of ContainerSpec: the variables that AWS sets, and the name of the log.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embatch/container_runtime.h"
#include "embatch/ids.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Lines(const ContainerSpec& spec) {
  std::vector<EnvironmentVariable> variables = {{"BEFORE", "1"}};
  spec.AppendEnvironment(variables);
  std::vector<std::string> lines;
  for (const EnvironmentVariable& variable : variables) {
    lines.push_back(absl::StrCat(variable.name, "=", variable.value));
  }
  return lines;
}

class ContainerSpecTest : public testing::Test {
 protected:
  ContainerSpecTest() {
    spec_.container = {{{4, 1, -1}, 2}, 0};
    spec_.environment = own_;
    spec_.job_definition = "resize";
    spec_.job_queue = "render";
    spec_.compute_environment = "machines";
    spec_.id_seed = 7;
  }

  const std::vector<EnvironmentVariable> own_ = {{"MODE", "fast"},
                                                 {"AWS_BATCH_JOB_ID", "mine"}};
  ContainerSpec spec_;
};

TEST_F(ContainerSpecTest, AwssVariablesComeLastAndSoWin) {
  EXPECT_THAT(
      Lines(spec_),
      ElementsAre("BEFORE=1", "MODE=fast", "AWS_BATCH_JOB_ID=mine",
                  "AWS_BATCH_JOB_ID=" + FormatJobId({4, 1, -1}, 7),
                  "AWS_BATCH_JOB_ATTEMPT=2", "AWS_BATCH_CE_NAME=machines",
                  "AWS_BATCH_JQ_NAME=render"));
}

TEST_F(ContainerSpecTest, AnArraysChildFindsItsIndexAndTheSize) {
  spec_.environment = {};
  spec_.container.attempt.job.child = 0;
  spec_.array_size = 7;
  EXPECT_THAT(
      Lines(spec_),
      ElementsAre("BEFORE=1",
                  "AWS_BATCH_JOB_ID=" + FormatJobId({4, 1, -1}, 7) + ":0",
                  "AWS_BATCH_JOB_ATTEMPT=2", "AWS_BATCH_CE_NAME=machines",
                  "AWS_BATCH_JQ_NAME=render", "AWS_BATCH_JOB_ARRAY_INDEX=0",
                  "AWS_BATCH_JOB_ARRAY_SIZE=7"));
}

TEST_F(ContainerSpecTest, TheLogStreamIsDefinitionDefaultTask) {
  EXPECT_EQ(spec_.LogStreamName(),
            "resize/default/" + FormatTaskId({{4, 1, -1}, 2}, 7));
  EXPECT_EQ(spec_.JobIdText(), FormatJobId({4, 1, -1}, 7));
}

TEST_F(ContainerSpecTest, TheLogStreamNamesTheContainerOfATask) {
  spec_.container_name = "sidecar";
  EXPECT_EQ(spec_.LogStreamName(),
            "resize/sidecar/" + FormatTaskId({{4, 1, -1}, 2}, 7));
}

TEST_F(ContainerSpecTest, TheLogStreamShows200CharactersOfTheDefinition) {
  const std::string task = FormatTaskId({{4, 1, -1}, 2}, 7);
  const std::string long_name(201, 'd');
  spec_.job_definition = absl::string_view(long_name).substr(0, 200);
  EXPECT_EQ(spec_.LogStreamName(), std::string(200, 'd') + "/default/" + task);
  spec_.job_definition = long_name;
  EXPECT_EQ(spec_.LogStreamName(), std::string(200, 'd') + "/default/" + task);
}

}  // namespace
}  // namespace embatch
