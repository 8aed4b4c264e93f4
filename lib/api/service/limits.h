// SPDX-License-Identifier: Apache-2.0
// AWS's numbers for members that the core does not read; its own stand in the
// core's limits.h.
#ifndef EMBATCH_LIB_API_SERVICE_LIMITS_H_
#define EMBATCH_LIB_API_SERVICE_LIMITS_H_

#include <cstddef>

namespace embatch {
namespace api {

// Source: API DescribeComputeEnvironments and its kin ("up to 100").
inline constexpr size_t kDescribedNamesMax = 100;
// Source: API ComputeResource.subnets ("Fargate ... up to 16 subnets").
inline constexpr size_t kFargateSubnetsMax = 16;
// Source: API ComputeResourceUpdate.securityGroupIds ("up to 5").
inline constexpr size_t kFargateSecurityGroupsMax = 5;
// Source: API LaunchTemplateSpecification.overrides ("up to ten (10)").
inline constexpr size_t kLaunchTemplateOverridesMax = 10;
// Source: API ComputeResource.ec2Configuration ("One or two values").
inline constexpr size_t kEc2ConfigurationsMax = 2;
// Source: API EksConfiguration.kubernetesNamespace ("fewer than 64").
inline constexpr size_t kKubernetesNamespaceLengthMax = 63;

// Source: API ShareAttributes.weightFactor (0.0001 to 999.9999).
inline constexpr double kWeightFactorMax = 999.9999;
// Source: guide "Service quotas" (30 KiB a SubmitServiceJob; §23).
inline constexpr size_t kServiceRequestBytesMax = 30 << 10;

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_LIMITS_H_
