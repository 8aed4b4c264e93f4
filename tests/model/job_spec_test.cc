// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/model/job_spec.h: the precedence of a submission over its
// definition, member by member, and what of the merged job is refused.
#include "lib/model/job_spec.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/encoding.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr uint32_t kIndex = 5;  // of the definition

JobDefinitionOptions FullDefinition() {
  JobDefinitionOptions options;
  options.job_definition_name = "resize";
  options.container_properties.image = "imagemagick";
  options.container_properties.command = {"convert", "Ref::in", "Ref::out"};
  options.container_properties.environment = {
      {"MODE", "fast"}, {"HOME", "/a"}, {"HOME", "/b"}};
  options.container_properties.resources = {2000, 512, 1};
  options.parameters = {{"in", "d-in"}, {"out", "d-out"}};
  options.retry_strategy = RetryStrategy{3};
  options.timeout = JobTimeout{absl::Minutes(5)};
  options.scheduling_priority = 7;
  options.propagate_tags = true;
  options.tags = {{"of", "definition"}};
  options.document = Document("definition");
  return options;
}

absl::StatusOr<JobSpec> Spec(const JobDefinitionOptions& options,
                             const SubmitJobRequest& request,
                             const Limits& limits = kAwsLimits) {
  const auto definition =
      JobDefinition::Create(options, LimitsProfile::kUnlimited);
  EXPECT_EQ(Answer(definition), "OK");
  absl::StatusOr<JobSpec> spec =
      MakeJobSpec(*definition, kIndex, request, limits);
  const absl::Status size = CheckSubmissionSize(request, limits);
  if (spec.ok() && !size.ok()) return size;
  return spec;
}

JobSpec Merged(const SubmitJobRequest& request,
               const JobDefinitionOptions& options = FullDefinition()) {
  const absl::StatusOr<JobSpec> spec = Spec(options, request);
  EXPECT_EQ(Answer(spec), "OK");
  return spec.value_or(JobSpec());
}

std::vector<std::pair<std::string, std::string>> Variables(
    const JobSpec& spec) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const EnvironmentVariable& variable : spec.environment) {
    result.push_back({variable.name, variable.value});
  }
  return result;
}

TEST(JobSpecTest, WithoutOverridesAllComesFromTheDefinition) {
  const JobSpec spec = Merged({});
  EXPECT_EQ(spec.definition, kIndex);
  EXPECT_THAT(spec.command, ElementsAre("convert", "d-in", "d-out"));
  EXPECT_EQ(spec.resources, (Resources{2000, 512, 1}));
  EXPECT_EQ(spec.retry_strategy.attempts, 3);
  EXPECT_EQ(spec.timeout->attempt_duration, absl::Minutes(5));
  EXPECT_EQ(spec.scheduling_priority, 7);
  EXPECT_TRUE(spec.propagate_tags);
  EXPECT_THAT(spec.extras->parameters,
              ElementsAre(Pair("in", "d-in"), Pair("out", "d-out")));
}

// Tags and document are the job's own; the definition's stay with it.
TEST(JobSpecTest, TagsAndDocumentAreTheSubmissions) {
  EXPECT_THAT(Merged({}).extras->tags, IsEmpty());
  EXPECT_FALSE(Merged({}).extras->document.has_value());
  SubmitJobRequest request;
  request.tags = {{"of", "job"}};
  request.document = Document("job");
  EXPECT_THAT(Merged(request).extras->tags, ElementsAre(Pair("of", "job")));
  EXPECT_EQ(Merged(request).extras->document.text(), "job");
}

TEST(JobSpecTest, WhatNobodyGaveHasItsDefault) {
  JobDefinitionOptions options;
  options.job_definition_name = "d";
  options.container_properties.image = "i";
  options.container_properties.resources = {1000, 4, 0};
  const JobSpec spec = Merged({}, options);
  EXPECT_THAT(spec.command, IsEmpty());
  EXPECT_EQ(spec.retry_strategy.attempts, 1);
  EXPECT_FALSE(spec.timeout.has_value());
  EXPECT_EQ(spec.scheduling_priority, 0);
  EXPECT_FALSE(spec.propagate_tags);
}

TEST(JobSpecTest, EnvironmentMergesByNameAndComesOutByName) {
  EXPECT_THAT(Variables(Merged({})),
              ElementsAre(Pair("HOME", "/b"), Pair("MODE", "fast")));
  SubmitJobRequest request;
  request.container_overrides.environment = {
      {"ZONE", "x"}, {"MODE", "slow"}, {"ALPHA", ""}, {"ZONE", "y"}};
  EXPECT_THAT(Variables(Merged(request)),
              ElementsAre(Pair("ALPHA", ""), Pair("HOME", "/b"),
                          Pair("MODE", "slow"), Pair("ZONE", "y")));
}

TEST(JobSpecTest, ResourcesMergeByType) {
  for (int given = 0; given < 8; ++given) {
    SubmitJobRequest request;
    Resources want = {2000, 512, 1};
    if ((given & 1) != 0) {
      request.container_overrides.vcpu_milli = want.vcpu_milli = 1500;
    }
    if ((given & 2) != 0) {
      request.container_overrides.memory_mib = want.memory_mib = 64;
    }
    if ((given & 4) != 0) request.container_overrides.gpus = want.gpus = 0;
    EXPECT_EQ(Merged(request).resources, want) << given;
  }
}

TEST(JobSpecTest, ACommandReplacesTheDefinitions) {
  SubmitJobRequest request;
  request.container_overrides.command = {"echo", "Ref::out"};
  EXPECT_THAT(Merged(request).command, ElementsAre("echo", "d-out"));
}

TEST(JobSpecTest, ParametersOfTheSubmissionWin) {
  SubmitJobRequest request;
  request.parameters = {{"in", "s-in"}, {"extra", "x"}};
  const JobSpec spec = Merged(request);
  EXPECT_THAT(spec.command, ElementsAre("convert", "s-in", "d-out"));
  EXPECT_THAT(spec.extras->parameters,
              ElementsAre(Pair("extra", "x"), Pair("in", "s-in"),
                          Pair("out", "d-out")));
}

TEST(JobSpecTest, RetryAndTimeoutAreReplacedAsAWhole) {
  SubmitJobRequest request;
  request.retry_strategy = RetryStrategy{1};
  request.timeout = JobTimeout{absl::Seconds(60)};
  EXPECT_EQ(Merged(request).retry_strategy.attempts, 1);
  EXPECT_EQ(Merged(request).timeout->attempt_duration, absl::Seconds(60));
}

TEST(JobSpecTest, PriorityAndPropagateTagsAreReplaced) {
  SubmitJobRequest request;
  request.scheduling_priority_override = 0;
  request.propagate_tags = false;
  EXPECT_EQ(Merged(request).scheduling_priority, 0);
  EXPECT_FALSE(Merged(request).propagate_tags);
}

TEST(JobSpecTest, WhatTheSubmissionAddsIsChecked) {
  using Change = std::function<void(SubmitJobRequest&)>;
  constexpr absl::string_view kMax = "1099511627776";
  const struct {
    Change change;
    std::string want;
  } kCases[] = {
      {[](auto& r) {
         r.container_overrides.command = {"a", ""};
       },
       "container_overrides.command[1] is empty; Command field cannot have "
       "empty strings"},
      {[](auto& r) {
         r.container_overrides.environment = {{"AWS_BATCH_X", ""}};
       },
       "container_overrides.environment[0].name is \"AWS_BATCH_X\"; must not "
       "begin with AWS_BATCH"},
      {[](auto& r) { r.container_overrides.vcpu_milli = 1000; }, "OK"},
      {[](auto& r) { r.container_overrides.vcpu_milli = 999; },
       absl::StrCat("resources.vcpu_milli is 999; must be between 1000 and ",
                    kMax)},
      {[](auto& r) { r.container_overrides.vcpu_milli = 0; },
       absl::StrCat("container_overrides.vcpu_milli is 0; must be between 1 "
                    "and ",
                    kMax)},
      {[](auto& r) { r.container_overrides.memory_mib = 4; }, "OK"},
      {[](auto& r) { r.container_overrides.memory_mib = 3; },
       absl::StrCat("container_overrides.memory_mib is 3; must be between 4 "
                    "and ",
                    kMax)},
      {[](auto& r) { r.scheduling_priority_override = 9999; }, "OK"},
      {[](auto& r) { r.scheduling_priority_override = 10000; },
       "scheduling_priority_override is 10000; must be between 0 and 9999"},
      {[](auto& r) { r.scheduling_priority_override = -1; },
       "scheduling_priority_override is -1; must be between 0 and 9999"},
      {[](auto& r) { r.container_overrides.gpus = -1; },
       "container_overrides.gpus is -1; must be between 0 and 4096"},
      {[](auto& r) { r.retry_strategy = RetryStrategy{0}; },
       "retry_strategy.attempts is 0; must be between 1 and 10: RetryAttempts "
       "must be provided with retry strategy"},
      {[](auto& r) { r.timeout = JobTimeout{absl::Seconds(1)}; },
       "timeout.attempt_duration is 1s; must be whole seconds, at least 1m "
       "and at most 876000h"},
      {[](auto& r) { r.tags[""] = ""; },
       "tags has the key \"\" of 0 characters; must have 1 to 128"},
      {[](auto& r) { r.container_overrides.command = {"Ref::nobody"}; },
       "Unable to substitute value. No parameter found for reference nobody"},
  };
  for (const auto& [change, want] : kCases) {
    SubmitJobRequest request;
    change(request);
    EXPECT_EQ(Answer(Spec(FullDefinition(), request)), want);
  }
}

TEST(JobSpecTest, VcpusAndMemoryMustBeGivenSomewhere) {
  JobDefinitionOptions options = FullDefinition();
  options.container_properties.resources = {};
  SubmitJobRequest request;
  EXPECT_THAT(Spec(options, request),
              Refused("resources.vcpu_milli is 0; must be given by the "
                      "definition or the submission: container vcpus limit "
                      "must be greater than 0"));
  request.container_overrides.vcpu_milli = 1000;
  EXPECT_THAT(Spec(options, request),
              Refused("resources.memory_mib is 0; must be given by the "
                      "definition or the submission, at least 4: container "
                      "memory limit must be greater than 4"));
  request.container_overrides.memory_mib = 64;
  EXPECT_EQ(Answer(Spec(options, request)), "OK");
}

TEST(JobSpecTest, AttemptsHaveTheProfilesLimit) {
  SubmitJobRequest request;
  request.retry_strategy = RetryStrategy{11};
  EXPECT_EQ(Answer(Spec(FullDefinition(), request, kUnlimitedLimits)), "OK");
  EXPECT_THAT(Spec(FullDefinition(), request, kAwsLimits),
              Refused("retry_strategy.attempts is 11; must be between 1 and "
                      "10"));
}

TEST(JobSpecTest, ConsumablesOfBothSidesHaveOneLimit) {
  JobDefinitionOptions options = FullDefinition();
  options.consumable_resource_properties.consumable_resource_list = {
      {"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
  SubmitJobRequest request;
  auto& list =
      request.consumable_resource_properties_override.consumable_resource_list;
  list = {{"a", 2}, {"e", 1}};
  EXPECT_EQ(Answer(Spec(options, request)), "OK");
  list.push_back({"f", 1});
  EXPECT_THAT(Spec(options, request),
              Refused("consumable_resource_properties_override.consumable_"
                      "resource_list, with the job definition's, has 6 "
                      "entries; must have at most 5"));
}

SubmitJobRequest OfBytes(size_t bytes) {
  SubmitJobRequest request;
  request.parameters["long"] = std::string(bytes - 1000, 'd');
  const size_t missing = bytes - Encoded(request).size();
  request.parameters["long"] += std::string(missing, 'd');
  EXPECT_EQ(Encoded(request).size(), bytes);
  return request;
}

TEST(JobSpecTest, ASubmissionHasAtMost30Kib) {
  EXPECT_EQ(Answer(Spec(FullDefinition(), OfBytes(30720))), "OK");
  EXPECT_THAT(Spec(FullDefinition(), OfBytes(30721)),
              Refused("the submission has 30721 bytes; must have at most "
                      "30720"));
  EXPECT_EQ(Answer(Spec(FullDefinition(), OfBytes(30721), kUnlimitedLimits)),
            "OK");
}

// What a document says once more does not count again.
TEST(JobSpecTest, ADocumentHasAtMost30Kib) {
  SubmitJobRequest request = OfBytes(30000);
  request.document = Document(std::string(30720, 'd'));
  EXPECT_EQ(Answer(Spec(FullDefinition(), request)), "OK");
  request.document = Document(std::string(30721, 'd'));
  EXPECT_THAT(Spec(FullDefinition(), request),
              Refused("the submission has 30721 bytes; must have at most "
                      "30720"));
  request.document = Document(std::string(1048576, 'd'));
  EXPECT_EQ(Answer(Spec(FullDefinition(), request, kUnlimitedLimits)), "OK");
}

TEST(JobSpecTest, UnlimitedIsAMebibyteBesideTheDependencies) {
  SubmitJobRequest request = OfBytes(1048576);
  EXPECT_EQ(Answer(Spec(FullDefinition(), request, kUnlimitedLimits)), "OK");
  request.depends_on.resize(100000);
  EXPECT_EQ(Answer(Spec(FullDefinition(), request, kUnlimitedLimits)), "OK");
  EXPECT_THAT(Spec(FullDefinition(), OfBytes(1048577), kUnlimitedLimits),
              Refused("the submission has 1048577 bytes; must have at most "
                      "1048576"));
}

TEST(PlainSubmissionTest, IsOneThatLeavesItsDefinitionsSpecAsItIs) {
  using Change = std::function<void(SubmitJobRequest&)>;
  const Change changes[] = {
      [](auto& r) { r.container_overrides.command = {"ls"}; },
      [](auto& r) {
        r.container_overrides.environment = {{"A", "1"}};
      },
      [](auto& r) { r.container_overrides.vcpu_milli = 1000; },
      [](auto& r) { r.container_overrides.memory_mib = 64; },
      [](auto& r) { r.container_overrides.gpus = 0; },
      [](auto& r) { r.container_overrides.deprecated_vcpus = 1; },
      [](auto& r) { r.container_overrides.deprecated_memory_mib = 64; },
      [](auto& r) {
        r.parameters = {{"in", "x"}};
      },
      [](auto& r) { r.retry_strategy = RetryStrategy{1}; },
      [](auto& r) { r.timeout = JobTimeout{absl::Minutes(1)}; },
      [](auto& r) { r.scheduling_priority_override = 3; },
      [](auto& r) { r.propagate_tags = false; },
      [](auto& r) {
        r.tags = {{"a", "b"}};
      },
      [](auto& r) { r.document = Document(""); },
  };
  SubmitJobRequest plain;
  plain.job_name = "j";
  plain.job_queue = "q";
  plain.job_definition = "d";
  plain.array_size = 3;
  plain.depends_on = {{JobId{1, 1}}};
  EXPECT_TRUE(IsPlainSubmission(plain));
  EXPECT_TRUE(Merged(plain) == Merged({}));
  for (const Change& change : changes) {
    SubmitJobRequest request = plain;
    change(request);
    EXPECT_FALSE(IsPlainSubmission(request));
  }
}

}  // namespace
}  // namespace embatch
