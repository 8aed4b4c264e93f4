// SPDX-License-Identifier: Apache-2.0
//
// ListJobs. Source: §20.1, §20.3. Choice: D39.
//
// Jobs of a queue are listed newest first, which is by falling sequence of
// submission: a page costs its own jobs and the ones that a filter leaves out,
// never the list. After kJobsLookedAtMax jobs it ends, whatever it has found.
// JOB_NAME groups what it finds among so many jobs at a time.
#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/paging.h"
#include "lib/scheduler/reads.h"

namespace embatch {
namespace {

using Filter = ListJobsFilter;

// The jobs of a queue in some statuses, newest first.
class NewestFirst {
 public:
  // Begins below `before`. No status: all of them.
  NewestFirst(const State& state, uint32_t queue,
              std::optional<JobStatus> status, uint64_t before) {
    for (int i = 0; i < kJobStatusCount; ++i) {
      if (status.has_value() && i != static_cast<int>(*status)) continue;
      lists_[i] = &state.jobs.ByStatus(queue, static_cast<JobStatus>(i));
    }
    Restart(before);
  }

  void Restart(uint64_t before) {
    for (int i = 0; i < kJobStatusCount; ++i) Move(i, before);
  }

  // The next sequence, or SequenceBitmap::kNone.
  uint64_t Next() {
    int newest = -1;
    for (int i = 0; i < kJobStatusCount; ++i) {
      if (next_[i] == SequenceBitmap::kNone) continue;
      if (newest < 0 || next_[i] > next_[newest]) newest = i;
    }
    if (newest < 0) return SequenceBitmap::kNone;
    const uint64_t result = next_[newest];
    Move(newest, result);
    return result;
  }

 private:
  void Move(int list, uint64_t before) {
    next_[list] = lists_[list] == nullptr || before == 0
                      ? SequenceBitmap::kNone
                      : lists_[list]->LastAtMost(before - 1);
  }

  std::array<const SequenceBitmap*, kJobStatusCount> lists_{};
  std::array<uint64_t, kJobStatusCount> next_{};
};

std::string DefinitionName(const State& state, uint32_t slot) {
  const JobSpec& spec = state.jobs.spec(state.jobs.record(slot).spec);
  if (spec.is_service()) return "";
  return state.definitions[spec.definition].definition.job_definition_name();
}

int RevisionOf(const State& state, uint32_t slot) {
  const JobSpec& spec = state.jobs.spec(state.jobs.record(slot).spec);
  return spec.is_service() ? 0 : state.definitions[spec.definition].revision;
}

// A name stands for all its revisions, "name:3" for that one. Case matters.
bool MatchesDefinition(const State& state, uint32_t slot,
                       const std::vector<std::string>& values) {
  const std::string name = DefinitionName(state, slot);
  const std::string revision = absl::StrCat(name, ":", RevisionOf(state, slot));
  return std::any_of(
      values.begin(), values.end(), [&](const std::string& value) {
        if (!absl::EndsWith(value, "*")) {
          return value == name || value == revision;
        }
        return absl::StartsWith(
            name, absl::string_view(value).substr(0, value.size() - 1));
      });
}

bool MatchesShare(const State& state, uint32_t slot,
                  const std::vector<std::string>& values) {
  const absl::string_view share = ShareIdentifierOf(state, slot);
  return !share.empty() &&
         std::find(values.begin(), values.end(), share) != values.end();
}

// Source: API ListServiceJobs.filters, QUOTA_SHARE_NAME (§20.3). Choice: D29,
// container jobs that stand in quota shares are found by them as well.
bool MatchesQuotaShare(const State& state, uint32_t slot,
                       const std::vector<std::string>& values) {
  const JobRecord& record = state.jobs.record(slot);
  const auto& quota = state.queues[record.queue].quota;
  return quota.has_value() &&
         std::find(values.begin(), values.end(),
                   quota->shares[record.share].config.quota_share_name()) !=
             values.end();
}

// Milliseconds since the Unix epoch, as nanoseconds.
absl::StatusOr<int64_t> TimeOf(const std::string& value) {
  int64_t milliseconds = 0;
  if (!absl::SimpleAtoi(value, &milliseconds)) {
    return absl::InvalidArgumentError(
        absl::StrCat("filter.values is ", Quoted(value),
                     "; must be milliseconds since the Unix epoch"));
  }
  return DurationToNanos(absl::Milliseconds(milliseconds));
}

// What a filter asks for, with its times read.
struct Sieve {
  const Filter* filter = nullptr;
  // Created earlier than this, and later than that.
  int64_t before_ns = kNanosInfiniteFuture;
  int64_t after_ns = kNanosInfinitePast;

  bool Lets(const State& state, uint32_t slot) const {
    if (filter == nullptr) return true;
    switch (filter->name) {
      case Filter::Name::kJobName:
        return MatchesAny(state.jobs.Name(slot), filter->values);
      case Filter::Name::kJobDefinition:
        return MatchesDefinition(state, slot, filter->values);
      case Filter::Name::kShareIdentifier:
        return MatchesShare(state, slot, filter->values);
      case Filter::Name::kQuotaShareName:
        return MatchesQuotaShare(state, slot, filter->values);
      case Filter::Name::kBeforeCreatedAt:
      case Filter::Name::kAfterCreatedAt:
        return state.jobs.record(slot).created_ns < before_ns;
    }
    return false;
  }
};

// Choice: of several values any may match (§20.3).
absl::StatusOr<Sieve> SieveOf(const ListJobsRequest& request) {
  Sieve sieve;
  if (!request.filter.has_value()) return sieve;
  sieve.filter = &*request.filter;
  if (!IsValidEnum(sieve.filter->name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("filter.name is ", static_cast<int>(sieve.filter->name),
                     "; must be one of those that API ListJobs names"));
  }
  if (sieve.filter->values.empty()) {
    return absl::InvalidArgumentError(
        "filter.values is empty; must have at least 1 entry");
  }
  const bool before = sieve.filter->name == Filter::Name::kBeforeCreatedAt;
  if (!before && sieve.filter->name != Filter::Name::kAfterCreatedAt) {
    return sieve;
  }
  int64_t& bound = before ? sieve.before_ns : sieve.after_ns;
  bound = -bound;  // the other end of time: the first value moves it
  for (const std::string& value : sieve.filter->values) {
    const absl::StatusOr<int64_t> time_ns = TimeOf(value);
    EMBATCH_RETURN_IF_ERROR(time_ns.status());
    bound = before ? std::max(bound, *time_ns) : std::min(bound, *time_ns);
  }
  return sieve;
}

// Newest first, until a page is full, a job is too old, or enough were looked
// at.
absl::StatusOr<JobPage> PageByAge(const State& state, uint32_t queue,
                                  std::optional<JobStatus> status,
                                  const Sieve& sieve,
                                  const ListJobsRequest& request) {
  uint64_t before = kNoSequence;
  if (!request.next_token.empty()) {
    const std::optional<uint64_t> last = NumberOfToken('q', request.next_token);
    if (!last.has_value()) return BadToken(request.next_token);
    before = *last;
  }
  JobPage page;
  uint64_t last = 0;
  int64_t looked_at = 0;
  NewestFirst jobs(state, queue, status, before);
  for (uint64_t sequence = jobs.Next(); sequence != SequenceBitmap::kNone;
       sequence = jobs.Next()) {
    const uint32_t slot = state.jobs.SlotAt(queue, sequence);
    if (state.jobs.record(slot).created_ns <= sieve.after_ns) break;
    const bool is_wanted = sieve.Lets(state, slot);
    const bool is_full =
        page.jobs.size() == static_cast<size_t>(request.max_results);
    if ((is_wanted && is_full) || looked_at++ == kJobsLookedAtMax) {
      page.next_token = NumberToken('q', last);
      break;
    }
    if (is_wanted) page.jobs.push_back(state.jobs.IdOf({slot, -1}));
    last = sequence;
  }
  return page;
}

// Grouped by job name and by the version of the definition, newest first in
// each group. Source: API ListJobs.filters, JOB_NAME. Choice: groups come by
// name, definition and revision, an order that no later job changes. A queue
// with more jobs than a page looks at is grouped part by part, the newest part
// first. Choice: later pages end a part where its first one did, so that each
// job that lives throughout is listed once.
struct GroupKey {
  std::string job_name;
  std::string definition;
  int revision = 0;
  uint64_t age = 0;  // greater is older

  friend bool operator<(const GroupKey& a, const GroupKey& b) {
    return std::tie(a.job_name, a.definition, a.revision, a.age) <
           std::tie(b.job_name, b.definition, b.revision, b.age);
  }
};

// Where a page begins: in the part of the queue that ends before a sequence,
// with its first key; or behind one, and then it is known with which sequence
// the part begins.
struct GroupPlace {
  uint64_t before = kNoSequence;
  uint64_t from = 0;
  std::optional<GroupKey> behind;
};

std::string TokenOf(const GroupPlace& place) {
  if (!place.behind.has_value()) return NumberToken('n', place.before);
  const GroupKey& key = *place.behind;
  return TextToken(
      'n', absl::StrCat(place.before, ":", place.from, ":", key.job_name, ":",
                        key.definition, ":", key.revision, ":", key.age));
}

std::optional<GroupPlace> PlaceOfToken(absl::string_view token) {
  const std::optional<std::string> text = TextOfToken('n', token);
  if (!text.has_value()) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(*text, ':');
  GroupPlace place;
  if (!absl::SimpleAtoi(parts[0], &place.before)) return std::nullopt;
  if (parts.size() == 1) return place;
  GroupKey key;
  if (parts.size() != 6 || !absl::SimpleAtoi(parts[1], &place.from) ||
      !absl::SimpleAtoi(parts[4], &key.revision) ||
      !absl::SimpleAtoi(parts[5], &key.age)) {
    return std::nullopt;
  }
  key.job_name = parts[2];
  key.definition = parts[3];
  place.behind = std::move(key);
  return place;
}

// The first keys of a part of a queue behind a place, one more than `most`. The
// part is as many jobs as a page looks at. Answers the newest sequence below
// it, or SequenceBitmap::kNone.
uint64_t FirstKeys(const State& state, uint32_t queue, const Sieve& sieve,
                   GroupPlace& place, size_t most, std::set<GroupKey>* first) {
  NewestFirst jobs(state, queue, std::nullopt, place.before);
  uint64_t sequence = jobs.Next();
  if (sequence == SequenceBitmap::kNone) return sequence;
  // Jobs that come later are no part of it.
  const bool is_first_page = !place.behind.has_value();
  uint64_t from = place.from;
  if (is_first_page) place.before = sequence + 1;
  for (int64_t looked_at = 0;
       sequence != SequenceBitmap::kNone && looked_at < kJobsLookedAtMax &&
       sequence >= place.from;
       ++looked_at, sequence = jobs.Next()) {
    if (is_first_page) from = sequence;
    const uint32_t slot = state.jobs.SlotAt(queue, sequence);
    if (!sieve.Lets(state, slot)) continue;
    GroupKey key{std::string(state.jobs.Name(slot)),
                 DefinitionName(state, slot), RevisionOf(state, slot),
                 SequenceBitmap::kKeyLimit - sequence};
    if (place.behind.has_value() && !(*place.behind < key)) continue;
    first->insert(std::move(key));
    if (first->size() > most + 1) first->erase(std::prev(first->end()));
  }
  place.from = from;
  return sequence;
}

absl::StatusOr<JobPage> PageByName(const State& state, uint32_t queue,
                                   const Sieve& sieve,
                                   const ListJobsRequest& request) {
  GroupPlace place;
  if (!request.next_token.empty()) {
    const std::optional<GroupPlace> known = PlaceOfToken(request.next_token);
    if (!known.has_value()) return BadToken(request.next_token);
    place = *known;
  }
  const size_t most = static_cast<size_t>(request.max_results);
  std::set<GroupKey> first;
  const uint64_t below = FirstKeys(state, queue, sieve, place, most, &first);
  JobPage page;
  for (const GroupKey& key : first) {
    if (page.jobs.size() == most) {
      page.next_token = TokenOf(place);
      return page;
    }
    const uint64_t sequence = SequenceBitmap::kKeyLimit - key.age;
    page.jobs.push_back(
        state.jobs.IdOf({state.jobs.SlotAt(queue, sequence), -1}));
    place.behind = key;
  }
  if (below != SequenceBitmap::kNone) {
    page.next_token = TokenOf({below + 1, 0, std::nullopt});
  }
  return page;
}

absl::StatusOr<JobPage> QueuePage(const State& state,
                                  const ListJobsRequest& request) {
  const std::optional<uint32_t> queue = FindQueue(state, request.job_queue);
  if (!queue.has_value()) {
    return absl::NotFoundError(absl::StrCat(
        "job_queue: Job queue ", Quoted(request.job_queue), " does not exist"));
  }
  const absl::StatusOr<Sieve> sieve = SieveOf(request);
  EMBATCH_RETURN_IF_ERROR(sieve.status());
  if (sieve->filter == nullptr) {
    return PageByAge(state, *queue,
                     request.status.value_or(JobStatus::kRunning), *sieve,
                     request);
  }
  if (sieve->filter->name == Filter::Name::kJobName) {
    return PageByName(state, *queue, *sieve, request);
  }
  // Source: API ListJobs.jobStatus, ignored beside any other filter.
  const bool with_status =
      sieve->filter->name == Filter::Name::kShareIdentifier ||
      sieve->filter->name == Filter::Name::kQuotaShareName;
  return PageByAge(state, *queue,
                   with_status ? request.status : std::optional<JobStatus>(),
                   *sieve, request);
}

// The children or nodes of job `slot` that have the wanted status, by index, of
// which there are at most `left`. Source: API ListJobs.filters, they are not
// for these.
template <typename StatusAt>
absl::StatusOr<JobPage> PageByIndex(const State& state,
                                    const ListJobsRequest& request,
                                    uint32_t slot, int32_t size, int64_t left,
                                    StatusAt status_at) {
  uint64_t first = 0;
  if (!request.next_token.empty()) {
    const std::optional<uint64_t> last = NumberOfToken('c', request.next_token);
    if (!last.has_value()) return BadToken(request.next_token);
    first = *last == kNoSequence ? *last : *last + 1;
  }
  JobPage page;
  const JobStatus status = request.status.value_or(JobStatus::kRunning);
  for (uint64_t i = first; i < static_cast<uint64_t>(size) && left > 0; ++i) {
    const int32_t index = static_cast<int32_t>(i);
    const bool is_wanted = status_at(index) == status;
    const bool is_full =
        page.jobs.size() == static_cast<size_t>(request.max_results);
    if ((is_wanted && is_full) || i - first == kChildrenLookedAtMax) {
      page.next_token = NumberToken('c', i - 1);
      break;
    }
    if (!is_wanted) continue;
    page.jobs.push_back(state.jobs.IdOf({slot, index}));
    --left;
  }
  return page;
}

absl::StatusOr<uint32_t> SlotOf(const State& state, absl::string_view member,
                                JobId job) {
  const std::optional<JobKey> key = state.jobs.Find(job.Parent());
  if (key.has_value()) return key->slot;
  return absl::NotFoundError(absl::StrCat(
      member, ": the job does not exist, or its retention is over"));
}

absl::StatusOr<JobPage> ArrayPage(const State& state,
                                  const ListJobsRequest& request) {
  const absl::StatusOr<uint32_t> slot = SlotOf(state, "array", request.array);
  if (!slot.ok()) return slot.status();
  const JobStatus status = request.status.value_or(JobStatus::kRunning);
  const ArrayRecord* array = nullptr;
  int64_t left = 0;
  if (state.jobs.record(*slot).is_array()) {
    array = &state.jobs.array(*slot);
    left = array->counts[static_cast<int>(status)];
  }
  return PageByIndex(state, request, *slot, left > 0 ? array->size : 0, left,
                     [&](int32_t i) { return array->states.Get(i).status(); });
}

absl::StatusOr<JobPage> NodesPage(const State& state,
                                  const ListJobsRequest& request) {
  const absl::StatusOr<uint32_t> slot =
      SlotOf(state, "multi_node_job", request.multi_node_job);
  if (!slot.ok()) return slot.status();
  const NodesRecord* nodes = nullptr;
  int32_t size = 0;
  if (state.jobs.record(*slot).has_nodes) {
    nodes = &state.jobs.nodes(*slot);
    size = static_cast<int32_t>(nodes->size());
  }
  return PageByIndex(state, request, *slot, size, size,
                     [&](int32_t i) { return nodes->at(i).status; });
}

}  // namespace

absl::string_view ShareIdentifierOf(const State& state, uint32_t slot) {
  const JobRecord& record = state.jobs.record(slot);
  const QueueRecord& queue = state.queues[record.queue];
  return queue.kind == QueueKind::kFairShare
             ? absl::string_view(queue.fair_share.identifier(record.share))
             : absl::string_view();
}

absl::StatusOr<JobPage> ReadJobPage(const State& state,
                                    const ListJobsRequest& request) {
  // Source: API ListJobs.maxResults.
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("max_results", request.max_results, 1,
                 request.filter.has_value() ? kPageMax : kListJobsMax));
  if (request.status.has_value() && !IsValidEnum(*request.status)) {
    return absl::InvalidArgumentError(
        absl::StrCat("status is ", static_cast<int>(*request.status),
                     "; must be a job's status"));
  }
  const int given = (request.job_queue.empty() ? 0 : 1) +
                    (request.array.is_null() ? 0 : 1) +
                    (request.multi_node_job.is_null() ? 0 : 1);
  if (given != 1) {
    return absl::InvalidArgumentError(
        "exactly one of job_queue, array and multi_node_job must be given");
  }
  if (!request.multi_node_job.is_null()) return NodesPage(state, request);
  return request.array.is_null() ? QueuePage(state, request)
                                 : ArrayPage(state, request);
}

}  // namespace embatch
