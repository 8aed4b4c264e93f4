// SPDX-License-Identifier: Apache-2.0
//
// The shares of one fair-share queue: who waits, who has used how much, whose
// turn it is.
//
// The share with the lowest key, merit (usage.h) times effective weight, is
// next; of equal keys the one whose head has the smaller FIFO key. Inside a
// share the order is that of its line.
//
// Choosing costs O(log shares): shares with a waiting job stand in a binary
// heap, and a share whose key or head has changed is put right when the next
// choice is made. On a tick every share is looked at once.
//
// A share lives while a job's record names it, while it is active, and while
// its past counts. Shares are numbered; numbers are used again.
//
// Source: API FairsharePolicy, ShareAttributes; guide "Fair-share scheduling";
// §14. Choice: D12, D13, D15, D51, D64, D69.
#ifndef EMBATCH_QUEUES_FAIR_SHARE_H_
#define EMBATCH_QUEUES_FAIR_SHARE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "embatch/scheduling_policy.h"
#include "lib/base/deadline_queue.h"
#include "lib/base/encoding.h"
#include "lib/base/slot_table.h"
#include "lib/queues/usage.h"
#include "lib/queues/waiting_line.h"

namespace embatch {

class FairShare {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  // --- The policy ----------------------------------------------------------

  // Its body, from now on. A changed window starts the past afresh.
  void SetPolicy(const FairsharePolicy& policy, int64_t now_ns);
  // How long a share stays active after its last job.
  int64_t window_ns() const { return window_ns_; }

  // The part of `max_vcpu_milli` that may be in use together with what is kept
  // for shares that are not active; nothing: there is no such limit.
  // Source: API FairsharePolicy.computeReservation. Choice: D51.
  std::optional<int64_t> Cap(int64_t max_vcpu_milli) const;

  // --- Shares --------------------------------------------------------------

  // kNone: no such share.
  uint32_t Find(absl::string_view identifier) const;
  // Finds it, or makes it.
  uint32_t FindOrAdd(absl::string_view identifier);
  const std::string& identifier(uint32_t share) const {
    return shares_[share].identifier;
  }
  bool is_active(uint32_t share) const { return shares_[share].active; }
  int32_t active_shares() const { return active_; }

  // A job of the share was submitted: it is active. The deadline at which it
  // was to rest, if it had one, is the caller's to remove.
  DeadlineQueue::Handle AddJob(uint32_t share);
  // A job of the share has ended. If it was the last one, the answer is when
  // the share comes to rest; the caller sets the deadline.
  std::optional<int64_t> EndJob(uint32_t share, int64_t stopped_ns);
  void SetDeadline(uint32_t share, DeadlineQueue::Handle deadline) {
    shares_[share].deadline = deadline;
  }
  // The record of a job of the share is gone.
  void ReleaseJob(uint32_t share);
  // The deadline has come: the share is not active any more, or its past is
  // forgotten. The answer is the next deadline, if there is one.
  std::optional<int64_t> Rest(uint32_t share, int64_t now_ns);
  // Shares that have a deadline, and when it is: after SetPolicy() it may be
  // another one.
  struct Resting {
    uint32_t share = kNone;
    DeadlineQueue::Handle deadline = DeadlineQueue::kNoHandle;
    int64_t time_ns = 0;
  };
  std::vector<Resting> AllResting() const;

  // --- Use -----------------------------------------------------------------

  // An attempt takes so much from now on, or gives it back (below zero).
  void Use(uint32_t share, int64_t vcpu_milli, int64_t now_ns);
  int64_t vcpu_milli() const { return vcpu_milli_; }  // of all shares
  int64_t vcpu_milli(uint32_t share) const {
    return shares_[share].usage.vcpu_milli();
  }

  // --- Whose turn it is ----------------------------------------------------

  // The jobs that wait. Whoever changes the line gets it here each time.
  WaitingLine& LineOf(uint32_t share) {
    MarkChanged(share);
    return shares_[share].line;
  }
  const WaitingLine& line(uint32_t share) const { return shares_[share].line; }

  // Counts use up to the latest tick; to be called in every turn.
  void CountUseUntil(int64_t now_ns);
  // The share whose head is next, or kNone.
  uint32_t First();
  // The two shares of which one comes behind the first, kNone where there is
  // none: for who fetches what their heads will touch.
  std::array<uint32_t, 2> Candidates() const {
    return {heap_.size() > 1 ? heap_[1].share : kNone,
            heap_.size() > 2 ? heap_[2].share : kNone};
  }
  // Has in the caches soon what the lines of the candidates touch when their
  // heads leave, and the shares that may come behind those.
  void FetchNext() const;
  // Leaves a share out until the end of the pass.
  void SetAside(uint32_t share);
  void EndPass();

  // Calls f(share) for the shares with a waiting job, in their order, until it
  // answers false. `f` must not change them. Costs O(log shares) a call.
  template <typename F>
  void ForEachInOrder(F f);
  // The requirement classes of a share, as WaitingLine::ForEachClass() does.
  template <typename F>
  void ForEachClassOf(uint32_t share, F f) {
    shares_[share].line.ForEachClass(f);
  }
  // As WaitingLine::PutInOrder().
  bool PutClassesInOrder(uint32_t share, int64_t* most) {
    return shares_[share].line.PutInOrder(most);
  }
  // How many jobs of a class wait, in all shares.
  int64_t JobsOfClass(uint32_t requirement) const;

  // Plays on from the latest cycle and changes nothing: whose turn it would be
  // if one head after the other started.
  class Outlook;

  // Those that use something now, the greatest use first.
  std::vector<uint32_t> ByUse() const;

  // When keys move by themselves, if that can change the order.
  // Source: §14.2.
  std::optional<int64_t> NextTick(int64_t now_ns) const;

  // Changes when a job that was held by the reservation might start.
  uint64_t epoch() const { return epoch_; }

  void Encode(Encoder& encoder) const;

 private:
  static constexpr uint32_t kNoEntry = std::numeric_limits<uint32_t>::max();

  // What the start and the end of a job touch comes first.
  struct Share {
    WaitingLine line;
    Usage usage;
    uint32_t entry = kNoEntry;  // of the policy
    bool active = false;
    bool changed = false;  // stands in changed_, as can be told from the rest
    bool aside = false;    // stands in aside_, likewise
    int64_t jobs = 0;      // that are not over
    int64_t last_end_ns = 0;
    int64_t records = 0;  // jobs that are remembered
    DeadlineQueue::Handle deadline = DeadlineQueue::kNoHandle;
    std::string identifier;

    template <typename Self, typename Visitor>
    static auto VisitFields(Self& self, Visitor&& visit) {
      return visit(self.identifier, self.records, self.jobs, self.active,
                   self.last_end_ns, self.usage, self.line);
    }
  };

  // One entry of the policy's shareDistribution.
  struct Entry {
    std::string text;  // without the star
    bool is_prefix = false;
    int32_t weight = 0;
    int32_t active = 0;  // active shares that it is for
  };

  // What decides whose turn it is, beside the lines.
  struct Standing {
    absl::uint128 key;
    uint64_t head = 0;  // FIFO key of the head
    uint32_t share = kNone;

    bool operator<(const Standing& other) const {
      return key != other.key ? key < other.key : head < other.head;
    }
  };

  uint32_t EntryFor(absl::string_view identifier) const;
  void CountActive(uint32_t share, int32_t change);
  int64_t WeightOf(const Share& share) const;
  Standing StandingOf(uint32_t share) const;
  void MarkChanged(uint32_t share);
  void PutRight(uint32_t share);
  void PutInOrOut(uint32_t share);
  void Reorder();
  void Place(size_t index, const Standing& turn);
  void Sift(size_t index);
  void Sink(size_t index, const Standing& turn);
  void RemoveFromHeap(size_t index);
  int64_t RestTimeOf(const Share& share) const;
  void Forget(uint32_t share);

  int64_t window_ns_ = 0;
  UsageWindow window_;
  int compute_reservation_ = 0;
  std::vector<Entry> entries_;
  SlotTable<Share, 64> shares_;
  absl::flat_hash_map<std::string, uint32_t> names_;
  int32_t active_ = 0;
  int64_t vcpu_milli_ = 0;
  int64_t tick_ = 0;
  uint64_t epoch_ = 0;
  // What follows can be told from the rest.
  bool all_changed_ = false;  // keys have moved
  std::vector<Standing> heap_;
  std::vector<uint32_t> places_;  // by share: in heap_
  std::vector<uint32_t> changed_;
  std::vector<uint32_t> aside_;
};

// Below an entry of the heap stands nothing that comes earlier, so only those
// whose parent has come may be next.
template <typename F>
void FairShare::ForEachInOrder(F f) {
  if (First() == kNone) return;
  const auto is_later = [this](size_t a, size_t b) {
    return heap_[b] < heap_[a];
  };
  std::vector<size_t> next = {0};  // a heap of indices of heap_
  while (!next.empty()) {
    std::pop_heap(next.begin(), next.end(), is_later);
    const size_t index = next.back();
    next.pop_back();
    if (!f(heap_[index].share)) return;
    for (size_t child = 2 * index + 1; child <= 2 * index + 2; ++child) {
      if (child >= heap_.size()) break;
      next.push_back(child);
      std::push_heap(next.begin(), next.end(), is_later);
    }
  }
}

class FairShare::Outlook {
 public:
  explicit Outlook(const FairShare& shares);

  // kNone: nothing waits any more.
  uint32_t First() const {
    return turns_.empty() ? kNone : turns_.front().share;
  }
  // The head of the first share starts and takes so much; behind it stands
  // `next`.
  void Start(int64_t vcpu_milli, const std::optional<LinePlace>& next);

 private:
  static bool IsLater(const Standing& a, const Standing& b) { return b < a; }

  const FairShare& shares_;
  std::vector<Standing> turns_;  // a heap
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_FAIR_SHARE_H_
