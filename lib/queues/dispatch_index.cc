// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/dispatch_index.h"

#include <algorithm>

namespace embatch {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

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

DispatchIndex::Node DispatchIndex::NodeOf(const Entry& entry) {
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

void DispatchIndex::Update(uint32_t index) {
  Shelf& shelf = shelves_[entries_[index].shelf];
  size_t node = kLeaves + entries_[index].leaf;
  Node now = NodeOf(entries_[index]);
  while (!(shelf.nodes[node] == now)) {
    shelf.nodes[node] = now;
    if (node == 1) break;
    now = Least(shelf.nodes[node], shelf.nodes[node ^ 1]);
    node /= 2;
  }
  node = leaves_ + shelf.place;
  now = shelf.nodes[1];
  while (!(nodes_[node] == now)) {
    nodes_[node] = now;
    if (node == 1) return;
    now = Least(nodes_[node], nodes_[node ^ 1]);
    node /= 2;
  }
}

// --- Shelves ----------------------------------------------------------------

// The last shelf that begins with no greater need. There is one.
uint32_t DispatchIndex::ShelfFor(uint64_t need) const {
  const auto behind = std::upper_bound(order_.begin() + 1, order_.end(), need,
                                       [this](uint64_t number, uint32_t shelf) {
                                         return number < shelves_[shelf].from;
                                       });
  return *(behind - 1);
}

void DispatchIndex::Stand(uint32_t entry, uint32_t index, uint32_t leaf) {
  Shelf& shelf = shelves_[index];
  shelf.entry_at[leaf] = entry;
  ++shelf.used;
  entries_[entry].shelf = index;
  entries_[entry].leaf = leaf;
}

void DispatchIndex::Enter(uint32_t entry) {
  if (order_.empty()) {
    order_.push_back(shelves_.Allocate().slot);
    PlaceShelves();
  }
  const uint64_t need = NumberOfNeed(entries_[entry].of.need);
  uint32_t shelf = ShelfFor(need);
  if (shelves_[shelf].used == kLeaves) {
    Divide(shelf);
    shelf = ShelfFor(need);
  }
  uint32_t& free = shelves_[shelf].free_from;
  while (shelves_[shelf].entry_at[free] != kNone) ++free;
  Stand(entry, shelf, free);
}

// The upper half of a full shelf goes to a new one behind it. They may need the
// same: then the new one is the one for such needs.
void DispatchIndex::Divide(uint32_t index) {
  std::vector<std::pair<uint64_t, uint32_t>> sorted;
  sorted.reserve(kLeaves);
  for (const uint32_t entry : shelves_[index].entry_at) {
    sorted.emplace_back(NumberOfNeed(entries_[entry].of.need), entry);
  }
  std::sort(sorted.begin(), sorted.end());
  const uint32_t added = shelves_.Allocate().slot;
  Shelf& shelf = shelves_[index];
  const uint32_t place = shelf.place;
  const uint64_t from = shelf.from;
  shelf = Shelf();
  shelf.from = from;
  shelves_[added].from = sorted[kLeaves / 2].first;
  for (size_t i = 0; i < kLeaves; ++i) {
    const bool is_upper = i >= kLeaves / 2;
    const uint32_t to = is_upper ? added : index;
    // With a gap behind each.
    const size_t leaf = 2 * (i % (kLeaves / 2));
    Stand(sorted[i].second, to, static_cast<uint32_t>(leaf));
    shelves_[to].nodes[kLeaves + leaf] = NodeOf(entries_[sorted[i].second]);
  }
  Mend(shelves_[index]);
  Mend(shelves_[added]);
  order_.insert(order_.begin() + place + 1, added);
  PlaceShelves();
}

void DispatchIndex::Mend(Shelf& shelf) {
  for (size_t i = kLeaves - 1; i > 0; --i) {
    shelf.nodes[i] = Least(shelf.nodes[2 * i], shelf.nodes[2 * i + 1]);
  }
}

// There is a shelf more or less.
void DispatchIndex::PlaceShelves() {
  leaves_ = 1;
  while (leaves_ < order_.size()) leaves_ *= 2;
  nodes_.assign(2 * leaves_, Node());
  for (size_t i = 0; i < order_.size(); ++i) {
    Shelf& shelf = shelves_[order_[i]];
    shelf.place = static_cast<uint32_t>(i);
    nodes_[leaves_ + i] = shelf.nodes[1];
  }
  for (size_t i = leaves_ - 1; i > 0; --i) {
    nodes_[i] = Least(nodes_[2 * i], nodes_[2 * i + 1]);
  }
}

// The entry knows of no job, so its leaf says nothing any more.
void DispatchIndex::Leave(uint32_t entry) {
  const uint32_t index = entries_[entry].shelf;
  Shelf& shelf = shelves_[index];
  shelf.entry_at[entries_[entry].leaf] = kNone;
  shelf.free_from = std::min(shelf.free_from, entries_[entry].leaf);
  // The last shelf stays, so that a line that is empty now and then does not
  // ask the allocator each time; the first, so that each need has one.
  if (--shelf.used > 0 || shelf.place == 0) return;
  order_.erase(order_.begin() + shelf.place);
  shelves_.Free(index);
  PlaceShelves();
}

// --- Entries ----------------------------------------------------------------

void DispatchIndex::Enter(const LinePlace& place, const Class& of) {
  const Key key{of.requirement, of.estimate_ns};
  const uint32_t* known = entry_of_.Find(key);
  uint32_t index = known == nullptr ? kNone : *known;
  if (known == nullptr) {
    if (free_entries_.empty()) {
      free_entries_.push_back(static_cast<uint32_t>(entries_.size()));
      entries_.AddOne();
    }
    index = free_entries_.back();
    free_entries_.pop_back();
    entry_of_[key] = index;
    entries_[index].of = of;
    Enter(index);
  }
  entries_[index].order.Enter(place);
  Update(index);
}

void DispatchIndex::Leave(const LinePlace& place, const Class& of) {
  const Key key{of.requirement, of.estimate_ns};
  const uint32_t index = *entry_of_.Find(key);
  Entry& entry = entries_[index];
  entry.order.Leave(place);
  Update(index);
  if (!entry.order.empty() || entry.aside) return;
  Leave(index);
  entry = Entry();
  entry_of_.Erase(key);
  free_entries_.push_back(index);
  // Nothing waits any more: memory goes back.
  if (free_entries_.size() == entries_.size() && entries_.size() > kLeaves) {
    *this = DispatchIndex();
  }
}

// Of two children that one comes first which has the earlier job.
template <typename F>
void DispatchIndex::Search(const Node* nodes, size_t leaves, const Room& room,
                           const Best& best, size_t node, F found) {
  const Node& here = nodes[node];
  if (here.first == kNever || here.first >= best.first ||
      !MayStart(room, here.need, here.estimate_ns)) {
    return;
  }
  if (node >= leaves) {
    found(node - leaves);
    return;
  }
  const size_t left = 2 * node;
  const bool left_first = nodes[left].first <= nodes[left + 1].first;
  Search(nodes, leaves, room, best, left_first ? left : left + 1, found);
  Search(nodes, leaves, room, best, left_first ? left + 1 : left, found);
}

uint32_t DispatchIndex::First(const Room& room) const {
  Best best;
  if (leaves_ == 0) return kNone;
  Search(nodes_.data(), leaves_, room, best, 1, [&](size_t place) {
    const Shelf& shelf = shelves_[order_[place]];
    Search(shelf.nodes.data(), kLeaves, room, best, 1, [&](size_t leaf) {
      best = {shelf.nodes[kLeaves + leaf].first, shelf.entry_at[leaf]};
    });
  });
  return best.entry;
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
