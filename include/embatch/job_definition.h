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
// Source:    API RegisterJobDefinition, ContainerProperties, RetryStrategy,
//            JobTimeout.
#ifndef EMBATCH_JOB_DEFINITION_H_
#define EMBATCH_JOB_DEFINITION_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/fields.h"
#include "embatch/limits_profile.h"
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

struct EnvironmentVariable {
  std::string name;
  std::string value;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.value);
  }
};

// Source: API ContainerProperties.
struct ContainerProperties {
  std::string image;  // required, at most 255 characters
  // Each element may hold placeholders `Ref::name`, replaced at submission.
  std::vector<std::string> command;
  // Names may not begin with AWS_BATCH. Of equal names the last one counts.
  std::vector<EnvironmentVariable> environment;
  // VCPU and MEMORY may be left 0 here if every submission gives them.
  Resources resources;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.image, self.command, self.environment, self.resources);
  }
};

// Every failure of an attempt is retried while attempts are left.
// Source: API RetryStrategy.
struct RetryStrategy {
  int attempts = 1;  // 1..10: all tries, the first one included

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.attempts);
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
  ContainerProperties container_properties;
  std::map<std::string, std::string> parameters;  // defaults for `Ref::name`
  std::optional<RetryStrategy> retry_strategy;    // absent: one attempt
  std::optional<JobTimeout> timeout;              // absent: no limit
  std::optional<int> scheduling_priority;         // 0..9999
  bool propagate_tags = false;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_definition_name, self.container_properties,
                 self.parameters, self.retry_strategy, self.timeout,
                 self.scheduling_priority, self.propagate_tags, self.tags,
                 self.document);
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
