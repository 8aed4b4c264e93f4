// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/compute_resource_conversion.h"

#include <cstdint>
#include <string>
#include <utility>

#include "lib/api/service/amounts.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

static_assert(WireEnum<CRType>(ComputeResourceType::kEc2) == CR_TYPE_EC2);
static_assert(WireEnum<CRType>(ComputeResourceType::kSpot) == CR_TYPE_SPOT);
static_assert(WireEnum<CRType>(ComputeResourceType::kFargate) ==
              CR_TYPE_FARGATE);
static_assert(WireEnum<CRType>(ComputeResourceType::kFargateSpot) ==
              CR_TYPE_FARGATE_SPOT);

static_assert(WireEnum<CRAllocationStrategy>(AllocationStrategy::kBestFit) ==
              CR_ALLOCATION_STRATEGY_BEST_FIT);
static_assert(
    WireEnum<CRAllocationStrategy>(AllocationStrategy::kBestFitProgressive) ==
    CR_ALLOCATION_STRATEGY_BEST_FIT_PROGRESSIVE);
static_assert(WireEnum<CRAllocationStrategy>(
                  AllocationStrategy::kSpotCapacityOptimized) ==
              CR_ALLOCATION_STRATEGY_SPOT_CAPACITY_OPTIMIZED);
static_assert(WireEnum<CRAllocationStrategy>(
                  AllocationStrategy::kSpotPriceCapacityOptimized) ==
              CR_ALLOCATION_STRATEGY_SPOT_PRICE_CAPACITY_OPTIMIZED);

AllocationStrategy StrategyOf(CRUpdateAllocationStrategy strategy) {
  switch (static_cast<int>(strategy)) {
    case CR_UPDATE_ALLOCATION_STRATEGY_SPOT_CAPACITY_OPTIMIZED:
      return AllocationStrategy::kSpotCapacityOptimized;
    case CR_UPDATE_ALLOCATION_STRATEGY_SPOT_PRICE_CAPACITY_OPTIMIZED:
      return AllocationStrategy::kSpotPriceCapacityOptimized;
    default:
      return AllocationStrategy::kBestFitProgressive;
  }
}

void ClearWhatTheCoreHas(ComputeResource& resources) {
  resources.clear_type();
  resources.clear_allocation_strategy();
  resources.clear_min_vcpus();
  resources.clear_max_vcpus();
  resources.clear_desired_vcpus();
  resources.clear_instance_types();
  resources.clear_bid_percentage();
  resources.clear_scaling_policy();
}

// Source: API ComputeResourceUpdate ("For Fargate compute resources, providing
// an empty list will be handled as if this parameter wasn't specified"; for
// others it "removes" them).
void MergeNetwork(const ComputeResourceUpdate& update, bool is_fargate,
                  ComputeResource& rest) {
  if (update.has_subnets()) {
    if (!update.subnets().items().empty()) {
      *rest.mutable_subnets() = update.subnets();
    } else if (!is_fargate) {
      rest.clear_subnets();
    }
  }
  if (update.has_security_group_ids()) {
    if (!update.security_group_ids().items().empty()) {
      *rest.mutable_security_group_ids() = update.security_group_ids();
    } else if (!is_fargate) {
      rest.clear_security_group_ids();
    }
  }
}

// Source: API ComputeResourceUpdate ("set this value to an empty string").
void MergeTexts(const ComputeResourceUpdate& update, ComputeResource& rest) {
  if (update.has_ec2_key_pair()) rest.set_ec2_key_pair(update.ec2_key_pair());
  if (rest.ec2_key_pair().empty()) rest.clear_ec2_key_pair();
  if (update.has_instance_role()) {
    rest.set_instance_role(update.instance_role());
  }
  if (rest.instance_role().empty()) rest.clear_instance_role();
  if (update.has_placement_group()) {
    rest.set_placement_group(update.placement_group());
  }
  if (rest.placement_group().empty()) rest.clear_placement_group();
  if (update.has_image_id()) rest.set_image_id(update.image_id());
  if (rest.image_id().empty()) rest.clear_image_id();
}

// An empty name or id of a launch template takes the template away.
void MergeLists(const ComputeResourceUpdate& update, ComputeResource& rest) {
  if (update.has_tags()) *rest.mutable_tags() = update.tags();
  if (rest.tags().entries().empty()) rest.clear_tags();
  if (update.has_launch_template()) {
    *rest.mutable_launch_template() = update.launch_template();
    if (update.launch_template().launch_template_id().empty() &&
        update.launch_template().launch_template_name().empty()) {
      rest.clear_launch_template();
    }
  }
  if (update.has_ec2_configuration()) {
    *rest.mutable_ec2_configuration() = update.ec2_configuration();
  }
  if (rest.ec2_configuration().items().empty()) rest.clear_ec2_configuration();
}

}  // namespace

ComputeResources ResourcesOf(const ComputeResource& resources) {
  ComputeResources core;
  core.type = CoreEnum<ComputeResourceType>(resources.type());
  if (resources.has_allocation_strategy()) {
    core.allocation_strategy =
        CoreEnum<AllocationStrategy>(resources.allocation_strategy());
  }
  core.min_vcpus = resources.min_vcpus();
  core.max_vcpus = resources.max_vcpus();
  if (resources.has_desired_vcpus()) {
    core.desired_vcpus = resources.desired_vcpus();
  }
  core.instance_types = Strings(resources.instance_types());
  if (resources.has_bid_percentage()) {
    core.bid_percentage = resources.bid_percentage();
  }
  core.min_scale_down_delay_minutes =
      resources.scaling_policy().min_scale_down_delay_minutes();
  ComputeResource rest = resources;
  ClearWhatTheCoreHas(rest);
  core.document = DocumentOf(rest);
  return core;
}

ComputeResourcesUpdate ResourcesUpdateOf(const ComputeResourceUpdate& update,
                                         const ComputeResources& current) {
  ComputeResourcesUpdate core;
  if (update.has_min_vcpus()) core.min_vcpus = update.min_vcpus();
  if (update.has_max_vcpus()) core.max_vcpus = update.max_vcpus();
  if (update.has_desired_vcpus()) core.desired_vcpus = update.desired_vcpus();
  if (update.scaling_policy().has_min_scale_down_delay_minutes()) {
    core.min_scale_down_delay_minutes =
        update.scaling_policy().min_scale_down_delay_minutes();
  }
  if (update.has_type()) {
    core.type = CoreEnum<ComputeResourceType>(update.type());
  }
  if (update.has_allocation_strategy()) {
    core.allocation_strategy = StrategyOf(update.allocation_strategy());
  }
  if (update.has_instance_types()) {
    core.instance_types = Strings(update.instance_types());
  }
  if (update.has_bid_percentage()) {
    core.bid_percentage = update.bid_percentage();
  }
  core.update_to_latest_image_version = update.update_to_latest_image_version();
  ComputeResource rest;
  ReadDocument(current.document, rest);
  const Document before = DocumentOf(rest);
  MergeNetwork(update, IsFargate(current.type), rest);
  MergeTexts(update, rest);
  MergeLists(update, rest);
  Document after = DocumentOf(rest);
  if (!(after == before)) core.document = std::move(after);
  return core;
}

void SetResources(const ComputeEnvironmentView& view, ComputeResource& out) {
  const ComputeResources& core =
      *view.compute_environment->options().compute_resources;
  ReadDocument(core.document, out);
  out.mutable_subnets();  // Source: API ComputeResource.subnets (required).
  out.set_type(WireEnum<CRType>(core.type));
  out.set_max_vcpus(ToInt32(core.max_vcpus));
  if (IsFargate(core.type)) return;
  if (core.allocation_strategy.has_value()) {
    out.set_allocation_strategy(
        WireEnum<CRAllocationStrategy>(*core.allocation_strategy));
  }
  out.set_min_vcpus(ToInt32(core.min_vcpus));
  out.set_desired_vcpus(ToInt32(view.desired_vcpus));
  SetStrings(core.instance_types, *out.mutable_instance_types());
  if (core.bid_percentage.has_value()) {
    out.set_bid_percentage(*core.bid_percentage);
  }
  if (core.min_scale_down_delay_minutes != 0) {
    out.mutable_scaling_policy()->set_min_scale_down_delay_minutes(
        core.min_scale_down_delay_minutes);
  }
}

}  // namespace api
}  // namespace embatch
