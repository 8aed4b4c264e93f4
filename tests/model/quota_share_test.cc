// SPDX-License-Identifier: Apache-2.0
//
// Tests of QuotaShare::Create().
#include "embatch/quota_share.h"

#include <functional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

QuotaShareOptions Good() {
  QuotaShareOptions options;
  options.quota_share_name = "research";
  options.job_queue = "training";
  options.capacity_limits = {{64, kUnitVcpu}};
  return options;
}

TEST(QuotaShareTest, KeepsWhatItWasGiven) {
  QuotaShareOptions options = Good();
  options.capacity_limits.push_back({8, "ml.m5.large"});
  options.resource_sharing = {ResourceSharingStrategy::kLendAndBorrow, 50};
  options.in_share_preemption = InSharePreemption::kEnabled;
  options.state = ResourceState::kDisabled;
  options.tags = {{"team", "blue"}};
  options.document = Document("{}");
  const auto share = QuotaShare::Create(options);
  ASSERT_EQ(Answer(share), "OK");
  EXPECT_EQ(share->quota_share_name(), "research");
  EXPECT_TRUE(share->options() == options);
}

TEST(QuotaShareTest, LimitsThemselvesAreTaken) {
  QuotaShareOptions options = Good();
  options.quota_share_name = std::string(128, 'a');
  options.capacity_limits = {{0, "a"},
                             {1, "b"},
                             {2, "c"},
                             {int64_t{1} << 38, "d"},
                             {4, std::string(128, 'e')}};
  for (int32_t borrow_limit : {-1, 0, 1000000}) {
    options.resource_sharing = {ResourceSharingStrategy::kLendAndBorrow,
                                borrow_limit};
    EXPECT_EQ(Answer(QuotaShare::Create(options)), "OK") << borrow_limit;
  }
}

TEST(QuotaShareTest, EveryMemberIsChecked) {
  using Change = std::function<void(QuotaShareOptions&)>;
  const struct {
    Change change;
    std::string want;
  } kCases[] = {
      {[](auto& o) { o.quota_share_name = ""; },
       "quota_share_name is \"\"; must be 1 to 128 letters, digits, hyphens "
       "and underscores"},
      {[](auto& o) { o.job_queue = "a/b"; },
       "job_queue is \"a/b\"; must be 1 to 128 letters, digits, hyphens and "
       "underscores"},
      {[](auto& o) { o.capacity_limits.clear(); },
       "capacity_limits has 0 entries; must have 1 to 5"},
      {[](auto& o) {
         o.capacity_limits.resize(6, {1, "a"});
       },
       "capacity_limits has 6 entries; must have 1 to 5"},
      {[](auto& o) { o.capacity_limits[0].max_capacity = -1; },
       "capacity_limits.max_capacity is -1; must be between 0 and "
       "274877906944"},
      {[](auto& o) {
         o.capacity_limits[0].max_capacity = (int64_t{1} << 38) + 1;
       },
       "capacity_limits.max_capacity is 274877906945; must be between 0 and "
       "274877906944"},
      {[](auto& o) { o.capacity_limits[0].capacity_unit = ""; },
       "capacity_limits.capacity_unit is \"\"; must have 1 to 128 characters"},
      {[](auto& o) { o.capacity_limits[0].capacity_unit.assign(129, 'a'); },
       "capacity_limits.capacity_unit is \"" + std::string(129, 'a') +
           "\"; must have 1 to 128 characters"},
      {[](auto& o) {
         o.capacity_limits.push_back({1, kUnitVcpu});
       },
       "capacity_limits.capacity_unit is \"VCPU\" twice; each must be given "
       "once"},
      {[](auto& o) {
         o.resource_sharing.strategy = static_cast<ResourceSharingStrategy>(3);
       },
       "resource_sharing.strategy is 3; must be RESERVE, LEND or "
       "LEND_AND_BORROW"},
      {[](auto& o) {
         o.resource_sharing = {ResourceSharingStrategy::kReserve, 10};
       },
       "resource_sharing.borrow_limit is 10; may be given with the strategy "
       "LEND_AND_BORROW only"},
      {[](auto& o) {
         o.resource_sharing = {ResourceSharingStrategy::kLend, -1};
       },
       "resource_sharing.borrow_limit is -1; may be given with the strategy "
       "LEND_AND_BORROW only"},
      {[](auto& o) {
         o.resource_sharing = {ResourceSharingStrategy::kLendAndBorrow, -2};
       },
       "resource_sharing.borrow_limit is -2; must be between -1 and 1000000"},
      {[](auto& o) {
         o.resource_sharing = {ResourceSharingStrategy::kLendAndBorrow,
                               1000001};
       },
       "resource_sharing.borrow_limit is 1000001; must be between -1 and "
       "1000000"},
      {[](auto& o) {
         o.in_share_preemption = static_cast<InSharePreemption>(2);
       },
       "in_share_preemption is 2; must be ENABLED or DISABLED"},
      {[](auto& o) { o.state = static_cast<ResourceState>(2); },
       "state is 2; must be ENABLED or DISABLED"},
  };
  for (const auto& [change, want] : kCases) {
    QuotaShareOptions options = Good();
    change(options);
    EXPECT_EQ(Answer(QuotaShare::Create(std::move(options))), want);
  }
}

}  // namespace
}  // namespace embatch
