// SPDX-License-Identifier: Apache-2.0
//
// Pages of long lists: each looks at so much and no more, and together they
// still list all, each once.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embatch/scheduler.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/model/limits.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using Name = ListJobsFilter::Name;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

SchedulerOptions Unlimited() {
  SchedulerOptions options;
  options.limits = LimitsProfile::kUnlimited;
  return options;
}

class ListPagesTest : public ::testing::Test {
 protected:
  ListPagesTest() { Begin(Unlimited()); }
  void Begin(const SchedulerOptions& options) {
    scheduler_ = Scheduler(options);
    ComputeEnvironmentOptions environment;
    environment.compute_environment_name = "machines";
    environment.type = ComputeEnvironmentType::kUnmanaged;
    Expect(scheduler_.CreateComputeEnvironment(
        *ComputeEnvironment::Create(environment), kNow));
    scheduler_.Advance(kNow);
    JobQueueOptions queue;
    queue.job_queue_name = "queue";
    queue.compute_environment_order = {{1, "machines"}};
    Expect(scheduler_.CreateJobQueue(*JobQueue::Create(queue), kNow));
    scheduler_.Advance(kNow);
    JobDefinitionOptions definition;
    definition.job_definition_name = "definition";
    definition.container_properties.image = "image";
    definition.container_properties.resources = Resources::Of(1, 512);
    Expect(scheduler_
               .RegisterJobDefinition(*JobDefinition::Create(definition), kNow)
               .status());
  }
  static void Expect(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
  }
  JobId Submit(std::string name, int32_t array_size = 0) {
    SubmitJobRequest request;
    request.job_name = std::move(name);
    request.job_queue = "queue";
    request.job_definition = "definition";
    if (array_size > 0) request.array_size = array_size;
    const absl::StatusOr<JobId> job = scheduler_.SubmitJob(request, kNow);
    Expect(job.status());
    return job.value_or(JobId());
  }
  void SubmitOthers(int64_t jobs) {
    for (int64_t i = 0; i < jobs; ++i) Submit("other");
  }
  static ListJobsRequest Filtered(Name name, std::string value) {
    ListJobsRequest request;
    request.job_queue = "queue";
    request.filter = ListJobsFilter{name, {std::move(value)}};
    return request;
  }
  // How many jobs each page has.
  std::vector<size_t> Pages(ListJobsRequest request) {
    std::vector<size_t> pages;
    listed_.clear();
    do {
      const absl::StatusOr<JobPage> page = scheduler_.ListJobs(request);
      Expect(page.status());
      if (!page.ok()) break;
      pages.push_back(page->jobs.size());
      listed_.insert(listed_.end(), page->jobs.begin(), page->jobs.end());
      request.next_token = page->next_token;
    } while (!request.next_token.empty());
    return pages;
  }

  Scheduler scheduler_;
  std::vector<JobId> listed_;  // by the latest Pages()
};

TEST_F(ListPagesTest, AFilterLooksAtSoManyJobsAPage) {
  const JobId old = Submit("wanted");
  SubmitOthers(kJobsLookedAtMax - 1);
  EXPECT_THAT(Pages(Filtered(Name::kJobName, "wanted")), ElementsAre(1));
  // One more, and the oldest stands on the next page.
  SubmitOthers(1);
  EXPECT_THAT(Pages(Filtered(Name::kJobName, "wanted")), ElementsAre(0, 1));
  EXPECT_THAT(listed_, ElementsAre(old));
}

TEST_F(ListPagesTest, NothingFoundEndsAfterAllWereLookedAt) {
  SubmitOthers(kJobsLookedAtMax + 1);
  EXPECT_THAT(Pages(Filtered(Name::kJobName, "nobody")), ElementsAre(0, 0));
  EXPECT_THAT(Pages(Filtered(Name::kJobDefinition, "nothing")),
              ElementsAre(0, 0));
  EXPECT_THAT(Pages(Filtered(Name::kBeforeCreatedAt, "0")), ElementsAre(0, 0));
}

TEST_F(ListPagesTest, EachJobIsListedOnceWhereTheQueueIsGroupedPartByPart) {
  std::vector<JobId> old;
  std::vector<JobId> recent;
  for (int i = 0; i < 150; ++i) old.push_back(Submit(absl::StrCat("a", i)));
  SubmitOthers(kJobsLookedAtMax);
  for (int i = 0; i < 150; ++i) recent.push_back(Submit(absl::StrCat("a", i)));
  EXPECT_THAT(Pages(Filtered(Name::kJobName, "a*")),
              ElementsAre(100, 50, 100, 50));
  const auto is_in = [](const std::vector<JobId>& jobs) {
    return [&jobs](const JobId& job) {
      return std::find(jobs.begin(), jobs.end(), job) != jobs.end();
    };
  };
  ASSERT_EQ(listed_.size(), 300u);
  EXPECT_TRUE(
      std::all_of(listed_.begin(), listed_.begin() + 150, is_in(recent)));
  EXPECT_TRUE(std::all_of(listed_.begin() + 150, listed_.end(), is_in(old)));
  for (const std::vector<JobId>* jobs : {&old, &recent}) {
    EXPECT_TRUE(std::all_of(jobs->begin(), jobs->end(), is_in(listed_)));
  }
}

// What is gone is not looked at: it makes no part of the queue shorter.
TEST_F(ListPagesTest, ForgottenJobsSplitNoGroups) {
  SchedulerOptions forgetful = Unlimited();
  forgetful.finished_job_retention = absl::ZeroDuration();
  Begin(forgetful);
  const JobId a1 = Submit("a1");
  std::vector<JobId> others;
  for (int64_t i = 0; i < kJobsLookedAtMax; ++i) {
    others.push_back(Submit("other"));
  }
  const JobId a2 = Submit("a2");
  for (const JobId& job : others) {
    Expect(scheduler_.TerminateJob(job, "not wanted", kNow));
  }
  for (int i = 0; i < 20; ++i) scheduler_.Advance(kNow);
  ASSERT_FALSE(scheduler_.DescribeJob(others.back()).ok());
  EXPECT_THAT(Pages(Filtered(Name::kJobName, "*")), ElementsAre(2));
  EXPECT_THAT(listed_, ElementsAre(a1, a2));
}

// The first page says where the part ends, though jobs of it go before the
// next one is asked for.
TEST_F(ListPagesTest, APartEndsWhereItsFirstPageDid) {
  SchedulerOptions forgetful = Unlimited();
  forgetful.finished_job_retention = absl::ZeroDuration();
  Begin(forgetful);
  const JobId old = Submit("a");
  std::vector<JobId> others;
  for (int64_t i = 0; i < kJobsLookedAtMax; ++i) {
    others.push_back(Submit(absl::StrCat("b", i % 2)));
  }
  ListJobsRequest request = Filtered(Name::kJobName, "*");
  request.max_results = 1;
  const JobPage first = scheduler_.ListJobs(request).value();
  EXPECT_EQ(scheduler_.DescribeJob(first.jobs.front())->job_name, "b0");
  for (const JobId& job : others) {
    if (job == others.back() || job == first.jobs.front()) continue;
    Expect(scheduler_.TerminateJob(job, "not wanted", kNow));
  }
  for (int i = 0; i < 20; ++i) scheduler_.Advance(kNow);
  request.next_token = first.next_token;
  EXPECT_THAT(Pages(request), ElementsAre(1, 1));
  EXPECT_THAT(listed_, ElementsAre(others.back(), old));
}

TEST_F(ListPagesTest, ChildrenAreLookedAtSoManyAPage) {
  const JobId array = Submit("array", kChildrenLookedAtMax + 2);
  scheduler_.Advance(kNow);
  ListJobsRequest request;
  request.array = array;
  request.max_results = 1000;
  request.status = JobStatus::kFailed;
  EXPECT_THAT(Pages(request), ElementsAre(0));
  Expect(scheduler_.CancelJob(array.Child(kChildrenLookedAtMax), "of no use",
                              kNow));
  scheduler_.Advance(kNow);
  EXPECT_THAT(Pages(request), ElementsAre(0, 1));
  EXPECT_THAT(listed_, ElementsAre(array.Child(kChildrenLookedAtMax)));
}

}  // namespace
}  // namespace embatch
