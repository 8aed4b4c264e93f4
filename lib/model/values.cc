// SPDX-License-Identifier: Apache-2.0
//
// How small public values print, and how reports are made.
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "embatch/container_runtime.h"
#include "embatch/event.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"
#include "lib/base/time.h"

namespace embatch {

std::ostream& operator<<(std::ostream& out, const Resources& resources) {
  out << static_cast<double>(resources.vcpu_milli) / 1000 << " vCPU, "
      << resources.memory_mib << " MiB";
  if (resources.gpus != 0) out << ", " << resources.gpus << " GPU";
  return out;
}

absl::string_view JobStatusName(JobStatus status) {
  switch (status) {
    case JobStatus::kSubmitted:
      return "SUBMITTED";
    case JobStatus::kPending:
      return "PENDING";
    case JobStatus::kRunnable:
      return "RUNNABLE";
    case JobStatus::kScheduled:
      return "SCHEDULED";
    case JobStatus::kStarting:
      return "STARTING";
    case JobStatus::kRunning:
      return "RUNNING";
    case JobStatus::kSucceeded:
      return "SUCCEEDED";
    case JobStatus::kFailed:
      return "FAILED";
  }
  return "";
}

absl::string_view OrchestrationTypeName(OrchestrationType type) {
  switch (type) {
    case OrchestrationType::kEcs:
      return "ECS";
    case OrchestrationType::kEks:
      return "EKS";
  }
  return "";
}

absl::string_view PlatformCapabilityName(PlatformCapability capability) {
  switch (capability) {
    case PlatformCapability::kEc2:
      return "EC2";
    case PlatformCapability::kFargate:
      return "FARGATE";
  }
  return "";
}

std::optional<RetryAction> ParseRetryAction(absl::string_view text) {
  if (absl::EqualsIgnoreCase(text, "RETRY")) return RetryAction::kRetry;
  if (absl::EqualsIgnoreCase(text, "EXIT")) return RetryAction::kExit;
  return std::nullopt;
}

std::ostream& operator<<(std::ostream& out, JobStatus status) {
  return out << JobStatusName(status);
}

std::ostream& operator<<(std::ostream& out, const Event& event) {
  out << event.job << " " << event.from << " -> " << event.to;
  if (event.count > 1) out << " x" << event.count;
  if (event.attempt > 0) out << " attempt " << event.attempt;
  return out;
}

InstanceReport InstanceReport::Catalogue(
    absl::Time time, std::vector<InstanceType> instance_types) {
  InstanceReport report;
  report.kind = Kind::kCatalogue;
  report.time_ns = ToNanos(time);
  report.instance_types = std::move(instance_types);
  return report;
}

InstanceReport InstanceReport::Ready(absl::Time time, InstanceId instance,
                                     std::string name, Resources resources,
                                     std::string private_ipv4_address) {
  InstanceReport report;
  report.kind = Kind::kReady;
  report.time_ns = ToNanos(time);
  report.instance = instance;
  report.name = std::move(name);
  report.resources = resources;
  report.private_ipv4_address = std::move(private_ipv4_address);
  return report;
}

InstanceReport InstanceReport::LaunchFailed(absl::Time time,
                                            InstanceId instance,
                                            LaunchFailure failure,
                                            std::string message) {
  InstanceReport report;
  report.kind = Kind::kLaunchFailed;
  report.time_ns = ToNanos(time);
  report.instance = instance;
  report.failure = failure;
  report.message = std::move(message);
  return report;
}

InstanceReport InstanceReport::Interruption(absl::Time time,
                                            InstanceId instance) {
  InstanceReport report;
  report.kind = Kind::kInterruption;
  report.time_ns = ToNanos(time);
  report.instance = instance;
  return report;
}

InstanceReport InstanceReport::Lost(absl::Time time, InstanceId instance) {
  InstanceReport report;
  report.kind = Kind::kLost;
  report.time_ns = ToNanos(time);
  report.instance = instance;
  return report;
}

InstanceReport InstanceReport::Invalid(absl::Time time, std::string message) {
  InstanceReport report;
  report.kind = Kind::kInvalid;
  report.time_ns = ToNanos(time);
  report.message = std::move(message);
  return report;
}

ContainerReport ContainerReport::Started(absl::Time time,
                                         ContainerId container) {
  ContainerReport report;
  report.kind = Kind::kStarted;
  report.time_ns = ToNanos(time);
  report.container = container;
  return report;
}

ContainerReport ContainerReport::Exited(absl::Time time, ContainerId container,
                                        std::optional<int> exit_code,
                                        std::string reason) {
  ContainerReport report;
  report.kind = Kind::kExited;
  report.time_ns = ToNanos(time);
  report.container = container;
  report.has_exit_code = exit_code.has_value();
  report.exit_code = exit_code.value_or(0);
  report.reason = std::move(reason);
  return report;
}

ContainerReport ContainerReport::StartFailed(absl::Time time,
                                             ContainerId container,
                                             std::string reason) {
  ContainerReport report;
  report.kind = Kind::kStartFailed;
  report.time_ns = ToNanos(time);
  report.container = container;
  report.reason = std::move(reason);
  return report;
}

ContainerReport ContainerReport::NoCapacity(absl::Time time,
                                            ContainerId container) {
  ContainerReport report = StartFailed(time, container, "");
  report.failure = StartFailure::kCapacity;
  return report;
}

ContainerReport ContainerReport::Interrupted(absl::Time time,
                                             ContainerId container) {
  ContainerReport report;
  report.kind = Kind::kInterrupted;
  report.time_ns = ToNanos(time);
  report.container = container;
  return report;
}

}  // namespace embatch
