// SPDX-License-Identifier: Apache-2.0
//
// What an environment may launch: the provider's catalogue, as far as the
// environment's instanceTypes allow it.
#include "lib/capacity/fleet.h"
#include "lib/model/instance_types.h"
#include "lib/model/validation.h"

namespace embatch {

void Fleet::SetCatalogue(uint32_t index,
                         const std::vector<InstanceType>& types) {
  EnvironmentRecord& environment = environments_[index];
  if (!environment.launches()) return;
  environment.has_catalogue = true;
  environment.catalogue.clear();
  for (const InstanceType& type : types) {
    if (type.name.empty() || type.resources.vcpu_milli <= 0 ||
        type.price_microdollars_per_hour < 0) {
      continue;
    }
    environment.catalogue.push_back(type);
  }
  OfferTypes(environment);
}

// Instances refer to types by index, so a new type goes to the end, and one
// that is no longer on offer stays.
void Fleet::OfferTypes(EnvironmentRecord& environment) {
  ++environment.epoch;
  for (TypeRecord& known : environment.types) known.offered = false;
  const std::vector<bool> allowed = AllowedTypes(
      environment.config.options().compute_resources->instance_types,
      environment.catalogue);
  for (size_t i = 0; i < environment.catalogue.size(); ++i) {
    if (!allowed[i]) continue;
    const InstanceType& type = environment.catalogue[i];
    const auto [entry, is_new] = environment.type_names.try_emplace(
        type.name, static_cast<uint32_t>(environment.types.size()));
    if (is_new) environment.types.emplace_back();
    TypeRecord& known = environment.types[entry->second];
    const Resources promised = WithinBounds(type.resources);
    // A promise that is only repeated does not undo what was learnt since.
    const Resources resources =
        known.promised == promised ? known.type.resources : promised;
    known.promised = promised;
    known.type = type;
    known.type.resources = resources;
    known.offered = true;
  }
}

}  // namespace embatch
