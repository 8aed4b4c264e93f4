// SPDX-License-Identifier: Apache-2.0
//
// What benchmarks measure with: CPU time, allocations, memory, percentiles.
//
//   Cost submit;
//   {
//     Measured measured(submit);
//     ...                       // counts towards `submit`
//   }
//   state.counters["submit_ns"] = submit.cpu_ns / jobs;
#ifndef EMBATCH_BENCHMARKS_MEASURE_H_
#define EMBATCH_BENCHMARKS_MEASURE_H_

#include <cstdint>
#include <vector>

namespace embatch {

// CPU time that this thread has used. It does not stand still because another
// program has the processor, so figures hold on a shared machine as well.
int64_t ThreadCpuNanos();

// Calls of operator new by this thread. A program that uses this header counts
// them all; one built with a sanitizer counts none.
int64_t AllocationCount();

// Memory of the process that is in use: what was freed is given back to the
// system first, unless it is to be seen how much comes back by itself. 0 where
// the system does not say.
enum class FreedMemory { kGiveBack, kLeave };
int64_t ResidentBytes(FreedMemory freed = FreedMemory::kGiveBack);

// What some work cost, summed up over all its pieces.
struct Cost {
  double cpu_ns = 0;
  double allocations = 0;
};

// Adds what happens during its life to a Cost.
class Measured {
 public:
  explicit Measured(Cost& cost)
      : cost_(cost), allocations_(AllocationCount()), cpu_(ThreadCpuNanos()) {}
  ~Measured() {
    cost_.cpu_ns += static_cast<double>(ThreadCpuNanos() - cpu_);
    cost_.allocations += static_cast<double>(AllocationCount() - allocations_);
  }
  Measured(const Measured&) = delete;
  Measured& operator=(const Measured&) = delete;

 private:
  Cost& cost_;
  const int64_t allocations_;
  const int64_t cpu_;
};

// How long single calls took.
class Samples {
 public:
  explicit Samples(int64_t expected);
  void Add(int64_t nanos) { nanos_.push_back(nanos); }

  // The sample that `share` of all do not exceed: 0.5 is the median, 1 the
  // longest.
  double Percentile(double share);
  double Mean() const;

 private:
  std::vector<int64_t> nanos_;
};

// Steady, for single calls.
int64_t WallNanos();

// How long a single call takes, from the object's making to Nanos(): by the
// wall clock, or this thread's CPU time where that is less. What another
// program took of the processor in between does not count, so that the longest
// of many calls is the library's own.
class CallTimer {
 public:
  CallTimer() : cpu_(ThreadCpuNanos()), wall_(WallNanos()) {}
  int64_t Nanos() const {
    const int64_t wall = WallNanos() - wall_;
    const int64_t cpu = ThreadCpuNanos() - cpu_;
    return wall < cpu ? wall : cpu;
  }

 private:
  const int64_t cpu_;
  const int64_t wall_;
};

}  // namespace embatch

#endif  // EMBATCH_BENCHMARKS_MEASURE_H_
