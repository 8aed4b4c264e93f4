// SPDX-License-Identifier: Apache-2.0
//
// An Input is the only thing that changes a scheduler's state: a command of
// its caller, or a turn, which is `now` with all that the plug-ins reported at
// that moment. Equal states and equal inputs give equal events, byte for byte.
//
// Host programs need this header only to look into an InputLog.
#ifndef EMBATCH_INPUT_H_
#define EMBATCH_INPUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/variant.h"
#include "embatch/compute_environment.h"
#include "embatch/consumable_resource.h"
#include "embatch/container_runtime.h"
#include "embatch/fields.h"
#include "embatch/ids.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"
#include "embatch/quota_share.h"
#include "embatch/resource_provider.h"
#include "embatch/scheduling_policy.h"
#include "embatch/service_environment.h"
#include "embatch/service_job.h"
#include "embatch/service_provider.h"
#include "embatch/tags.h"

namespace embatch {

struct CreateComputeEnvironmentCommand {
  ComputeEnvironment compute_environment;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.compute_environment);
  }
};

struct DeleteComputeEnvironmentCommand {
  std::string compute_environment;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.compute_environment);
  }
};

struct CreateJobQueueCommand {
  JobQueue job_queue;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_queue);
  }
};

struct DeleteJobQueueCommand {
  std::string job_queue;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_queue);
  }
};

struct CreateSchedulingPolicyCommand {
  SchedulingPolicy scheduling_policy;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.scheduling_policy);
  }
};

// Replaces the body of the policy of that name; `tags` and `document` stay.
struct UpdateSchedulingPolicyCommand {
  SchedulingPolicy scheduling_policy;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.scheduling_policy);
  }
};

struct DeleteSchedulingPolicyCommand {
  std::string name;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name);
  }
};

struct RegisterJobDefinitionCommand {
  JobDefinition job_definition;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_definition);
  }
};

struct DeregisterJobDefinitionCommand {
  std::string job_definition;  // "name:revision"

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_definition);
  }
};

struct CreateQuotaShareCommand {
  QuotaShare quota_share;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.quota_share);
  }
};

struct DeleteQuotaShareCommand {
  std::string job_queue;
  std::string quota_share_name;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_queue, self.quota_share_name);
  }
};

struct CreateServiceEnvironmentCommand {
  ServiceEnvironment service_environment;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.service_environment);
  }
};

struct DeleteServiceEnvironmentCommand {
  std::string service_environment;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.service_environment);
  }
};

// CancelJob, or TerminateJob with `terminate` set.
struct EndJobCommand {
  JobId job;
  bool terminate = false;
  std::string reason;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.terminate, self.reason);
  }
};

struct TerminateServiceJobCommand {
  JobId job;
  std::string reason;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.reason);
  }
};

struct CreateConsumableResourceCommand {
  ConsumableResource consumable_resource;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.consumable_resource);
  }
};

struct DeleteConsumableResourceCommand {
  std::string consumable_resource;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.consumable_resource);
  }
};

// What one call of Advance() found.
struct Turn {
  std::vector<InstanceReport> instance_reports;
  std::vector<ContainerReport> container_reports;
  std::vector<ServiceReport> service_reports;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.instance_reports, self.container_reports,
                 self.service_reports);
  }
};

using Command = absl::variant<
    CreateComputeEnvironmentCommand, CreateJobQueueCommand,
    RegisterJobDefinitionCommand, DeregisterJobDefinitionCommand,
    SubmitJobRequest, EndJobCommand, UpdateJobQueueRequest,
    DeleteJobQueueCommand, Turn, CreateSchedulingPolicyCommand,
    UpdateSchedulingPolicyCommand, DeleteSchedulingPolicyCommand,
    CreateQuotaShareCommand, UpdateQuotaShareRequest, DeleteQuotaShareCommand,
    CreateServiceEnvironmentCommand, UpdateServiceEnvironmentRequest,
    DeleteServiceEnvironmentCommand, UpdateComputeEnvironmentRequest,
    DeleteComputeEnvironmentCommand, CreateConsumableResourceCommand,
    UpdateConsumableResourceRequest, DeleteConsumableResourceCommand,
    TagResourceRequest, UntagResourceRequest, SubmitServiceJobRequest,
    UpdateServiceJobRequest, TerminateServiceJobCommand>;

struct Input {
  int64_t now_ns = 0;  // since the Unix epoch
  Command command;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.now_ns, self.command);
  }
};

// The bytes of an input as they stand in an InputLog, and back. Decoding
// answers kDataLoss on bytes that are no input; it never crashes.
std::string EncodeInput(const Input& input);
absl::StatusOr<Input> DecodeInput(absl::string_view bytes);

}  // namespace embatch

#endif  // EMBATCH_INPUT_H_
