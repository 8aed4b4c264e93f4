// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/job_detail.h"

#include <string>
#include <utility>
#include <vector>

#include "lib/api/service/attempt_detail.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/container_detail.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/definition_conversion.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/node_detail.h"
#include "lib/api/service/pod_detail.h"

namespace embatch {
namespace api {
namespace {

void PrintNamesAndTimes(const Context& context, const JobView& view,
                        JobDetail& detail) {
  std::string id = context.scheduler.JobIdText(view.job);
  detail.set_job_arn(JobArn(context.scope, id));
  detail.set_job_name(std::string(view.job_name));
  detail.set_job_id(std::move(id));
  detail.set_job_queue(ArnOf(context, ArnKind::kJobQueue, view.job_queue));
  detail.set_status(PrintStatus(view.status));
  if (!view.status_reason.empty()) {
    detail.set_status_reason(std::string(view.status_reason));
  }
  detail.set_created_at(Millis(view.created_at));
  // Choice: §5.3, a job that never ran has none.
  if (view.started_at.has_value()) {
    detail.set_started_at(Millis(*view.started_at));
  }
  if (view.stopped_at.has_value()) {
    detail.set_stopped_at(Millis(*view.stopped_at));
  }
  detail.set_is_cancelled(view.is_cancelled);
  detail.set_is_terminated(view.is_terminated);
}

void PrintDependencies(const Context& context, const JobView& view,
                       JobDependencyList& list) {
  const auto dependencies = context.scheduler.DescribeDependencies(view.job);
  if (!dependencies.ok()) return;
  for (const embatch::JobDependency& dependency : *dependencies) {
    JobDependency& item = *list.add_items();
    if (!dependency.job.is_null()) {
      item.set_job_id(context.scheduler.JobIdText(dependency.job));
    }
    if (dependency.type == DependencyType::kNToN) {
      item.set_type(ARRAY_JOB_DEPENDENCY_N_TO_N);
    } else if (dependency.type == DependencyType::kSequential) {
      item.set_type(ARRAY_JOB_DEPENDENCY_SEQUENTIAL);
    }
  }
}

// What the submission and the definition settle between them.
void PrintSettings(const Context& context, const JobView& view,
                   const KnownDefinition& known, JobDetail& detail) {
  if (!view.share_identifier.empty()) {
    detail.set_share_identifier(std::string(view.share_identifier));
  }
  if (!view.share_identifier.empty() || view.scheduling_priority != 0) {
    detail.set_scheduling_priority(view.scheduling_priority);
  }
  PrintRetryStrategy(view.retry_strategy, *detail.mutable_retry_strategy());
  if (view.timeout.has_value()) {
    PrintTimeout(*view.timeout, *detail.mutable_timeout());
  }
  PrintDependencies(context, view, *detail.mutable_depends_on());
  detail.mutable_parameters()->mutable_entries()->insert(
      view.parameters->begin(), view.parameters->end());
  SetTags(*view.tags, *detail.mutable_tags());
  if (!IsOnEks(*view.definition)) {
    detail.set_propagate_tags(view.propagate_tags);
    detail.mutable_platform_capabilities()->MergeFrom(
        known.request.platform_capabilities());
  }
  if (!view.consumable_resources.empty()) {
    PrintConsumables(view.consumable_resources,
                     *detail.mutable_consumable_resource_properties());
  }
}

void PrintArray(const Context& context, const JobView& view,
                JobDetail& detail) {
  if (view.array_size > 0) {
    ArrayPropertiesDetail& array = *detail.mutable_array_properties();
    array.set_size(view.array_size);
    PrintStatusSummary(view.status_summary, *array.mutable_status_summary());
    // Choice: the summary is never behind what happened.
    array.set_status_summary_last_updated_at(Millis(context.scheduler.now()));
  } else if (view.job.child >= 0 && view.num_nodes == 0) {
    detail.mutable_array_properties()->set_index(view.job.child);
  }
}

void PrintEksAttempts(const Context& context, const JobView& view,
                      const std::vector<AttemptView>& attempts,
                      JobDetail& detail) {
  EksAttemptDetails& list = *detail.mutable_eks_attempts();
  for (const AttemptView& attempt : attempts) {
    PrintEksAttempt(context, view, attempt, *list.add_items());
  }
}

}  // namespace

JobStatus PrintStatus(embatch::JobStatus status) {
  switch (status) {
    case embatch::JobStatus::kSubmitted:
      return JOB_STATUS_SUBMITTED;
    case embatch::JobStatus::kPending:
      return JOB_STATUS_PENDING;
    case embatch::JobStatus::kRunnable:
      return JOB_STATUS_RUNNABLE;
    case embatch::JobStatus::kScheduled:  // service jobs only
    case embatch::JobStatus::kStarting:
      return JOB_STATUS_STARTING;
    case embatch::JobStatus::kRunning:
      return JOB_STATUS_RUNNING;
    case embatch::JobStatus::kSucceeded:
      return JOB_STATUS_SUCCEEDED;
    case embatch::JobStatus::kFailed:
      return JOB_STATUS_FAILED;
  }
  return JOB_STATUS_UNSPECIFIED;
}

embatch::JobStatus ReadStatus(JobStatus status) {
  for (int i = 0; i < kJobStatusCount; ++i) {
    const auto known = static_cast<embatch::JobStatus>(i);
    if (known != embatch::JobStatus::kScheduled &&
        PrintStatus(known) == status) {
      return known;
    }
  }
  return embatch::JobStatus::kRunning;
}

void PrintStatusSummary(const StatusSummary& counts,
                        ArrayJobStatusSummary& summary) {
  for (int i = 0; i < kJobStatusCount; ++i) {
    const auto status = static_cast<embatch::JobStatus>(i);
    // Source: API JobStatus has no SCHEDULED.
    if (status == embatch::JobStatus::kScheduled) continue;
    (*summary.mutable_entries())[std::string(JobStatusName(status))] =
        counts[static_cast<size_t>(i)];
  }
}

// What the definition says is merged into parts that are empty: a copy would
// clear them first, member by member.
void JobPrinter::PrintContainers(const JobView& view, JobDetail& detail) {
  const KnownDefinition& known = definitions_.Of(view);
  const std::vector<AttemptView> attempts =
      context_.scheduler.DescribeAttempts(view.job).value_or(
          std::vector<AttemptView>());
  const LatestAttempt latest = LatestAttemptOf(view, attempts);
  const bool on_eks = IsOnEks(*view.definition);
  if (on_eks) {
    PrintEksAttempts(context_, view, attempts, detail);
  } else {
    AttemptDetails& list = *detail.mutable_attempts();
    for (const AttemptView& attempt : attempts) {
      PrintAttempt(context_, view, attempt, *list.add_items());
    }
  }
  if (view.num_nodes > 0) {
    PrintNodeContainers(context_, view, latest, known, detail);
  } else if (on_eks) {
    SubmitJobRequest submission;
    ReadDocument(*view.document, submission);
    detail.mutable_eks_properties()->MergeFrom(known.eks);
    PrintPod(context_, view, latest,
             submission.eks_properties_override().pod_properties(),
             *detail.mutable_eks_properties()->mutable_pod_properties());
  } else if (known.request.has_ecs_properties()) {
    // Source: API JobDetail.container ("this object will be empty").
    detail.mutable_container();
    detail.mutable_ecs_properties()->MergeFrom(known.ecs);
    PrintTask(context_, view, latest,
              *detail.mutable_ecs_properties()
                   ->mutable_task_properties()
                   ->mutable_items(0));
  } else {
    detail.mutable_container()->MergeFrom(known.container);
    PrintContainer(context_, view, latest, *detail.mutable_container());
  }
}

void JobPrinter::Print(const JobView& view, JobDetail& detail) {
  const KnownDefinition& known = definitions_.Of(view);
  PrintNamesAndTimes(context_, view, detail);
  detail.set_job_definition(definitions_.ArnOf(view));
  PrintSettings(context_, view, known, detail);
  PrintArray(context_, view, detail);
  PrintContainers(view, detail);
}

}  // namespace api
}  // namespace embatch
