// SPDX-License-Identifier: Apache-2.0
//
// What the scheduler refuses, word for word: the code, the member, its value
// and the limit; and that a refusal changes nothing.
// Source: §22 for texts that are AWS's own.
#include "tests/scenario/refusal.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace embatch {
namespace {

ComputeEnvironment Environment(std::string name) {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = std::move(name);
  options.type = ComputeEnvironmentType::kUnmanaged;
  return ComputeEnvironment::Create(options).value();
}

JobQueue QueueOn(std::string name, std::string environment) {
  JobQueueOptions options;
  options.job_queue_name = std::move(name);
  options.compute_environment_order = {{1, std::move(environment)}};
  return JobQueue::Create(options).value();
}

class RefusalTest : public RefusalFixture {
 protected:
  absl::Status CreateEnvironment(std::string name) {
    return scheduler().CreateComputeEnvironment(Environment(std::move(name)),
                                                world_.now());
  }
  absl::Status CreateQueue(std::string name, std::string environment) {
    return scheduler().CreateJobQueue(
        QueueOn(std::move(name), std::move(environment)), world_.now());
  }
  absl::Status Deregister(absl::string_view definition) {
    return scheduler().DeregisterJobDefinition(definition, world_.now());
  }
  absl::Status List(const ListJobsRequest& request) {
    return scheduler().ListJobs(request).status();
  }
};

TEST_F(RefusalTest, Configuration) {
  ASSERT_TRUE(CreateEnvironment("new").ok());
  ExpectRefused({
      {"environment of that name", [this] { return CreateEnvironment("new"); },
       absl::StatusCode::kAlreadyExists,
       "A compute environment already exists with the name new"},
      {"value that names nothing",
       [this] {
         return scheduler().CreateComputeEnvironment(ComputeEnvironment(),
                                                     world_.now());
       },
       absl::StatusCode::kInvalidArgument,
       "compute_environment_name is \"\"; must be 1 to 128 letters, digits, "
       "hyphens and underscores"},
      {"queue of that name", [this] { return CreateQueue("queue", "hosts"); },
       absl::StatusCode::kAlreadyExists, "Job queue queue already exists"},
      {"unknown environment", [this] { return CreateQueue("q", "nowhere"); },
       absl::StatusCode::kNotFound,
       "compute_environment_order.compute_environment is \"nowhere\"; there is "
       "no compute environment of that name"},
      {"environment too new", [this] { return CreateQueue("q", "new"); },
       absl::StatusCode::kFailedPrecondition,
       "compute_environment_order.compute_environment is \"new\", which is "
       "CREATING; must be VALID (a new one is after the next Advance())"},
      {"no revision", [this] { return Deregister("job"); },
       absl::StatusCode::kInvalidArgument,
       "job_definition is \"job\"; must name a revision, as \"name:1\" does"},
  });
}

// AWS's quotas: 50 of each. The next one is too many.
TEST_F(RefusalTest, QuotaOfEnvironmentsAndQueues) {
  for (int i = 1; i < 50; ++i) {
    ASSERT_TRUE(CreateEnvironment(absl::StrCat("e", i)).ok());
    ASSERT_TRUE(CreateQueue(absl::StrCat("q", i), "hosts").ok());
  }
  ExpectRefused({
      {"environments", [this] { return CreateEnvironment("e50"); },
       absl::StatusCode::kResourceExhausted,
       "there are 50 compute environments; there may be at most 50"},
      {"queues", [this] { return CreateQueue("q50", "hosts"); },
       absl::StatusCode::kResourceExhausted,
       "there are 50 job queues; there may be at most 50"},
  });
  world_.Settle();
}

TEST_F(RefusalTest, Submission) {
  world_.Submit("furniture");
  ASSERT_TRUE(CreateQueue("new", "hosts").ok());
  const auto submit = [this](void (*change)(SubmitJobRequest&)) {
    return [this, change] {
      SubmitJobRequest request;
      request.job_name = "a";
      request.job_queue = "queue";
      request.job_definition = "job";
      change(request);
      return scheduler().SubmitJob(request, world_.now()).status();
    };
  };
  ExpectRefused({
      {"name", submit([](SubmitJobRequest& r) { r.job_name = "_"; }),
       absl::StatusCode::kInvalidArgument,
       "job_name is \"_\"; Job name should match valid pattern: a letter or "
       "digit, then letters, digits, hyphens and underscores, at most 128"},
      {"unknown queue", submit([](SubmitJobRequest& r) { r.job_queue = "q"; }),
       absl::StatusCode::kNotFound,
       "job_queue: Job queue \"q\" does not exist"},
      {"queue too new",
       submit([](SubmitJobRequest& r) { r.job_queue = "new"; }),
       absl::StatusCode::kFailedPrecondition,
       "job_queue is \"new\", which is CREATING; must be VALID (a new one is "
       "after the next Advance())"},
      {"unknown definition",
       submit([](SubmitJobRequest& r) { r.job_definition = "d:7"; }),
       absl::StatusCode::kNotFound,
       "job_definition: Job definition \"d:7\" does not exist"},
      {"share in a queue without",
       submit([](SubmitJobRequest& r) { r.share_identifier = "team"; }),
       absl::StatusCode::kInvalidArgument,
       "Job with shareIdentifier or schedulingPriority can only be submitted "
       "to job queue with fair share scheduling policy."},
  });
  world_.Settle();
  world_.DisableQueue("new");
  ExpectRefused({
      {"disabled queue",
       submit([](SubmitJobRequest& r) { r.job_queue = "new"; }),
       absl::StatusCode::kFailedPrecondition,
       "job_queue is \"new\", which is DISABLED; must be ENABLED"},
  });
}

TEST_F(RefusalTest, CancelAndTerminate) {
  const JobId a = world_.Submit("a");
  ExpectRefused({
      {"no job",
       [this] { return scheduler().CancelJob(JobId(), "why", world_.now()); },
       absl::StatusCode::kInvalidArgument,
       "'jobId' is a required field (cannot be an empty string)"},
      {"no reason",
       [this, a] { return scheduler().TerminateJob(a, "", world_.now()); },
       absl::StatusCode::kInvalidArgument,
       "'reason' is a required field (cannot be an empty string)"},
      {"long reason",
       [this, a] {
         return scheduler().CancelJob(a, std::string(1025, 'x'), world_.now());
       },
       absl::StatusCode::kInvalidArgument,
       "reason has 1025 characters; must have at most 1024"},
  });
  EXPECT_TRUE(
      scheduler().CancelJob(a, std::string(1024, 'x'), world_.now()).ok());
}

TEST_F(RefusalTest, Reads) {
  const JobId a = world_.Submit("a");
  world_.Queue("other", {"hosts"});
  const JobId none = {a.slot, a.generation + 1, -1};
  const auto list = [this](std::function<void(ListJobsRequest&)> change) {
    return [this, change] {
      ListJobsRequest request;
      request.job_queue = "queue";
      change(request);
      return List(request);
    };
  };
  ExpectRefused({
      {"job", [&] { return scheduler().DescribeJob(none).status(); },
       absl::StatusCode::kNotFound,
       absl::StrCat("job ", none.slot, ".", none.generation,
                    " does not exist, or its retention is over")},
      {"definition",
       [&] { return scheduler().DescribeJobDefinition("d").status(); },
       absl::StatusCode::kNotFound, "Job definition \"d\" does not exist"},
      {"queue", [&] { return scheduler().DescribeJobQueue("q").status(); },
       absl::StatusCode::kNotFound, "Job queue \"q\" does not exist"},
      {"environment",
       [&] { return scheduler().DescribeComputeEnvironment("e").status(); },
       absl::StatusCode::kNotFound, "Compute environment \"e\" does not exist"},
      {"page too small", list([](auto& request) { request.max_results = 0; }),
       absl::StatusCode::kInvalidArgument,
       "max_results is 0; must be between 1 and 1000"},
      {"page too large",
       list([](auto& request) { request.max_results = 1001; }),
       absl::StatusCode::kInvalidArgument,
       "max_results is 1001; must be between 1 and 1000"},
      {"status",
       list([](auto& request) { request.status = static_cast<JobStatus>(8); }),
       absl::StatusCode::kInvalidArgument,
       "status is 8; must be a job's status"},
      {"neither", list([](auto& request) { request.job_queue.clear(); }),
       absl::StatusCode::kInvalidArgument,
       "exactly one of job_queue, array and multi_node_job must be given"},
      {"both", list([a](auto& request) { request.array = a; }),
       absl::StatusCode::kInvalidArgument,
       "exactly one of job_queue, array and multi_node_job must be given"},
      {"list of an unknown queue",
       list([](auto& request) { request.job_queue = "q"; }),
       absl::StatusCode::kNotFound,
       "job_queue: Job queue \"q\" does not exist"},
      {"page of another list", list([](auto& request) {
         request.job_queue = "other";
         request.next_token = "c:1";
       }),
       absl::StatusCode::kInvalidArgument,
       "next_token is \"c:1\"; must be that of the page before, in the same "
       "list"},
      {"id", [&] { return scheduler().ParseJobId("job-1").status(); },
       absl::StatusCode::kInvalidArgument,
       "job id is \"job-1\"; must be a UUID that this scheduler made, or one "
       "with :<index> for a child of an array, or #<index> for a node"},
  });
}

TEST_F(RefusalTest, PluginsAndTime) {
  ExpectRefused({
      {"plug-ins of an unknown environment",
       [this] {
         return scheduler().AttachPlugins(
             "e", {&world_.provider("hosts"), &world_.runtime()});
       },
       absl::StatusCode::kNotFound, "Compute environment \"e\" does not exist"},
      {"provider alone",
       [this] {
         return scheduler().AttachPlugins("hosts",
                                          {&world_.provider("hosts"), nullptr});
       },
       absl::StatusCode::kInvalidArgument,
       "plugins.runtime is null; must be given with a provider"},
      {"year 2200",
       [this] {
         return scheduler().Advance(absl::FromUnixSeconds(7258118401)).status;
       },
       absl::StatusCode::kInvalidArgument,
       "now is 2200-01-01T00:00:01+00:00; must be before the year 2200"},
  });
}

}  // namespace
}  // namespace embatch
