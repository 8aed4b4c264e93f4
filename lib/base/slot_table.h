// SPDX-License-Identifier: Apache-2.0
//
// A SlotTable keeps records in blocks and names each by a slot number. A slot
// that is used again gets a higher generation, so (slot, generation) names one
// record for ever, and an old name finds nothing.
//
// Example:
//   SlotTable<Job> jobs;
//   SlotRef ref = jobs.Allocate();
//   jobs[ref.slot].queue = 3;
//   Job* job = jobs.Find(ref.slot, ref.generation);   // nullptr once freed
//
// References to records stay valid until the record is freed: no call copies or
// moves the table. Which slot comes next depends on nothing but the calls made
// before, and a copy goes on exactly as its original would:
//   - Blocks with a free slot wait in a queue. The first of them gives its
//     oldest freed slot, or else the next one it never gave.
//   - When no block has one, the number of the block that was emptied longest
//     ago is used again; failing that, a new block is begun.
//   - A block whose last record is freed gives its memory back at once. (One
//     such piece for each eight blocks in use is kept for the next ones, so
//     that a table in which records come and go does not ask for it each time.)
//     Its slots later continue above the largest generation it ever gave.
//   - A slot is retired rather than let its generation wrap.
//
// Memory beyond the highest slot used in a block is never touched.

#ifndef EMBATCH_BASE_SLOT_TABLE_H_
#define EMBATCH_BASE_SLOT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/base/block_memory.h"
#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/fetch.h"

namespace embatch {

// SlotRef names one record of a SlotTable for ever.
struct SlotRef {
  uint32_t slot = 0;
  uint32_t generation = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.slot, self.generation);
  }
  friend bool operator==(SlotRef a, SlotRef b) {
    return a.slot == b.slot && a.generation == b.generation;
  }
  friend bool operator!=(SlotRef a, SlotRef b) { return !(a == b); }
};

// T must be default constructible, copyable and movable.
template <typename T, uint32_t kBlockSize = 65536>
class SlotTable {
  static_assert(kBlockSize > 0 && (kBlockSize & (kBlockSize - 1)) == 0,
                "a block holds a power of two of records");

 public:
  using Ref = SlotRef;

  // `first_generation` is at least 1; a test may start near the end.
  explicit SlotTable(uint32_t first_generation = 1)
      : first_generation_(first_generation) {
    EMBATCH_CHECK(first_generation >= 1);
  }
  SlotTable(const SlotTable& other);
  SlotTable(SlotTable&& other) noexcept : SlotTable() { Swap(other); }
  SlotTable& operator=(SlotTable other) noexcept {
    Swap(other);
    return *this;
  }
  ~SlotTable();

  // Allocate gives a slot whose record is T{}.
  Ref Allocate();

  // Free destroys the record of a live slot.
  void Free(uint32_t slot);

  // Find returns the record, or nullptr when there is none of that name. Any
  // two numbers may be asked for.
  T* Find(uint32_t slot, uint32_t generation) {
    return const_cast<T*>(std::as_const(*this).Find(slot, generation));
  }
  const T* Find(uint32_t slot, uint32_t generation) const {
    const State* state = StateOf(slot);
    if (state == nullptr || state->next != kLive ||
        state->generation != generation) {
      return nullptr;
    }
    return blocks_[slot / kBlockSize].memory.records + slot % kBlockSize;
  }

  // The record of a live slot.
  T& operator[](uint32_t slot) {
    EMBATCH_DCHECK(IsLive(slot));
    return blocks_[slot / kBlockSize].memory.records[slot % kBlockSize];
  }
  const T& operator[](uint32_t slot) const {
    EMBATCH_DCHECK(IsLive(slot));
    return blocks_[slot / kBlockSize].memory.records[slot % kBlockSize];
  }

  // IsLive says whether the slot holds a record. Any number may be asked for.
  bool IsLive(uint32_t slot) const {
    const State* state = StateOf(slot);
    return state != nullptr && state->next == kLive;
  }

  // generation is that of the slot's record, or of its next record when it is
  // free; 0 for a retired slot and for one at or beyond capacity().
  uint32_t generation(uint32_t slot) const;

  // generation_of_live is the same for a live slot, and faster.
  uint32_t generation_of_live(uint32_t slot) const {
    EMBATCH_DCHECK(IsLive(slot));
    return blocks_[slot / kBlockSize]
        .memory.states[slot % kBlockSize]
        .generation;
  }

  // Prefetch asks the processor to fetch the slot's generation and the lines of
  // its record, `kLinesFetched` at most. Any number may be asked for.
  void Prefetch(uint32_t slot) const;

  // The number of live records.
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Every slot handed out so far is below this number.
  uint32_t capacity() const { return capacity_; }

  // ForEach calls f(slot, record) for every live record, in order of slots. `f`
  // must neither allocate nor free.
  template <typename F>
  void ForEach(F f) const;
  template <typename F>
  void ForEach(F f);

  // The bytes of all records and of what the table needs for itself, as far as
  // they were ever touched. What records own elsewhere is not counted.
  size_t MemoryBytes() const;

  // Encode writes every live (slot, generation, record), in order of slots.
  void Encode(Encoder& encoder) const;

 private:
  static constexpr size_t kLinesFetched = 2;
  static constexpr size_t kBlocksPerSpare = 8;

  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  static constexpr uint32_t kLive = kNone - 1;
  static constexpr uint32_t kRetired = kNone - 2;
  static constexpr uint32_t kLastGeneration =
      std::numeric_limits<uint32_t>::max();
  // One block short of all, so that no slot is ever UINT32_MAX: owners use that
  // number for "none".
  static constexpr size_t kMaxBlocks = (uint64_t{1} << 32) / kBlockSize - 1;

  // Of a slot: kLive, kRetired, or for a free one the next free one.
  struct State {
    uint32_t generation;
    uint32_t next;
  };

  struct Memory {
    T* records = nullptr;
    State* states = nullptr;
    uint32_t touched = 0;  // Slots below this one were written to.
  };

  // Slots inside a block are counted from 0 here. Finding a block is half of
  // finding a record, so its size is a power of two.
  struct alignas(kLineBytes) Block {
    Memory memory;
    uint32_t used = 0;  // Slots below were handed out since the block began.
    uint32_t live = 0;
    uint32_t first_free = kNone;  // Oldest freed; the list goes to last_free.
    uint32_t last_free = kNone;
    uint32_t begin_generation = 0;  // Of each slot handed out first.
    uint32_t max_generation = 0;    // The largest handed out so far.
    uint32_t previous = kNone;      // Neighbours in a BlockList.
    uint32_t next = kNone;

    bool HasFreeSlot() const {
      return first_free != kNone || (used < kBlockSize && memory.records);
    }
  };

  struct BlockList {
    uint32_t first = kNone;
    uint32_t last = kNone;
  };

  // nullptr for a slot that the block has not handed out since it began.
  const State* StateOf(uint32_t slot) const {
    const size_t number = slot / kBlockSize;
    if (number >= blocks_.size()) return nullptr;
    const Block& block = blocks_[number];
    const uint32_t index = slot % kBlockSize;
    return index < block.used ? block.memory.states + index : nullptr;
  }

  static Memory NewMemory();
  static void DeleteMemory(Memory& memory);
  static void CopyRecords(const Block& from, Block& to);
  void Swap(SlotTable& other) noexcept;
  void Append(BlockList& list, uint32_t number);
  void Remove(BlockList& list, uint32_t number);
  uint32_t BeginBlock();
  void EndBlock(uint32_t number);
  static uint32_t TakeFreeSlot(Block& block);
  static void FetchRecord(const Block& block, uint32_t index);

  BlockVector<Block> blocks_;
  BlockList available_;  // Blocks that have memory and a free slot.
  BlockList emptied_;    // Blocks without memory, to be begun again.
  std::vector<Memory> spares_;
  size_t in_use_ = 0;  // Blocks with memory.
  size_t size_ = 0;
  uint32_t capacity_ = 0;
  uint32_t first_generation_;
};

// ---------------------------------------------------------------------------
// Implementation.

template <typename T, uint32_t kBlockSize>
SlotTable<T, kBlockSize>::SlotTable(const SlotTable& other)
    : blocks_(other.blocks_),
      available_(other.available_),
      emptied_(other.emptied_),
      in_use_(other.in_use_),
      size_(other.size_),
      capacity_(other.capacity_),
      first_generation_(other.first_generation_) {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (blocks_[i].memory.records == nullptr) continue;
    blocks_[i].memory = NewMemory();
    CopyRecords(other.blocks_[i], blocks_[i]);
  }
}

template <typename T, uint32_t kBlockSize>
SlotTable<T, kBlockSize>::~SlotTable() {
  if constexpr (!std::is_trivially_destructible_v<T>) {
    ForEach([](uint32_t, T& record) { record.~T(); });
  }
  for (Block& block : blocks_) DeleteMemory(block.memory);
  for (Memory& spare : spares_) DeleteMemory(spare);
}

template <typename T, uint32_t kBlockSize>
SlotRef SlotTable<T, kBlockSize>::Allocate() {
  const uint32_t number =
      available_.first != kNone ? available_.first : BeginBlock();
  Block& block = blocks_[number];
  const uint32_t index = TakeFreeSlot(block);
  if (!block.HasFreeSlot()) Remove(available_, number);

  State& state = block.memory.states[index];
  new (block.memory.records + index) T{};
  state.next = kLive;
  if (state.generation > block.max_generation) {
    block.max_generation = state.generation;
  }
  ++block.live;
  ++size_;
  const uint32_t slot = number * kBlockSize + index;
  if (slot >= capacity_) capacity_ = slot + 1;
  return Ref{slot, state.generation};
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::Free(uint32_t slot) {
  EMBATCH_DCHECK(IsLive(slot));
  const uint32_t number = slot / kBlockSize;
  const uint32_t index = slot % kBlockSize;
  Block& block = blocks_[number];
  block.memory.records[index].~T();

  State& state = block.memory.states[index];
  if (state.generation == kLastGeneration) {
    state.next = kRetired;
  } else {
    if (!block.HasFreeSlot()) Append(available_, number);
    ++state.generation;
    state.next = kNone;
    if (block.first_free == kNone) {
      block.first_free = index;
    } else {
      block.memory.states[block.last_free].next = index;
    }
    block.last_free = index;
  }
  --size_;
  if (--block.live == 0) EndBlock(number);
}

template <typename T, uint32_t kBlockSize>
uint32_t SlotTable<T, kBlockSize>::generation(uint32_t slot) const {
  if (slot >= capacity_) return 0;
  const Block& block = blocks_[slot / kBlockSize];
  const uint32_t index = slot % kBlockSize;
  if (index >= block.used) return block.begin_generation;
  const State& state = block.memory.states[index];
  return state.next == kRetired ? 0 : state.generation;
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::Prefetch(uint32_t slot) const {
  const State* state = StateOf(slot);
  if (state == nullptr) return;
  FetchLine(state);
  FetchRecord(blocks_[slot / kBlockSize], slot % kBlockSize);
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::FetchRecord(const Block& block, uint32_t index) {
  const char* record =
      reinterpret_cast<const char*>(block.memory.records + index);
  for (size_t line = 0; line < kLinesFetched; ++line) {
    if (line * kLineBytes < sizeof(T)) FetchLine(record + line * kLineBytes);
  }
}

template <typename T, uint32_t kBlockSize>
template <typename F>
void SlotTable<T, kBlockSize>::ForEach(F f) const {
  for (size_t number = 0; number < blocks_.size(); ++number) {
    const Block& block = blocks_[number];
    for (uint32_t index = 0; index < block.used; ++index) {
      if (block.memory.states[index].next != kLive) continue;
      const T& record = block.memory.records[index];
      f(static_cast<uint32_t>(number * kBlockSize + index), record);
    }
  }
}

template <typename T, uint32_t kBlockSize>
template <typename F>
void SlotTable<T, kBlockSize>::ForEach(F f) {
  std::as_const(*this).ForEach([&f](uint32_t slot, const T& record) {
    f(slot, const_cast<T&>(record));
  });
}

template <typename T, uint32_t kBlockSize>
size_t SlotTable<T, kBlockSize>::MemoryBytes() const {
  size_t touched = 0;
  for (const Memory& spare : spares_) touched += spare.touched;
  for (const Block& block : blocks_) touched += block.memory.touched;
  return touched * (sizeof(T) + sizeof(State)) +
         blocks_.capacity() * sizeof(Block);
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::Encode(Encoder& encoder) const {
  encoder.Encode(uint64_t{size_});
  ForEach([this, &encoder](uint32_t slot, const T& record) {
    encoder.Encode(Ref{slot, generation(slot)});
    encoder.Encode(record);
  });
}

template <typename T, uint32_t kBlockSize>
typename SlotTable<T, kBlockSize>::Memory
SlotTable<T, kBlockSize>::NewMemory() {
  Memory memory;
  memory.records = BlockAllocator<T>().allocate(kBlockSize);
  memory.states = BlockAllocator<State>().allocate(kBlockSize);
  return memory;
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::DeleteMemory(Memory& memory) {
  BlockAllocator<T>().deallocate(memory.records, kBlockSize);
  BlockAllocator<State>().deallocate(memory.states, kBlockSize);
  memory = Memory();
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::CopyRecords(const Block& from, Block& to) {
  to.memory.touched = from.used;
  std::memcpy(to.memory.states, from.memory.states, from.used * sizeof(State));
  if constexpr (std::is_trivially_copyable_v<T>) {
    std::memcpy(static_cast<void*>(to.memory.records), from.memory.records,
                from.used * sizeof(T));
  } else {
    for (uint32_t index = 0; index < from.used; ++index) {
      if (from.memory.states[index].next != kLive) continue;
      new (to.memory.records + index) T(from.memory.records[index]);
    }
  }
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::Swap(SlotTable& other) noexcept {
  using std::swap;
  swap(blocks_, other.blocks_);
  swap(available_, other.available_);
  swap(emptied_, other.emptied_);
  swap(spares_, other.spares_);
  swap(in_use_, other.in_use_);
  swap(size_, other.size_);
  swap(capacity_, other.capacity_);
  swap(first_generation_, other.first_generation_);
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::Append(BlockList& list, uint32_t number) {
  blocks_[number].previous = list.last;
  blocks_[number].next = kNone;
  (list.last == kNone ? list.first : blocks_[list.last].next) = number;
  list.last = number;
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::Remove(BlockList& list, uint32_t number) {
  const Block& block = blocks_[number];
  (block.previous == kNone ? list.first : blocks_[block.previous].next) =
      block.next;
  (block.next == kNone ? list.last : blocks_[block.next].previous) =
      block.previous;
}

template <typename T, uint32_t kBlockSize>
uint32_t SlotTable<T, kBlockSize>::BeginBlock() {
  uint32_t number = emptied_.first;
  if (number != kNone) {
    Remove(emptied_, number);
  } else {
    EMBATCH_CHECK(blocks_.size() < kMaxBlocks);
    number = static_cast<uint32_t>(blocks_.size());
    blocks_.emplace_back();
    blocks_.back().begin_generation = first_generation_;
  }
  ++in_use_;
  if (spares_.empty()) {
    blocks_[number].memory = NewMemory();
  } else {
    blocks_[number].memory = spares_.back();
    spares_.pop_back();
  }
  Append(available_, number);
  return number;
}

template <typename T, uint32_t kBlockSize>
void SlotTable<T, kBlockSize>::EndBlock(uint32_t number) {
  Block& block = blocks_[number];
  if (block.HasFreeSlot()) Remove(available_, number);
  --in_use_;
  spares_.push_back(std::exchange(block.memory, Memory()));
  while (spares_.size() > 1 + in_use_ / kBlocksPerSpare) {
    DeleteMemory(spares_.back());
    spares_.pop_back();
  }
  block.used = 0;
  block.first_free = kNone;
  // One generation for all its slots is all that is remembered. When there is
  // none left, the block's number is never used again.
  if (block.max_generation == kLastGeneration) {
    block.begin_generation = 0;
    return;
  }
  block.begin_generation = block.max_generation + 1;
  Append(emptied_, number);
}

template <typename T, uint32_t kBlockSize>
uint32_t SlotTable<T, kBlockSize>::TakeFreeSlot(Block& block) {
  State* states = block.memory.states;
  if (block.first_free != kNone) {
    const uint32_t index = block.first_free;
    block.first_free = states[index].next;
    // The oldest has long left the caches; so has the one after it.
    if (block.first_free != kNone) {
      FetchLine(states + block.first_free);
      FetchRecord(block, block.first_free);
    }
    return index;
  }
  const uint32_t index = block.used++;
  if (block.used > block.memory.touched) block.memory.touched = block.used;
  states[index].generation = block.begin_generation;
  return index;
}

}  // namespace embatch

#endif  // EMBATCH_BASE_SLOT_TABLE_H_
