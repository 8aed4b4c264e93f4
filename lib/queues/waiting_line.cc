// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/waiting_line.h"

#include <algorithm>
#include <tuple>

namespace embatch {

void WaitingLine::Enter(LinePlace place, uint32_t requirement) {
  order_[place.retry_class].Insert(place.sequence);
  classes_[requirement].order[place.retry_class].Insert(place.sequence);
}

void WaitingLine::Leave(LinePlace place, uint32_t requirement) {
  order_[place.retry_class].Erase(place.sequence);
  classes_[requirement].order[place.retry_class].Erase(place.sequence);
}

void WaitingLine::AddJobs(uint32_t requirement, int64_t jobs) {
  jobs_ += jobs;
  const auto found = classes_.find(requirement);
  found->second.jobs += jobs;
  if (found->second.jobs == 0) classes_.erase(found);
}

std::optional<LinePlace> WaitingLine::FirstOf(const Order& order) {
  for (int retry_class = 0; retry_class < kClasses; ++retry_class) {
    if (!order[retry_class].empty()) {
      return LinePlace{retry_class, order[retry_class].First()};
    }
  }
  return std::nullopt;
}

std::optional<LinePlace> WaitingLine::Head() const { return FirstOf(order_); }

std::vector<ClassInLine> WaitingLine::Classes() const {
  std::vector<ClassInLine> result;
  result.reserve(classes_.size());
  for (const auto& [requirement, waiting] : classes_) {
    result.push_back({requirement, waiting.jobs, *FirstOf(waiting.order)});
  }
  // Two classes can begin with the same array's entry only if they are one.
  std::sort(result.begin(), result.end(),
            [](const ClassInLine& a, const ClassInLine& b) {
              return std::tie(a.first.retry_class, a.first.sequence) <
                     std::tie(b.first.retry_class, b.first.sequence);
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
