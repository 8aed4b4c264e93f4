// SPDX-License-Identifier: Apache-2.0
//
// ListJobs with filters, and pages while jobs come and go. Source: §20.1,
// §20.3.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Name = ListJobsFilter::Name;

class ListJobsTest : public ScenarioTest {
 protected:
  ListJobsTest() { Hosts({2}); }

  void Define(const char* name) {
    JobDefinitionOptions options;
    options.job_definition_name = name;
    options.container_properties.image = "image";
    options.container_properties.resources = Resources::Of(1, 512);
    world_.Define(options);
  }
  static ListJobsRequest With(Name name, std::vector<std::string> values) {
    ListJobsRequest request;
    request.job_queue = "queue";
    request.filter = ListJobsFilter{name, std::move(values)};
    return request;
  }
  std::vector<JobId> All(ListJobsRequest request, int size = 100) {
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
  absl::Status Refusal(const ListJobsRequest& request) {
    return world_.scheduler().ListJobs(request).status();
  }
  std::string Milliseconds() {
    return absl::StrCat(absl::ToUnixMillis(world_.now()));
  }
};

TEST_F(ListJobsTest, ByNameInAllStatusesWhateverTheCase) {
  const JobId a = world_.Submit("Test1");
  world_.RunUntilIdle();
  const JobId b = world_.Submit("test1", RunsForever());
  const JobId c = world_.Submit("test10", Array(2), DependsOn(b));
  world_.Submit("another");
  world_.RunFor(absl::Seconds(5));
  // Grouped by name; capital letters come first.
  for (int size : {1, 2, 3, 100}) {
    EXPECT_THAT(All(With(Name::kJobName, {"test1*"}), size),
                ElementsAre(a, b, c));
  }
  EXPECT_THAT(All(With(Name::kJobName, {"TEST1"})), ElementsAre(a, b));
  EXPECT_THAT(All(With(Name::kJobName, {"test"})), IsEmpty());
  EXPECT_THAT(All(With(Name::kJobName, {"nothing", "test10"})), ElementsAre(c));
}

TEST_F(ListJobsTest, ANameIsGroupedByVersionAndNewestFirst) {
  Define("d");
  const JobId a = world_.Submit("x", OfDefinition("d:1"));
  Define("d");
  const JobId b = world_.Submit("x", OfDefinition("d:2"));
  const JobId c = world_.Submit("x", OfDefinition("d:1"));
  for (int size : {1, 2, 3}) {
    EXPECT_THAT(All(With(Name::kJobName, {"x"}), size), ElementsAre(c, a, b));
  }
}

TEST_F(ListJobsTest, ByDefinition) {
  Define("resize");
  Define("Resize");
  const JobId a = world_.Submit("a", OfDefinition("resize"));
  Define("resize");
  const JobId b = world_.Submit("b", OfDefinition("resize"));
  const JobId c = world_.Submit("c", OfDefinition("Resize"));
  EXPECT_THAT(All(With(Name::kJobDefinition, {"resize"}), 1),
              ElementsAre(b, a));
  EXPECT_THAT(All(With(Name::kJobDefinition, {"res*"})), ElementsAre(b, a));
  EXPECT_THAT(All(With(Name::kJobDefinition, {"resize:1"})), ElementsAre(a));
  EXPECT_THAT(All(With(Name::kJobDefinition, {"Resize", "resize:2"})),
              ElementsAre(c, b));
  EXPECT_THAT(All(With(Name::kJobDefinition, {"resize:*"})), IsEmpty());
}

TEST_F(ListJobsTest, ByTimeOfCreation) {
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(1));
  const std::string then = Milliseconds();
  const JobId b = world_.Submit("b");
  world_.RunFor(absl::Minutes(1));
  const JobId c = world_.Submit("c");
  const std::string now = Milliseconds();
  EXPECT_THAT(All(With(Name::kBeforeCreatedAt, {then})), ElementsAre(a));
  EXPECT_THAT(All(With(Name::kBeforeCreatedAt, {now}), 1), ElementsAre(b, a));
  EXPECT_THAT(All(With(Name::kBeforeCreatedAt, {then, now})),
              ElementsAre(b, a));
  EXPECT_THAT(All(With(Name::kAfterCreatedAt, {then})), ElementsAre(c));
  EXPECT_THAT(All(With(Name::kAfterCreatedAt, {now})), IsEmpty());
  EXPECT_THAT(All(With(Name::kAfterCreatedAt, {"0"}), 2), ElementsAre(c, b, a));
}

// Source: §20.3, it combines with a status.
TEST_F(ListJobsTest, ByShareIdentifier) {
  world_.FairQueue("fair", {"hosts"});
  const JobId a =
      world_.Submit("a", InQueue("fair"), OfShare("one"), RunsForever());
  const JobId b = world_.Submit("b", InQueue("fair"), OfShare("two"));
  const JobId c = world_.Submit("c", InQueue("fair"), OfShare("one"));
  world_.RunFor(absl::Minutes(1));
  ListJobsRequest request = With(Name::kShareIdentifier, {"one"});
  EXPECT_THAT(All(request), IsEmpty());  // "queue" has no shares
  request.job_queue = "fair";
  EXPECT_THAT(All(request, 1), ElementsAre(c, a));
  request.status = JobStatus::kRunning;
  EXPECT_THAT(All(request), ElementsAre(a));
  request.status.reset();
  request.filter->values = {"on", "two", "TWO"};
  EXPECT_THAT(All(request), ElementsAre(b));
}

// Source: §20.3, it combines with a status.
TEST_F(ListJobsTest, ByQuotaShare) {
  world_.QuotaQueue("quotas", {"hosts"});
  world_.QuotaShare("quotas", "one", Has(1));
  world_.QuotaShare("quotas", "two", Has(1));
  const JobId a =
      world_.Submit("a", InQueue("quotas"), OfQuotaShare("one"), RunsForever());
  const JobId b = world_.Submit("b", InQueue("quotas"), OfQuotaShare("two"));
  const JobId c = world_.Submit("c", InQueue("quotas"), OfQuotaShare("one"));
  world_.RunFor(absl::Minutes(1));
  ListJobsRequest request = With(Name::kQuotaShareName, {"one"});
  EXPECT_THAT(All(request), IsEmpty());  // "queue" has no shares
  request.job_queue = "quotas";
  EXPECT_THAT(All(request), ElementsAre(c, a));
  request.status = JobStatus::kRunning;
  EXPECT_THAT(All(request), ElementsAre(a));
  request.status.reset();
  request.filter->values = {"on", "two", "TWO"};
  EXPECT_THAT(All(request), ElementsAre(b));
}

TEST_F(ListJobsTest, BadFiltersAreRefused) {
  const auto expect = [this](const ListJobsRequest& request, const char* text) {
    const absl::Status status = Refusal(request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  };
  expect(With(Name::kJobName, {}), "filter.values is empty");
  expect(With(static_cast<Name>(9), {"x"}), "filter.name is 9");
  expect(With(Name::kBeforeCreatedAt, {"yesterday"}),
         "filter.values is \"yesterday\"; must be milliseconds");
  ListJobsRequest request = With(Name::kJobName, {"x"});
  request.max_results = 101;
  expect(request, "max_results is 101");
  request.max_results = 100;
  for (const char* token : {"q:1", "n:a:b:c", "n:a:b:1:x", "n:a:b:1"}) {
    request.next_token = token;
    expect(request, "next_token is");
  }
}

// Pages neither repeat nor leave out what lived throughout, also when the last
// entry of a page is forgotten meanwhile.
TEST_F(ListJobsTest, PagesGoOnBehindWhatHasGone) {
  std::vector<JobId> jobs;
  for (int i = 0; i < 6; ++i) {
    jobs.push_back(world_.Submit("x"));
    world_.RunUntilIdle();
    world_.RunFor(absl::Hours(1));
  }
  for (const bool by_name : {false, true}) {
    ListJobsRequest request;
    request.job_queue = "queue";
    if (by_name) {
      request = With(Name::kJobName, {"x"});
    } else {
      request.status = JobStatus::kSucceeded;
    }
    request.max_results = 2;
    const auto first = world_.scheduler().ListJobs(request);
    ASSERT_TRUE(first.ok());
    EXPECT_THAT(first->jobs, ElementsAre(jobs[5], jobs[4]));
    request.next_token = first->next_token;
    const auto second = world_.scheduler().ListJobs(request);
    ASSERT_TRUE(second.ok());
    EXPECT_THAT(second->jobs, ElementsAre(jobs[3], jobs[2]));
    request.next_token = second->next_token;
    const auto copy = world_.scheduler().Fork();
    // Jobs 0 to 2 are forgotten.
    copy->Advance(world_.now() + absl::Minutes(1230));
    copy->Advance(world_.now() + absl::Minutes(1230));
    ASSERT_FALSE(copy->DescribeJob(jobs[2]).ok());
    ASSERT_TRUE(copy->DescribeJob(jobs[3]).ok());
    const auto third = copy->ListJobs(request);
    ASSERT_TRUE(third.ok()) << third.status();
    EXPECT_THAT(third->jobs, IsEmpty());
    EXPECT_THAT(world_.scheduler().ListJobs(request)->jobs,
                ElementsAre(jobs[1], jobs[0]));
  }
}

TEST_F(ListJobsTest, QueuesAndEnvironmentsComeInPagesToo) {
  for (const char* name : {"c", "a", "b"}) world_.Queue(name, {"hosts"});
  PageRequest request;
  request.max_results = 2;
  auto page = world_.scheduler().ListJobQueues(request);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->names, ElementsAre("a", "b"));
  world_.DeleteQueue("b");
  world_.RunUntilIdle();
  request.next_token = page->next_token;
  page = world_.scheduler().ListJobQueues(request);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->names, ElementsAre("c", "queue"));
  EXPECT_EQ(page->next_token, "");
  EXPECT_FALSE(world_.scheduler().ListComputeEnvironments(request).ok());
  request.next_token.clear();
  EXPECT_THAT(world_.scheduler().ListComputeEnvironments(request)->names,
              ElementsAre("hosts"));
  request.max_results = 0;
  EXPECT_EQ(world_.scheduler().ListJobQueues(request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace embatch
