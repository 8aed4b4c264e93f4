// SPDX-License-Identifier: Apache-2.0
//
// What becomes of an environment's record when it is updated or deleted; and
// the pool in which a Fargate environment keeps its account.
#include <algorithm>
#include <utility>

#include "lib/capacity/fleet.h"
#include "lib/model/limits.h"

namespace embatch {

// Room for jobs is vCPUs up to maxvCpus, with as much memory as they like.
// Source: §16.2, §16.4: with Fargate maxvCpus counts the vCPUs of jobs, and
// nothing else limits them. Choice: one record stands for all that room, so
// that placing works as on an instance.
void Fleet::MakePool(uint32_t index) {
  const uint32_t slot = instances_.Allocate().slot;
  EnvironmentRecord& environment = environments_[index];
  InstanceRecord& pool = instances_[slot];
  pool.environment = index;
  pool.state = InstanceState::kReady;
  pool.registered = true;
  pool.total = pool.free =
      Resources{environment.max_vcpu_milli(), kMemoryMibMax, 0};
  environment.pool = slot;
  environment.free.Add(slot, pool.free, LinksOf{&instances_});
}

void Fleet::Update(uint32_t index, ComputeEnvironment config) {
  EnvironmentRecord& environment = environments_[index];
  environment.config = std::move(config);
  ++environment.epoch;
  if (environment.pool != kNone) {
    InstanceRecord& pool = instances_[environment.pool];
    const int64_t used_vcpu_milli =
        pool.total.vcpu_milli - pool.free.vcpu_milli;
    Resources free = pool.free;
    free.vcpu_milli = environment.max_vcpu_milli() - used_vcpu_milli;
    SetFree(pool, environment.pool, free);
    pool.total.vcpu_milli = environment.max_vcpu_milli();
    environment.vcpu_milli = used_vcpu_milli;
    return;
  }
  if (!environment.launches()) return;
  // What made launches fail may be mended with this.
  for (TypeRecord& type : environment.types) type.is_doubtful = false;
  const std::optional<int64_t>& desired =
      environment.config.options().compute_resources->desired_vcpus;
  if (desired.has_value()) environment.asked_vcpu_milli = *desired * 1000;
  if (environment.has_catalogue) OfferTypes(environment);
}

void Fleet::Forget(uint32_t index) {
  EnvironmentRecord& environment = environments_[index];
  environment_names_.erase(environment.config.compute_environment_name());
  if (environment.pool != kNone) instances_.Free(environment.pool);
  // Who has remembered something of it must see that it has changed.
  const uint64_t epoch = environment.epoch + 1;
  // Requests of this turn may still name it. The rest of what it was is gone.
  ComputeEnvironmentOptions name;
  name.compute_environment_name = environment.config.compute_environment_name();
  name.type = ComputeEnvironmentType::kUnmanaged;
  environment = EnvironmentRecord();
  environment.config =
      *ComputeEnvironment::Create(std::move(name), LimitsProfile::kUnlimited);
  environment.status = ResourceStatus::kDeleted;
  environment.epoch = epoch;
  existing_.erase(std::find(existing_.begin(), existing_.end(), index));
}

void Fleet::BackOff(uint32_t index, int64_t until_ns) {
  EnvironmentRecord& environment = environments_[index];
  environment.out_of_capacity = true;
  environment.back_off_until_ns =
      std::max(environment.back_off_until_ns, until_ns);
  ++environment.epoch;
}

void Fleet::EndBackOff(uint32_t index, int64_t now_ns) {
  EnvironmentRecord& environment = environments_[index];
  if (environment.back_off_until_ns <= now_ns) {
    environment.out_of_capacity = false;
  }
  ++environment.epoch;
}

void Fleet::Link(uint32_t slot) {
  InstanceRecord& instance = instances_[slot];
  EnvironmentRecord& environment = environments_[instance.environment];
  instance.previous = environment.last_instance;
  if (instance.previous != kNone) instances_[instance.previous].next = slot;
  environment.last_instance = slot;
  if (environment.first_instance == kNone) environment.first_instance = slot;
}

void Fleet::Unlink(uint32_t slot) {
  const InstanceRecord& instance = instances_[slot];
  EnvironmentRecord& environment = environments_[instance.environment];
  if (instance.previous != kNone) {
    instances_[instance.previous].next = instance.next;
  } else {
    environment.first_instance = instance.next;
  }
  if (instance.next != kNone) {
    instances_[instance.next].previous = instance.previous;
  } else {
    environment.last_instance = instance.previous;
  }
}

}  // namespace embatch
