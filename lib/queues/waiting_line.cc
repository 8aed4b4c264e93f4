// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/waiting_line.h"

#include <algorithm>

#include "embatch/fields.h"

namespace embatch {
namespace {

// Records of so many classes stay when nothing waits, so that a line that is
// empty now and then does not ask the allocator each time.
constexpr size_t kClassesKept = 64;

}  // namespace

uint32_t WaitingLine::Enter(const LinePlace& place, uint32_t requirement) {
  order_.Enter(place);
  const uint32_t index = ClassFor(requirement);
  classes_[index].order.Enter(place);
  MarkChanged(index);
  return index;
}

uint32_t WaitingLine::Leave(const LinePlace& place, uint32_t requirement) {
  order_.Leave(place);
  const uint32_t index = ClassFor(requirement);
  classes_[index].order.Leave(place);
  MarkChanged(index);
  return index;
}

void WaitingLine::AddJobs(uint32_t requirement, int64_t jobs) {
  jobs_ += jobs;
  const uint32_t index = ClassFor(requirement);
  int64_t& jobs_of_class = classes_[index].jobs;
  if (jobs_of_class == 0) ++class_count_;
  jobs_of_class += jobs;
  if (jobs_of_class > 0) return;
  --class_count_;
  if (class_count_ == 0 && classes_.size() > kClassesKept) ForgetAll();
}

// --- Classes ----------------------------------------------------------------

uint32_t WaitingLine::FindOrMakeClass(uint32_t requirement) {
  uint32_t& recent = recent_[requirement % kRecent];
  if (recent != kNone && classes_[recent].jobs == 0) Forget(recent);
  if (const uint32_t* known = class_of_.Find(requirement)) {
    return recent = *known;
  }
  if (unused_.empty()) {
    unused_.push_back(static_cast<uint32_t>(classes_.size()));
    classes_.AddOne();
  }
  recent = unused_.back();
  unused_.pop_back();
  class_of_[requirement] = recent;
  classes_[recent].requirement = requirement;
  return recent;
}

void WaitingLine::Forget(uint32_t index) {
  if (index < ordered_) by_first_.Set(index, LeastTree::kNever);
  class_of_.Erase(classes_[index].requirement);
  unused_.push_back(index);
}

// Nothing waits any more: memory goes back.
void WaitingLine::ForgetAll() {
  recent_.fill(kNone);
  classes_ = {};
  unused_ = {};
  class_of_ = {};
  changed_ = {};
  by_first_ = {};
  ordered_ = 0;
}

bool WaitingLine::PutInOrder(int64_t* most) {
  while (!changed_.empty()) {
    if (--*most < 0) return false;
    const uint32_t index = changed_.back();
    changed_.pop_back();
    classes_[index].changed = false;
    SetFirst(index);
  }
  for (; ordered_ < classes_.size(); ++ordered_) {
    if (--*most < 0) return false;
    SetFirst(ordered_);
  }
  return true;
}

void WaitingLine::SetFirst(uint32_t index) {
  const std::optional<LinePlace> first = classes_[index].order.First();
  by_first_.Set(index,
                first.has_value() ? NumberOf(*first) : LeastTree::kNever);
}

std::vector<ClassInLine> WaitingLine::Classes() const {
  std::vector<ClassInLine> result;
  result.reserve(class_count());
  class_of_.ForEach([&](uint32_t requirement, uint32_t index) {
    const Class& waiting = classes_[index];
    if (waiting.jobs == 0) return;
    result.push_back({requirement, waiting.jobs, *waiting.order.First()});
  });
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
