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

#include "absl/status/statusor.h"
#include "embatch/fields.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/resources.h"
#include "lib/model/limits.h"

namespace embatch {

struct JobSpec {
  uint32_t definition = 0;  // index of the definition's revision
  std::vector<std::string> command;
  std::vector<EnvironmentVariable> environment;  // by name, each once
  Resources resources;
  RetryStrategy retry_strategy;
  std::optional<JobTimeout> timeout;
  int scheduling_priority = 0;  // Choice: D16
  bool propagate_tags = false;
  std::map<std::string, std::string> parameters;
  std::map<std::string, std::string> tags;
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.definition, self.command, self.environment,
                 self.resources, self.retry_strategy, self.timeout,
                 self.scheduling_priority, self.propagate_tags, self.parameters,
                 self.tags, self.document);
  }
};

// Whether the submission changes nothing of its definition, so that its spec
// is the definition's own.
bool IsPlainSubmission(const SubmitJobRequest& request);

// Merges by the precedence of §3.6 and checks the result (§4, steps 9 and 11).
// `definition_index` only goes into the spec. Dependencies, array size, queue
// and name are checked elsewhere: they are no part of the spec.
absl::StatusOr<JobSpec> MakeJobSpec(const JobDefinition& definition,
                                    uint32_t definition_index,
                                    const SubmitJobRequest& request,
                                    const Limits& limits);

}  // namespace embatch

#endif  // EMBATCH_MODEL_JOB_SPEC_H_
