// SPDX-License-Identifier: Apache-2.0
//
// A ComputeEnvironment is where jobs run: a pool of instances that the
// scheduler grows and shrinks through a ResourceProvider (MANAGED, EC2 or
// SPOT), room that is taken job by job (MANAGED, FARGATE or FARGATE_SPOT), or
// instances that others bring (UNMANAGED).
//
//   ComputeEnvironmentOptions options;
//   options.compute_environment_name = "machines";
//   options.compute_resources = ComputeResources{};   // MANAGED, EC2
//   options.compute_resources->max_vcpus = 256;
//   options.compute_resources->instance_types = {"optimal"};
//   auto environment = ComputeEnvironment::Create(std::move(options));
//
// Threads, ownership, errors: as JobDefinition.
// Source: API CreateComputeEnvironment, ComputeResource; guide "Managed
// compute environments", "Unmanaged compute environments".
#ifndef EMBATCH_COMPUTE_ENVIRONMENT_H_
#define EMBATCH_COMPUTE_ENVIRONMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "embatch/fields.h"
#include "embatch/job_definition.h"
#include "embatch/limits_profile.h"

namespace embatch {

// Whether a queue or an environment takes new work.
// Source: API CEState, JQState.
enum class ResourceState : uint8_t { kEnabled, kDisabled };
constexpr bool IsValidEnum(ResourceState value) {
  return value <= ResourceState::kDisabled;
}

// Where a queue or an environment stands in its life.
// Source: API CEStatus, JQStatus.
enum class ResourceStatus : uint8_t {
  kCreating,
  kUpdating,
  kDeleting,
  kDeleted,
  kValid,
  kInvalid,
};
constexpr bool IsValidEnum(ResourceStatus value) {
  return value <= ResourceStatus::kInvalid;
}
absl::string_view ResourceStatusName(ResourceStatus status);  // "VALID"

// Source: API CEType.
enum class ComputeEnvironmentType : uint8_t { kManaged, kUnmanaged };
constexpr bool IsValidEnum(ComputeEnvironmentType value) {
  return value <= ComputeEnvironmentType::kUnmanaged;
}

// What a MANAGED environment is made of: instances, On-Demand or Spot, or, with
// Fargate, nothing but the jobs' own capacity.
// Source: API CRType.
enum class ComputeResourceType : uint8_t {
  kEc2,
  kSpot,
  kFargate,
  kFargateSpot
};
constexpr bool IsValidEnum(ComputeResourceType value) {
  return value <= ComputeResourceType::kFargateSpot;
}
constexpr bool IsFargate(ComputeResourceType type) {
  return type == ComputeResourceType::kFargate ||
         type == ComputeResourceType::kFargateSpot;
}
absl::string_view ComputeResourceTypeName(ComputeResourceType type);  // "EC2"

// How an instance type is chosen. New ones of AWS go to the end:
// BEST_FIT_PROGRESSIVE_ORDERED and SPOT_CAPACITY_OPTIMIZED_PRIORITIZED (§24)
// would be two more orders of the same candidates.
// Source: API CRAllocationStrategy; guide "Allocation strategies" (§16.5).
enum class AllocationStrategy : uint8_t {
  // The cheapest type per vCPU that fits. Where that is not to be had, waits.
  // On-Demand, maxvCpus is never passed.
  kBestFit,
  // The same, but where that type is not to be had the next one is taken.
  kBestFitProgressive,
  // SPOT: the type least likely to be interrupted.
  kSpotCapacityOptimized,
  // SPOT: the cheapest among those least likely to be interrupted.
  kSpotPriceCapacityOptimized,
};
constexpr bool IsValidEnum(AllocationStrategy value) {
  return value <= AllocationStrategy::kSpotPriceCapacityOptimized;
}

// What the scheduler may launch. vCPUs are those of instances; for Fargate
// those of jobs. Members marked EC2 are for EC2 and SPOT alone.
// Source: API ComputeResource.
struct ComputeResources {
  int64_t min_vcpus = 0;  // EC2: kept running even when idle
  int64_t max_vcpus = 0;  // required, at least 1; may be passed by less than
                          // one instance, but by BEST_FIT On-Demand (D24)
  // EC2, required: names ("c5.large"), families ("c5", without metal sizes), or
  // the bundles "optimal", "default_x86_64", "default_arm64".
  std::vector<std::string> instance_types = {};
  ComputeResourceType type = ComputeResourceType::kEc2;
  // EC2. Absent: BEST_FIT. Choice: D65.
  std::optional<AllocationStrategy> allocation_strategy = std::nullopt;
  // EC2: instances for so many vCPUs are launched even if nothing waits, and
  // kept until one of them falls idle after a job. From then on the scheduler
  // moves the number between min_vcpus and max_vcpus, as demand says.
  std::optional<int64_t> desired_vcpus = std::nullopt;
  // SPOT: 1..100. A type is launched only while its Spot price is below so many
  // per cent of its On-Demand price. Absent: 100.
  std::optional<int> bid_percentage = std::nullopt;
  // EC2: 0 (off), or 20..10080: how long an instance is kept after its last
  // job. Source: API ComputeScalingPolicy.
  int min_scale_down_delay_minutes = 0;
  // What the scheduler does not read (imageId, subnets, launchTemplate, ...).
  // To change it replaces the instances.
  Document document = {};

  AllocationStrategy strategy() const {
    return allocation_strategy.value_or(AllocationStrategy::kBestFit);
  }
  // Choice: D24, D65.
  bool may_pass_max_vcpus() const {
    return type != ComputeResourceType::kEc2 ||
           strategy() != AllocationStrategy::kBestFit;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.min_vcpus, self.max_vcpus, self.instance_types, self.type,
                 self.allocation_strategy, self.desired_vcpus,
                 self.bid_percentage, self.min_scale_down_delay_minutes,
                 self.document);
  }
};

// How jobs are treated when an update replaces the instances they run on.
// Source: API UpdatePolicy.
struct UpdatePolicy {
  bool terminate_jobs_on_update = false;   // at once
  int job_execution_timeout_minutes = 30;  // 1..360; else after this long

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.terminate_jobs_on_update,
                 self.job_execution_timeout_minutes);
  }
};

struct ComputeEnvironmentOptions {
  std::string compute_environment_name;  // 1..128 of letters, digits, '-', '_'
  ComputeEnvironmentType type = ComputeEnvironmentType::kManaged;
  ResourceState state = ResourceState::kEnabled;
  // Absent: containers of either run here. With EKS the environment is MANAGED,
  // its resources EC2 or SPOT, and its strategy not BEST_FIT.
  // Source: API CreateComputeEnvironment.eksConfiguration; §16.5. Choice: AWS
  // has either ECS or EKS; a host program's own machines need be neither.
  std::optional<OrchestrationType> container_orchestration_type;
  std::optional<ComputeResources> compute_resources;  // MANAGED: required
  // UNMANAGED: how many vCPUs are to be expected. Read by nothing but the
  // fair-share reservation. Source: API unmanagedvCpus.
  std::optional<int64_t> unmanaged_vcpus;
  // Given by an update; AWS has none in a creation.
  std::optional<UpdatePolicy> update_policy;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.compute_environment_name, self.type, self.state,
                 self.container_orchestration_type, self.compute_resources,
                 self.unmanaged_vcpus, self.update_policy, self.tags,
                 self.document);
  }
};

class ComputeEnvironment {
 public:
  static absl::StatusOr<ComputeEnvironment> Create(
      ComputeEnvironmentOptions options,
      LimitsProfile limits = LimitsProfile::kAws);

  // Names nothing; only good for being assigned to.
  ComputeEnvironment() = default;

  const std::string& compute_environment_name() const {
    return options_.compute_environment_name;
  }
  const ComputeEnvironmentOptions& options() const { return options_; }
  bool managed() const {
    return options_.type == ComputeEnvironmentType::kManaged;
  }
  bool is_fargate() const {
    return managed() && IsFargate(options_.compute_resources->type);
  }
  bool is_spot() const {
    return managed() &&
           options_.compute_resources->type == ComputeResourceType::kSpot;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit ComputeEnvironment(ComputeEnvironmentOptions options)
      : options_(std::move(options)) {}

  ComputeEnvironmentOptions options_;
};

// What is to change of an environment's ComputeResources; absent: stays.
// Source: API ComputeResourceUpdate.
struct ComputeResourcesUpdate {
  // A scaling update: takes effect at once.
  std::optional<int64_t> min_vcpus = std::nullopt;
  std::optional<int64_t> max_vcpus = std::nullopt;
  std::optional<int64_t> desired_vcpus = std::nullopt;  // may only grow
  std::optional<int> min_scale_down_delay_minutes = std::nullopt;
  // An infrastructure update, where the value is another one: EC2 and SPOT
  // replace their instances, and need another strategy than BEST_FIT for it.
  // `type` may not change between instances and Fargate.
  std::optional<ComputeResourceType> type = std::nullopt;
  std::optional<AllocationStrategy> allocation_strategy = std::nullopt;
  std::optional<std::vector<std::string>> instance_types = std::nullopt;
  std::optional<int> bid_percentage = std::nullopt;
  bool update_to_latest_image_version = false;
  std::optional<Document> document = std::nullopt;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.min_vcpus, self.max_vcpus, self.desired_vcpus,
                 self.min_scale_down_delay_minutes, self.type,
                 self.allocation_strategy, self.instance_types,
                 self.bid_percentage, self.update_to_latest_image_version,
                 self.document);
  }
};

// Source: API UpdateComputeEnvironment.
struct UpdateComputeEnvironmentRequest {
  std::string compute_environment;
  std::optional<ResourceState> state = std::nullopt;
  std::optional<int64_t> unmanaged_vcpus = std::nullopt;
  std::optional<ComputeResourcesUpdate> compute_resources = std::nullopt;
  std::optional<UpdatePolicy> update_policy = std::nullopt;
  std::optional<Document> document = std::nullopt;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.compute_environment, self.state, self.unmanaged_vcpus,
                 self.compute_resources, self.update_policy, self.document);
  }
};

}  // namespace embatch

#endif  // EMBATCH_COMPUTE_ENVIRONMENT_H_
