// SPDX-License-Identifier: Apache-2.0
//
// A ComputeEnvironment is where jobs run: a pool of instances that the
// scheduler grows and shrinks through a ResourceProvider (MANAGED), or that
// others bring (UNMANAGED).
//
//   ComputeEnvironmentOptions options;
//   options.compute_environment_name = "machines";
//   options.compute_resources = ComputeResources{};   // MANAGED, EC2
//   options.compute_resources->max_vcpus = 256;
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

// What the scheduler may launch. vCPUs are those of instances.
// Source: API ComputeResource.
// Choice: §16.5; this release launches On-Demand instances and chooses types
// as BEST_FIT_PROGRESSIVE does.
struct ComputeResources {
  int64_t min_vcpus = 0;  // kept running even when idle
  int64_t max_vcpus = 0;  // required, at least 1; may be passed by less than
                          // one instance (D24)
  // Names ("c5.large"), families ("c5"), or "optimal": all that the provider
  // offers. Empty means the same as "optimal".
  std::vector<std::string> instance_types;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.min_vcpus, self.max_vcpus, self.instance_types);
  }
};

struct ComputeEnvironmentOptions {
  std::string compute_environment_name;  // 1..128 of letters, digits, '-', '_'
  ComputeEnvironmentType type = ComputeEnvironmentType::kManaged;
  ResourceState state = ResourceState::kEnabled;
  std::optional<ComputeResources> compute_resources;  // MANAGED: required
  std::map<std::string, std::string> tags;            // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.compute_environment_name, self.type, self.state,
                 self.compute_resources, self.tags, self.document);
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

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit ComputeEnvironment(ComputeEnvironmentOptions options)
      : options_(std::move(options)) {}

  ComputeEnvironmentOptions options_;
};

}  // namespace embatch

#endif  // EMBATCH_COMPUTE_ENVIRONMENT_H_
