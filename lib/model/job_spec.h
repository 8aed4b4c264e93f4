// SPDX-License-Identifier: Apache-2.0
//
// A JobSpec is all that a job takes from its definition and its submission,
// merged. Jobs with equal specs share one.
#ifndef EMBATCH_MODEL_JOB_SPEC_H_
#define EMBATCH_MODEL_JOB_SPEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "embatch/capacity_limit.h"
#include "embatch/consumable_resource.h"
#include "embatch/fields.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/resources.h"
#include "embatch/service_job.h"
#include "lib/base/rare.h"
#include "lib/model/limits.h"
#include "lib/model/requirement.h"
#include "lib/model/task_spec.h"

namespace embatch {

// Why no attempt of a job can be launched: it will fail when it is placed, and
// is not tried again. Source: §5.2, "launch-time rejections"; §6.2.
enum class LaunchRejection : uint8_t {
  kNone,
  kTooManyTags,       // propagateTags, and more than 50 in all
  kOverridesTooLong,  // more than ECS takes
};
constexpr bool IsValidEnum(LaunchRejection value) {
  return value <= LaunchRejection::kOverridesTooLong;
}

struct JobSpec;

// What few jobs have. It is kept apart because there may be as many specs as
// jobs: without it a spec takes two to three lines of the cache.
struct JobSpecExtras {
  TaskSpec task;  // the containers of a task or of a pod
  std::vector<ConsumableResourceRequirement> consumables;  // by name
  std::optional<int32_t> preemption_retries_before_termination;
  std::map<std::string, std::string> parameters;
  std::map<std::string, std::string> tags;  // the job's own
  // With propagate_tags: the definition's tags and the job's, which win.
  std::map<std::string, std::string> propagated_tags;
  Document document;

  // A multi-node job: the specs of its groups of nodes, and for each node which
  // of them is its own. All else is that of the main node.
  std::vector<JobSpec> groups;
  std::vector<uint8_t> node_groups;
  int32_t main_node = 0;
  std::string image;          // a group's; empty: the definition's
  std::string instance_type;  // of all nodes; empty: any

  // A service job: it has no definition and no container.
  std::vector<CapacityUsage> capacity_usage;  // by unit
  std::string service_request_payload;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(
        self.task, self.consumables, self.preemption_retries_before_termination,
        self.parameters, self.tags, self.propagated_tags, self.document,
        self.groups, self.node_groups, self.main_node, self.image,
        self.instance_type, self.capacity_usage, self.service_request_payload);
  }
};

// In the order in which a job's life asks for it.
struct JobSpec {
  static constexpr uint32_t kNoDefinition = 0xffffffff;  // a service job

  uint32_t definition = 0;      // index of the definition's revision
  int scheduling_priority = 0;  // Choice: D16
  Resources resources;          // of the whole job
  LaunchRejection launch_rejection = LaunchRejection::kNone;
  bool propagate_tags = false;
  Rare<JobSpecExtras> extras;
  std::optional<JobTimeout> timeout;
  RetryStrategy retry_strategy;
  // Of the job's only container; extras->task has no containers then.
  std::vector<std::string> command;
  std::vector<EnvironmentVariable> environment;  // by name, each once

  bool is_service() const {
    return extras.is_unusual() && !extras->capacity_usage.empty();
  }
  bool is_multi_node() const {
    return extras.is_unusual() && !extras->node_groups.empty();
  }
  bool has_task() const {
    return extras.is_unusual() && !extras->task.containers.empty();
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.definition, self.scheduling_priority, self.resources,
                 self.launch_rejection, self.propagate_tags, self.extras,
                 self.timeout, self.retry_strategy, self.command,
                 self.environment);
  }
};

// Where a job of this spec may run.
Requirement RequirementOf(const JobSpec& spec);

// Whether the submission changes nothing of its definition, so that its spec
// is the definition's own.
bool IsPlainSubmission(const SubmitJobRequest& request);

// Merges by the precedence of §3.6 and checks the result (§4, step 9).
// `definition_index` only goes into the spec. Dependencies, array size, queue
// and name are checked elsewhere: they are no part of the spec.
absl::StatusOr<JobSpec> MakeJobSpec(const JobDefinition& definition,
                                    uint32_t definition_index,
                                    const SubmitJobRequest& request,
                                    const Limits& limits);

// The two halves of MakeJobSpec(), for a job whose groups of nodes are merged
// one by one: what one definition's containers come to, and the rules for what
// a submission says of the job as a whole, such as its timeout.
absl::StatusOr<JobSpec> MakeGroupSpec(const JobDefinition& definition,
                                      uint32_t definition_index,
                                      const SubmitJobRequest& request,
                                      const Limits& limits);
absl::Status CheckWholeJob(const JobDefinition& definition,
                           const SubmitJobRequest& request,
                           const Limits& limits);

// What a service job is, with all that is checked of it but its queue, its
// shares and its token.
// Source: API SubmitServiceJob; §19.
absl::StatusOr<JobSpec> MakeServiceJobSpec(
    const SubmitServiceJobRequest& request, const Limits& limits);

// §4, step 11. Choice: AWS measures the JSON of the request; we measure our own
// bytes of the same content, which are a little fewer, or the document, which
// may say the same once more.
absl::Status CheckSubmissionSize(const SubmitJobRequest& request,
                                 const Limits& limits);

}  // namespace embatch

#endif  // EMBATCH_MODEL_JOB_SPEC_H_
