// SPDX-License-Identifier: Apache-2.0
#include "tests/property/explain.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace embatch {
namespace {

bool IsOver(const Scheduler& scheduler, JobId job) {
  const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
  return !view.ok() || IsTerminal(view->status);  // gone: it was over
}

// Whether a RUNNABLE job of the same queue carries a reason: then that one is
// the head, and all others wait behind it. Or instances are asked for, again
// and again, which never come.
bool QueueIsBlocked(const Scheduler& scheduler, absl::string_view queue) {
  const absl::StatusOr<JobQueueView> found = scheduler.DescribeJobQueue(queue);
  if (!found.ok()) return false;
  for (const ComputeEnvironmentOrder& entry :
       found->job_queue->options().compute_environment_order) {
    const auto environment =
        scheduler.DescribeComputeEnvironment(entry.compute_environment);
    if (environment.ok() && environment->booting > 0) return true;
  }
  for (JobStatus status : {JobStatus::kRunnable, JobStatus::kPending}) {
    ListJobsRequest request;
    request.job_queue = std::string(queue);
    request.status = status;
    request.max_results = 1000;
    const absl::StatusOr<JobPage> page = scheduler.ListJobs(request);
    if (!page.ok()) return false;
    for (const JobId& job : page->jobs) {
      const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
      if (!view.ok()) continue;
      if (status == JobStatus::kRunnable && !view->status_reason.empty()) {
        return true;
      }
      for (int32_t i = 0; i < view->array_size; ++i) {
        const absl::StatusOr<JobView> child =
            scheduler.DescribeJob(job.Child(i));
        if (child.ok() && child->status == JobStatus::kRunnable &&
            !child->status_reason.empty()) {
          return true;
        }
      }
    }
  }
  return false;
}

bool WaitsForOthers(const Scheduler& scheduler, JobId job,
                    const JobView& view) {
  const auto dependencies = scheduler.DescribeDependencies(job.Parent());
  if (!dependencies.ok()) return false;
  for (const JobDependency& dependency : *dependencies) {
    JobId other = dependency.job;
    if (dependency.type == DependencyType::kSequential && other.is_null()) {
      if (job.child <= 0) continue;
      other = job.Child(job.child - 1);
    } else if (dependency.type == DependencyType::kNToN && job.child >= 0) {
      other = other.Child(job.child);
    }
    if (!IsOver(scheduler, other)) return true;
  }
  for (int32_t i = 0; i < view.array_size; ++i) {
    if (!IsOver(scheduler, job.Child(i))) return true;
  }
  return false;
}

}  // namespace

std::string WhyLost(const Scheduler& scheduler, JobId job) {
  const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
  if (!view.ok() || IsTerminal(view->status)) return "";
  switch (view->status) {
    case JobStatus::kPending:
      if (WaitsForOthers(scheduler, job, *view)) return "";
      return absl::StrCat(view->job_name, " waits for nobody");
    case JobStatus::kRunnable:
      if (QueueIsBlocked(scheduler, view->job_queue)) return "";
      return absl::StrCat(view->job_name, ":", job.child,
                          " is RUNNABLE, and nothing says why");
    case JobStatus::kSubmitted:
    case JobStatus::kScheduled:
    case JobStatus::kStarting:
    case JobStatus::kRunning:
    case JobStatus::kSucceeded:
    case JobStatus::kFailed:
      break;
  }
  return absl::StrCat(view->job_name, ":", job.child, " is ",
                      JobStatusName(view->status), " for ever");
}

std::string WhyKept(const Scheduler& scheduler, const std::string& environment,
                    const std::vector<SimulatedInstance>& instances) {
  const auto view = scheduler.DescribeComputeEnvironment(environment);
  if (!view.ok()) return "";  // deleted
  const auto& resources =
      view->compute_environment->options().compute_resources;
  if (!resources.has_value()) return "";  // UNMANAGED: they are the caller's
  for (const SimulatedInstance& instance : instances) {
    const int64_t vcpus = instance.resources.vcpu_milli / 1000;
    if (view->vcpus - vcpus >= resources->min_vcpus) {
      return absl::StrCat(environment, " keeps ", instance.name, " with ",
                          vcpus, " of ", view->vcpus, " vCPUs for nobody");
    }
  }
  return "";
}

}  // namespace embatch
