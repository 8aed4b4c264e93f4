// SPDX-License-Identifier: Apache-2.0
// ListJobsByConsumableResource.
// Source: §18, §20.3.
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lib/api/json_text.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/definition_cache.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/job_detail.h"
#include "lib/api/service/job_operations.h"

namespace embatch {
namespace api {
namespace {

absl::Status ReadConsumableFilters(
    const ListJobsByConsumableResourceFilterList& filters,
    embatch::ListJobsByConsumableResourceRequest& list) {
  for (int i = 0; i < filters.items_size(); ++i) {
    const KeyValuesPair& filter = filters.items(i);
    if (filter.name() == "JOB_NAME") {
      for (const std::string& name : filter.values().items()) {
        list.job_names.push_back(name);
      }
      continue;
    }
    if (filter.name() != "JOB_STATUS") {
      return absl::InvalidArgumentError(
          absl::StrCat("filters[", i, "].name is ", Quote(filter.name()),
                       "; must be JOB_STATUS or JOB_NAME"));
    }
    for (const std::string& word : filter.values().items()) {
      JobStatus status = JOB_STATUS_UNSPECIFIED;
      if (!JobStatus_Parse(absl::StrCat("JOB_STATUS_", word), &status) ||
          status == JOB_STATUS_UNSPECIFIED) {
        // Source: §22.
        return absl::InvalidArgumentError(
            "Job status is not one of SUBMITTED | PENDING | RUNNABLE | "
            "STARTING | RUNNING | SUCCEEDED | FAILED");
      }
      list.statuses.push_back(ReadStatus(status));
    }
  }
  return absl::OkStatus();
}

void PrintConsumer(const Context& context, const JobView& view,
                   const std::string& definition_arn,
                   ListJobsByConsumableResourceSummary& summary) {
  summary.set_job_arn(
      JobArn(context.scope, context.scheduler.JobIdText(view.job)));
  summary.set_job_queue_arn(ArnOf(context, ArnKind::kJobQueue, view.job_queue));
  summary.set_job_name(std::string(view.job_name));
  summary.set_job_definition_arn(definition_arn);
  if (!view.share_identifier.empty()) {
    summary.set_share_identifier(std::string(view.share_identifier));
  }
  summary.set_job_status(std::string(JobStatusName(view.status)));
  if (!view.status_reason.empty()) {
    summary.set_status_reason(std::string(view.status_reason));
  }
  if (view.started_at.has_value()) {
    summary.set_started_at(Millis(*view.started_at));
  }
  PrintConsumables(view.consumable_resources,
                   *summary.mutable_consumable_resource_properties());
}

}  // namespace

absl::Status ListJobsByConsumableResource(
    const Context& context, const ListJobsByConsumableResourceRequest& request,
    ListJobsByConsumableResourceResponse& response) {
  embatch::ListJobsByConsumableResourceRequest list;
  absl::StatusOr<std::string> name =
      NameOrArn("consumableResource", request.consumable_resource(),
                ArnKind::kConsumableResource, context.scope);
  if (!name.ok()) return name.status();
  list.consumable_resource = *std::move(name);
  absl::Status status = ReadConsumableFilters(request.filters(), list);
  if (!status.ok()) return status;
  if (request.has_max_results()) list.max_results = request.max_results();
  list.next_token = request.next_token();
  absl::StatusOr<JobPage> page =
      context.scheduler.ListJobsByConsumableResource(list);
  if (!page.ok()) return page.status();
  // Absent: it was deleted, and jobs are left that need it.
  const auto resource =
      context.scheduler.DescribeConsumableResource(list.consumable_resource);
  DefinitionCache definitions(context);
  ListJobsByConsumableResourceSummaryList& summaries = *response.mutable_jobs();
  for (const JobId& job : page->jobs) {
    const auto view = context.scheduler.DescribeJob(job);
    if (!view.ok() || view->definition == nullptr) continue;
    ListJobsByConsumableResourceSummary& summary = *summaries.add_items();
    PrintConsumer(context, *view, definitions.ArnOf(*view), summary);
    // Source: API ListJobsByConsumableResourceSummary; both are the resource's.
    summary.set_quantity(resource.ok() ? resource->total_quantity : 0);
    summary.set_created_at(
        Millis(resource.ok() ? resource->created_at : view->created_at));
  }
  if (!page->next_token.empty()) {
    response.set_next_token(std::move(page->next_token));
  }
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
