// SPDX-License-Identifier: Apache-2.0
// ListJobs and ListJobsByConsumableResource: whose jobs, filters, pages.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/job_world.h"

namespace embatch {
namespace api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Filtered(absl::string_view name, absl::string_view value,
                     absl::string_view more = "") {
  return absl::StrCat(R"({"jobQueue":"queue","filters":[{"name":")", name,
                      R"(","values":[")", value, "\"]}]", more, "}");
}

struct JobListsTest : testing::Test {
  std::string SubmitNamed(absl::string_view name) {
    return world
        .Call("SubmitJob", absl::StrCat(R"({"jobName":")", name,
                                        R"(","jobQueue":"queue",)"
                                        R"("jobDefinition":"resize"})"))
        .at("jobId");
  }
  JobWorld world;
};

TEST_F(JobListsTest, RunningJobsUnlessAStatusIsGiven) {
  const std::string id = world.Submit();
  EXPECT_THAT(world.List(R"({"jobQueue":"queue"})"), ElementsAre());
  EXPECT_THAT(world.List(R"({"jobQueue":"queue","jobStatus":"SUBMITTED"})"),
              ElementsAre(id));
  world.Advance(5);
  EXPECT_THAT(world.List(R"({"jobQueue":"queue"})"), ElementsAre(id));
  EXPECT_THAT(world.List(absl::StrCat(R"({"jobQueue":")",
                                      ArnOf("job-queue/queue"), "\"}")),
              ElementsAre(id));
}

TEST_F(JobListsTest, NewestFirstInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(world.Submit());
  const json first = world.Call(
      "ListJobs",
      R"({"jobQueue":"queue","jobStatus":"SUBMITTED","maxResults":2})");
  EXPECT_EQ(first["jobSummaryList"][0]["jobId"], ids[2]);
  EXPECT_EQ(first["jobSummaryList"][1]["jobId"], ids[1]);
  EXPECT_THAT(
      world.List(absl::StrCat(
          R"({"jobQueue":"queue","jobStatus":"SUBMITTED","maxResults":2,)",
          R"("nextToken":)", first["nextToken"].dump(), "}")),
      ElementsAre(ids[0]));
}

TEST_F(JobListsTest, PagesHaveLimits) {
  world.Call("ListJobs", R"({"jobQueue":"queue","maxResults":1000})");
  EXPECT_THAT(
      world.Refusal("ListJobs", R"({"jobQueue":"queue","maxResults":1001})"),
      HasSubstr("maxResults is 1001; must be between 1 and 1000"));
  EXPECT_THAT(
      world.Refusal("ListJobs", R"({"jobQueue":"queue","maxResults":0})"),
      HasSubstr("maxResults is 0"));
  EXPECT_THAT(
      world.Refusal("ListJobs", R"({"jobQueue":"queue","nextToken":"x"})"),
      HasSubstr("nextToken is \"x\""));
}

// AWS returns up to 100 beside a filter, whatever is asked for.
TEST_F(JobListsTest, FilteredPagesAreShorter) {
  for (int i = 0; i < 101; ++i) world.Submit();
  EXPECT_EQ(
      world.List(Filtered("JOB_NAME", "j", R"(,"maxResults":1000)")).size(),
      101);  // 100, and that there are more
  EXPECT_EQ(world.List(Filtered("JOB_NAME", "j")).size(), 101);
  EXPECT_THAT(world.Refusal("ListJobs",
                            Filtered("JOB_NAME", "j", R"(,"maxResults":1001)")),
              HasSubstr("maxResults is 1001"));
}

TEST_F(JobListsTest, FiltersByName) {
  const std::string one = SubmitNamed("Test1");
  const std::string ten = SubmitNamed("test10");
  EXPECT_THAT(world.List(Filtered("JOB_NAME", "test1")), ElementsAre(one));
  EXPECT_THAT(world.List(Filtered("JOB_NAME", "test1*")),
              ElementsAre(one, ten));
}

TEST_F(JobListsTest, FiltersByDefinition) {
  const std::string first = world.Submit();
  world.Call("RegisterJobDefinition",
             R"({"jobDefinitionName":"resize","type":"container",
                 "containerProperties":{"image":"a","vcpus":1,"memory":64}})");
  const std::string second = world.Submit();
  EXPECT_THAT(world.List(Filtered("JOB_DEFINITION", "resize")),
              ElementsAre(second, first));
  EXPECT_THAT(world.List(Filtered("JOB_DEFINITION", "res*")),
              ElementsAre(second, first));
  EXPECT_THAT(
      world.List(Filtered("JOB_DEFINITION", ArnOf("job-definition/resize:1"))),
      ElementsAre(first));
}

TEST_F(JobListsTest, FiltersByTime) {
  const std::string early = world.Submit();
  world.Advance(1);
  const std::string late = world.Submit();
  EXPECT_THAT(world.List(Filtered("BEFORE_CREATED_AT", "1767225600500")),
              ElementsAre(early));
  EXPECT_THAT(world.List(Filtered("AFTER_CREATED_AT", "1767225600500")),
              ElementsAre(late));
  EXPECT_THAT(world.Refusal("ListJobs", Filtered("AFTER_CREATED_AT", "noon")),
              HasSubstr("filters[0].values is \"noon\""));
}

TEST_F(JobListsTest, FiltersAreChecked) {
  EXPECT_THAT(world.Refusal("ListJobs", Filtered("job_name", "x")),
              HasSubstr("filters[0].name is \"job_name\""));
  EXPECT_EQ(world.Refusal("ListJobs",
                          R"({"jobQueue":"queue","filters":[
                              {"name":"JOB_NAME","values":["a"]},
                              {"name":"JOB_NAME","values":["b"]}]})"),
            "filters has 2 entries; must have at most 1");
  EXPECT_THAT(world.Refusal("ListJobs",
                            R"({"jobQueue":"queue","filters":[
                                {"name":"JOB_NAME"}]})"),
              HasSubstr("filters[0].values is empty"));
}

TEST_F(JobListsTest, WhoseJobsMustBeClear) {
  EXPECT_EQ(world.Refusal("ListJobs", "{}"),
            "0 of jobQueue, arrayJobId and multiNodeJobId are given; must be "
            "exactly one");
  EXPECT_EQ(
      world.Refusal("ListJobs", R"({"jobQueue":"queue","arrayJobId":"x"})"),
      "2 of jobQueue, arrayJobId and multiNodeJobId are given; must be exactly "
      "one");
  EXPECT_EQ(world.Refusal("ListJobs", R"({"jobQueue":"none"})"),
            "Job queue none does not exist");
  EXPECT_THAT(world.Refusal("ListJobs", R"({"arrayJobId":"x"})"),
              HasSubstr("arrayJobId: job id is \"x\""));
  EXPECT_EQ(
      world.Refusal("ListJobs", R"({"jobQueue":"queue","jobStatus":"DONE"})"),
      "Job status is not one of SUBMITTED | PENDING | RUNNABLE | STARTING | "
      "RUNNING | SUCCEEDED | FAILED");
}

TEST_F(JobListsTest, JobsOfAConsumableResource) {
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"licence","totalQuantity":5})");
  const std::string need = absl::StrCat(
      R"(,"consumableResourcePropertiesOverride":{"consumableResourceList":)"
      R"([{"quantity":2,"consumableResource":")",
      ArnOf("consumable-resource/licence"), "\"}]}");
  const std::string id = world.Submit(need);
  world.Submit();

  const json list = world.Call("ListJobsByConsumableResource",
                               R"({"consumableResource":"licence"})");

  EXPECT_EQ(list,
            json({{"jobs",
                   {{{"jobArn", ArnOf("job/" + id)},
                     {"jobQueueArn", ArnOf("job-queue/queue")},
                     {"jobName", "j"},
                     {"jobDefinitionArn", ArnOf("job-definition/resize:1")},
                     {"jobStatus", "SUBMITTED"},
                     {"quantity", 5},
                     {"createdAt", 1767225600000},
                     {"consumableResourceProperties",
                      {{"consumableResourceList",
                        {{{"consumableResource", "licence"},
                          {"quantity", 2}}}}}}}}}}));
  const auto count = [this](absl::string_view filters) {
    return world
        .Call("ListJobsByConsumableResource",
              absl::StrCat(R"({"consumableResource":"licence","filters":)",
                           filters, "}"))["jobs"]
        .size();
  };
  EXPECT_EQ(count(R"([{"name":"JOB_STATUS","values":["SUBMITTED"]}])"), 1);
  EXPECT_EQ(count(R"([{"name":"JOB_STATUS","values":["FAILED"]}])"), 0);
  EXPECT_EQ(count(R"([{"name":"JOB_NAME","values":["J*"]}])"), 1);
  EXPECT_THAT(world.Refusal("ListJobsByConsumableResource",
                            R"({"consumableResource":"licence","filters":[
                                {"name":"X","values":["a"]}]})"),
              HasSubstr("filters[0].name is \"X\""));
  EXPECT_THAT(world.Refusal("ListJobsByConsumableResource",
                            R"({"consumableResource":"none"})"),
              HasSubstr("\"none\" does not exist"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
