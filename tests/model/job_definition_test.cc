// SPDX-License-Identifier: Apache-2.0
//
// Tests of JobDefinition::Create(): which rule looks at which member, and how
// it names it. The rules themselves are tested in validation_test.cc.
#include "embatch/job_definition.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/encoding.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

JobDefinitionOptions Good() {
  JobDefinitionOptions options;
  options.job_definition_name = "resize";
  options.container_properties.image = "imagemagick";
  options.container_properties.command = {"convert", "Ref::in"};
  options.container_properties.environment = {{"MODE", "fast"}};
  options.container_properties.resources = Resources::Of(1, 512);
  return options;
}

TEST(JobDefinitionTest, KeepsWhatItWasGiven) {
  JobDefinitionOptions options = Good();
  options.parameters = {{"in", "a.png"}};
  options.retry_strategy = RetryStrategy{3};
  options.timeout = JobTimeout{absl::Minutes(5)};
  options.scheduling_priority = 7;
  options.propagate_tags = true;
  options.tags = {{"team", "blue"}};
  options.document = Document("{}");
  const auto definition = JobDefinition::Create(options);
  ASSERT_EQ(Answer(definition), "OK");
  EXPECT_EQ(definition->job_definition_name(), "resize");
  EXPECT_TRUE(definition->options() == options);
}

TEST(JobDefinitionTest, NeedsANameAndAnImageOnly) {
  JobDefinitionOptions options;
  options.job_definition_name = "d";
  options.container_properties.image = "i";
  EXPECT_EQ(Answer(JobDefinition::Create(options)), "OK");
}

TEST(JobDefinitionTest, EveryMemberIsChecked) {
  using Change = std::function<void(JobDefinitionOptions&)>;
  const struct {
    Change change;
    std::string want;
  } kCases[] = {
      {[](auto& o) { o.job_definition_name = "a b"; },
       "job_definition_name is \"a b\"; must be 1 to 128 letters, digits, "
       "hyphens and underscores"},
      {[](auto& o) { o.job_definition_name = "name:1"; },
       "job_definition_name is \"name:1\"; must be 1 to 128 letters, digits, "
       "hyphens and underscores"},
      {[](auto& o) { o.container_properties.image.clear(); },
       "container_properties.image is empty; containerProperties must contain "
       "image"},
      {[](auto& o) { o.container_properties.image.assign(255, 'i'); }, "OK"},
      {[](auto& o) { o.container_properties.image.assign(256, 'i'); },
       "container_properties.image has 256 characters; must have at most 255"},
      {[](auto& o) {
         o.container_properties.command = {"a", ""};
       },
       "container_properties.command[1] is empty; Command field cannot have "
       "empty strings"},
      {[](auto& o) { o.container_properties.environment[0].name = ""; },
       "container_properties.environment[0].name is \"\"; must not be empty"},
      {[](auto& o) { o.container_properties.resources.memory_mib = 3; },
       "container_properties.resources.memory_mib is 3; must be between 4 and "
       "1099511627776"},
      {[](auto& o) { o.container_properties.resources = {}; }, "OK"},
      {[](auto& o) { o.retry_strategy = RetryStrategy{11}; },
       "retry_strategy.attempts is 11; must be between 1 and 10"},
      {[](auto& o) { o.timeout = JobTimeout{absl::Seconds(59)}; },
       "timeout.attempt_duration is 59s; must be whole seconds, at least 1m "
       "and at most 876000h"},
      {[](auto& o) { o.scheduling_priority = 10000; },
       "scheduling_priority is 10000; must be between 0 and 9999"},
      {[](auto& o) { o.tags[""] = "x"; },
       "tags has the key \"\" of 0 characters; must have 1 to 128"},
  };
  for (const auto& [change, want] : kCases) {
    JobDefinitionOptions options = Good();
    change(options);
    EXPECT_EQ(Answer(JobDefinition::Create(std::move(options))), want);
  }
}

TEST(JobDefinitionTest, TheFirstBadMemberIsNamed) {
  JobDefinitionOptions options = Good();
  options.container_properties.image.clear();
  options.retry_strategy = RetryStrategy{0};
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "container_properties.image is empty; containerProperties must "
            "contain image");
}

// Good() with a parameter that makes it `bytes` long.
JobDefinitionOptions OfBytes(size_t bytes) {
  JobDefinitionOptions options = Good();
  options.parameters["long"] = std::string(bytes - 1000, 'd');
  const size_t missing = bytes - Encoded(options).size();
  options.parameters["long"] += std::string(missing, 'd');
  EXPECT_EQ(Encoded(options).size(), bytes);
  return options;
}

TEST(JobDefinitionTest, HasAtMost24Kib) {
  EXPECT_EQ(Answer(JobDefinition::Create(OfBytes(24576))), "OK");
  EXPECT_EQ(Answer(JobDefinition::Create(OfBytes(24577))),
            "the job definition has 24577 bytes; must have at most 24576");
}

// What a document says once more does not count again.
TEST(JobDefinitionTest, DocumentHasAtMost24Kib) {
  JobDefinitionOptions options = OfBytes(24000);
  options.document = Document(std::string(24576, 'd'));
  EXPECT_EQ(Answer(JobDefinition::Create(options)), "OK");
  options.document = Document(std::string(24577, 'd'));
  EXPECT_EQ(Answer(JobDefinition::Create(options)),
            "the job definition has 24577 bytes; must have at most 24576");
}

TEST(JobDefinitionTest, UnlimitedIsAMebibyteAnd65535Attempts) {
  JobDefinitionOptions options = OfBytes(1048576);
  options.retry_strategy.reset();
  EXPECT_EQ(Answer(JobDefinition::Create(options, LimitsProfile::kUnlimited)),
            "OK");
  EXPECT_EQ(Answer(JobDefinition::Create(OfBytes(1048577),
                                         LimitsProfile::kUnlimited)),
            "the job definition has 1048577 bytes; must have at most 1048576");
  options = Good();
  options.retry_strategy = RetryStrategy{65535};
  EXPECT_EQ(Answer(JobDefinition::Create(options, LimitsProfile::kUnlimited)),
            "OK");
  options.retry_strategy = RetryStrategy{65536};
  EXPECT_EQ(Answer(JobDefinition::Create(options, LimitsProfile::kUnlimited)),
            "retry_strategy.attempts is 65536; must be between 1 and 65535");
}

TEST(JobDefinitionTest, RulesOfFormHoldInEveryProfile) {
  JobDefinitionOptions options = Good();
  options.job_definition_name.assign(129, 'x');
  EXPECT_THAT(
      JobDefinition::Create(options, LimitsProfile::kUnlimited),
      Refused(absl::StrCat("job_definition_name is \"", std::string(129, 'x'),
                           "\"; must be 1 to 128 letters, digits, hyphens and "
                           "underscores")));
}

TEST(DocumentTest, NoneAndEmptyAreDifferent) {
  EXPECT_TRUE(Document("") == Document(""));
  EXPECT_TRUE(Document() == Document());
  EXPECT_FALSE(Document() == Document(""));
  EXPECT_FALSE(Document("a") == Document("b"));
  EXPECT_EQ(Document().text(), "");
  EXPECT_NE(Encoded(Document()), Encoded(Document("")));
}

}  // namespace
}  // namespace embatch
