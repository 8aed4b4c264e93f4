// SPDX-License-Identifier: Apache-2.0
//
// A ServiceEnvironment is an external service with countable capacity, such as
// SageMaker training: it has no instances of ours, only limits.
//
//   ServiceEnvironmentOptions options;
//   options.service_environment_name = "training";
//   options.capacity_limits = {{50, "NUM_INSTANCES"}};
//   auto environment = ServiceEnvironment::Create(std::move(options));
//
// Threads, ownership, errors: as JobDefinition.
// Source: API CreateServiceEnvironment, ServiceEnvironmentDetail,
// CapacityLimit; guide "Service environments"; §19.
#ifndef EMBATCH_SERVICE_ENVIRONMENT_H_
#define EMBATCH_SERVICE_ENVIRONMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/capacity_limit.h"
#include "embatch/compute_environment.h"
#include "embatch/fields.h"
#include "embatch/job_definition.h"
#include "embatch/limits_profile.h"

namespace embatch {

// Source: API ServiceEnvironmentType.
enum class ServiceEnvironmentType : uint8_t { kSagemakerTraining };
constexpr bool IsValidEnum(ServiceEnvironmentType value) {
  return value == ServiceEnvironmentType::kSagemakerTraining;
}

struct ServiceEnvironmentOptions {
  std::string service_environment_name;  // 1..128 of letters, digits, '-', '_'
  ServiceEnvironmentType type = ServiceEnvironmentType::kSagemakerTraining;
  ResourceState state = ResourceState::kEnabled;
  // NUM_INSTANCES alone; or, for a queue with quota shares, 1 to 5 instance
  // types.
  std::vector<CapacityLimit> capacity_limits;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.service_environment_name, self.type, self.state,
                 self.capacity_limits, self.tags, self.document);
  }
};

class ServiceEnvironment {
 public:
  static absl::StatusOr<ServiceEnvironment> Create(
      ServiceEnvironmentOptions options,
      LimitsProfile limits = LimitsProfile::kAws);

  // Names nothing; only good for being assigned to.
  ServiceEnvironment() = default;

  const std::string& service_environment_name() const {
    return options_.service_environment_name;
  }
  const ServiceEnvironmentOptions& options() const { return options_; }
  // Whether its limits are in instance types, as quota shares need them.
  bool is_quota_managed() const {
    return options_.capacity_limits.front().capacity_unit != kUnitInstances;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit ServiceEnvironment(ServiceEnvironmentOptions options)
      : options_(std::move(options)) {}

  ServiceEnvironmentOptions options_;
};

// What is given replaces what the environment has.
// Source: API UpdateServiceEnvironment.
struct UpdateServiceEnvironmentRequest {
  std::string service_environment;
  std::optional<ResourceState> state;
  std::vector<CapacityLimit> capacity_limits;  // empty: as they are

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.service_environment, self.state, self.capacity_limits);
  }
};

// A service environment as it stands. A view: valid until the next non-const
// call of the scheduler.
struct ServiceEnvironmentView {
  const ServiceEnvironment* service_environment = nullptr;
  ResourceStatus status = ResourceStatus::kCreating;
  // What jobs in SCHEDULED, STARTING and RUNNING take, in the units of the
  // limits and in their order.
  std::vector<CapacityUsage> capacity_usage;
};

}  // namespace embatch

#endif  // EMBATCH_SERVICE_ENVIRONMENT_H_
