// SPDX-License-Identifier: Apache-2.0
//
// Environments, what may be launched in them, and their instances. Source: §16.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "tests/support/reference/lines.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

// A type that was refused is left alone for this long at least.
constexpr absl::Duration kBackOffMin = absl::Milliseconds(1);

// Source: §16.5. For a provider that has none of the families of a bundle the
// bundle is all of its architecture.
struct Bundle {
  std::string name;
  std::set<std::string> families;
  bool x86 = false;
  bool arm = false;
};

const std::vector<Bundle>& Bundles() {
  static const auto* const bundles = new std::vector<Bundle>{
      {"optimal", {"c4", "m4", "r4", "c5", "m5", "r5"}, true, true},
      {"default_x86_64", {"m6i", "c6i", "r6i", "c7i"}, true, false},
      {"default_arm64", {"m6g", "c6g", "r6g", "c7g"}, false, true}};
  return *bundles;
}

std::string FamilyOf(const std::string& type) {
  return type.substr(0, type.find('.'));
}

bool IsMetal(const std::string& type) {
  return absl::StartsWith(type, FamilyOf(type) + ".metal");
}

// Whether one entry of instanceTypes allows a type; families and bundles hold
// no metal sizes.
bool Allows(const std::string& entry, const InstanceType& type,
            const std::vector<InstanceType>& catalogue) {
  if (entry == type.name) return true;
  if (IsMetal(type.name)) return false;
  for (const Bundle& bundle : Bundles()) {
    if (bundle.name != entry) continue;
    const auto is_in = [&](const InstanceType& other) {
      return bundle.families.count(FamilyOf(other.name)) > 0;
    };
    if (std::any_of(catalogue.begin(), catalogue.end(), is_in)) {
      return is_in(type);
    }
    return type.architecture == CpuArchitecture::kArm64 ? bundle.arm
                                                        : bundle.x86;
  }
  return FamilyOf(type.name) == entry;
}

// Those of a catalogue that an environment may launch: of one architecture,
// that of the first.
std::vector<InstanceType> AllowedOf(
    const std::vector<std::string>& entries,
    const std::vector<InstanceType>& catalogue) {
  std::vector<InstanceType> allowed;
  for (const InstanceType& type : catalogue) {
    const bool any = std::any_of(entries.begin(), entries.end(),
                                 [&](const std::string& entry) {
                                   return Allows(entry, type, catalogue);
                                 });
    if (any && (allowed.empty() ||
                allowed.front().architecture == type.architecture)) {
      allowed.push_back(type);
    }
  }
  return allowed;
}

// What a plug-in says is taken for no less than nothing, and for no more than
// can be summed up.
Resources Bounded(const Resources& resources) {
  constexpr int64_t kMost = int64_t{1} << 40;
  return {std::clamp<int64_t>(resources.vcpu_milli, 0, kMost),
          std::clamp<int64_t>(resources.memory_mib, 0, kMost),
          std::clamp<int32_t>(resources.gpus, 0, 1 << 12)};
}

}  // namespace

int ReferenceScheduler::FindEnvironment(absl::string_view name) const {
  for (int i = 0; i < static_cast<int>(environments_.size()); ++i) {
    if (environments_[i].name() == name &&
        environments_[i].status != ResourceStatus::kDeleted) {
      return i;
    }
  }
  return kNothing;
}

// Those that joined have numbers of their environment's own.
int ReferenceScheduler::FindInstance(int environment, InstanceId id) const {
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    if (instances_[i].id == id && !instances_[i].is_pool &&
        (!id.joined() || instances_[i].environment == environment)) {
      return i;
    }
  }
  return kNothing;
}

// A promise that is only repeated does not undo what was learnt since (§16.6).
void ReferenceScheduler::SetCatalogue(Environment& environment,
                                      const std::vector<InstanceType>& types) {
  if (!environment.launches()) return;
  environment.has_catalogue = true;
  ++environment.catalogues;
  environment.catalogue.clear();
  for (InstanceType type : types) {
    type.resources = Bounded(type.resources);
    if (type.name.empty() || type.resources.vcpu_milli == 0 ||
        type.price_microdollars_per_hour < 0) {
      continue;
    }
    environment.catalogue.push_back(type);
  }
  OfferTypes(environment);
}

void ReferenceScheduler::OfferTypes(Environment& environment) {
  for (Type& type : environment.types) type.offered = false;
  for (const InstanceType& promised :
       AllowedOf(environment.options.compute_resources->instance_types,
                 environment.catalogue)) {
    auto known = std::find_if(
        environment.types.begin(), environment.types.end(),
        [&](const Type& type) { return type.promised.name == promised.name; });
    if (known == environment.types.end()) {
      known = environment.types.insert(known, Type());
    }
    if (known->promised.resources != promised.resources) {
      known->size = promised.resources;
    }
    known->promised = promised;
    known->offered = true;
  }
}

void ReferenceScheduler::Launch(int environment, int type, bool for_minimum) {
  Instance instance;
  instance.id = InstanceId{++instances_launched_};
  instance.environment = environment;
  instance.type = type;
  instance.total = environments_[environment].types[type].size;
  instance.for_minimum = for_minimum;
  Request(LaunchLine(environments_[environment].name(), instance.id,
                     environments_[environment].types[type].promised.name,
                     environments_[environment].is_spot()));
  instances_.push_back(std::move(instance));
}

// A type whose instances register less than it promised is that small from now
// on, so that none is launched for ever for a job that does not fit. Source:
// §16.6. An instance without a name gets one in EC2's form.
void ReferenceScheduler::BecomeReady(Instance& instance, absl::string_view name,
                                     const Resources& registered) {
  instance.state = InstanceState::kReady;
  instance.registered = true;
  instance.total = Bounded(registered);
  instance.changed_order = ++order_;
  instance.idle_since_ns = now_ns_;
  instance.name = std::string(name);
  if (name.empty()) {
    instance.name = absl::StrFormat(
        "i-%017x", instance.id.number & ~InstanceId::kJoinedBit);
  }
  if (instance.type == kNothing) return;
  Type& type = environments_[instance.environment].types[instance.type];
  type.is_doubtful = false;
  Resources& size = type.size;
  size.vcpu_milli = std::min(size.vcpu_milli, instance.total.vcpu_milli);
  size.memory_mib = std::min(size.memory_mib, instance.total.memory_mib);
  size.gpus = std::min(size.gpus, instance.total.gpus);
}

// Source: §16.4. A type that could not be had is left alone for a while.
void ReferenceScheduler::BackOff(int environment, int type,
                                 LaunchFailure failure) {
  Type& refused = environments_[environment].types[type];
  refused.failure = failure;
  refused.is_doubtful = true;
  const int64_t back_off_ns = absl::ToInt64Nanoseconds(
      std::max(options_.capacity_back_off, kBackOffMin));
  const int64_t until_ns = After(now_ns_, back_off_ns);
  if (until_ns <= refused.back_off_until_ns) return;
  refused.back_off_until_ns = until_ns;
  environments_[environment].back_off_ends_ns.push_back(until_ns);
}

}  // namespace embatch::reference
