// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/model/validation.h: each rule at and past its limit, and the
// words in which a value is refused.
#include "lib/model/validation.h"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

// By hand, so that a rule of characters is not compared with itself.
constexpr absl::string_view kAlphanumeric =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool IsIn(absl::string_view characters, char c) {
  return characters.find(c) != absl::string_view::npos;
}

constexpr absl::string_view kNameRule =
    "; must be 1 to 128 letters, digits, hyphens and underscores";

TEST(QuotedTest, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(Quoted("plain text"), "\"plain text\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a\nb\x1b\"\\"), "\"a\\nb\\x1b\\\"\\\\\"");
}

TEST(QuotedTest, CutsWhatIsTooLongToRead) {
  EXPECT_EQ(Quoted(std::string(160, 'x')),
            absl::StrCat("\"", std::string(160, 'x'), "\""));
  EXPECT_EQ(Quoted(std::string(161, 'x')),
            absl::StrCat("\"", std::string(160, 'x'), "\"..."));
}

TEST(CheckNameTest, AcceptsExactlyLettersDigitsHyphensAndUnderscores) {
  for (int byte = 0; byte < 256; ++byte) {
    SCOPED_TRACE(byte);
    const char c = static_cast<char>(byte);
    const bool allowed = IsIn(kAlphanumeric, c) || c == '-' || c == '_';
    for (const std::string& name :
         {std::string(1, c), std::string("a") + c, c + std::string("a"),
          std::string("a") + c + "b"}) {
      if (allowed) {
        EXPECT_EQ(Answer(CheckName("queue", name)), "OK");
      } else {
        EXPECT_THAT(
            CheckName("queue", name),
            Refused(absl::StrCat("queue is ", Quoted(name), kNameRule)));
      }
    }
  }
}

TEST(CheckNameTest, TakesOneTo128Characters) {
  EXPECT_EQ(Answer(CheckName("name", "x")), "OK");
  EXPECT_EQ(Answer(CheckName("name", std::string(128, 'x'))), "OK");
  EXPECT_THAT(CheckName("name", ""),
              Refused(absl::StrCat("name is \"\"", kNameRule)));
  const std::string long_name(129, 'x');
  EXPECT_THAT(CheckName("name", long_name),
              Refused(absl::StrCat("name is \"", long_name, "\"", kNameRule)));
}

constexpr absl::string_view kJobNameRule =
    "; Job name should match valid pattern: a letter or digit, then letters, "
    "digits, hyphens and underscores, at most 128";

TEST(CheckJobNameTest, BeginsWithALetterOrADigit) {
  for (int byte = 0; byte < 256; ++byte) {
    SCOPED_TRACE(byte);
    const char c = static_cast<char>(byte);
    const std::string begins = c + std::string("a");
    const std::string ends = std::string("a") + c;
    if (IsIn(kAlphanumeric, c)) {
      EXPECT_EQ(Answer(CheckJobName(begins)), "OK");
      EXPECT_EQ(Answer(CheckJobName(std::string(1, c))), "OK");
    } else {
      EXPECT_THAT(
          CheckJobName(begins),
          Refused(absl::StrCat("job_name is ", Quoted(begins), kJobNameRule)));
    }
    const bool may_follow = IsIn(kAlphanumeric, c) || c == '-' || c == '_';
    EXPECT_EQ(CheckJobName(ends).ok(), may_follow);
  }
}

TEST(CheckJobNameTest, TakesOneTo128Characters) {
  EXPECT_EQ(Answer(CheckJobName(std::string(128, 'x'))), "OK");
  EXPECT_THAT(CheckJobName(""),
              Refused(absl::StrCat("job_name is \"\"", kJobNameRule)));
  EXPECT_THAT(CheckJobName(std::string(129, 'x')),
              Refused(absl::StrCat("job_name is \"", std::string(129, 'x'),
                                   "\"", kJobNameRule)));
}

TEST(CheckRangeTest, BoundsBelongToTheRange) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Answer(CheckRange("x", -2, -2, 7)), "OK");
  EXPECT_EQ(Answer(CheckRange("x", 7, -2, 7)), "OK");
  EXPECT_EQ(Answer(CheckRange("x", kMin, kMin, kMax)), "OK");
  EXPECT_EQ(Answer(CheckRange("x", kMax, kMin, kMax)), "OK");
  EXPECT_THAT(CheckRange("x", -3, -2, 7),
              Refused("x is -3; must be between -2 and 7"));
  EXPECT_THAT(CheckRange("x", 8, -2, 7),
              Refused("x is 8; must be between -2 and 7"));
  EXPECT_THAT(CheckRange("x", kMin, 0, 7),
              Refused("x is -9223372036854775808; must be between 0 and 7"));
}

std::map<std::string, std::string> TagsOf(int count) {
  std::map<std::string, std::string> tags;
  for (int i = 0; i < count; ++i) tags[absl::StrCat("key", i)] = "value";
  return tags;
}

TEST(CheckTagsTest, TakesFiftyTags) {
  EXPECT_EQ(Answer(CheckTags({})), "OK");
  EXPECT_EQ(Answer(CheckTags(TagsOf(50))), "OK");
  EXPECT_THAT(CheckTags(TagsOf(51)),
              Refused("tags has 51 entries; must have at most 50"));
}

TEST(CheckTagsTest, BoundsKeysAndValues) {
  EXPECT_EQ(Answer(CheckTags({{std::string(128, 'k'), ""}})), "OK");
  EXPECT_EQ(Answer(CheckTags({{"k", std::string(256, 'v')}})), "OK");
  EXPECT_THAT(
      CheckTags({{"", "v"}}),
      Refused("tags has the key \"\" of 0 characters; must have 1 to 128"));
  EXPECT_THAT(CheckTags({{std::string(129, 'k'), "v"}}),
              Refused(absl::StrCat("tags has the key \"", std::string(129, 'k'),
                                   "\" of 129 characters; must have 1 to "
                                   "128")));
  EXPECT_THAT(
      CheckTags({{"ok", ""}, {"project", std::string(257, 'v')}}),
      Refused("tags[\"project\"] has 257 characters; must have at most 256"));
}

TEST(CheckTagsTest, CountsCharactersAndWhatIsNone) {
  std::string umlauts;
  for (int i = 0; i < 256; ++i) umlauts += "\xc3\xa4";
  EXPECT_EQ(Answer(CheckTags({{"k", umlauts}})), "OK");
  // Bytes that go on a character where none was begun.
  EXPECT_THAT(CheckTags({{"k", std::string(257, '\x80')}}),
              Refused("tags[\"k\"] has 257 characters; must have at most 256"));
}

TEST(CheckEnvironmentTest, RefusesWhatNoProcessCanHaveAndWhatIsAwss) {
  using namespace std::string_literals;  // for texts with a NUL
  const struct {
    EnvironmentVariable variable;
    std::string want;
  } kCases[] = {
      {{"HOME", "/root"}, "OK"},
      {{"EMPTY", ""}, "OK"},
      {{"a b\n\xff", "=x=y"}, "OK"},
      {{"AWS_BATC", ""}, "OK"},
      {{"aws_batch_job", ""}, "OK"},
      {{"MY_AWS_BATCH", ""}, "OK"},
      {{"", "x"}, "e[1].name is \"\"; must not be empty"},
      {{"AWS_BATCH", "x"},
       "e[1].name is \"AWS_BATCH\"; must not begin with AWS_BATCH"},
      {{"AWS_BATCHED", "x"},
       "e[1].name is \"AWS_BATCHED\"; must not begin with AWS_BATCH"},
      {{"AWS_BATCH_JOB_ID", "x"},
       "e[1].name is \"AWS_BATCH_JOB_ID\"; must not begin with AWS_BATCH"},
      {{"A=B", "x"}, "e[1].name is \"A=B\"; must hold no '=' and no NUL"},
      {{"A\0Z"s, "x"}, "e[1].name is \"A\\x00Z\"; must hold no '=' and no NUL"},
      {{"A", "x\0y"s}, "e[1].value is \"x\\x00y\"; must hold no NUL"},
  };
  for (const auto& [variable, want] : kCases) {
    EXPECT_EQ(Answer(CheckEnvironment("e", {{"FIRST", "1"}, variable})), want);
  }
}

TEST(CheckCommandTest, RefusesEmptyElementsAndNul) {
  using namespace std::string_literals;
  EXPECT_EQ(Answer(CheckCommand("command", {})), "OK");
  EXPECT_EQ(Answer(CheckCommand("command", {"sh", "-c", " ", "\n\xff"})), "OK");
  EXPECT_THAT(CheckCommand("command", {""}),
              Refused("command[0] is empty; Command field cannot have empty "
                      "strings"));
  EXPECT_THAT(CheckCommand("command", {"sh", ""}),
              Refused("command[1] is empty; Command field cannot have empty "
                      "strings"));
  EXPECT_THAT(CheckCommand("command", {"sh", "a\0z"s}),
              Refused("command[1] is \"a\\x00z\"; must hold no NUL"));
}

TEST(CheckRetryStrategyTest, AttemptsHaveTheProfilesLimit) {
  const struct {
    int attempts;
    const Limits& limits;
    std::string want;
  } kCases[] = {
      {1, kAwsLimits, "OK"},
      {10, kAwsLimits, "OK"},
      {0, kAwsLimits,
       "retry_strategy.attempts is 0; must be between 1 and 10: RetryAttempts "
       "must be provided with retry strategy"},
      {-1, kAwsLimits,
       "retry_strategy.attempts is -1; must be between 1 and 10"},
      {11, kAwsLimits,
       "retry_strategy.attempts is 11; must be between 1 and 10"},
      {11, kUnlimitedLimits, "OK"},
      {65535, kUnlimitedLimits, "OK"},
      {0, kUnlimitedLimits,
       "retry_strategy.attempts is 0; must be between 1 and 65535: "
       "RetryAttempts must be provided with retry strategy"},
      {65536, kUnlimitedLimits,
       "retry_strategy.attempts is 65536; must be between 1 and 65535"},
  };
  for (const auto& [attempts, limits, want] : kCases) {
    EXPECT_EQ(Answer(CheckRetryStrategy(RetryStrategy{attempts}, limits)),
              want);
  }
  EXPECT_EQ(Answer(CheckRetryStrategy(std::nullopt, kAwsLimits)), "OK");
}

std::string AnswerOn(const EvaluateOnExit& rule) {
  return Answer(CheckRetryStrategy(RetryStrategy{2, {rule}}, kAwsLimits));
}

TEST(CheckRetryStrategyTest, HasAtMostFiveRules) {
  EvaluateOnExit rule;
  rule.on_exit_code = "1";
  RetryStrategy strategy{2, std::vector<EvaluateOnExit>(5, rule)};
  EXPECT_EQ(Answer(CheckRetryStrategy(strategy, kAwsLimits)), "OK");
  strategy.evaluate_on_exit.push_back(rule);
  EXPECT_THAT(CheckRetryStrategy(strategy, kUnlimitedLimits),
              Refused("retry_strategy.evaluate_on_exit has 6 entries; must "
                      "have at most 5"));
}

TEST(CheckRetryStrategyTest, RulesNeedAttempts) {
  EvaluateOnExit rule;
  rule.on_exit_code = "1";
  EXPECT_THAT(CheckRetryStrategy(RetryStrategy{0, {rule}}, kAwsLimits),
              Refused("retry_strategy.attempts is 0; must be between 1 and 10: "
                      "RetryAttempts must be provided with retry strategy"));
}

TEST(CheckRetryStrategyTest, RuleHasOneConditionAtLeast) {
  EXPECT_EQ(AnswerOn(EvaluateOnExit()),
            "retry_strategy.evaluate_on_exit[0] has no condition; must have "
            "on_status_reason, on_reason or on_exit_code");
}

TEST(CheckRetryStrategyTest, RuleHasAnActionThatThereIs) {
  EvaluateOnExit rule;
  rule.on_exit_code = "1";
  rule.action = static_cast<RetryAction>(2);
  EXPECT_EQ(AnswerOn(rule),
            "retry_strategy.evaluate_on_exit[0].action is 2; must be RETRY or "
            "EXIT");
}

// Source: API EvaluateOnExit: 512 letters, digits, '.', ':' and white space,
// then perhaps a '*'.
TEST(CheckRetryStrategyTest, ReasonPatternHoldsOnlyWhatAwsAllows) {
  const auto answer = [](std::string pattern, bool on_status) {
    EvaluateOnExit rule;
    (on_status ? rule.on_status_reason : rule.on_reason) = std::move(pattern);
    return AnswerOn(rule);
  };
  for (bool on_status : {false, true}) {
    const std::string member =
        std::string("retry_strategy.evaluate_on_exit[0].") +
        (on_status ? "on_status_reason" : "on_reason");
    for (int i = 0; i < 256; ++i) {
      const char c = static_cast<char>(i);
      const bool is_allowed =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
          (c >= '0' && c <= '9') || c == '.' || c == ':' ||
          std::string(" \t\n\v\f\r").find(c) != std::string::npos;
      const std::string pattern = {'a', c, 'b'};
      EXPECT_EQ(answer(pattern, on_status) == "OK", is_allowed) << i;
    }
    EXPECT_EQ(answer("*", on_status), "OK");
    EXPECT_EQ(answer("Host EC2*", on_status), "OK");
    EXPECT_EQ(answer("*Host", on_status),
              member +
                  " is \"*Host\"; must hold only letters, digits, periods, "
                  "colons and white space, and '*' at the end");
    EXPECT_NE(answer("a**", on_status), "OK");
    EXPECT_EQ(answer(std::string(512, 'a'), on_status), "OK");
    EXPECT_EQ(answer(std::string(513, 'a'), on_status),
              member + " has 513 characters; must have at most 512");
  }
}

TEST(CheckRetryStrategyTest, ExitCodePatternHoldsOnlyDigits) {
  const auto answer = [](std::string pattern) {
    EvaluateOnExit rule;
    rule.on_exit_code = std::move(pattern);
    return AnswerOn(rule);
  };
  EXPECT_EQ(answer("137"), "OK");
  EXPECT_EQ(answer("13*"), "OK");
  EXPECT_EQ(answer("*"), "OK");
  EXPECT_EQ(answer("-1"),
            "retry_strategy.evaluate_on_exit[0].on_exit_code is \"-1\"; must "
            "hold only digits, and '*' at the end");
  EXPECT_NE(answer("1 "), "OK");
  EXPECT_NE(answer("a"), "OK");
  EXPECT_EQ(answer(std::string(512, '1')), "OK");
  EXPECT_NE(answer(std::string(513, '1')), "OK");
}

TEST(ParseRetryActionTest, CaseDoesNotCount) {
  EXPECT_EQ(ParseRetryAction("RETRY"), RetryAction::kRetry);
  EXPECT_EQ(ParseRetryAction("retry"), RetryAction::kRetry);
  EXPECT_EQ(ParseRetryAction("Exit"), RetryAction::kExit);
  EXPECT_EQ(ParseRetryAction("STOP"), std::nullopt);
  EXPECT_EQ(ParseRetryAction(""), std::nullopt);
}

TEST(CheckTimeoutTest, IsWholeSecondsFromAMinuteToACentury) {
  const struct {
    absl::Duration duration;
    std::string shown;  // in the message; empty: accepted
  } kCases[] = {
      {absl::Seconds(60), ""},
      {absl::Seconds(61), ""},
      {absl::Hours(24 * 36500), ""},
      {absl::Hours(24 * 36500) + absl::Seconds(1), "876000h1s"},
      {absl::Seconds(59), "59s"},
      {absl::ZeroDuration(), "0"},
      {absl::Seconds(-60), "-1m"},
      {absl::Seconds(60) - absl::Nanoseconds(1), "59.999999999s"},
      {absl::Seconds(60) + absl::Nanoseconds(1), "1m0.000000001s"},
      {absl::Seconds(61) - absl::Nanoseconds(1) / 4, "1m0.99999999975s"},
      {absl::InfiniteDuration(), "inf"},
      {-absl::InfiniteDuration(), "-inf"},
  };
  for (const auto& [duration, shown] : kCases) {
    EXPECT_EQ(Answer(CheckTimeout("timeout", JobTimeout{duration})),
              shown.empty()
                  ? "OK"
                  : absl::StrCat("timeout.attempt_duration is ", shown,
                                 "; must be whole seconds, at least 1m and at "
                                 "most 876000h"));
  }
  EXPECT_EQ(Answer(CheckTimeout("timeout", std::nullopt)), "OK");
}

TEST(CheckSchedulingPriorityTest, IsFrom0To9999) {
  EXPECT_EQ(Answer(CheckSchedulingPriority("p", std::nullopt)), "OK");
  EXPECT_EQ(Answer(CheckSchedulingPriority("p", 0)), "OK");
  EXPECT_EQ(Answer(CheckSchedulingPriority("p", 9999)), "OK");
  EXPECT_THAT(CheckSchedulingPriority("p", -1),
              Refused("p is -1; must be between 0 and 9999"));
  EXPECT_THAT(CheckSchedulingPriority("p", 10000),
              Refused("p is 10000; must be between 0 and 9999"));
}

constexpr int64_t k2To40 = 1099511627776;

TEST(CheckPartialResourcesTest, ZeroMeansNotGivenHere) {
  EXPECT_EQ(Answer(CheckPartialResources("r", {0, 0, 0})), "OK");
  EXPECT_EQ(Answer(CheckPartialResources("r", {1, 0, 0})), "OK");
  EXPECT_EQ(Answer(CheckPartialResources("r", {0, 4, 0})), "OK");
  EXPECT_EQ(Answer(CheckPartialResources("r", {0, 0, 1})), "OK");
}

TEST(CheckPartialResourcesTest, EachAmountHasItsLimits) {
  const struct {
    Resources resources;
    std::string want;
  } kCases[] = {
      {{k2To40, k2To40, 4096}, "OK"},
      {{-1, 4, 0}, "r.vcpu_milli is -1; must be between 0 and 1099511627776"},
      {{k2To40 + 1, 4, 0},
       "r.vcpu_milli is 1099511627777; must be between 0 and 1099511627776"},
      {{1, -4, 0}, "r.memory_mib is -4; must be between 4 and 1099511627776"},
      {{1, 3, 0}, "r.memory_mib is 3; must be between 4 and 1099511627776"},
      {{1, k2To40 + 1, 0},
       "r.memory_mib is 1099511627777; must be between 4 and 1099511627776"},
      {{1, 4, -1}, "r.gpus is -1; must be between 0 and 4096"},
      {{1, 4, 4097}, "r.gpus is 4097; must be between 0 and 4096"},
  };
  for (const auto& [resources, want] : kCases) {
    EXPECT_EQ(Answer(CheckPartialResources("r", resources)), want);
  }
}

TEST(CheckJobResourcesTest, VcpusAndMemoryMustBeThere) {
  EXPECT_EQ(Answer(CheckJobResources({1, 4, 0})), "OK");
  EXPECT_EQ(Answer(CheckJobResources({k2To40, k2To40, 4096})), "OK");
  for (const int64_t vcpu_milli : {int64_t{0}, int64_t{-5}}) {
    EXPECT_THAT(
        CheckJobResources({vcpu_milli, 4, 0}),
        Refused(absl::StrCat("resources.vcpu_milli is ", vcpu_milli,
                             "; must be given by the definition or the "
                             "submission: container vcpus limit must be "
                             "greater than 0")));
  }
  for (const int64_t memory_mib : {int64_t{0}, int64_t{3}, int64_t{-9}}) {
    EXPECT_THAT(CheckJobResources({1, memory_mib, 0}),
                Refused(absl::StrCat(
                    "resources.memory_mib is ", memory_mib,
                    "; must be given by the definition or the submission, at "
                    "least 4: container memory limit must be greater than 4")));
  }
  EXPECT_THAT(
      CheckJobResources({k2To40 + 1, 4, 0}),
      Refused("resources.vcpu_milli is 1099511627777; must be between 0 and "
              "1099511627776"));
  EXPECT_THAT(CheckJobResources({1, 4, -1}),
              Refused("resources.gpus is -1; must be between 0 and 4096"));
}

}  // namespace
}  // namespace embatch
