// SPDX-License-Identifier: Apache-2.0
//
// Service jobs: work that an external service runs, such as SageMaker training.
// They wait in the queues of service environments, in the same orders as other
// jobs, and take capacity of their environment from SCHEDULED on.
//
//   SubmitServiceJobRequest request;
//   request.job_name = "train";
//   request.job_queue = "training";
//   request.service_request_payload = R"({"TrainingJobName": "t", ...})";
//   request.capacity_usage = {{"ml.m5.large", 2}};
//   auto job = scheduler.SubmitServiceJob(request, now);
//
// Source: API SubmitServiceJob, DescribeServiceJob, UpdateServiceJob,
// TerminateServiceJob; guide "Service jobs"; §19.
#ifndef EMBATCH_SERVICE_JOB_H_
#define EMBATCH_SERVICE_JOB_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "embatch/capacity_limit.h"
#include "embatch/fields.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/service_environment.h"

namespace embatch {

struct SubmitServiceJobRequest {
  std::string job_name;   // as SubmitJobRequest
  std::string job_queue;  // a queue's name; its type is SAGEMAKER_TRAINING
  ServiceEnvironmentType service_job_type =
      ServiceEnvironmentType::kSagemakerTraining;
  // The service's own request, in JSON: 1 byte to 10 KiB. It is not read here.
  std::string service_request_payload;
  // How many instances of which type the job runs on: 1 to 5 types, each once.
  // AWS reads this in the payload, and shows it under the same name; this
  // library leaves the payload to the service.
  // Source: API DescribeServiceJob.capacityUsage.
  std::vector<CapacityUsage> capacity_usage;
  // `evaluate_on_exit` may have on_status_reason alone, a pattern of printable
  // characters in which each '*' stands for any text.
  std::optional<RetryStrategy> retry_strategy;
  std::optional<JobTimeout> timeout_config;
  int scheduling_priority = 0;   // 0..9999; means nothing in a FIFO queue
  std::string share_identifier;  // queues with a fair-share policy only
  std::string quota_share_name;  // queues with quota shares only
  // preemptionConfiguration: how often the job may be preempted and still wait
  // again; absent: always.
  std::optional<int32_t> preemption_retries_before_termination;
  // 1 to 64 characters. While a job is known that was submitted with the same
  // token and is the same in all else, the submission is refused.
  std::optional<std::string> client_token;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(
        self.job_name, self.job_queue, self.service_job_type,
        self.service_request_payload, self.capacity_usage, self.retry_strategy,
        self.timeout_config, self.scheduling_priority, self.share_identifier,
        self.quota_share_name, self.preemption_retries_before_termination,
        self.client_token, self.tags, self.document);
  }
};

struct UpdateServiceJobRequest {
  JobId job;
  int scheduling_priority = 0;  // 0..9999

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.scheduling_priority);
  }
};

// A service job as it stands. A view, as JobView. Its attempts are those of
// Scheduler::DescribeAttempts(), each with its service_resource_id.
struct ServiceJobView {
  JobView job;
  absl::string_view service_environment;  // where it is, or would be, handed in
  absl::string_view service_request_payload;
  absl::Span<const CapacityUsage> capacity_usage;
  // When it was handed to the service the last time.
  std::optional<absl::Time> scheduled_at;
  // API latestAttempt.serviceResourceId; empty: none.
  absl::string_view service_resource_id;
  std::optional<int32_t> preemption_retries_before_termination;
};

}  // namespace embatch

#endif  // EMBATCH_SERVICE_JOB_H_
