// SPDX-License-Identifier: Apache-2.0
//
// A container is a cell of a table; what it reports next is an entry of a heap.
// An entry carries the stamp that its cell had when it was pushed. When a
// container's end is moved, or it dies, the stamp goes on, and the entry that
// stays behind in the heap is stale.
#include "embatch/sim/simulated_runtime.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "lib/sim/container_table.h"
#include "lib/sim/loss_calendar.h"
#include "lib/sim/radix_heap.h"

namespace embatch {
namespace {

using Phase = SimulatedContainer::Phase;

constexpr int64_t kNever = LossCalendar::kNever;
// Cells are fetched so many reports before they are needed: many thousand
// containers do not fit into the caches.
constexpr size_t kAhead = 8;
constexpr int kKilled = 128 + 9;       // by SIGKILL
constexpr int kTerminated = 128 + 15;  // by SIGTERM

int64_t Nanoseconds(absl::Duration duration) {
  return std::max<int64_t>(0, absl::ToInt64Nanoseconds(duration));
}

// Saturates: what takes for ever ends never.
int64_t Later(int64_t time_ns, int64_t duration_ns) {
  if (duration_ns == kNever) return kNever;
  if (time_ns > 0 && duration_ns > kNever - time_ns) return kNever;
  return time_ns + duration_ns;
}

}  // namespace

class SimulatedRuntime::Impl {
 public:
  explicit Impl(SimulatedRuntimeOptions options);

  void Start(const ContainerSpec& spec);
  void Stop(const ContainerId& id, int64_t grace_ns);
  void Poll(int64_t now_ns, size_t max, std::vector<ContainerReport>& out);
  int64_t NextReport();
  void Recovered();
  void LoseInstance(absl::string_view environment, InstanceId instance,
                    int64_t at_ns);
  const SimulatedRuntimeCounts& counts() const { return counts_; }

 private:
  static InstancePlace PlaceOf(const SimulatedContainer& container) {
    return {container.environment, container.instance.number};
  }

  void Schedule(uint32_t index, int64_t from_ns, int64_t time_ns);
  void Unschedule(SimulatedContainer& container);
  bool IsStale(const RadixHeap::Entry& entry) const;
  void DropStaleTop();
  void DropStale();

  void Repeat(uint32_t index);
  void EmitRepeated(size_t limit, std::vector<ContainerReport>& out);
  void EmitNext(std::vector<ContainerReport>& out);
  ContainerReport EndOf(uint32_t index) const;
  void ForgetReported();
  void CountGone(const SimulatedContainer& container);
  void EndInstance(const InstancePlace& place);
  void Die(uint32_t index);

  SimulatedRuntimeOptions options_;
  int64_t late_report_delay_ns_ = kNever;
  SimulatedRuntimeCounts counts_;
  int64_t now_ns_ = std::numeric_limits<int64_t>::min();

  ContainerTable containers_;
  std::vector<uint32_t> over_;    // cells in phase kOver
  std::vector<uint32_t> untold_;  // cells to be reported once more

  RadixHeap heap_;
  size_t stale_ = 0;  // entries of heap_ that mean nothing any more

  LossCalendar losses_;
};

SimulatedRuntime::Impl::Impl(SimulatedRuntimeOptions options)
    : options_(std::move(options)) {
  if (options_.late_report_delay.has_value()) {
    // At the very moment of the loss it would not be late.
    late_report_delay_ns_ =
        std::max<int64_t>(1, Nanoseconds(*options_.late_report_delay));
  }
}

void SimulatedRuntime::Impl::Start(const ContainerSpec& spec) {
  const auto [index, is_new] = containers_.Insert(spec.container);
  if (!is_new) {
    if (spec.after_restart) Repeat(index);
    return;
  }
  ++counts_.requested;
  ++counts_.held;
  SimulatedContainer& container = containers_[index];
  container.instance = spec.instance;
  container.environment = losses_.EnvironmentIndex(spec.compute_environment);
  container.phase = Phase::kStarting;
  container.repeated = spec.after_restart;

  const auto take = [&, index = index](const ContainerFate& fate) {
    container.run_time_ns = Nanoseconds(fate.run_time);
    container.stop_delay_ns = Nanoseconds(fate.stop_delay);
    container.exit_code = fate.exit_code;
    container.start_fails = fate.start_fails;
    container.no_capacity = fate.start_fails && fate.no_capacity;
    container.interrupted = fate.interrupted;
    if (!fate.reason.empty()) containers_.SetReason(index, fate.reason);
    return Nanoseconds(fate.start_delay);
  };
  const int64_t start_delay_ns = options_.script ? take(options_.script(spec))
                                                 : take(options_.default_fate);
  Schedule(index, now_ns_, Later(now_ns_, start_delay_ns));
  const bool lost_already = losses_.LossOf(PlaceOf(container)) <= now_ns_;
  if (container.doomed && lost_already) Die(index);
}

void SimulatedRuntime::Impl::Stop(const ContainerId& id, int64_t grace_ns) {
  SimulatedContainer* container = containers_.Find(id);
  if (container == nullptr) return;
  const uint32_t index = containers_.IndexOf(*container);
  int64_t end_ns = now_ns_;
  if (container->phase == Phase::kRunning) {
    end_ns = Later(now_ns_, std::min(container->stop_delay_ns, grace_ns));
  } else if (container->phase != Phase::kStarting) {
    return;
  }
  if (end_ns >= container->next_ns) return;  // it ends by itself before
  container->interrupted = false;
  if (container->phase == Phase::kStarting) {
    container->phase = Phase::kStopped;
    container->has_exit_code = false;
  } else {
    container->exit_code =
        container->stop_delay_ns <= grace_ns ? kTerminated : kKilled;
  }
  containers_.SetReason(index, "");
  Unschedule(*container);
  Schedule(index, now_ns_, end_ns);
}

// Sets when a container reports next, seen from the moment `from_ns`, unless
// its instance is lost before that.
void SimulatedRuntime::Impl::Schedule(uint32_t index, int64_t from_ns,
                                      int64_t time_ns) {
  SimulatedContainer& container = containers_[index];
  const int64_t loss_ns = losses_.LossOf(PlaceOf(container));
  container.next_ns = time_ns;
  container.doomed = time_ns > loss_ns;
  if (container.doomed) {
    time_ns = Later(std::max(from_ns, loss_ns), late_report_delay_ns_);
  }
  container.in_heap = time_ns != kNever;
  if (container.in_heap) heap_.Push({time_ns, index, container.stamp});
}

void SimulatedRuntime::Impl::Unschedule(SimulatedContainer& container) {
  ++container.stamp;
  if (!container.in_heap) return;
  container.in_heap = false;
  ++stale_;
  // Entries far in the future would pile up otherwise.
  if (stale_ > 1024 && stale_ > heap_.size() / 2) DropStale();
}

bool SimulatedRuntime::Impl::IsStale(const RadixHeap::Entry& entry) const {
  return containers_[entry.index].stamp != entry.stamp;
}

void SimulatedRuntime::Impl::DropStaleTop() {
  if (stale_ == 0) return;
  const size_t size = heap_.size();
  heap_.PruneTop([this](const RadixHeap::Entry& e) { return IsStale(e); });
  stale_ -= size - heap_.size();
}

void SimulatedRuntime::Impl::DropStale() {
  heap_.Prune([this](const RadixHeap::Entry& e) { return IsStale(e); });
  stale_ = 0;
}

int64_t SimulatedRuntime::Impl::NextReport() {
  if (!untold_.empty()) return now_ns_;
  DropStaleTop();
  return heap_.empty() ? kNever : heap_.Top().time_ns;
}

void SimulatedRuntime::Impl::Poll(int64_t now_ns, size_t max,
                                  std::vector<ContainerReport>& out) {
  now_ns_ = std::max(now_ns_, now_ns);
  ForgetReported();
  const size_t limit = out.size() + max;
  EmitRepeated(limit, out);
  for (;;) {
    DropStaleTop();
    const int64_t next_ns = heap_.empty() ? kNever : heap_.Top().time_ns;
    // What is due at the moment of a loss still comes before it.
    if (losses_.NextTime() < next_ns && losses_.NextTime() <= now_ns) {
      EndInstance(losses_.TakeNext());
      continue;
    }
    if (next_ns == kNever || next_ns > now_ns || out.size() >= limit) return;
    EmitNext(out);
  }
}

void SimulatedRuntime::Impl::EmitNext(std::vector<ContainerReport>& out) {
  const RadixHeap::Entry entry = heap_.Pop();
  const RadixHeap::Entry* later = heap_.Peek(kAhead);
  if (later != nullptr) containers_.Fetch(later->index);
  SimulatedContainer& container = containers_[entry.index];
  container.in_heap = false;
  if (container.phase == Phase::kStarting && !container.start_fails) {
    container.phase = Phase::kRunning;
    container.started_ns = entry.time_ns;
    ++counts_.started;
    ++counts_.running;
    counts_.running_peak = std::max(counts_.running_peak, counts_.running);
    ContainerReport& report = out.emplace_back();
    report.time_ns = entry.time_ns;
    report.container = container.id;
    Schedule(entry.index, entry.time_ns,
             Later(entry.time_ns, container.run_time_ns));
    return;
  }
  container.next_ns = entry.time_ns;
  if (container.phase != Phase::kDead) CountGone(container);
  if (container.phase != Phase::kStarting) container.start_fails = false;
  ++(container.start_fails ? counts_.start_failed : counts_.exited);
  container.phase = Phase::kOver;
  out.push_back(EndOf(entry.index));
  if (container.start_fails && container.no_capacity) {
    containers_.Erase(entry.index);  // it may be asked for again
  } else {
    over_.push_back(entry.index);
  }
}

ContainerReport SimulatedRuntime::Impl::EndOf(uint32_t index) const {
  const SimulatedContainer& container = containers_[index];
  ContainerReport report;
  report.kind = container.start_fails ? ContainerReport::Kind::kStartFailed
                                      : ContainerReport::Kind::kExited;
  const bool interrupted = container.interrupted && !container.start_fails;
  if (interrupted) report.kind = ContainerReport::Kind::kInterrupted;
  if (container.start_fails && container.no_capacity) {
    report.failure = StartFailure::kCapacity;
  }
  report.has_exit_code =
      container.has_exit_code && !container.start_fails && !interrupted;
  report.exit_code = report.has_exit_code ? container.exit_code : 0;
  report.time_ns = container.next_ns;
  report.container = container.id;
  report.reason = containers_.Reason(index);
  return report;
}

// Between two calls of Poll() a scheduler acts on what it heard in the first.
// Only one that was brought back in between, without having heard it, asks for
// such a container again.
void SimulatedRuntime::Impl::ForgetReported() {
  size_t kept = 0;
  for (size_t i = 0; i < over_.size(); ++i) {
    const uint32_t index = over_[i];
    if (i + 2 * kAhead < over_.size()) containers_.Fetch(over_[i + 2 * kAhead]);
    if (i + kAhead < over_.size()) containers_.FetchId(over_[i + kAhead]);
    if (containers_[index].untold) {
      over_[kept++] = index;
    } else {
      containers_.Erase(index);
    }
  }
  over_.resize(kept);
}

void SimulatedRuntime::Impl::Repeat(uint32_t index) {
  SimulatedContainer& container = containers_[index];
  container.repeated = true;
  const bool reported =
      container.phase == Phase::kRunning || container.phase == Phase::kOver;
  if (!reported || container.untold) return;
  container.untold = true;
  untold_.push_back(index);
}

// These come first, as nothing else that is left to report is older.
void SimulatedRuntime::Impl::EmitRepeated(size_t limit,
                                          std::vector<ContainerReport>& out) {
  if (untold_.empty()) return;
  const auto time_of = [this](uint32_t index) {
    const SimulatedContainer& container = containers_[index];
    return container.phase == Phase::kOver ? container.next_ns
                                           : container.started_ns;
  };
  std::stable_sort(untold_.begin(), untold_.end(), [&](uint32_t a, uint32_t b) {
    return time_of(a) < time_of(b);
  });
  size_t told = 0;
  for (; told < untold_.size() && out.size() < limit; ++told) {
    SimulatedContainer& container = containers_[untold_[told]];
    container.untold = false;
    if (container.phase == Phase::kOver) {
      out.push_back(EndOf(untold_[told]));
    } else {
      ContainerReport& report = out.emplace_back();
      report.time_ns = container.started_ns;
      report.container = container.id;
    }
  }
  untold_.erase(untold_.begin(), untold_.begin() + told);
}

void SimulatedRuntime::Impl::Recovered() {
  for (uint32_t index = 0; index < containers_.size(); ++index) {
    SimulatedContainer& container = containers_[index];
    if (!container.alive()) continue;
    if (container.repeated) {
      container.repeated = false;
      continue;
    }
    CountGone(container);
    ++counts_.lost;
    Unschedule(container);
    containers_.Erase(index);
  }
}

void SimulatedRuntime::Impl::CountGone(const SimulatedContainer& container) {
  --counts_.held;
  if (container.phase == Phase::kRunning) --counts_.running;
}

void SimulatedRuntime::Impl::LoseInstance(absl::string_view environment,
                                          InstanceId instance, int64_t at_ns) {
  at_ns = std::max(at_ns, now_ns_);
  const InstancePlace place{losses_.EnvironmentIndex(environment),
                            instance.number};
  if (!losses_.Add(place, at_ns)) return;
  // A look at every cell is cheap beside the list for each instance that every
  // start and end would have to keep up.
  for (uint32_t index = 0; index < containers_.size(); ++index) {
    SimulatedContainer& container = containers_[index];
    if (container.alive() && PlaceOf(container) == place &&
        container.next_ns > at_ns) {
      Unschedule(container);
      Schedule(index, now_ns_, container.next_ns);
    }
  }
}

void SimulatedRuntime::Impl::EndInstance(const InstancePlace& place) {
  for (uint32_t index = 0; index < containers_.size(); ++index) {
    const SimulatedContainer& container = containers_[index];
    if (container.alive() && PlaceOf(container) == place) Die(index);
  }
}

void SimulatedRuntime::Impl::Die(uint32_t index) {
  SimulatedContainer& container = containers_[index];
  CountGone(container);
  ++counts_.lost;
  if (container.untold) {
    container.untold = false;
    untold_.erase(std::find(untold_.begin(), untold_.end(), index));
  }
  container.phase = Phase::kDead;
  container.start_fails = false;
  container.interrupted = false;
  container.has_exit_code = true;
  container.exit_code = kKilled;
  containers_.SetReason(index, "");
  if (!container.in_heap) containers_.Erase(index);
}

SimulatedRuntime::SimulatedRuntime(SimulatedRuntimeOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

SimulatedRuntime::~SimulatedRuntime() = default;

void SimulatedRuntime::Start(const ContainerSpec& spec) noexcept {
  impl_->Start(spec);
}

void SimulatedRuntime::Stop(ContainerId container,
                            absl::Duration grace) noexcept {
  impl_->Stop(container, Nanoseconds(grace));
}

void SimulatedRuntime::Poll(absl::Time now, int max,
                            std::vector<ContainerReport>& out) noexcept {
  impl_->Poll(absl::ToUnixNanos(now), std::max(max, 0), out);
}

absl::Time SimulatedRuntime::NextReportTime() const noexcept {
  const int64_t time_ns = impl_->NextReport();
  return time_ns == kNever ? absl::InfiniteFuture()
                           : absl::FromUnixNanos(time_ns);
}

void SimulatedRuntime::Recovered() noexcept { impl_->Recovered(); }

void SimulatedRuntime::LoseInstance(absl::string_view compute_environment,
                                    InstanceId instance, absl::Time at) {
  impl_->LoseInstance(compute_environment, instance, absl::ToUnixNanos(at));
}

const SimulatedRuntimeCounts& SimulatedRuntime::counts() const {
  return impl_->counts();
}

}  // namespace embatch
