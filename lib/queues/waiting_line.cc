// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/waiting_line.h"

#include <algorithm>

namespace embatch {

void WaitingLine::Enter(const LinePlace& place, uint32_t requirement) {
  order_.Enter(place);
  classes_[requirement].order.Enter(place);
}

void WaitingLine::Leave(const LinePlace& place, uint32_t requirement) {
  order_.Leave(place);
  classes_[requirement].order.Leave(place);
}

void WaitingLine::AddJobs(uint32_t requirement, int64_t jobs) {
  jobs_ += jobs;
  const auto found = classes_.find(requirement);
  found->second.jobs += jobs;
  if (found->second.jobs == 0) classes_.erase(found);
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
