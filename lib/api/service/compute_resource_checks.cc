// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/compute_resource_checks.h"

#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/api/json_text.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/limits.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Source: §16.1 ("For Fargate do not give ..."). ComputeResource and
// ComputeResourceUpdate have them under the same names.
constexpr absl::string_view kNotForFargate[] = {
    "allocation_strategy",
    "min_vcpus",
    "desired_vcpus",
    "instance_types",
    "image_id",
    "ec2_key_pair",
    "instance_role",
    "tags",
    "placement_group",
    "bid_percentage",
    "spot_iam_fleet_role",
    "launch_template",
    "ec2_configuration",
    "scaling_policy",
};

// The text is §22's.
absl::Status CheckApplicable(const Message& resources) {
  for (absl::string_view name : kNotForFargate) {
    const FieldDescriptor* field =
        resources.GetDescriptor()->FindFieldByName(std::string(name));
    if (field == nullptr ||
        !resources.GetReflection()->HasField(resources, field)) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("computeResources.", field->json_name(), " is given; ",
                     field->json_name(), " is not applicable for Fargate."));
  }
  return absl::OkStatus();
}

absl::Status CheckFargateNetwork(const StringList& subnets,
                                 const StringList& security_groups) {
  if (absl::Status status =
          CheckAtMost("computeResources.subnets", subnets.items().size(),
                      kFargateSubnetsMax);
      !status.ok()) {
    return status;
  }
  return CheckAtMost("computeResources.securityGroupIds",
                     security_groups.items().size(), kFargateSecurityGroupsMax);
}

// Source: API LaunchTemplateSpecification ("You must specify either the launch
// template ID or launch template name in the request, but not both").
template <typename Template>
absl::Status CheckOneTemplate(absl::string_view member, const Template& one) {
  if (one.has_launch_template_id() != one.has_launch_template_name()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      member, " has ", one.has_launch_template_id() ? "both" : "neither",
      " launchTemplateId and launchTemplateName; must have one of them"));
}

absl::Status CheckTemplate(const LaunchTemplateSpecification& one) {
  constexpr absl::string_view kMember = "computeResources.launchTemplate";
  if (absl::Status status = CheckOneTemplate(kMember, one); !status.ok()) {
    return status;
  }
  const auto& overrides = one.overrides().items();
  if (absl::Status status =
          CheckAtMost(absl::StrCat(kMember, ".overrides"), overrides.size(),
                      kLaunchTemplateOverridesMax);
      !status.ok()) {
    return status;
  }
  for (int i = 0; i < overrides.size(); ++i) {
    const std::string member = absl::StrCat(kMember, ".overrides[", i, "]");
    if (absl::Status status = CheckOneTemplate(member, overrides[i]);
        !status.ok()) {
      return status;
    }
    // Source: API LaunchTemplateSpecificationOverride.targetInstanceTypes
    // ("required when defining a launch template override").
    if (overrides[i].target_instance_types().items().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          member, ".targetInstanceTypes is absent or empty; it is required"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckConfigurations(const Ec2ConfigurationList& configurations) {
  return CheckAtMost("computeResources.ec2Configuration",
                     configurations.items().size(), kEc2ConfigurationsMax);
}

absl::Status Missing(absl::string_view member, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("computeResources.", member, " is absent or empty; ", why));
}

absl::Status CheckFargate(const ComputeResource& resources) {
  if (absl::Status status = CheckApplicable(resources); !status.ok()) {
    return status;
  }
  // Source: API ComputeResource.securityGroupIds ("required for jobs that are
  // running on Fargate resources").
  if (resources.security_group_ids().items().empty()) {
    return Missing("securityGroupIds",
                   "At least 1 security group must be provided for Fargate");
  }
  return CheckFargateNetwork(resources.subnets(),
                             resources.security_group_ids());
}

}  // namespace

absl::Status CheckComputeResource(const ComputeResource& resources) {
  if (resources.subnets().items().empty()) {
    return Missing("subnets", "At least 1 subnet must be provided");
  }
  if (resources.type() == CR_TYPE_FARGATE ||
      resources.type() == CR_TYPE_FARGATE_SPOT) {
    return CheckFargate(resources);
  }
  // Source: API ComputeResource.instanceRole ("required for Amazon EC2
  // instances types"). Choice: minvCpus, which moto demands as well, is 0 when
  // it is absent; the model does not ask for it.
  if (resources.instance_role().empty()) {
    return Missing("instanceRole", "it is required for EC2 and SPOT");
  }
  // Source: API ComputeResource.spotIamFleetRole.
  const bool best_fit =
      !resources.has_allocation_strategy() ||
      resources.allocation_strategy() == CR_ALLOCATION_STRATEGY_BEST_FIT;
  if (resources.type() == CR_TYPE_SPOT && best_fit &&
      resources.spot_iam_fleet_role().empty()) {
    return Missing("spotIamFleetRole",
                   "it is required for SPOT when allocationStrategy is "
                   "BEST_FIT or absent");
  }
  if (resources.has_launch_template()) {
    if (absl::Status status = CheckTemplate(resources.launch_template());
        !status.ok()) {
      return status;
    }
  }
  return CheckConfigurations(resources.ec2_configuration());
}

absl::Status CheckComputeResourceUpdate(const ComputeResourceUpdate& update,
                                        bool is_fargate) {
  if (is_fargate) {
    if (absl::Status status = CheckApplicable(update); !status.ok()) {
      return status;
    }
    return CheckFargateNetwork(update.subnets(), update.security_group_ids());
  }
  // Source: as for a creation. The model names those that an empty text takes
  // away, and this is none of them.
  if (update.has_instance_role() && update.instance_role().empty()) {
    return Missing("instanceRole", "it is required for EC2 and SPOT");
  }
  // Source: API ComputeResourceUpdate.launchTemplate ("To remove the custom
  // launch template ... set launchTemplateId or launchTemplateName member of
  // the launch template specification to an empty string").
  const LaunchTemplateSpecification& one = update.launch_template();
  const bool takes_away =
      one.launch_template_id().empty() && one.launch_template_name().empty() &&
      (one.has_launch_template_id() || one.has_launch_template_name());
  if (update.has_launch_template() && !takes_away) {
    if (absl::Status status = CheckTemplate(one); !status.ok()) {
      return status;
    }
  }
  return CheckConfigurations(update.ec2_configuration());
}

// Source: API EksConfiguration.kubernetesNamespace; guide "Amazon EKS" (managed
// environments of instances); §16.5 (BEST_FIT is not for EKS).
absl::Status CheckEks(const CreateComputeEnvironmentRequest& request) {
  const ComputeResource& resources = request.compute_resources();
  if (request.type() != CE_TYPE_MANAGED ||
      resources.type() == CR_TYPE_FARGATE ||
      resources.type() == CR_TYPE_FARGATE_SPOT) {
    return absl::InvalidArgumentError(
        "eksConfiguration is given; type must be MANAGED and "
        "computeResources.type EC2 or SPOT then");
  }
  const std::string& name = request.eks_configuration().kubernetes_namespace();
  const bool has_form =
      !name.empty() && name.size() <= kKubernetesNamespaceLengthMax &&
      name.front() != '-' && name.back() != '-' &&
      absl::c_all_of(name, [](char c) {
        return absl::ascii_islower(static_cast<unsigned char>(c)) ||
               absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-';
      });
  if (!has_form || name == "default" || absl::StartsWith(name, "kube-")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "eksConfiguration.kubernetesNamespace is ", Quote(name),
        "; must have 1 to ", kKubernetesNamespaceLengthMax,
        " lower-case letters, digits and inner hyphens, not be \"default\" and "
        "not begin with \"kube-\""));
  }
  if (resources.allocation_strategy() == CR_ALLOCATION_STRATEGY_BEST_FIT) {
    return absl::InvalidArgumentError(
        "computeResources.allocationStrategy is BEST_FIT; must be another one "
        "in an environment on EKS");
  }
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
