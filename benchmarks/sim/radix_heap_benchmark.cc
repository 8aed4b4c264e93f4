// SPDX-License-Identifier: Apache-2.0
//
// The simulator's queue of what is to happen.
//
// Why: a simulated year is millions of starts and ends; the simulator must not
// cost more than the scheduler it serves.
//
// Compared with: std::priority_queue, under the same load: the next thing
// happens, and another is to happen up to two minutes later.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "lib/sim/mix.h"
#include "lib/sim/radix_heap.h"

namespace embatch {
namespace {

class BinaryHeap {
 public:
  void Push(const RadixHeap::Entry& entry) { heap_.push(entry); }
  RadixHeap::Entry Pop() {
    const RadixHeap::Entry entry = heap_.top();
    heap_.pop();
    return entry;
  }

 private:
  struct Later {
    bool operator()(const RadixHeap::Entry& a,
                    const RadixHeap::Entry& b) const {
      return a.time_ns > b.time_ns;
    }
  };
  std::priority_queue<RadixHeap::Entry, std::vector<RadixHeap::Entry>, Later>
      heap_;
};

template <typename Heap>
void BM_NextAndPush(benchmark::State& state) {
  Heap heap;
  uint64_t draws = 0;
  const auto later = [&draws] {
    return static_cast<int64_t>(Below(120000000000, Mix(++draws)));
  };
  for (int64_t i = 0; i < state.range(0); ++i) heap.Push({later(), 0, 0});
  for (auto _ : state) {
    const RadixHeap::Entry entry = heap.Pop();
    heap.Push({entry.time_ns + later(), 0, 0});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_TEMPLATE(BM_NextAndPush, RadixHeap)
    ->ArgName("running")
    ->Arg(1000)
    ->Arg(64000);
BENCHMARK_TEMPLATE(BM_NextAndPush, BinaryHeap)
    ->ArgName("running")
    ->Arg(1000)
    ->Arg(64000);

}  // namespace
}  // namespace embatch
