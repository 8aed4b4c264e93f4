// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/job_operations.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/api/json_text.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/job_detail.h"
#include "lib/api/service/submission_conversion.h"

namespace embatch {
namespace api {
namespace {

// The job to end. What names no job is nothing to be ended (§10); only an empty
// text is refused, by the scheduler.
JobId JobToEnd(const Context& context, const std::string& text) {
  if (text.empty()) return JobId();
  return ReadJobId(context, "jobId", text).value_or(kUnknownJob);
}

// What is wrong with a submission whose overrides can't be read: the scheduler
// checks name, queue, definition and dependencies before overrides (§4). It
// refuses what it is given here in any case, at the latest for the strategy.
absl::Status FirstFault(const Context& context, const absl::Status& fault,
                        embatch::SubmitJobRequest& submission) {
  if (submission.job_definition.empty()) return fault;  // nor could the names
  constexpr absl::string_view kLast = "retry_strategy.attempts is 0";
  submission.retry_strategy = embatch::RetryStrategy{0};
  submission.timeout.reset();
  const absl::Status earlier =
      context.scheduler.SubmitJob(submission, context.now).status();
  const bool is_earlier =
      !earlier.ok() && !absl::StartsWith(earlier.message(), kLast) &&
      !absl::StartsWith(earlier.message(), "resources") &&
      !absl::StartsWith(earlier.message(), "container_overrides");
  return is_earlier ? earlier : fault;
}

// The scheduler knows a job by its place.
absl::Status NamingDependency(const absl::Status& status,
                              const SubmitJobRequest& request) {
  absl::string_view message = status.message();
  int index = 0;
  if (!absl::ConsumePrefix(&message, "depends_on[") ||
      !absl::SimpleAtoi(message.substr(0, message.find(']')), &index) ||
      !absl::StrContains(message, "] names slot") ||
      index >= request.depends_on().items_size()) {
    return status;
  }
  return absl::Status(
      status.code(),
      absl::StrCat("dependsOn[", index, "].jobId is ",
                   Quote(request.depends_on().items(index).job_id()),
                   "; there is no such job (any more)"));
}

}  // namespace

absl::Status SubmitJob(const Context& context, const SubmitJobRequest& request,
                       SubmitJobResponse& response) {
  embatch::SubmitJobRequest submission;
  const absl::Status status = ReadSubmission(context, request, submission);
  if (!status.ok()) {
    return NamingDependency(FirstFault(context, status, submission), request);
  }
  const absl::StatusOr<JobId> job =
      context.scheduler.SubmitJob(submission, context.now);
  if (!job.ok()) return NamingDependency(job.status(), request);
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
