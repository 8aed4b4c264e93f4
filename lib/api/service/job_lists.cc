// SPDX-License-Identifier: Apache-2.0
// ListJobs.
// Source: §20.3.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/api/json_text.h"
#include "lib/api/service/attempt_detail.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/definition_cache.h"
#include "lib/api/service/definition_conversion.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/job_detail.h"
#include "lib/api/service/job_operations.h"

namespace embatch {
namespace api {
namespace {

// Source: API ListJobs.maxResults.
constexpr int kPageMax = 1000;
constexpr int kFilteredPageMax = 100;

struct FilterWord {
  absl::string_view word;
  ListJobsFilter::Name name;
};
// Source: API ListJobs.filters; the last one of ListServiceJobs (D29).
constexpr std::array<FilterWord, 6> kFilters = {{
    {"JOB_NAME", ListJobsFilter::Name::kJobName},
    {"JOB_DEFINITION", ListJobsFilter::Name::kJobDefinition},
    {"BEFORE_CREATED_AT", ListJobsFilter::Name::kBeforeCreatedAt},
    {"AFTER_CREATED_AT", ListJobsFilter::Name::kAfterCreatedAt},
    {"SHARE_IDENTIFIER", ListJobsFilter::Name::kShareIdentifier},
    {"QUOTA_SHARE_NAME", ListJobsFilter::Name::kQuotaShareName},
}};

absl::StatusOr<ListJobsFilter> ReadFilter(const Context& context,
                                          const KeyValuesPair& message) {
  ListJobsFilter filter;
  bool is_known = false;
  for (const FilterWord& known : kFilters) {
    if (message.name() != known.word) continue;
    filter.name = known.name;
    is_known = true;
  }
  if (!is_known) {
    return absl::InvalidArgumentError(
        absl::StrCat("filters[0].name is ", Quote(message.name()),
                     "; must be JOB_NAME, JOB_DEFINITION, BEFORE_CREATED_AT, "
                     "AFTER_CREATED_AT, SHARE_IDENTIFIER or QUOTA_SHARE_NAME"));
  }
  filter.values = Strings(message.values());
  if (filter.name != ListJobsFilter::Name::kJobDefinition) return filter;
  for (size_t i = 0; i < filter.values.size(); ++i) {
    absl::StatusOr<std::string> name =
        ReadDefinitionName(absl::StrCat("filters[0].values[", i, "]"),
                           filter.values[i], context.scope);
    if (!name.ok()) return name.status();
    filter.values[i] = *std::move(name);
  }
  return filter;
}

// Whose jobs are meant. Source: §20.3, exactly one.
absl::Status ReadWhose(const Context& context, const ListJobsRequest& request,
                       embatch::ListJobsRequest& list) {
  const int given = (request.has_job_queue() ? 1 : 0) +
                    (request.has_array_job_id() ? 1 : 0) +
                    (request.has_multi_node_job_id() ? 1 : 0);
  if (given != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(given,
                     " of jobQueue, arrayJobId and multiNodeJobId are given; "
                     "must be exactly one"));
  }
  if (request.has_job_queue()) {
    absl::StatusOr<std::string> queue = NameOrArn(
        "jobQueue", request.job_queue(), ArnKind::kJobQueue, context.scope);
    if (!queue.ok()) return queue.status();
    if (queue->empty()) {
      return absl::InvalidArgumentError(
          "jobQueue is empty; must be the name or ARN of a job queue");
    }
    list.job_queue = *std::move(queue);
    return absl::OkStatus();
  }
  const bool of_array = request.has_array_job_id();
  const absl::string_view member = of_array ? "arrayJobId" : "multiNodeJobId";
  const std::string& text =
      of_array ? request.array_job_id() : request.multi_node_job_id();
  const absl::StatusOr<JobId> job = ReadJobId(context, member, text);
  if (!job.ok()) return job.status();
  if (!context.scheduler.DescribeJob(*job).ok()) {
    return absl::NotFoundError(absl::StrCat(
        member, " is ", Quote(text), "; there is no such job (any more)"));
  }
  (of_array ? list.array : list.multi_node_job) = *job;
  return absl::OkStatus();
}

absl::StatusOr<embatch::ListJobsRequest> ReadList(
    const Context& context, const ListJobsRequest& request) {
  embatch::ListJobsRequest list;
  const absl::Status status = ReadWhose(context, request, list);
  if (!status.ok()) return status;
  const auto& filters = request.filters().items();
  if (filters.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "filters has ", filters.size(), " entries; must have at most 1"));
  }
  if (filters.size() == 1) {
    auto filter = ReadFilter(context, filters[0]);
    if (!filter.ok()) return filter.status();
    list.filter = *std::move(filter);
  }
  if (request.has_job_status()) list.status = ReadStatus(request.job_status());
  list.max_results =
      request.has_max_results() ? request.max_results() : kPageMax;
  // AWS returns no more beside a filter, whatever is asked for.
  if (!filters.empty() && list.max_results <= kPageMax) {
    list.max_results = std::min(list.max_results, kFilteredPageMax);
  }
  list.next_token = request.next_token();
  return list;
}

// Source: API JobCapacityUsageSummary ("VCPU for Amazon EC2 and cpu for Amazon
// EKS").
void PrintCapacityUsage(const JobView& view, JobSummary& summary) {
  if (view.resources.vcpu_milli == 0) return;
  JobCapacityUsageSummary& usage =
      *summary.mutable_capacity_usage()->add_items();
  usage.set_capacity_unit(IsOnEks(*view.definition) ? "cpu" : "VCPU");
  usage.set_quantity(static_cast<double>(view.resources.vcpu_milli) / 1000);
}

void PrintParts(const Context& context, const JobView& view,
                JobSummary& summary) {
  if (view.array_size > 0) {
    ArrayPropertiesSummary& array = *summary.mutable_array_properties();
    array.set_size(view.array_size);
    PrintStatusSummary(view.status_summary, *array.mutable_status_summary());
    array.set_status_summary_last_updated_at(Millis(context.scheduler.now()));
  } else if (view.num_nodes > 0) {
    NodePropertiesSummary& node = *summary.mutable_node_properties();
    node.set_num_nodes(view.num_nodes);
    if (view.job.child < 0) return;
    node.set_node_index(view.job.child);
    node.set_is_main_node(view.is_main_node());
  } else if (view.job.child >= 0) {
    summary.mutable_array_properties()->set_index(view.job.child);
  }
}

void PrintSummary(const Context& context, const JobView& view,
                  const std::string& definition_arn, JobSummary& summary) {
  std::string id = context.scheduler.JobIdText(view.job);
  summary.set_job_arn(JobArn(context.scope, id));
  summary.set_job_id(std::move(id));
  summary.set_job_name(std::string(view.job_name));
  PrintCapacityUsage(view, summary);
  summary.set_created_at(Millis(view.created_at));
  if (view.scheduled_at.has_value()) {
    summary.set_scheduled_at(Millis(*view.scheduled_at));
  }
  if (!view.share_identifier.empty()) {
    summary.set_share_identifier(std::string(view.share_identifier));
  }
  summary.set_status(PrintStatus(view.status));
  if (!view.status_reason.empty()) {
    summary.set_status_reason(std::string(view.status_reason));
  }
  if (view.started_at.has_value()) {
    summary.set_started_at(Millis(*view.started_at));
  }
  if (view.stopped_at.has_value()) {
    summary.set_stopped_at(Millis(*view.stopped_at));
  }
  if (view.exit_code.has_value()) {
    summary.mutable_container()->set_exit_code(*view.exit_code);
  }
  if (!view.reason.empty()) {
    summary.mutable_container()->set_reason(std::string(view.reason));
  }
  PrintParts(context, view, summary);
  summary.set_job_definition(definition_arn);
}

}  // namespace

absl::Status ListJobs(const Context& context, const ListJobsRequest& request,
                      ListJobsResponse& response) {
  const auto list = ReadList(context, request);
  if (!list.ok()) return list.status();
  absl::StatusOr<JobPage> page = context.scheduler.ListJobs(*list);
  if (!page.ok()) return page.status();
  JobSummaryList& summaries = *response.mutable_job_summary_list();
  summaries.mutable_items()->Reserve(static_cast<int>(page->jobs.size()));
  DefinitionCache definitions(context);
  for (const JobId& job : page->jobs) {
    const auto view = context.scheduler.DescribeJob(job);
    // Service jobs have an operation of their own.
    if (!view.ok() || view->definition == nullptr) continue;
    PrintSummary(context, *view, definitions.ArnOf(*view),
                 *summaries.add_items());
  }
  if (!page->next_token.empty()) {
    response.set_next_token(std::move(page->next_token));
  }
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
