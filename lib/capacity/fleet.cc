// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/fleet.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

void CountSize(std::vector<SizeCount>& sizes, const Resources& total,
               int32_t change) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].total != total) continue;
    sizes[i].instances += change;
    if (sizes[i].instances == 0) sizes.erase(sizes.begin() + i);
    return;
  }
  sizes.push_back({total, change});
}

Resources Smaller(const Resources& a, const Resources& b) {
  return {std::min(a.vcpu_milli, b.vcpu_milli),
          std::min(a.memory_mib, b.memory_mib), std::min(a.gpus, b.gpus)};
}

}  // namespace

uint32_t Fleet::AddEnvironment(ComputeEnvironment environment) {
  const uint32_t index = static_cast<uint32_t>(environments_.size());
  environment_names_[environment.compute_environment_name()] = index;
  existing_.push_back(index);
  EnvironmentRecord& record = environments_.emplace_back();
  record.config = std::move(environment);
  if (record.config.is_fargate()) {
    MakePool(index);
  } else if (record.config.managed()) {
    record.asked_vcpu_milli =
        record.config.options().compute_resources->desired_vcpus.value_or(0) *
        1000;
  }
  return index;
}

std::optional<uint32_t> Fleet::FindEnvironment(absl::string_view name) const {
  const auto found = environment_names_.find(name);
  if (found == environment_names_.end()) return std::nullopt;
  return found->second;
}

// Numbers of launched instances are unique; those of joined ones only within
// their environment.
Fleet::InstanceName Fleet::NameOf(uint32_t environment, uint64_t number) {
  return {InstanceId{number}.joined() ? environment : kNone, number};
}

uint32_t Fleet::FindInstance(uint32_t environment, InstanceId id) const {
  const auto found = instance_names_.find(NameOf(environment, id.number));
  return found == instance_names_.end() ? kNone : found->second;
}

uint32_t Fleet::Launch(uint32_t index, uint32_t type, bool for_minimum) {
  EnvironmentRecord& environment = environments_[index];
  const uint32_t slot = instances_.Allocate().slot;
  InstanceRecord& instance = instances_[slot];
  instance.number = next_number_++;
  instance.environment = index;
  instance.type = type;
  instance.total = instance.free = environment.types[type].type.resources;
  instance_names_[NameOf(index, instance.number)] = slot;
  Link(slot);
  environment.vcpu_milli += instance.total.vcpu_milli;
  ++environment.instances;
  ++environment.booting;
  ++environment.types[type].booting;
  instance.for_minimum = for_minimum;
  if (for_minimum) ++environment.types[type].booting_for_minimum;
  ++environment.epoch;
  return slot;
}

void Fleet::BecomeReady(uint32_t slot, absl::string_view name,
                        Resources registered, int64_t now_ns) {
  InstanceRecord& instance = instances_[slot];
  EnvironmentRecord& environment = environments_[instance.environment];
  TypeRecord& type = environment.types[instance.type];
  --environment.booting;
  --type.booting;
  if (instance.for_minimum) --type.booting_for_minimum;
  type.is_doubtful = false;
  environment.vcpu_milli -= instance.total.vcpu_milli;
  registered = WithinBounds(registered);
  type.type.resources = Smaller(type.type.resources, registered);
  // An instance without a name of its own gets one in EC2's form.
  instance.name = name.empty() ? absl::StrFormat("i-%017x", instance.number)
                               : std::string(name);
  AddReady(slot, registered, now_ns);
}

uint32_t Fleet::Join(uint32_t index, InstanceId id, absl::string_view name,
                     Resources registered, int64_t now_ns) {
  const uint32_t slot = instances_.Allocate().slot;
  InstanceRecord& instance = instances_[slot];
  instance.number = id.number;
  instance.environment = index;
  instance.name =
      name.empty()
          ? absl::StrFormat("i-%017x", id.number & ~InstanceId::kJoinedBit)
          : std::string(name);
  instance_names_[NameOf(index, id.number)] = slot;
  Link(slot);
  ++environments_[index].instances;
  AddReady(slot, WithinBounds(registered), now_ns);
  return slot;
}

void Fleet::AddReady(uint32_t slot, Resources registered, int64_t now_ns) {
  InstanceRecord& instance = instances_[slot];
  EnvironmentRecord& environment = environments_[instance.environment];
  instance.state = InstanceState::kReady;
  instance.registered = true;
  instance.total = instance.free = registered;
  instance.idle_since_ns = now_ns;
  environment.vcpu_milli += registered.vcpu_milli;
  environment.free_sum += registered;
  environment.free.Add(slot, registered, LinksOf{&instances_});
  CountSize(environment.sizes, registered, 1);
  if (instance.type != kNone) environment.idle.Insert(instance.number);
  ++environment.epoch;
}

void Fleet::Close(uint32_t slot) {
  InstanceRecord& instance = instances_[slot];
  if (instance.closing || instance.for_minimum || instance.type == kNone ||
      instance.state != InstanceState::kReady) {
    return;
  }
  instance.closing = true;
  ++environments_[instance.environment].types[instance.type].closing;
}

void Fleet::Open(InstanceRecord& instance) {
  if (!instance.closing) return;
  instance.closing = false;
  --environments_[instance.environment].types[instance.type].closing;
}

void Fleet::StopPlacing(uint32_t slot, InstanceState state) {
  InstanceRecord& instance = instances_[slot];
  EnvironmentRecord& environment = environments_[instance.environment];
  if (instance.state == InstanceState::kReady) {
    environment.free.Remove(slot, LinksOf{&instances_});
    environment.free_sum -= instance.free;
    CountSize(environment.sizes, instance.total, -1);
    Open(instance);
    if (instance.type != kNone) environment.idle.Erase(instance.number);
  } else if (instance.state == InstanceState::kBooting) {
    --environment.booting;
    TypeRecord& type = environment.types[instance.type];
    --type.booting;
    if (instance.for_minimum) --type.booting_for_minimum;
  }
  if (state == InstanceState::kDraining && instance.state != state) {
    ++environment.draining;
  }
  if (state == InstanceState::kLost && instance.state != state) {
    if (instance.state == InstanceState::kDraining) --environment.draining;
    environment.vcpu_milli -= instance.total.vcpu_milli;
    --environment.instances;
  }
  instance.state = state;
  ++environment.epoch;
}

void Fleet::Remove(uint32_t slot) {
  StopPlacing(slot, InstanceState::kLost);
  const InstanceRecord& instance = instances_[slot];
  instance_names_.erase(NameOf(instance.environment, instance.number));
  if (InstanceId{instance.number}.joined()) {
    std::vector<uint64_t>& departed =
        environments_[instance.environment].departed;
    departed.insert(
        std::upper_bound(departed.begin(), departed.end(), instance.number),
        instance.number);
  }
  Unlink(slot);
  instances_.Free(slot);
}

bool Fleet::HasDeparted(uint32_t environment, InstanceId id) const {
  const std::vector<uint64_t>& departed = environments_[environment].departed;
  return std::binary_search(departed.begin(), departed.end(), id.number);
}

uint32_t Fleet::BestFit(uint32_t environment, const Requirement& need) const {
  const EnvironmentRecord& record = environments_[environment];
  if (!record.is_below_max_vcpus(need) || record.out_of_capacity) return kNone;
  return record.free.BestFit(need.resources);
}

void Fleet::SetFree(InstanceRecord& instance, uint32_t slot,
                    const Resources& free) {
  if (instance.state == InstanceState::kReady) {
    EnvironmentRecord& environment = environments_[instance.environment];
    // Where maxvCpus was lowered jobs may hold more than there is.
    if (instance.free.vcpu_milli >= 0) {
      environment.free.Remove(slot, LinksOf{&instances_});
    }
    if (free.vcpu_milli >= 0) {
      environment.free.Add(slot, free, LinksOf{&instances_});
    }
    if (slot == environment.pool) {
      environment.vcpu_milli += instance.free.vcpu_milli - free.vcpu_milli;
    } else {
      environment.free_sum -= instance.free;
      environment.free_sum += free;
    }
  }
  instance.free = free;
}

void Fleet::Place(uint32_t slot, const Resources& need) {
  InstanceRecord& instance = instances_[slot];
  SetFree(instance, slot, instance.free - need);
  instance.used = true;
  if (instance.running++ == 0 && instance.type != kNone) {
    environments_[instance.environment].idle.Erase(instance.number);
  }
}

void Fleet::Release(uint32_t slot, const Resources& need, int64_t now_ns) {
  InstanceRecord& instance = instances_[slot];
  EnvironmentRecord& environment = environments_[instance.environment];
  SetFree(instance, slot, instance.free + need);
  if (--instance.running == 0) {
    Open(instance);
    instance.idle_since_ns = now_ns;
    environment.asked_vcpu_milli = 0;
    if (instance.type != kNone && instance.state == InstanceState::kReady) {
      environment.idle.Insert(instance.number);
    }
  }
  ++environment.epoch;
}

void Fleet::Encode(Encoder& encoder) const {
  encoder.Encode(environments_);
  encoder.Encode(instances_);
  encoder.Encode(next_number_);
}

}  // namespace embatch
