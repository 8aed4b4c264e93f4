// SPDX-License-Identifier: Apache-2.0
//
// A JobDefinition is the template of a job: what to run, with how much, how
// often to try, how long at most.
//
//   JobDefinitionOptions options;
//   options.job_definition_name = "resize";
//   options.container_properties.image = "imagemagick";
//   options.container_properties.command = {"convert", "Ref::in", "Ref::out"};
//   options.container_properties.resources = Resources::Of(1, 512);
//   options.retry_strategy = RetryStrategy{3};
//   absl::StatusOr<JobDefinition> definition =
//       JobDefinition::Create(std::move(options));
//
// Threads:   a value; no shared mutable state.
// Ownership: owns all it holds, but for `document`, which is shared.
// Errors:    Create() answers kInvalidArgument with the member's path, the
//            value and the limit.
// Source:    API RegisterJobDefinition, RetryStrategy, JobTimeout.
#ifndef EMBATCH_JOB_DEFINITION_H_
#define EMBATCH_JOB_DEFINITION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/consumable_resource.h"
#include "embatch/container_properties.h"
#include "embatch/fields.h"
#include "embatch/limits_profile.h"
#include "embatch/node_properties.h"
#include "embatch/resources.h"

namespace embatch {

// What the scheduler does not read (roles, subnets, log configuration, ...)
// travels with a configuration value or a job as one opaque text, and comes
// back as it came. Copies share the text; two are equal if their texts are.
class Document {
 public:
  Document() = default;  // none
  explicit Document(std::string text)
      : text_(std::make_shared<const std::string>(std::move(text))) {}

  bool has_value() const { return text_ != nullptr; }
  absl::string_view text() const {
    return text_ == nullptr ? absl::string_view() : absl::string_view(*text_);
  }

  friend bool operator==(const Document& a, const Document& b) {
    return a.text_ == b.text_ ||
           (a.has_value() == b.has_value() && a.text() == b.text());
  }
  template <typename H>
  friend H AbslHashValue(H state, const Document& document) {
    return H::combine(std::move(state), document.has_value(), document.text());
  }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.text_);
  }

 private:
  std::shared_ptr<const std::string> text_;
};

// Source: API JobDefinitionType.
enum class JobDefinitionType : uint8_t {
  kContainer,  // runs on one instance
  kMultinode,  // a multi-node parallel job
};
constexpr bool IsValidEnum(JobDefinitionType value) {
  return value <= JobDefinitionType::kMultinode;
}

// What kind of environments a job can run in.
// Source: API PlatformCapability.
enum class PlatformCapability : uint8_t { kEc2, kFargate };
constexpr bool IsValidEnum(PlatformCapability value) {
  return value <= PlatformCapability::kFargate;
}
absl::string_view PlatformCapabilityName(PlatformCapability capability);

// Who starts the containers: of a definition's, and in an environment. Pods are
// EKS's, all other containers ECS's.
// Source: API OrchestrationType.
enum class OrchestrationType : uint8_t { kEcs, kEks };
constexpr bool IsValidEnum(OrchestrationType value) {
  return value <= OrchestrationType::kEks;
}
absl::string_view OrchestrationTypeName(OrchestrationType type);  // "ECS"

// What to do with an attempt that failed.
// Source: API RetryAction.
enum class RetryAction : uint8_t { kRetry, kExit };
constexpr bool IsValidEnum(RetryAction value) {
  return value <= RetryAction::kExit;
}
// "retry" or "EXIT", in any case. Nothing: it is neither.
// Source: API EvaluateOnExit.action ("The values aren't case sensitive").
std::optional<RetryAction> ParseRetryAction(absl::string_view text);

// One rule of what is done after an attempt that failed. At least one of the
// patterns is given; the rule holds if all that are given match. A pattern
// matches a text that equals it, or, if it ends in '*', begins with what stands
// before that; case counts. What an attempt does not have (an exit code, say)
// is the empty text, which "*" matches.
//
// Source: API EvaluateOnExit. Choice: D19, D20.
struct EvaluateOnExit {
  // The attempt's statusReason and the container's reason. Up to 512 letters,
  // digits, '.', ':' and white space; '*' only at the end.
  std::optional<std::string> on_status_reason;
  std::optional<std::string> on_reason;
  // The exit code in decimal: digits, '*' only at the end.
  std::optional<std::string> on_exit_code;
  RetryAction action = RetryAction::kRetry;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.on_status_reason, self.on_reason, self.on_exit_code,
                 self.action);
  }
};

// A failed attempt is retried while attempts are left, unless the first rule
// that matches it says EXIT.
// Source: API RetryStrategy.
struct RetryStrategy {
  int attempts = 1;  // 1..10: all tries, the first one included
  std::vector<EvaluateOnExit> evaluate_on_exit = {};  // at most 5

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.attempts, self.evaluate_on_exit);
  }
};

// Source: API JobTimeout.
struct JobTimeout {
  // At least 60 s, whole seconds; counted for each attempt from RUNNING on.
  absl::Duration attempt_duration;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.attempt_duration);
  }
};

struct JobDefinitionOptions {
  std::string job_definition_name;  // 1..128 of letters, digits, '-', '_'
  JobDefinitionType type = JobDefinitionType::kContainer;
  // Exactly one of these; container_properties counts as given when anything is
  // set in it.
  ContainerProperties container_properties;
  std::optional<EcsProperties> ecs_properties;
  std::optional<EksProperties> eks_properties;
  std::optional<NodeProperties> node_properties;  // type multinode
  // Empty: EC2. Must be empty with eks_properties.
  std::vector<PlatformCapability> platform_capabilities;
  std::map<std::string, std::string> parameters;  // defaults for `Ref::name`
  std::optional<RetryStrategy> retry_strategy;    // absent: one attempt
  std::optional<JobTimeout> timeout;              // absent: no limit
  std::optional<int> scheduling_priority;         // 0..9999
  bool propagate_tags = false;
  ConsumableResourceProperties consumable_resource_properties;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_definition_name, self.type, self.container_properties,
                 self.ecs_properties, self.eks_properties, self.node_properties,
                 self.platform_capabilities, self.parameters,
                 self.retry_strategy, self.timeout, self.scheduling_priority,
                 self.propagate_tags, self.consumable_resource_properties,
                 self.tags, self.document);
  }
};

class JobDefinition {
 public:
  // Checks every rule of shape and limit. `limits` is the profile of the
  // scheduler that is to register the definition.
  static absl::StatusOr<JobDefinition> Create(
      JobDefinitionOptions options, LimitsProfile limits = LimitsProfile::kAws);

  // Names nothing; only good for being assigned to.
  JobDefinition() = default;

  const std::string& job_definition_name() const {
    return options_.job_definition_name;
  }
  const JobDefinitionOptions& options() const { return options_; }
  // Source: API JobDefinition.containerOrchestrationType.
  OrchestrationType container_orchestration_type() const;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit JobDefinition(JobDefinitionOptions options)
      : options_(std::move(options)) {}

  JobDefinitionOptions options_;
};

}  // namespace embatch

#endif  // EMBATCH_JOB_DEFINITION_H_
