// SPDX-License-Identifier: Apache-2.0
//
// The containers that every job passes through.
//
// Why: a job's whole life is less than a microsecond, and each of these is
// touched in it several times. Ten nanoseconds more in one of them can be seen.
//
// Compared with: what one would take from the standard library or Abseil
// instead, under the same load.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/deadline_queue.h"
#include "lib/base/intern_table.h"
#include "lib/base/name_blocks.h"
#include "lib/base/sequence_bitmap.h"
#include "lib/base/slot_table.h"
#include "lib/base/uuid.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

constexpr int64_t kFew = 1000;
constexpr int64_t kMany = 1000000;

// --- Order: a queue's waiting jobs ------------------------------------------

uint64_t FirstOf(const SequenceBitmap& set) { return set.First(); }
template <typename Set>
uint64_t FirstOf(const Set& set) {
  return *set.begin();
}
void Insert(SequenceBitmap& set, uint64_t key) { set.Insert(key); }
template <typename Set>
void Insert(Set& set, uint64_t key) {
  set.insert(key);
}
void Erase(SequenceBitmap& set, uint64_t key) { set.Erase(key); }
template <typename Set>
void Erase(Set& set, uint64_t key) {
  set.erase(key);
}

// The first leaves, a new one comes behind the last.
template <typename Set>
void BM_OrderFirstInFirstOut(benchmark::State& state) {
  Set set;
  uint64_t next = 0;
  while (next < static_cast<uint64_t>(state.range(0))) Insert(set, next++);
  for (auto _ : state) {
    Erase(set, FirstOf(set));
    Insert(set, next++);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_TEMPLATE(BM_OrderFirstInFirstOut, SequenceBitmap)
    ->ArgName("waiting")
    ->Arg(kFew)
    ->Arg(kMany);
BENCHMARK_TEMPLATE(BM_OrderFirstInFirstOut, absl::btree_set<uint64_t>)
    ->ArgName("waiting")
    ->Arg(kFew)
    ->Arg(kMany);
BENCHMARK_TEMPLATE(BM_OrderFirstInFirstOut, std::set<uint64_t>)
    ->ArgName("waiting")
    ->Arg(kFew)
    ->Arg(kMany);

// One leaves from anywhere and comes back: a job that waited for others.
template <typename Set>
void BM_OrderAnywhere(benchmark::State& state) {
  Set set;
  const uint64_t size = static_cast<uint64_t>(state.range(0));
  for (uint64_t key = 0; key < size; ++key) Insert(set, key);
  uint64_t draws = 0;
  for (auto _ : state) {
    const uint64_t key = Below(size, Mix(++draws));
    Erase(set, key);
    Insert(set, key);
    benchmark::DoNotOptimize(FirstOf(set));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_TEMPLATE(BM_OrderAnywhere, SequenceBitmap)
    ->ArgName("waiting")
    ->Arg(kFew)
    ->Arg(kMany);
BENCHMARK_TEMPLATE(BM_OrderAnywhere, absl::btree_set<uint64_t>)
    ->ArgName("waiting")
    ->Arg(kFew)
    ->Arg(kMany);

// --- Records
// ------------------------------------------------------------------

struct Record {
  int64_t words[16] = {};
};

// One record goes, another comes.
void BM_SlotTable(benchmark::State& state) {
  SlotTable<Record> table;
  std::vector<uint32_t> slots;
  for (int64_t i = 0; i < state.range(0); ++i) {
    slots.push_back(table.Allocate().slot);
  }
  uint64_t draws = 0;
  for (auto _ : state) {
    uint32_t& slot = slots[Below(slots.size(), Mix(++draws))];
    table.Free(slot);
    slot = table.Allocate().slot;
    table[slot].words[0] = 1;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SlotTable)->ArgName("records")->Arg(kFew)->Arg(kMany);

void BM_HashMapOfRecords(benchmark::State& state) {
  absl::flat_hash_map<uint64_t, Record> table;
  std::vector<uint64_t> keys;
  uint64_t next = 0;
  for (int64_t i = 0; i < state.range(0); ++i) {
    keys.push_back(next);
    table[next++];
  }
  uint64_t draws = 0;
  for (auto _ : state) {
    uint64_t& key = keys[Below(keys.size(), Mix(++draws))];
    table.erase(key);
    key = next++;
    table[key].words[0] = 1;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_HashMapOfRecords)->ArgName("records")->Arg(kFew)->Arg(kMany);

// --- Deadlines
// ----------------------------------------------------------------

// A timeout is set, an older one removed: jobs that end in time.
void BM_DeadlineSetAndRemoved(benchmark::State& state) {
  DeadlineQueue queue;
  std::deque<DeadlineQueue::Handle> handles;
  const int64_t durations = state.range(1);
  int64_t now = 0;
  const auto add = [&] {
    const int64_t duration = 1000000000 * (1 + now % durations);
    handles.push_back(queue.Add(now + duration, duration, 1, 0, 0));
    ++now;
  };
  for (int64_t i = 0; i < state.range(0); ++i) add();
  for (auto _ : state) {
    queue.Remove(handles.front());
    handles.pop_front();
    add();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DeadlineSetAndRemoved)
    ->ArgNames({"deadlines", "durations"})
    ->Args({kFew, 1})
    ->Args({kMany, 1})
    ->Args({kMany, 100});

// The first falls due, a new one is set: finished jobs that are forgotten.
void BM_DeadlineFallsDue(benchmark::State& state) {
  DeadlineQueue queue;
  int64_t now = 0;
  const auto add = [&] {
    queue.Add(now + 1000000000, 1000000000, 1, 0, 0);
    ++now;
  };
  for (int64_t i = 0; i < state.range(0); ++i) add();
  for (auto _ : state) {
    benchmark::DoNotOptimize(queue.PopFirst());
    add();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DeadlineFallsDue)->ArgName("deadlines")->Arg(kFew)->Arg(kMany);

// --- Texts
// --------------------------------------------------------------------

// A name comes, the oldest one goes.
void BM_NameBlocks(benchmark::State& state) {
  NameBlocks names;
  std::deque<NameBlocks::Ref> refs;
  const std::string name = "job-000000123456";
  for (int64_t i = 0; i < state.range(0); ++i) refs.push_back(names.Add(name));
  for (auto _ : state) {
    refs.push_back(names.Add(name));
    names.Release(refs.front());
    refs.pop_front();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_NameBlocks)->ArgName("names")->Arg(kFew)->Arg(kMany);

void BM_StringsOfTheirOwn(benchmark::State& state) {
  std::deque<std::string> names;
  const absl::string_view name = "job-000000123456";
  for (int64_t i = 0; i < state.range(0); ++i) names.emplace_back(name);
  for (auto _ : state) {
    names.emplace_back(name);
    names.pop_front();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_StringsOfTheirOwn)->ArgName("names")->Arg(kFew)->Arg(kMany);

// A reason that is there already, as nearly all are.
void BM_InternKnownText(benchmark::State& state) {
  InternTable<std::string> texts;
  std::vector<std::string> known;
  for (int64_t i = 0; i < state.range(0); ++i) {
    known.push_back(absl::StrCat("Host EC2 (instance i-", i, ") terminated."));
    texts.Intern(known.back());
  }
  uint64_t draws = 0;
  for (auto _ : state) {
    const uint32_t index =
        texts.Intern(known[Below(known.size(), Mix(++draws))]);
    texts.Release(index);
    benchmark::DoNotOptimize(index);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_InternKnownText)->ArgName("texts")->Arg(10)->Arg(kFew);

void BM_InternNewText(benchmark::State& state) {
  InternTable<std::string> texts;
  std::string text = "CannotPullContainerError: no image 00000000";
  for (auto _ : state) {
    for (size_t i = text.size() - 1; ++text[i] > '9'; --i) text[i] = '0';
    texts.Release(texts.Intern(text));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_InternNewText)->Iterations(1000000);

// --- Ids
// ----------------------------------------------------------------------

void BM_UuidFormat(benchmark::State& state) {
  const UuidCodec codec(1);
  UuidCodec::Parts parts;
  char text[UuidCodec::kLength];
  for (auto _ : state) {
    ++parts.slot;
    codec.FormatTo(parts, text);
    benchmark::DoNotOptimize(text);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_UuidFormat);

void BM_UuidParse(benchmark::State& state) {
  const UuidCodec codec(1);
  const std::string text = codec.Format({4, 1, 0, 0});
  for (auto _ : state) {
    benchmark::DoNotOptimize(codec.Parse(text));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_UuidParse);

}  // namespace
}  // namespace embatch
