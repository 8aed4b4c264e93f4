// SPDX-License-Identifier: Apache-2.0
//
// The Fleet: compute environments and their instances.
//
// It knows what each instance has and what of it is free. It does not know
// jobs: an attempt is an index that it keeps for its owner.
// Source: guide "Compute environments"; §16.
#ifndef EMBATCH_CAPACITY_FLEET_H_
#define EMBATCH_CAPACITY_FLEET_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "embatch/compute_environment.h"
#include "embatch/fields.h"
#include "embatch/ids.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"
#include "lib/base/deadline_queue.h"
#include "lib/base/encoding.h"
#include "lib/base/fetch.h"
#include "lib/base/sequence_bitmap.h"
#include "lib/base/slot_table.h"
#include "lib/capacity/free_capacity.h"
#include "lib/model/requirement.h"

namespace embatch {

enum class InstanceState : uint8_t {
  kBooting,      // launched, not yet ready
  kReady,        // takes jobs
  kInterrupted,  // its loss was announced: takes none (D37)
  kDraining,     // replaced by an update, or its environment goes: takes none
  kLost,         // gone; what ran on it is being ended
};

// What a start and an end touch stands in the first two lines of the cache.
struct alignas(kLineBytes) InstanceRecord {
  uint64_t number = 0;
  uint32_t environment = 0;
  uint32_t type = FreeCapacity::kNone;  // none: it joined on its own
  InstanceState state = InstanceState::kBooting;
  bool registered = false;   // it was ready once
  bool used = false;         // a job was on it
  bool for_minimum = false;  // launched for minvCpus
  bool closing = false;      // its one attempt is a node that is being stopped
  uint32_t running = 0;      // attempts on it
  uint32_t first_attempt = FreeCapacity::kNone;  // the owner's list of them
  DeadlineQueue::Handle idle_deadline = DeadlineQueue::kNoHandle;
  Resources free;
  FreeCapacity::Links links;
  Resources total;
  int64_t lost_ns = 0;  // kLost: since when
  int64_t idle_since_ns = 0;
  std::string name;
  std::string private_address;              // empty: not known
  uint32_t previous = FreeCapacity::kNone;  // in its environment, by age
  uint32_t next = FreeCapacity::kNone;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.number, self.environment, self.type, self.state,
                 self.total, self.free, self.links.changed, self.lost_ns,
                 self.registered, self.used, self.for_minimum, self.closing,
                 self.running, self.first_attempt, self.idle_since_ns,
                 self.name, self.private_address, self.previous, self.next);
  }
};

// An instance type that an environment may launch.
struct TypeRecord {
  InstanceType type;
  Resources promised;   // by the catalogue; `type` knows better
  bool offered = true;  // by the latest catalogue
  int64_t back_off_until_ns = 0;
  LaunchFailure failure = LaunchFailure::kCapacity;  // the latest one
  bool is_doubtful = false;  // none has become ready since a launch failed
  int32_t booting = 0;
  int32_t booting_for_minimum = 0;  // of these, launched for minvCpus
  int32_t closing = 0;  // ready instances that will be empty in a moment

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.type, self.promised, self.offered, self.back_off_until_ns,
                 self.failure, self.is_doubtful, self.booting,
                 self.booting_for_minimum, self.closing);
  }
};

// Instances of one size, empty.
struct SizeCount {
  Resources total;
  int32_t instances = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.total, self.instances);
  }
};

struct EnvironmentRecord {
  ComputeEnvironment config;
  ResourceStatus status = ResourceStatus::kCreating;
  std::string status_reason;
  bool has_catalogue = false;
  std::vector<InstanceType> catalogue;  // the provider's latest
  std::vector<TypeRecord> types;        // in order of appearance; grows only
  FreeCapacity free;                    // of kReady instances
  Resources free_sum;
  std::vector<SizeCount> sizes;  // of kReady instances
  int64_t vcpu_milli = 0;        // of all but lost instances
  int32_t instances = 0;
  int32_t booting = 0;
  // Numbers of joined instances that are gone, rising: what is said of them
  // later is late. A number each for a host that ever left.
  std::vector<uint64_t> departed;
  SequenceBitmap idle;  // numbers of launched kReady instances without attempt
  uint32_t first_instance = FreeCapacity::kNone;  // of all, by age
  uint32_t last_instance = FreeCapacity::kNone;
  int32_t draining = 0;
  // What the caller asked for as desiredvCpus, while that still holds.
  int64_t asked_vcpu_milli = 0;
  // Counts infrastructure updates. What is kReady is of the latest generation.
  uint32_t generation = 0;
  bool is_changed = false;  // updated or deleted; phase 1 will see to it
  bool replaces_instances = false;  // and its instances go
  // FARGATE, FARGATE_SPOT: the record on which room for jobs is taken; it
  // stands for no instance, and has no number.
  uint32_t pool = FreeCapacity::kNone;
  bool out_of_capacity = false;  // until back_off_until_ns
  int64_t back_off_until_ns = 0;
  // Changes whenever a job that did not fit might fit now, or might have to
  // look elsewhere.
  uint64_t epoch = 0;
  // Found by name; no part of the state's bytes.
  absl::flat_hash_map<std::string, uint32_t> type_names;

  bool enabled() const {
    return config.options().state == ResourceState::kEnabled;
  }
  // Choice: D59, an environment that is being updated goes on.
  bool places_jobs() const {
    return enabled() && (status == ResourceStatus::kValid ||
                         status == ResourceStatus::kUpdating);
  }
  // Whether its capacity is instances that the scheduler launches.
  bool launches() const {
    return config.managed() && !config.is_fargate() &&
           status != ResourceStatus::kDeleted;
  }
  // Of the instances that it launches, once the provider has told.
  std::optional<CpuArchitecture> architecture() const {
    for (const TypeRecord& type : types) {
      if (type.offered) return type.type.architecture;
    }
    return std::nullopt;
  }
  int64_t min_vcpu_milli() const {
    return config.managed()
               ? config.options().compute_resources->min_vcpus * 1000
               : 0;
  }
  int64_t max_vcpu_milli() const {
    return config.managed()
               ? config.options().compute_resources->max_vcpus * 1000
               : 0;
  }
  // Below this no idle instance goes, and new ones are launched.
  int64_t kept_vcpu_milli() const {
    return std::max(min_vcpu_milli(),
                    std::min(asked_vcpu_milli, max_vcpu_milli()));
  }
  // API ComputeResource.desiredvCpus.
  int64_t desired_vcpu_milli() const {
    return std::max(vcpu_milli, launches() ? kept_vcpu_milli() : 0);
  }
  // How long an instance stays idle before it goes, where the scheduler says
  // `idle_time_ns`. Source: API minScaleDownDelayMinutes; not for an instance
  // that never had a job. Choice: D25.
  int64_t IdleTimeOf(const InstanceRecord& instance,
                     int64_t idle_time_ns) const {
    const int minutes =
        launches()
            ? config.options().compute_resources->min_scale_down_delay_minutes
            : 0;
    if (minutes == 0 || !instance.used) return idle_time_ns;
    return minutes * int64_t{60} * 1000000000;
  }
  // How many instances of a size may be launched beside `vcpu_milli` of them.
  // Source: §16.2. Choice: D24, as long as the total is below maxvCpus; D65,
  // BEST_FIT On-Demand never passes it.
  int64_t LaunchesAllowed(int64_t beside_vcpu_milli, int64_t size_milli) const {
    const int64_t left = max_vcpu_milli() - beside_vcpu_milli;
    if (left <= 0) return 0;
    return config.options().compute_resources->may_pass_max_vcpus()
               ? (left + size_milli - 1) / size_milli
               : left / size_milli;
  }
  // Choice: D47; where the overshoot of one instance made room for it, too.
  bool is_below_max_vcpus(const Requirement& need) const {
    return !config.managed() || need.total_vcpu_milli() <= max_vcpu_milli();
  }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.config, self.status, self.status_reason,
                 self.has_catalogue, self.catalogue, self.types, self.free_sum,
                 self.sizes, self.vcpu_milli, self.instances, self.booting,
                 self.departed, self.idle, self.first_instance,
                 self.last_instance, self.draining, self.asked_vcpu_milli,
                 self.generation, self.is_changed, self.replaces_instances,
                 self.pool, self.out_of_capacity, self.back_off_until_ns,
                 self.epoch);
  }
};

class Fleet {
 public:
  static constexpr uint32_t kNone = FreeCapacity::kNone;

  uint32_t AddEnvironment(ComputeEnvironment environment);
  std::optional<uint32_t> FindEnvironment(absl::string_view name) const;
  // Deleted ones keep their place, so that no index ever means another one.
  // That is some 3 KiB for each environment that ever was, and no time: what is
  // done in every turn looks at environments() alone.
  size_t environment_count() const { return environments_.size(); }
  // Those that are not deleted, as they were created.
  const std::vector<uint32_t>& environments() const { return existing_; }
  size_t deleted_count() const {
    return environments_.size() - environment_names_.size();
  }
  EnvironmentRecord& environment(uint32_t index) {
    return environments_[index];
  }
  const EnvironmentRecord& environment(uint32_t index) const {
    return environments_[index];
  }

  InstanceRecord& instance(uint32_t slot) { return instances_[slot]; }
  const InstanceRecord& instance(uint32_t slot) const {
    return instances_[slot];
  }
  // Has the record in the caches soon. Any number may be asked for.
  void FetchInstance(uint32_t slot) const { instances_.Prefetch(slot); }
  // The instance that an id names; one that joined, in its environment.
  uint32_t FindInstance(uint32_t environment, InstanceId id) const;
  // Whether it is a number that a launched instance has or had.
  bool WasLaunched(InstanceId id) const {
    return id.number > 0 && id.number < next_number_;
  }
  // Whether it was an instance of that environment that had joined.
  bool HasDeparted(uint32_t environment, InstanceId id) const;
  uint32_t InstanceGeneration(uint32_t slot) const {
    return instances_.generation(slot);
  }
  bool IsInstance(uint32_t slot, uint32_t generation) const {
    return instances_.Find(slot, generation) != nullptr;
  }

  // Changes an environment's configuration; what runs in it stays as it is.
  void Update(uint32_t environment, ComputeEnvironment config);
  // Forgets an environment without instances or jobs: its name is free.
  void Forget(uint32_t environment);
  // FARGATE, FARGATE_SPOT: there is no room, whatever maxvCpus says; until
  // EndBackOff().
  void BackOff(uint32_t environment, int64_t until_ns);
  void EndBackOff(uint32_t environment, int64_t now_ns);

  // What the provider can launch, from now on. Types that the environment does
  // not allow, or that make no sense, are left out.
  void SetCatalogue(uint32_t environment,
                    const std::vector<InstanceType>& types);

  // Begins an instance. The answer is its slot; its number is new.
  // `for_minimum`: only because minvCpus says so.
  uint32_t Launch(uint32_t environment, uint32_t type,
                  bool for_minimum = false);
  // A launched instance takes jobs from now on. If it registers less than its
  // type promised, the type counts as that small from now on.
  // Choice: §16.6, so that no instance is launched for ever for a job that does
  // not fit it.
  void BecomeReady(uint32_t slot, absl::string_view name, Resources registered,
                   int64_t now_ns);
  // An instance that came on its own, ready.
  uint32_t Join(uint32_t environment, InstanceId id, absl::string_view name,
                Resources registered, int64_t now_ns);
  // The node that has it to itself is being stopped: it will be empty soon.
  void Close(uint32_t slot);
  // It takes no more jobs; those it has run on.
  void StopPlacing(uint32_t slot, InstanceState state);
  // Forgets an instance without attempts.
  void Remove(uint32_t slot);

  // The instance of an environment where a job fits best, or kNone.
  uint32_t BestFit(uint32_t environment, const Requirement& need) const;
  // Appends amounts: a job that fits into none of them has no room in the
  // environment now.
  void AppendLargestFree(uint32_t environment,
                         std::vector<Resources>* rooms) const {
    environments_[environment].free.AppendLargest(rooms);
  }
  // Calls f(slot, instance) for every instance of the environment that takes
  // jobs.
  template <typename F>
  void ForEachReady(uint32_t environment, F f) const {
    instances_.ForEach([&](uint32_t slot, const InstanceRecord& instance) {
      if (instance.environment == environment &&
          instance.state == InstanceState::kReady) {
        f(slot, instance);
      }
    });
  }
  void Place(uint32_t slot, const Resources& need);
  void Release(uint32_t slot, const Resources& need, int64_t now_ns);

  // Where others in its network find it: its private address, or, if its
  // provider told none, its name.
  const std::string& AddressOf(uint32_t slot) const {
    const InstanceRecord& record = instances_[slot];
    return record.private_address.empty() ? record.name
                                          : record.private_address;
  }

  void Encode(Encoder& encoder) const;

 private:
  struct LinksOf {
    SlotTable<InstanceRecord, 4096>* instances;
    FreeCapacity::Links& operator()(uint32_t slot) const {
      return (*instances)[slot].links;
    }
  };
  struct ConstLinksOf {
    const SlotTable<InstanceRecord, 4096>* instances;
    const FreeCapacity::Links& operator()(uint32_t slot) const {
      return (*instances)[slot].links;
    }
  };
  using InstanceName = std::pair<uint32_t, uint64_t>;

  void OfferTypes(EnvironmentRecord& environment);
  void MakePool(uint32_t environment);
  void Link(uint32_t slot);
  void Unlink(uint32_t slot);
  static InstanceName NameOf(uint32_t environment, uint64_t number);
  void AddReady(uint32_t slot, Resources registered, int64_t now_ns);
  void Open(InstanceRecord& instance);  // undoes Close()
  void SetFree(InstanceRecord& instance, uint32_t slot, const Resources& free);

  std::vector<EnvironmentRecord> environments_;
  std::vector<uint32_t> existing_;
  SlotTable<InstanceRecord, 4096> instances_;
  absl::flat_hash_map<std::string, uint32_t> environment_names_;
  absl::flat_hash_map<InstanceName, uint32_t> instance_names_;
  uint64_t next_number_ = 1;
};

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_FLEET_H_
