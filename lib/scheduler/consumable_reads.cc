// SPDX-License-Identifier: Apache-2.0
//
// Consumable resources, and the jobs that need them. Source: §18, §20.1.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/paging.h"
#include "lib/scheduler/reads.h"

namespace embatch {

absl::StatusOr<ConsumableResourceView> ReadConsumableResource(
    const State& state, absl::string_view name) {
  const ConsumableRecord* record = state.consumables.Find(name);
  if (record == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("Consumable resource ", Quoted(name), " does not exist"));
  }
  ConsumableResourceView view;
  view.consumable_resource_name = record->config.consumable_resource_name();
  view.resource_type = record->config.options().resource_type;
  view.total_quantity = record->total;
  view.in_use_quantity = record->in_use;
  view.available_quantity = record->available();
  view.created_at = FromNanos(record->created_ns);
  view.tags = record->config.options().tags;
  return view;
}

absl::StatusOr<NamePage> ReadConsumableResources(
    const State& state, const ListConsumableResourcesRequest& request) {
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("max_results", request.max_results, 1, kPageMax));
  const auto& records = state.consumables.records();
  auto next = records.begin();
  if (!request.next_token.empty()) {
    const std::optional<std::string> last =
        TextOfToken('r', request.next_token);
    if (!last.has_value()) return BadToken(request.next_token);
    next = records.upper_bound(*last);
  }
  NamePage page;
  for (; next != records.end(); ++next) {
    if (!MatchesAny(next->first, request.names)) continue;
    if (page.names.size() == static_cast<size_t>(request.max_results)) {
      page.next_token = TextToken('r', page.names.back());
      break;
    }
    page.names.push_back(next->first);
  }
  return page;
}

absl::StatusOr<JobPage> ReadJobsByConsumableResource(
    const State& state, const ListJobsByConsumableResourceRequest& request) {
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("max_results", request.max_results, 1, kPageMax));
  uint64_t before = kNoSequence;
  if (!request.next_token.empty()) {
    const std::optional<uint64_t> last = NumberOfToken('u', request.next_token);
    if (!last.has_value()) return BadToken(request.next_token);
    before = *last;
  }
  JobPage page;
  const ConsumableJobs::Jobs* jobs =
      state.consumable_jobs.Find(request.consumable_resource);
  if (jobs == nullptr) {
    if (state.consumables.Find(request.consumable_resource) == nullptr) {
      return absl::NotFoundError(
          absl::StrCat("consumable_resource: Consumable resource ",
                       Quoted(request.consumable_resource), " does not exist"));
    }
    return page;
  }
  uint64_t last = 0;
  int64_t looked_at = 0;
  for (auto it = jobs->lower_bound(before); it != jobs->begin();) {
    --it;
    const uint32_t slot = it->second;
    const JobStatus status = state.jobs.StatusOf({slot, -1});
    const bool status_fits =
        request.statuses.empty() ||
        std::find(request.statuses.begin(), request.statuses.end(), status) !=
            request.statuses.end();
    const bool is_wanted =
        status_fits && MatchesAny(state.jobs.Name(slot), request.job_names);
    const bool is_full =
        page.jobs.size() == static_cast<size_t>(request.max_results);
    if ((is_wanted && is_full) || looked_at++ == kJobsLookedAtMax) {
      page.next_token = NumberToken('u', last);
      break;
    }
    if (is_wanted) page.jobs.push_back(state.jobs.IdOf({slot, -1}));
    last = it->first;
  }
  return page;
}

}  // namespace embatch
