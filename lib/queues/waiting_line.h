// SPDX-License-Identifier: Apache-2.0
//
// RUNNABLE jobs that wait one behind the other: those of a queue, or of one
// share of a queue.
//
// A job keeps the place that its submission gave it, however long it waited for
// other jobs; a retried one stands before all that never started. An array
// stands in line once for all its children. See priority_order.h.
// Source: guide "Job scheduling", "Automated job retries"; §13.4. Choice: D17.
#ifndef EMBATCH_QUEUES_WAITING_LINE_H_
#define EMBATCH_QUEUES_WAITING_LINE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "lib/base/chunked_vector.h"
#include "lib/base/encoding.h"
#include "lib/base/fetch.h"
#include "lib/base/parted_map.h"
#include "lib/queues/least_tree.h"
#include "lib/queues/priority_order.h"

namespace embatch {

// The waiting jobs of one requirement class.
struct ClassInLine {
  uint32_t requirement = 0;
  int64_t jobs = 0;
  LinePlace first;
};

class WaitingLine {
 public:
  // An entry comes and goes; an array's entry stays while children wait. The
  // answer is a small number, of this requirement as long as jobs with it wait.
  uint32_t Enter(const LinePlace& place, uint32_t requirement);
  uint32_t Leave(const LinePlace& place, uint32_t requirement);

  // Counts jobs, children of arrays included, in and out.
  void AddJobs(uint32_t requirement, int64_t jobs);

  std::optional<LinePlace> Head() const { return order_.First(); }

  // Has in the caches soon: what entering and leaving touch at once, what the
  // first one's leaving and a last one's entering will touch behind that, and
  // the same of a class.
  void Fetch() const {
    FetchLine(this);
    FetchLine(&jobs_);
    FetchLine(&classes_);
  }
  void FetchFirst() const { order_.FetchFirst(); }
  void FetchLast() const { order_.FetchLast(); }
  void FetchClass(uint32_t requirement) const {
    const uint32_t index = recent_[requirement % kRecent];
    if (index != kNone) classes_[index].order.Fetch();
  }
  void FetchFirstOfClass(uint32_t requirement) const {
    const uint32_t index = recent_[requirement % kRecent];
    if (index != kNone) classes_[index].order.FetchFirst();
  }
  void FetchLastOfClass(uint32_t requirement) const {
    const uint32_t index = recent_[requirement % kRecent];
    if (index != kNone) classes_[index].order.FetchLast();
  }
  // The same of a class that is no recent one, and its number; what finding it
  // touches.
  std::optional<uint32_t> FindAndFetchClass(uint32_t requirement) const {
    const uint32_t* found = class_of_.Find(requirement);
    if (found == nullptr) return std::nullopt;
    classes_[*found].order.Fetch();
    return *found;
  }
  void FetchToFind(uint32_t requirement) const { class_of_.Fetch(requirement); }
  const PriorityOrder& order() const { return order_; }

  int64_t jobs() const { return jobs_; }
  int64_t jobs_of(uint32_t requirement) const {
    const uint32_t* found = class_of_.Find(requirement);
    return found == nullptr ? 0 : classes_[*found].jobs;
  }
  size_t class_count() const { return class_count_; }

  // Every requirement class with a waiting job, in the order of its first one.
  std::vector<ClassInLine> Classes() const;

  // The same, one by one: calls f(const ClassInLine&) until it answers false.
  // Costs what has changed since the last call or PutInOrder(), and what f() is
  // shown.
  template <typename F>
  void ForEachClass(F f) {
    int64_t all = std::numeric_limits<int64_t>::max();
    PutInOrder(&all);
    by_first_.ForEach([this, &f](uint32_t index, uint64_t number) {
      const Class& waiting = classes_[index];
      return f(ClassInLine{waiting.requirement, waiting.jobs, PlaceAt(number)});
    });
  }

  // Does a part of what ForEachClass() would begin with: looks at `*most`
  // classes and takes from it how many there were. Whether that was all.
  bool PutInOrder(int64_t* most);

  void Encode(Encoder& encoder) const;

 private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  static constexpr size_t kRecent = 8;  // a power of two

  struct Class {
    uint32_t requirement = 0;
    PriorityOrder order;
    int64_t jobs = 0;
    bool changed = false;  // it stands in changed_
  };

  // Finds it, or makes it.
  uint32_t ClassFor(uint32_t requirement) {
    const uint32_t recent = recent_[requirement % kRecent];
    return recent != kNone && classes_[recent].requirement == requirement
               ? recent
               : FindOrMakeClass(requirement);
  }
  uint32_t FindOrMakeClass(uint32_t requirement);
  void MarkChanged(uint32_t index) {
    if (index >= ordered_ || classes_[index].changed) return;
    classes_[index].changed = true;
    changed_.push_back(index);
  }
  void Forget(uint32_t index);
  void ForgetAll();
  void SetFirst(uint32_t index);

  // What entering and leaving touch comes first.
  PriorityOrder order_;
  int64_t jobs_ = 0;
  // Classes that ClassFor() answered lately, by the low bits of the
  // requirement. One of them is kept when none of its jobs waits any more:
  // lines that are empty between one job and the next are frequent.
  std::array<uint32_t, kRecent> recent_ = {kNone, kNone, kNone, kNone,
                                           kNone, kNone, kNone, kNone};
  size_t class_count_ = 0;           // classes with waiting jobs
  ChunkedVector<Class, 8> classes_;  // those of unused_ are empty
  std::vector<uint32_t> unused_;
  PartedMap<uint32_t, uint32_t> class_of_;  // by requirement
  // What follows can be told from the rest. The order of classes is kept from
  // the moment when somebody asks for it, of those below `ordered_`.
  uint32_t ordered_ = 0;
  LeastTree by_first_;             // classes by their first places
  std::vector<uint32_t> changed_;  // of the ordered ones
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_WAITING_LINE_H_
