// SPDX-License-Identifier: Apache-2.0
//
// Lists of job definitions, queues and environments. Source: §20.1, §20.5.
#include <algorithm>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/paging.h"
#include "lib/scheduler/reads.h"

namespace embatch {

// In the order of registration.
absl::StatusOr<JobDefinitionPage> ReadJobDefinitions(
    const State& state, const ListJobDefinitionsRequest& request) {
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("max_results", request.max_results, 1, kPageMax));
  uint64_t next = 0;
  if (!request.next_token.empty()) {
    const std::optional<uint64_t> last = NumberOfToken('d', request.next_token);
    if (!last.has_value() || *last == kNoSequence) {
      return BadToken(request.next_token);
    }
    next = *last + 1;
  }
  std::vector<uint32_t> revisions;
  if (!request.job_definition_name.empty()) {
    const auto found = state.definition_names.find(request.job_definition_name);
    if (found != state.definition_names.end()) revisions = found->second;
  } else {
    for (uint32_t i = 0; i < state.definitions.size(); ++i) {
      revisions.push_back(i);
    }
  }
  JobDefinitionPage page;
  uint64_t last_listed = 0;
  for (auto it = std::lower_bound(revisions.begin(), revisions.end(), next);
       it != revisions.end(); ++it) {
    const DefinitionRecord& record = state.definitions[*it];
    if (record.deleted ||
        (request.active.has_value() && record.active != *request.active)) {
      continue;
    }
    if (page.job_definitions.size() ==
        static_cast<size_t>(request.max_results)) {
      page.next_token = NumberToken('d', last_listed);
      break;
    }
    page.job_definitions.push_back(
        {&record.definition, record.revision, record.active});
    last_listed = *it;
  }
  return page;
}

}  // namespace embatch
