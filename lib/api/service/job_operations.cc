// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/job_operations.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/job_detail.h"
#include "lib/api/service/submission_conversion.h"

namespace embatch {
namespace api {
namespace {

// A job that there never was.
constexpr JobId kUnknownJob = {std::numeric_limits<uint32_t>::max(),
                               std::numeric_limits<uint32_t>::max(), -1};

// The job to end. What names no job is nothing to be ended (§10); only an empty
// text is refused, by the scheduler.
JobId JobToEnd(const Context& context, const std::string& text) {
  if (text.empty()) return JobId();
  return ReadJobId(context, "jobId", text).value_or(kUnknownJob);
}

}  // namespace

absl::Status SubmitJob(const Context& context, const SubmitJobRequest& request,
                       SubmitJobResponse& response) {
  embatch::SubmitJobRequest submission;
  const absl::Status status = ReadSubmission(context, request, submission);
  if (!status.ok()) return status;
  const absl::StatusOr<JobId> job =
      context.scheduler.SubmitJob(submission, context.now);
  if (!job.ok()) return job.status();
  std::string id = context.scheduler.JobIdText(*job);
  response.set_job_arn(JobArn(context.scope, id));
  response.set_job_name(request.job_name());
  response.set_job_id(std::move(id));
  return absl::OkStatus();
}

absl::Status CancelJob(const Context& context, const CancelJobRequest& request,
                       CancelJobResponse& /*response*/) {
  return WithJobId(context.scheduler.CancelJob(
      JobToEnd(context, request.job_id()), request.reason(), context.now));
}

absl::Status TerminateJob(const Context& context,
                          const TerminateJobRequest& request,
                          TerminateJobResponse& /*response*/) {
  return WithJobId(context.scheduler.TerminateJob(
      JobToEnd(context, request.job_id()), request.reason(), context.now));
}

absl::Status DescribeJobs(const Context& context,
                          const DescribeJobsRequest& request,
                          DescribeJobsResponse& response) {
  std::vector<JobId> jobs;
  jobs.reserve(static_cast<size_t>(request.jobs().items_size()));
  for (const std::string& text : request.jobs().items()) {
    jobs.push_back(ReadJobId(context, "jobs", text).value_or(kUnknownJob));
  }
  const auto views = context.scheduler.DescribeJobs(jobs);
  if (!views.ok()) return views.status();
  JobDetailList& list = *response.mutable_jobs();
  JobPrinter printer(context);
  for (const JobView& view : *views) {
    // Service jobs have an operation of their own.
    if (view.definition != nullptr) printer.Print(view, *list.add_items());
  }
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
