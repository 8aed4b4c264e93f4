// SPDX-License-Identifier: Apache-2.0
//
// Tests of JobQueue::Create().
#include "embatch/job_queue.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

JobQueueOptions Good() {
  JobQueueOptions options;
  options.job_queue_name = "render";
  options.priority = 10;
  options.compute_environment_order = {{1, "spot"}};
  return options;
}

TEST(JobQueueTest, KeepsWhatItWasGiven) {
  JobQueueOptions options = Good();
  options.state = ResourceState::kDisabled;
  options.tags = {{"team", "blue"}};
  options.document = Document("{}");
  const auto queue = JobQueue::Create(options);
  ASSERT_EQ(Answer(queue), "OK");
  EXPECT_EQ(queue->job_queue_name(), "render");
  EXPECT_TRUE(queue->options() == options);
}

TEST(JobQueueTest, EnvironmentsComeOutByOrder) {
  JobQueueOptions options = Good();
  options.compute_environment_order = {{5, "c"}, {-1, "a"}, {3, "b"}};
  const auto queue = JobQueue::Create(options);
  ASSERT_EQ(Answer(queue), "OK");
  const std::vector<ComputeEnvironmentOrder> want = {
      {-1, "a"}, {3, "b"}, {5, "c"}};
  EXPECT_TRUE(queue->options().compute_environment_order == want);
}

TEST(JobQueueTest, TimeLimitsAreChecked) {
  constexpr char kCapacity[] = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY";
  const auto answer = [](JobStateTimeLimitAction action) {
    JobQueueOptions options = Good();
    options.job_state_time_limit_actions = {action};
    return Answer(JobQueue::Create(options));
  };
  EXPECT_EQ(answer({kCapacity, absl::Seconds(600)}), "OK");
  EXPECT_EQ(answer({kCapacity, absl::Seconds(86400)}), "OK");
  EXPECT_EQ(answer({std::string(kCapacity) + " - and more", absl::Hours(1)}),
            "OK");
  for (const absl::Duration time :
       {absl::Seconds(599), absl::Seconds(86401), absl::Milliseconds(600500),
        absl::InfiniteDuration(), -absl::InfiniteDuration()}) {
    EXPECT_EQ(answer({kCapacity, time}),
              absl::StrCat("job_state_time_limit_actions.max_time is ",
                           absl::FormatDuration(time),
                           "; must be whole seconds between 600 and 86400"));
  }
  // Not for every reason is an action allowed.
  for (const char* reason : {"", "CAPACITY", "UNDETERMINED", "ACTION_REQUIRED",
                             "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"}) {
    EXPECT_EQ(answer({reason, absl::Hours(1)}),
              absl::StrCat("job_state_time_limit_actions.reason is \"", reason,
                           "\"; must be a code for which an action is "
                           "allowed, such as ",
                           kCapacity));
  }
  // TERMINATE goes with the reasons of quota shares and of service jobs.
  for (const char* reason :
       {kCapacity, "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE",
        "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - whatever"}) {
    EXPECT_EQ(answer({reason, absl::Hours(1), TimeLimitAction::kTerminate}),
              "OK");
  }
  EXPECT_EQ(answer({"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", absl::Hours(1),
                    TimeLimitAction::kTerminate}),
            "job_state_time_limit_actions.action is TERMINATE; must be CANCEL "
            "for the reason \"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT\"");
  EXPECT_EQ(
      answer({kCapacity, absl::Hours(1), static_cast<TimeLimitAction>(2)}),
      "job_state_time_limit_actions.action is 2; must be CANCEL or TERMINATE");
}

TEST(JobQueueTest, EveryMemberIsChecked) {
  using Change = std::function<void(JobQueueOptions&)>;
  const struct {
    Change change;
    std::string want;
  } kCases[] = {
      {[](auto& o) { o.job_queue_name = "a.b"; },
       "job_queue_name is \"a.b\"; must be 1 to 128 letters, digits, hyphens "
       "and underscores"},
      {[](auto& o) { o.priority = 0; }, "OK"},
      {[](auto& o) { o.priority = 1000; }, "OK"},
      {[](auto& o) { o.priority = -1; },
       "priority is -1; must be between 0 and 1000"},
      {[](auto& o) { o.priority = 1001; },
       "priority is 1001; must be between 0 and 1000"},
      {[](auto& o) { o.state = static_cast<ResourceState>(2); },
       "state is 2; must be ENABLED or DISABLED"},
      {[](auto& o) { o.compute_environment_order.clear(); },
       "compute_environment_order is empty; At least 1 compute environment "
       "must be provided"},
      {[](auto& o) {
         o.compute_environment_order = {{1, "a"}, {2, "b"}, {3, "c"}};
       },
       "OK"},
      {[](auto& o) {
         o.compute_environment_order = {{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}};
       },
       "compute_environment_order has 4 entries; must have at most 3"},
      {[](auto& o) {
         o.compute_environment_order = {{1, ""}};
       },
       "compute_environment_order.compute_environment is \"\"; must be 1 to "
       "128 letters, digits, hyphens and underscores"},
      {[](auto& o) {
         o.compute_environment_order = {{7, "a"}, {7, "b"}};
       },
       "compute_environment_order.order is 7 twice; each must be given once"},
      {[](auto& o) {
         o.compute_environment_order = {{1, "a"}, {2, "b"}, {3, "a"}};
       },
       "compute_environment_order.compute_environment is \"a\" twice; each "
       "must be given once"},
      {[](auto& o) { o.tags["k"] = std::string(257, 'v'); },
       "tags[\"k\"] has 257 characters; must have at most 256"},
  };
  for (const auto& [change, want] : kCases) {
    JobQueueOptions options = Good();
    change(options);
    EXPECT_EQ(Answer(JobQueue::Create(std::move(options))), want);
  }
}

JobQueueOptions WithEnvironments(int count) {
  JobQueueOptions options = Good();
  options.compute_environment_order.clear();
  for (int i = 0; i < count; ++i) {
    options.compute_environment_order.push_back({i, absl::StrCat("e", i)});
  }
  return options;
}

TEST(JobQueueTest, UnlimitedTakesMoreEnvironments) {
  const auto queue =
      JobQueue::Create(WithEnvironments(40), LimitsProfile::kUnlimited);
  ASSERT_EQ(Answer(queue), "OK");
  EXPECT_EQ(queue->options().compute_environment_order.size(), 40u);
  EXPECT_EQ(Answer(JobQueue::Create(WithEnvironments(65537),
                                    LimitsProfile::kUnlimited)),
            "compute_environment_order has 65537 entries; must have at most "
            "65536");
}

TEST(JobQueueTest, NamesAPolicyOrADispatchOrder) {
  JobQueueOptions options = Good();
  options.scheduling_policy = "teams";
  EXPECT_EQ(Answer(JobQueue::Create(options)), "OK");
  options.scheduling_policy = "a b";
  EXPECT_EQ(Answer(JobQueue::Create(options)),
            "scheduling_policy is \"a b\"; must be 1 to 128 letters, digits, "
            "hyphens and underscores");
  options.scheduling_policy = "teams";
  options.dispatch_order = DispatchOrder::kFirstFit;
  EXPECT_EQ(Answer(JobQueue::Create(options)),
            "dispatch_order is not strict, and scheduling_policy is "
            "\"teams\"; a queue with a scheduling policy must be strict");
  options.scheduling_policy.clear();
  EXPECT_EQ(Answer(JobQueue::Create(options)), "OK");
  options.backfill_ends_before_start = true;
  EXPECT_EQ(Answer(JobQueue::Create(options)),
            "backfill_ends_before_start is true; must be false unless "
            "dispatch_order is backfill");
  options.dispatch_order = DispatchOrder::kBackfill;
  EXPECT_EQ(Answer(JobQueue::Create(options)), "OK");
  options.dispatch_order = static_cast<DispatchOrder>(3);
  EXPECT_EQ(Answer(JobQueue::Create(options)),
            "dispatch_order is 3; must be strict, first fit or backfill");
}

}  // namespace
}  // namespace embatch
