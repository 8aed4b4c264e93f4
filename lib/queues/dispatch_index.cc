// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/dispatch_index.h"

#include <algorithm>

namespace embatch {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
constexpr size_t kLeavesMin = 8;
// A tree of so many leaves stays when nothing waits, so that a line that is
// empty now and then does not ask the allocator each time.
constexpr size_t kLeavesKept = 64;

// Orders needs by GPUs, then vCPUs, then memory. What is too large for its bits
// counts as the largest number that is not.
uint64_t NumberOfNeed(const Resources& need) {
  const auto bits = [](int64_t amount, int count) {
    return static_cast<uint64_t>(
        std::clamp<int64_t>(amount, 0, (int64_t{1} << count) - 1));
  };
  return bits(need.gpus, 8) << 56 | bits(need.vcpu_milli, 24) << 32 |
         bits(need.memory_mib, 32);
}

bool MayStart(const DispatchIndex::Room& room, const Resources& need,
              int64_t estimate_ns) {
  const auto holds = [&need](const Resources& one) { return need.FitsIn(one); };
  return std::any_of(room.rooms.begin(), room.rooms.end(), holds) &&
         (estimate_ns <= room.longest_ns || need.FitsIn(room.spare) ||
          need.FitsIn(room.elsewhere));
}

}  // namespace

DispatchIndex::Node DispatchIndex::NodeOf(const Entry& entry) const {
  Node node;
  if (entry.aside) return node;
  const std::optional<LinePlace> place = entry.order.First();
  if (!place.has_value()) return node;
  node.first = FifoKey(*place);
  node.need = entry.of.need;
  node.estimate_ns = entry.of.estimate_ns;
  return node;
}

DispatchIndex::Node DispatchIndex::Least(const Node& a, const Node& b) {
  if (a.first == kNever) return b;
  if (b.first == kNever) return a;
  Node node;
  node.first = std::min(a.first, b.first);
  node.need.vcpu_milli = std::min(a.need.vcpu_milli, b.need.vcpu_milli);
  node.need.memory_mib = std::min(a.need.memory_mib, b.need.memory_mib);
  node.need.gpus = std::min(a.need.gpus, b.need.gpus);
  node.estimate_ns = std::min(a.estimate_ns, b.estimate_ns);
  return node;
}

void DispatchIndex::Update(uint32_t entry) {
  size_t node = leaves_ + entries_[entry].leaf;
  Node now = NodeOf(entries_[entry]);
  while (!(nodes_[node] == now)) {
    nodes_[node] = now;
    if (node == 1) return;
    now = Least(nodes_[node], nodes_[node ^ 1]);
    node /= 2;
  }
}

// --- Which leaf an entry stands at -------------------------------------------

void DispatchIndex::Stand(uint32_t entry, uint64_t leaf) {
  entries_[entry].leaf = static_cast<uint32_t>(leaf);
  entry_at_[leaf] = entry;
  free_leaves_.Erase(leaf);
}

void DispatchIndex::Grow() {
  std::vector<std::pair<uint64_t, uint32_t>> sorted;
  sorted.reserve(entry_of_.size());
  for (const uint32_t entry : entry_at_) {
    if (entry == kNone) continue;
    sorted.emplace_back(NumberOfNeed(entries_[entry].of.need), entry);
  }
  std::sort(sorted.begin(), sorted.end());
  leaves_ = std::max<size_t>(kLeavesMin, 2 * leaves_);
  stride_ = sorted.empty() ? 1 : leaves_ / sorted.size();
  entry_at_.assign(leaves_, kNone);
  free_leaves_.Clear();
  free_leaves_.InsertRange(0, leaves_);
  landmarks_.clear();
  nodes_.assign(2 * leaves_, Node());
  for (size_t i = 0; i < sorted.size(); ++i) {
    landmarks_.push_back(sorted[i].first);
    Stand(sorted[i].second, i * stride_);
    nodes_[leaves_ + i * stride_] = NodeOf(entries_[sorted[i].second]);
  }
  for (size_t i = leaves_ - 1; i > 0; --i) {
    nodes_[i] = Least(nodes_[2 * i], nodes_[2 * i + 1]);
  }
}

// There is one.
uint64_t DispatchIndex::FreeLeafFor(const Resources& need) const {
  const auto like = std::lower_bound(landmarks_.begin(), landmarks_.end(),
                                     NumberOfNeed(need));
  const uint64_t wanted =
      static_cast<uint64_t>(like - landmarks_.begin()) * stride_;
  const uint64_t behind = free_leaves_.FirstAtLeast(wanted);
  const uint64_t before = free_leaves_.LastAtMost(wanted);
  if (behind == SequenceBitmap::kNone) return before;
  if (before == SequenceBitmap::kNone) return behind;
  return behind - wanted <= wanted - before ? behind : before;
}

void DispatchIndex::Enter(const LinePlace& place, const Class& of) {
  const auto [found, is_new] =
      entry_of_.try_emplace(Key{of.requirement, of.estimate_ns}, kNone);
  if (is_new) {
    if (free_entries_.empty()) {
      found->second = static_cast<uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      found->second = free_entries_.back();
      free_entries_.pop_back();
    }
    entries_[found->second].of = of;
    // At most seven eighths are in use.
    if (entry_of_.size() * 8 > leaves_ * 7) Grow();
    Stand(found->second, FreeLeafFor(of.need));
  }
  entries_[found->second].order.Enter(place);
  Update(found->second);
}

void DispatchIndex::Leave(const LinePlace& place, const Class& of) {
  const auto found = entry_of_.find(Key{of.requirement, of.estimate_ns});
  const uint32_t entry = found->second;
  entries_[entry].order.Leave(place);
  Update(entry);
  if (!entries_[entry].order.empty() || entries_[entry].aside) return;
  entry_at_[entries_[entry].leaf] = kNone;
  free_leaves_.Insert(entries_[entry].leaf);
  entries_[entry] = Entry();
  entry_of_.erase(found);
  free_entries_.push_back(entry);
  // Nothing waits any more: memory goes back, and the next needs may be others.
  if (entry_of_.empty() && leaves_ > kLeavesKept) *this = DispatchIndex();
}

void DispatchIndex::Search(size_t node, const Room& room, size_t* best) const {
  const Node& here = nodes_[node];
  if (here.first == kNever ||
      (*best != 0 && here.first >= nodes_[*best].first) ||
      !MayStart(room, here.need, here.estimate_ns)) {
    return;
  }
  if (node >= leaves_) {
    *best = node;
    return;
  }
  const size_t left = 2 * node;
  const bool left_first = nodes_[left].first <= nodes_[left + 1].first;
  Search(left_first ? left : left + 1, room, best);
  Search(left_first ? left + 1 : left, room, best);
}

uint32_t DispatchIndex::First(const Room& room) const {
  if (leaves_ == 0) return kNone;
  size_t best = 0;
  Search(1, room, &best);
  return best == 0 ? kNone : entry_at_[best - leaves_];
}

void DispatchIndex::SetAside(uint32_t entry) {
  entries_[entry].aside = true;
  aside_.push_back(entry);
  Update(entry);
}

void DispatchIndex::EndPass() {
  for (const uint32_t entry : aside_) {
    entries_[entry].aside = false;
    Update(entry);
  }
  aside_.clear();
}

}  // namespace embatch
