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

// What is wrong with a submission that can't be read to its end: `fault`, if
// what is checked before that is right. Source: §4.
absl::Status FirstFault(const Context& context, const absl::Status& fault,
                        const SubmitJobRequest& request,
                        const embatch::SubmitJobRequest& submission) {
  absl::Status earlier = context.scheduler.CheckSubmission(submission);
  if (earlier.ok()) return fault;
  // A name that can't be read is left empty, and the scheduler misses what has
  // that name; `fault` says more of it.
  const bool is_of_queue =
      submission.job_queue.empty() && !request.job_queue().empty();
  const bool is_of_definition = !is_of_queue &&
                                submission.job_definition.empty() &&
                                !request.job_definition().empty();
  if ((is_of_queue && absl::StartsWith(earlier.message(), "job_queue:")) ||
      (is_of_definition &&
       absl::StartsWith(earlier.message(), "job_definition:"))) {
    return fault;
  }
  return earlier;
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

// The first resource in the list of `member` that there is not.
absl::Status CheckExist(const Context& context, absl::string_view member,
                        const ConsumableResourceProperties& properties) {
  const auto& list = properties.consumable_resource_list().items();
  for (int i = 0; i < list.size(); ++i) {
    const std::string& text = list[i].consumable_resource();
    const absl::StatusOr<std::string> name =
        NameOf(context, member, text, ArnKind::kConsumableResource);
    if (name.ok() && context.scheduler.DescribeConsumableResource(*name).ok()) {
      continue;
    }
    return absl::NotFoundError(absl::StrCat(
        member, ".consumableResourceList[", i, "].consumableResource is ",
        Quote(text, 512), "; there is no consumable resource of that name"));
  }
  return absl::OkStatus();
}

// The scheduler knows what a job needs, but not who asked for it: definition or
// submission.
absl::Status NamingConsumable(const Context& context,
                              const absl::Status& status,
                              const SubmitJobRequest& request) {
  absl::string_view rest = status.message();
  if (status.code() != absl::StatusCode::kNotFound ||
      !absl::ConsumePrefix(
          &rest, "consumable_resource_properties.consumable_resource is ")) {
    return status;
  }
  constexpr absl::string_view kOverride =
      "consumableResourcePropertiesOverride";
  absl::Status found = CheckExist(
      context, kOverride, request.consumable_resource_properties_override());
  const auto& nodes = request.node_overrides().node_property_overrides();
  for (int i = 0; found.ok() && i < nodes.items_size(); ++i) {
    found =
        CheckExist(context,
                   absl::StrCat("nodeOverrides.nodePropertyOverrides[", i, "].",
                                kOverride),
                   nodes.items(i).consumable_resource_properties_override());
  }
  if (!found.ok()) return found;
  return absl::NotFoundError(
      absl::StrCat("jobDefinition needs a consumable resource: ", rest));
}

}  // namespace

absl::Status SubmitJob(const Context& context, const SubmitJobRequest& request,
                       SubmitJobResponse& response) {
  embatch::SubmitJobRequest submission;
  const absl::Status status = ReadSubmission(context, request, submission);
  if (!status.ok()) {
    return NamingDependency(FirstFault(context, status, request, submission),
                            request);
  }
  const absl::StatusOr<JobId> job =
      context.scheduler.SubmitJob(submission, context.now);
  if (!job.ok()) {
    return NamingConsumable(context, NamingDependency(job.status(), request),
                            request);
  }
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
