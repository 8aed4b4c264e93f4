// SPDX-License-Identifier: Apache-2.0
// An ApiWorld in which jobs are submitted: a queue "queue" and a definition
// "resize" of 2 vCPUs and 512 MiB.
#ifndef EMBATCH_TESTS_API_SERVICE_JOB_WORLD_H_
#define EMBATCH_TESTS_API_SERVICE_JOB_WORLD_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {

struct JobWorld : ApiWorld {
  explicit JobWorld(SchedulerOptions options = {}) : ApiWorld(options) {
    AddQueue();
    Call("RegisterJobDefinition", R"({
      "jobDefinitionName": "resize", "type": "container",
      "containerProperties": {
        "image": "imagemagick", "command": ["convert", "Ref::name"],
        "environment": [{"name": "A", "value": "1"}],
        "jobRoleArn": "arn:aws:iam::123456789012:role/r",
        "resourceRequirements": [{"type": "VCPU", "value": "2"},
                                 {"type": "MEMORY", "value": "512"}]},
      "parameters": {"name": "x"}})");
  }

  // A submission of "j"; `more` begins with a comma.
  static std::string Submission(absl::string_view more = "",
                                absl::string_view definition = "resize") {
    return absl::StrCat(R"({"jobName":"j","jobQueue":"queue",)"
                        R"("jobDefinition":")",
                        definition, "\"", more, "}");
  }
  // The id of the job.
  std::string Submit(absl::string_view more = "",
                     absl::string_view definition = "resize") {
    return Call("SubmitJob", Submission(more, definition)).at("jobId");
  }

  nlohmann::json Describe(absl::string_view id) {
    const nlohmann::json answer =
        Call("DescribeJobs", absl::StrCat(R"({"jobs":[")", id, "\"]}"));
    return answer.at("jobs").empty() ? nlohmann::json()
                                     : answer.at("jobs").at(0);
  }

  // What ListJobs answers, by ids, and "..." where there is a next page.
  std::vector<std::string> List(absl::string_view request) {
    const nlohmann::json answer = Call("ListJobs", request);
    std::vector<std::string> ids;
    for (const auto& job : answer.at("jobSummaryList")) {
      ids.push_back(job.at("jobId"));
    }
    if (answer.contains("nextToken")) ids.push_back("...");
    return ids;
  }
};

inline std::string ArnOf(absl::string_view resource) {
  return absl::StrCat(kArnPrefix, resource);
}

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_TESTS_API_SERVICE_JOB_WORLD_H_
