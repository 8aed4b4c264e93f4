// SPDX-License-Identifier: Apache-2.0
//
// DescribeJob of every kind, ListJobs and its pages. Source: §20.2, §20.3.
// Choice: D39.
#include <limits>
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadTest : public ScenarioTest {
 protected:
  ReadTest() { Hosts({2}); }

  std::vector<JobId> List(JobStatus status) {
    ListJobsRequest request;
    request.job_queue = "queue";
    request.status = status;
    const auto page = world_.scheduler().ListJobs(request);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? page->jobs : std::vector<JobId>();
  }
  // All pages of so many entries each.
  std::vector<JobId> Pages(ListJobsRequest request, int size) {
    std::vector<JobId> jobs;
    request.max_results = size;
    for (;;) {
      const auto page = world_.scheduler().ListJobs(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return jobs;
      EXPECT_LE(page->jobs.size(), static_cast<size_t>(size));
      jobs.insert(jobs.end(), page->jobs.begin(), page->jobs.end());
      if (page->next_token.empty()) return jobs;
      request.next_token = page->next_token;
    }
  }
};

TEST_F(ReadTest, JobShowsWhatItWasSubmittedWith) {
  const JobWord more = [](JobPlan& plan) {
    plan.request.tags = {{"team", "render"}};
    plan.request.document = Document("{\"x\": 1}");
  };
  const JobId a = world_.Submit("a", more, Needs(1, 600), Attempts(2));
  const JobView view = world_.Describe(a);
  EXPECT_EQ(view.job, a);
  EXPECT_EQ(view.job_name, "a");
  EXPECT_EQ(view.job_queue, "queue");
  EXPECT_EQ(view.job_definition, "job");
  EXPECT_EQ(view.revision, 1);
  EXPECT_EQ(view.status, JobStatus::kSubmitted);
  EXPECT_EQ(view.status_reason, "");
  EXPECT_FALSE(view.started_at.has_value());
  EXPECT_FALSE(view.stopped_at.has_value());
  EXPECT_EQ(view.resources, Resources::Of(1, 600));
  EXPECT_EQ(view.tags->at("team"), "render");
  EXPECT_EQ(view.document->text(), "{\"x\": 1}");
  EXPECT_EQ(view.array_size, 0);
  EXPECT_EQ(view.attempts, 0);
}

TEST_F(ReadTest, FinishedChildShowsItsRun) {
  const absl::Time start = world_.now();
  const JobId a = world_.Submit("a", Array(2), Child(1, Exits(4)));
  world_.RunUntilIdle();
  const JobView view = world_.Describe(a.Child(1));
  EXPECT_EQ(view.status, JobStatus::kFailed);
  EXPECT_EQ(view.status_reason, kContainerExited);
  EXPECT_EQ(view.started_at, start + absl::Seconds(1));
  EXPECT_EQ(view.stopped_at, start + absl::Seconds(11));
  EXPECT_EQ(view.exit_code, 4);
  EXPECT_EQ(view.attempts, 1);
  EXPECT_EQ(view.instance, InstanceId::Joined(1));
}

// 16 bytes hold the ordinary; these are not ordinary.
TEST_F(ReadTest, FinishedChildWithARareEndShowsItToo) {
  const absl::Duration odd = absl::Seconds(3) + absl::Nanoseconds(7);
  const JobId a = world_.Submit("a", Array(2), Child(0, RunsFor(odd)),
                                Child(1, Exits(-1), WithReason("gone")));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StopTimeOf(a.Child(0)) - world_.StartTimeOf(a.Child(0)),
            odd);
  EXPECT_EQ(world_.Describe(a.Child(1)).exit_code, -1);
  EXPECT_EQ(world_.Describe(a.Child(1)).reason, "gone");
}

TEST_F(ReadTest, UnknownJobIsNotFound) {
  const JobId a = world_.Submit("a");
  for (const JobId& job : {JobId(), JobId{9, 9, -1}, a.Child(0), a.Child(-2)}) {
    EXPECT_EQ(world_.scheduler().DescribeJob(job).status().code(),
              absl::StatusCode::kNotFound);
    EXPECT_EQ(world_.scheduler().DescribeAttempts(job).status().code(),
              absl::StatusCode::kNotFound);
    EXPECT_EQ(world_.scheduler().DescribeDependencies(job).status().code(),
              absl::StatusCode::kNotFound);
  }
}

// --- ListJobs
// --------------------------------------------------------------------

TEST_F(ReadTest, JobsAreListedByStatusNewestFirst) {
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b");
  const JobId c = world_.Submit("c");
  EXPECT_THAT(List(JobStatus::kSubmitted), ElementsAre(c, b, a));
  world_.RunFor(absl::Seconds(5));
  EXPECT_THAT(List(JobStatus::kSubmitted), IsEmpty());
  EXPECT_THAT(List(JobStatus::kRunning), ElementsAre(b, a));
  EXPECT_THAT(List(JobStatus::kRunnable), ElementsAre(c));
  world_.RunUntilIdle();
  EXPECT_THAT(List(JobStatus::kSucceeded), ElementsAre(c, b, a));
}

TEST_F(ReadTest, RunningIsListedUnlessAskedOtherwise) {
  const JobId a = world_.Submit("a");
  world_.Submit("b", DependsOn(a));
  world_.RunFor(absl::Seconds(5));
  ListJobsRequest request;
  request.job_queue = "queue";
  EXPECT_THAT(world_.scheduler().ListJobs(request)->jobs, ElementsAre(a));
}

TEST_F(ReadTest, RunningArrayIsListedAsPendingAndItsChildrenAreNot) {
  const JobId a = world_.Submit("a", Array(2));
  world_.RunFor(absl::Seconds(5));
  EXPECT_THAT(List(JobStatus::kPending), ElementsAre(a));
  EXPECT_THAT(List(JobStatus::kRunning), IsEmpty());
}

TEST_F(ReadTest, ChildrenAreListedByIndex) {
  const JobId a = world_.Submit("a", Array(4), Child(2, Exits(1)));
  world_.RunUntilIdle();
  ListJobsRequest request;
  request.array = a;
  request.status = JobStatus::kSucceeded;
  EXPECT_THAT(Pages(request, 100),
              ElementsAre(a.Child(0), a.Child(1), a.Child(3)));
  EXPECT_THAT(Pages(request, 1),
              ElementsAre(a.Child(0), a.Child(1), a.Child(3)));
  request.status = JobStatus::kFailed;
  EXPECT_THAT(Pages(request, 1), ElementsAre(a.Child(2)));
}

TEST_F(ReadTest, PagesNeitherSkipNorRepeat) {
  std::vector<JobId> jobs;
  for (int i = 0; i < 23; ++i) {
    jobs.insert(jobs.begin(), world_.Submit("a", Needs(9, 512)));
  }
  ListJobsRequest request;
  request.job_queue = "queue";
  request.status = JobStatus::kSubmitted;
  for (int size : {1, 2, 7, 22, 23, 24}) {
    EXPECT_EQ(Pages(request, size), jobs) << "pages of " << size;
  }
}

// A page goes on behind its last job though that has left the list.
TEST_F(ReadTest, PageGoesOnWhenItsLastJobHasMovedOn) {
  std::vector<JobId> jobs;
  for (int i = 0; i < 4; ++i) jobs.push_back(world_.Submit("a"));
  ListJobsRequest request;
  request.job_queue = "queue";
  request.status = JobStatus::kSubmitted;
  request.max_results = 2;
  const JobPage first = *world_.scheduler().ListJobs(request);
  EXPECT_THAT(first.jobs, ElementsAre(jobs[3], jobs[2]));
  world_.Cancel(jobs[2], "gone");
  world_.Settle();
  request.next_token = first.next_token;
  request.status = JobStatus::kStarting;
  EXPECT_THAT(world_.scheduler().ListJobs(request)->jobs,
              ElementsAre(jobs[1], jobs[0]));
}

TEST_F(ReadTest, BadListRequestsAreRefused) {
  const JobId a = world_.Submit("a", Array(2));
  ListJobsRequest request;
  EXPECT_EQ(world_.scheduler().ListJobs(request).status().code(),
            absl::StatusCode::kInvalidArgument);
  request.job_queue = "queue";
  request.array = a;
  EXPECT_EQ(world_.scheduler().ListJobs(request).status().code(),
            absl::StatusCode::kInvalidArgument);
  request.array = JobId();
  for (int size : {-1, 0, 1001}) {
    request.max_results = size;
    const absl::Status status = world_.scheduler().ListJobs(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr("max_results"));
  }
  request.max_results = 1000;
  request.job_queue = "elsewhere";
  EXPECT_EQ(world_.scheduler().ListJobs(request).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ReadTest, ATokenOfAnotherListIsRefused) {
  const JobId a = world_.Submit("a", Array(3));
  ListJobsRequest request;
  request.array = a;
  request.status = JobStatus::kPending;
  request.max_results = 1;
  const std::string token = world_.scheduler().ListJobs(request)->next_token;
  request.next_token = token;
  EXPECT_THAT(world_.scheduler().ListJobs(request)->jobs,
              ElementsAre(a.Child(1)));
  ListJobsRequest other;
  other.job_queue = "queue";
  for (const std::string& bad :
       {token, std::string("q:"), std::string("q:-1"), std::string("x")}) {
    other.next_token = bad;
    const absl::Status status = world_.scheduler().ListJobs(other).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr("next_token is"));
  }
  request.next_token = "c:18446744073709551615";
  EXPECT_THAT(world_.scheduler().ListJobs(request)->jobs, IsEmpty());
}

}  // namespace
}  // namespace embatch
