// SPDX-License-Identifier: Apache-2.0
//
// Tests of SchedulingPolicy::Create().
#include "embatch/scheduling_policy.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

SchedulingPolicyOptions Good() {
  SchedulingPolicyOptions options;
  options.name = "teams";
  options.fairshare_policy.emplace();
  return options;
}

TEST(SchedulingPolicyTest, KeepsWhatItWasGiven) {
  SchedulingPolicyOptions options = Good();
  options.fairshare_policy->share_decay = absl::Hours(1);
  options.fairshare_policy->compute_reservation = 50;
  options.fairshare_policy->share_distribution = {{"b", 1}, {"a*", 9999999}};
  options.tags = {{"team", "blue"}};
  options.document = Document("{}");
  const auto policy = SchedulingPolicy::Create(options);
  ASSERT_EQ(Answer(policy), "OK");
  EXPECT_EQ(policy->name(), "teams");
  EXPECT_TRUE(policy->is_fairshare());
  EXPECT_TRUE(policy->options() == options);
}

TEST(SchedulingPolicyTest, WithoutABodyItIsFairShare) {
  SchedulingPolicyOptions options;
  options.name = "teams";
  const auto policy = SchedulingPolicy::Create(options);
  ASSERT_EQ(Answer(policy), "OK");
  EXPECT_TRUE(policy->is_fairshare());
}

TEST(SchedulingPolicyTest, MayBeAboutQuotas) {
  SchedulingPolicyOptions options;
  options.name = "teams";
  options.quota_share_policy.emplace();
  const auto policy = SchedulingPolicy::Create(options);
  ASSERT_EQ(Answer(policy), "OK");
  EXPECT_FALSE(policy->is_fairshare());
}

TEST(SchedulingPolicyTest, EveryMemberHasItsLimits) {
  const std::string kLong(255, 'x');
  constexpr char kDecay[] = "fairshare_policy.share_decay is ";
  constexpr char kShare[] =
      "fairshare_policy.share_distribution.share_identifier is ";
  constexpr char kCharacters[] =
      "; must be 1 to 255 letters, digits, hyphens, underscores and periods";
  constexpr char kWeight[] =
      "fairshare_policy.share_distribution.weight_factor_ten_thousandths is ";
  const struct {
    const char* name;
    std::function<void(SchedulingPolicyOptions&)> change;
    std::string want;
  } kCases[] = {
      {"no name", [](auto& o) { o.name = ""; },
       "name is \"\"; must be 1 to 128 letters, digits, hyphens and "
       "underscores"},
      {"both bodies", [](auto& o) { o.quota_share_policy.emplace(); },
       "fairshare_policy and quota_share_policy are both given; at most one of "
       "them may be"},
      {"quota strategy",
       [](auto& o) {
         o.fairshare_policy.reset();
         o.quota_share_policy =
             QuotaSharePolicy{static_cast<IdleResourceAssignmentStrategy>(1)};
       },
       "quota_share_policy.idle_resource_assignment_strategy is 1; must be "
       "FIFO"},
      {"least decay", [](auto& o) { o.fairshare_policy->share_decay = {}; },
       "OK"},
      {"decay below zero",
       [](auto& o) { o.fairshare_policy->share_decay = -absl::Seconds(1); },
       absl::StrCat(kDecay, "-1s; must be between 0 and 604800 whole seconds")},
      {"most decay",
       [](auto& o) { o.fairshare_policy->share_decay = absl::Hours(168); },
       "OK"},
      {"too much decay",
       [](auto& o) { o.fairshare_policy->share_decay = absl::Seconds(604801); },
       absl::StrCat(kDecay,
                    "168h1s; must be between 0 and 604800 whole seconds")},
      {"half a second",
       [](auto& o) {
         o.fairshare_policy->share_decay = absl::Milliseconds(1500);
       },
       absl::StrCat(kDecay,
                    "1.5s; must be between 0 and 604800 whole seconds")},
      {"most reservation",
       [](auto& o) { o.fairshare_policy->compute_reservation = 99; }, "OK"},
      {"too much reservation",
       [](auto& o) { o.fairshare_policy->compute_reservation = 100; },
       "fairshare_policy.compute_reservation is 100; must be between 0 and 99"},
      {"reservation below zero",
       [](auto& o) { o.fairshare_policy->compute_reservation = -1; },
       "fairshare_policy.compute_reservation is -1; must be between 0 and 99"},
      {"longest identifier",
       [=](auto& o) {
         o.fairshare_policy->share_distribution = {{kLong + "*"}};
       },
       "OK"},
      {"identifier too long",
       [=](auto& o) {
         o.fairshare_policy->share_distribution = {{kLong + "x"}};
       },
       absl::StrCat(kShare, "\"", kLong.substr(0, 160), "\"...", kCharacters)},
      {"no identifier",
       [](auto& o) { o.fairshare_policy->share_distribution = {{""}}; },
       absl::StrCat(kShare, "\"\"", kCharacters)},
      {"star alone",
       [](auto& o) { o.fairshare_policy->share_distribution = {{"*"}}; },
       absl::StrCat(kShare, "\"\"", kCharacters)},
      {"star inside",
       [](auto& o) { o.fairshare_policy->share_distribution = {{"a*b"}}; },
       absl::StrCat(kShare, "\"a*b\"", kCharacters)},
      {"other characters",
       [](auto& o) { o.fairshare_policy->share_distribution = {{"a b"}}; },
       absl::StrCat(kShare, "\"a b\"", kCharacters)},
      {"AWS's own example",
       [](auto& o) { o.fairshare_policy->share_distribution = {{"team-a"}}; },
       "OK"},
      {"least weight",
       [](auto& o) {
         o.fairshare_policy->share_distribution = {{"a", 1}};
       },
       "OK"},
      {"no weight",
       [](auto& o) {
         o.fairshare_policy->share_distribution = {{"a", 0}};
       },
       absl::StrCat(kWeight, "0; must be between 1 and 9999999")},
      {"too much weight",
       [](auto& o) {
         o.fairshare_policy->share_distribution = {{"a", 10000000}};
       },
       absl::StrCat(kWeight, "10000000; must be between 1 and 9999999")},
      {"too many tags",
       [](auto& o) {
         for (int i = 0; i < 51; ++i) o.tags[absl::StrCat(i)] = "";
       },
       "tags has 51 entries; must have at most 50"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    SchedulingPolicyOptions options = Good();
    test.change(options);
    EXPECT_EQ(Answer(SchedulingPolicy::Create(options)), test.want);
  }
}

// Source: API ShareAttributes.shareIdentifier, with AWS's own example first.
TEST(SchedulingPolicyTest, IdentifiersMustNotOverlap) {
  const struct {
    std::vector<std::string> identifiers;
    const char* other;  // "": they don't overlap
  } kCases[] = {
      {{"UserA*", "UserA1"}, "UserA*"},
      {{"UserA1", "UserA*"}, "UserA*"},
      {{"UserA", "UserA*"}, "UserA"},
      {{"UserA*", "User*"}, "User*"},
      {{"b", "a", "b"}, "b"},
      {{"a*", "c", "a-b", "a_c"}, "a*"},
      {{"UserA*", "UserB*", "User", "userA"}, ""},
      {{"a", "a1", "a2", "b*"}, ""},
      {{"a-*", "a.*", "a0*"}, ""},
  };
  for (const auto& test : kCases) {
    SchedulingPolicyOptions options = Good();
    for (const std::string& identifier : test.identifiers) {
      options.fairshare_policy->share_distribution.push_back({identifier});
    }
    const auto policy = SchedulingPolicy::Create(options);
    SCOPED_TRACE(::testing::PrintToString(test.identifiers));
    if (*test.other == '\0') {
      EXPECT_EQ(Answer(policy), "OK");
      continue;
    }
    EXPECT_TRUE(absl::IsInvalidArgument(policy.status()));
    EXPECT_THAT(std::string(policy.status().message()),
                ::testing::HasSubstr(absl::StrCat(
                    " and \"", test.other,
                    "\"; the identifiers of a policy must not overlap")));
  }
}

}  // namespace
}  // namespace embatch
