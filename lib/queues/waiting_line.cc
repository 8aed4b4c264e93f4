// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/waiting_line.h"

#include <algorithm>

#include "embatch/fields.h"

namespace embatch {
namespace {

// So many changes are always remembered.
constexpr size_t kChangesKept = 64;

}  // namespace

void WaitingLine::Enter(const LinePlace& place, uint32_t requirement) {
  order_.Enter(place);
  Class& waiting = classes_[requirement];
  waiting.order.Enter(place);
  if (is_ordered_) MarkChanged(requirement, waiting);
}

void WaitingLine::Leave(const LinePlace& place, uint32_t requirement) {
  order_.Leave(place);
  Class& waiting = classes_[requirement];
  waiting.order.Leave(place);
  if (is_ordered_) MarkChanged(requirement, waiting);
}

void WaitingLine::AddJobs(uint32_t requirement, int64_t jobs) {
  jobs_ += jobs;
  const auto found = classes_.find(requirement);
  found->second.jobs += jobs;
  if (found->second.jobs > 0) return;
  if (is_ordered_ && found->second.known.has_value()) {
    by_first_.erase(*found->second.known);
  }
  classes_.erase(found);
}

// --- Classes in order -------------------------------------------------------

// Putting all in order costs no more than the changes that made it needed.
void WaitingLine::MarkChanged(uint32_t requirement, Class& waiting) {
  if (waiting.changed) return;
  waiting.changed = true;
  changed_.push_back(requirement);
  if (changed_.size() > 2 * classes_.size() + kChangesKept) {
    is_ordered_ = false;
  }
}

void WaitingLine::PutInOrder() {
  if (!is_ordered_) {
    PutAllInOrder();
    return;
  }
  for (const uint32_t requirement : changed_) {
    const auto found = classes_.find(requirement);
    if (found == classes_.end()) continue;
    Class& waiting = found->second;
    waiting.changed = false;
    const std::optional<LinePlace> first = waiting.order.First();
    if (first == waiting.known) continue;
    if (waiting.known.has_value()) by_first_.erase(*waiting.known);
    by_first_[*first] = requirement;
    waiting.known = first;
  }
  changed_.clear();
}

void WaitingLine::PutAllInOrder() {
  is_ordered_ = true;
  changed_.clear();
  by_first_.clear();
  for (auto& [requirement, waiting] : classes_) {
    waiting.changed = false;
    waiting.known = waiting.order.First();
    by_first_[*waiting.known] = requirement;
  }
}

std::vector<ClassInLine> WaitingLine::Classes() const {
  std::vector<ClassInLine> result;
  result.reserve(classes_.size());
  for (const auto& [requirement, waiting] : classes_) {
    result.push_back({requirement, waiting.jobs, *waiting.order.First()});
  }
  // Two classes can begin with the same array's entry only if they are one.
  std::sort(result.begin(), result.end(),
            [](const ClassInLine& a, const ClassInLine& b) {
              return IsBefore(a.first, b.first);
            });
  return result;
}

void WaitingLine::Encode(Encoder& encoder) const {
  encoder.Encode(order_);
  encoder.Encode(jobs_);
  for (const ClassInLine& waiting : Classes()) {
    encoder.Encode(waiting.requirement);
    encoder.Encode(waiting.jobs);
    encoder.Encode(waiting.first);
  }
}

}  // namespace embatch
