// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/service_job_operations.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "embatch/api/json.h"
#include "embatch/scheduler.h"
#include "embatch/service_job.h"
#include "lib/api/json_text.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/limits.h"
#include "lib/api/service/service_job_conversion.h"
#include "lib/api/service/service_payload.h"

namespace embatch {
namespace api {
namespace {

// The id of a service job, given as such or in an ARN; of what is none an id
// that no job has.
// Source: §2.1 (jobs are named by id). Choice: §2.1, ARNs are accepted.
absl::StatusOr<JobId> JobIdOf(const Context& context, const std::string& text) {
  if (text.empty()) return JobId();
  const absl::StatusOr<std::string> name =
      NameOf(context, "jobId", text, ArnKind::kServiceJob);
  if (!name.ok()) return name.status();
  const absl::StatusOr<JobId> job = context.scheduler.ParseJobId(*name);
  return job.value_or(kUnknownJob);
}

absl::StatusOr<ServiceJobView> FindJob(const Context& context,
                                       const std::string& text) {
  const absl::StatusOr<JobId> job = JobIdOf(context, text);
  if (!job.ok()) return job.status();
  absl::StatusOr<ServiceJobView> view =
      context.scheduler.DescribeServiceJob(*job);
  if (view.ok()) return view;
  if (view.status().code() != absl::StatusCode::kNotFound) {
    return WithJobId(view.status());
  }
  return absl::NotFoundError(
      absl::StrCat("jobId is ", Quote(text), "; there is no such service job"));
}

// Source: API ListServiceJobs.filters.
absl::StatusOr<std::optional<ListJobsFilter>> FilterOf(
    const ListServiceJobsRequest& request) {
  using Name = ListJobsFilter::Name;
  static constexpr std::pair<absl::string_view, Name> kNames[] = {
      {"JOB_NAME", Name::kJobName},
      {"BEFORE_CREATED_AT", Name::kBeforeCreatedAt},
      {"AFTER_CREATED_AT", Name::kAfterCreatedAt},
      {"SHARE_IDENTIFIER", Name::kShareIdentifier},
      {"QUOTA_SHARE_NAME", Name::kQuotaShareName},
  };
  const auto& filters = request.filters().items();
  if (filters.empty()) return std::optional<ListJobsFilter>();
  if (absl::Status status =
          CheckAtMost("filters", static_cast<size_t>(filters.size()), 1);
      !status.ok()) {
    return status;
  }
  for (const auto& [word, name] : kNames) {
    if (filters[0].name() != word) continue;
    ListJobsFilter filter;
    filter.name = name;
    filter.values = Strings(filters[0].values());
    return std::optional<ListJobsFilter>(std::move(filter));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("filters.name is ", Quote(filters[0].name()),
                   "; must be JOB_NAME, BEFORE_CREATED_AT, AFTER_CREATED_AT, "
                   "SHARE_IDENTIFIER or QUOTA_SHARE_NAME"));
}

absl::StatusOr<embatch::ListJobsRequest> ListOf(
    const Context& context, const ListServiceJobsRequest& request) {
  if (request.job_queue().empty()) {
    return absl::InvalidArgumentError("jobQueue is absent; it is required");
  }
  embatch::ListJobsRequest list;
  absl::StatusOr<std::string> queue =
      NameOf(context, "jobQueue", request.job_queue(), ArnKind::kJobQueue);
  if (!queue.ok()) return queue.status();
  list.job_queue = *std::move(queue);
  if (request.has_job_status()) {
    list.status = CoreEnum<embatch::JobStatus>(request.job_status());
  }
  absl::StatusOr<std::optional<ListJobsFilter>> filter = FilterOf(request);
  if (!filter.ok()) return filter.status();
  list.filter = *std::move(filter);
  PageRequest page = PageOf(request);
  list.max_results = page.max_results;
  list.next_token = std::move(page.next_token);
  return list;
}

}  // namespace

absl::Status SubmitServiceJob(const Context& context,
                              const SubmitServiceJobRequest& request,
                              SubmitServiceJobResponse& response) {
  const size_t bytes = PrintJson(request).size();
  if (bytes > kServiceRequestBytesMax &&
      context.scheduler.options().limits == LimitsProfile::kAws) {
    return absl::InvalidArgumentError(absl::StrCat("the request has ", bytes,
                                                   " bytes; must have at most ",
                                                   kServiceRequestBytesMax));
  }
  absl::StatusOr<std::string> queue =
      NameOf(context, "jobQueue", request.job_queue(), ArnKind::kJobQueue);
  if (!queue.ok()) return queue.status();
  absl::StatusOr<embatch::SubmitServiceJobRequest> submission =
      SubmissionOf(request);
  if (!submission.ok()) return submission.status();
  submission->job_queue = *std::move(queue);
  const absl::StatusOr<JobId> job =
      context.scheduler.SubmitServiceJob(*submission, context.now);
  if (!job.ok()) return job.status();
  const std::string id = context.scheduler.JobIdText(*job);
  response.set_job_arn(ArnOf(context, ArnKind::kServiceJob, id));
  response.set_job_name(request.job_name());
  response.set_job_id(id);
  return absl::OkStatus();
}

absl::Status UpdateServiceJob(const Context& context,
                              const UpdateServiceJobRequest& request,
                              UpdateServiceJobResponse& response) {
  const absl::StatusOr<ServiceJobView> view =
      FindJob(context, request.job_id());
  if (!view.ok()) return view.status();
  const JobId job = view->job.job;
  const std::string id = context.scheduler.JobIdText(job);
  response.set_job_arn(ArnOf(context, ArnKind::kServiceJob, id));
  response.set_job_name(std::string(view->job.job_name));
  response.set_job_id(id);
  return WithJobId(context.scheduler.UpdateServiceJob(
      {job, request.scheduling_priority()}, context.now));
}

absl::Status TerminateServiceJob(const Context& context,
                                 const TerminateServiceJobRequest& request,
                                 TerminateServiceJobResponse& /*response*/) {
  const absl::StatusOr<JobId> job = JobIdOf(context, request.job_id());
  if (!job.ok()) return job.status();
  return WithJobId(context.scheduler.TerminateServiceJob(*job, request.reason(),
                                                         context.now));
}

absl::Status DescribeServiceJob(const Context& context,
                                const DescribeServiceJobRequest& request,
                                DescribeServiceJobResponse& response) {
  const absl::StatusOr<ServiceJobView> view =
      FindJob(context, request.job_id());
  if (!view.ok()) return view.status();
  SetDetail(context, *view, response);
  return absl::OkStatus();
}

absl::Status ListServiceJobs(const Context& context,
                             const ListServiceJobsRequest& request,
                             ListServiceJobsResponse& response) {
  const absl::StatusOr<embatch::ListJobsRequest> list =
      ListOf(context, request);
  if (!list.ok()) return list.status();
  const absl::StatusOr<JobPage> page = context.scheduler.ListServiceJobs(*list);
  if (!page.ok()) return page.status();
  auto& summaries = *response.mutable_job_summary_list()->mutable_items();
  for (const JobId& job : page->jobs) {
    const auto view = context.scheduler.DescribeServiceJob(job);
    if (view.ok()) SetSummary(context, *view, *summaries.Add());
  }
  if (!page->next_token.empty()) response.set_next_token(page->next_token);
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
