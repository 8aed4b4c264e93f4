// SPDX-License-Identifier: Apache-2.0
//
// The rules for the containers of a definition, of whatever kind: a job's or
// those of a group of nodes. `member` is the path that messages begin with.
#ifndef EMBATCH_MODEL_CONTAINER_CHECKS_H_
#define EMBATCH_MODEL_CONTAINER_CHECKS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "embatch/container_properties.h"
#include "embatch/job_definition.h"
#include "embatch/resources.h"
#include "lib/model/limits.h"

namespace embatch {

// What the rules depend on beside the containers themselves.
struct ContainerRules {
  // Source: API RegisterJobDefinition.platformCapabilities (empty: EC2).
  bool on_ec2 = true;
  bool on_fargate = false;
  bool on_eks = false;
  bool multinode = false;  // instance_type may be given
  Limits limits = kAwsLimits;
};

ContainerRules RulesFor(const JobDefinitionOptions& options,
                        const Limits& limits);

// What a definition says of its containers: of which kind they are, each of
// them, and what consumable resources they need. A group of nodes is checked
// so as well. Messages name members of the definition.
absl::Status CheckContainersOf(const JobDefinitionOptions& options,
                               const Limits& limits);

// Source: API ContainerProperties; §3.2, §3.4.
absl::Status CheckContainerProperties(absl::string_view member,
                                      const ContainerProperties& container,
                                      const ContainerRules& rules);

// Source: API EcsProperties, TaskContainerProperties; §3.3.
absl::Status CheckEcsProperties(absl::string_view member,
                                const EcsProperties& properties,
                                const ContainerRules& rules);

// Source: API EksProperties, EksContainerResourceRequirements; §3.3.
absl::Status CheckEksProperties(absl::string_view member,
                                const EksProperties& properties);

// One of the two lists of amounts of a container of a pod, and both together.
absl::Status CheckEksResources(absl::string_view member,
                               const EksContainerResources& resources);

// What a container of a pod asks for: requests, and limits where they are
// absent. Source: guide "Amazon EKS job definitions" (§3.3).
Resources RequestedBy(const EksContainerResources& resources);

// Whether Fargate has tasks of this size. Source: §3.4.
bool IsFargateSize(const Resources& resources);

// A job's, or a node's, merged requirement: vCPU and memory are both there,
// and as large or as exact as the platform wants them.
// Source: §3.3, §3.4, §22.
absl::Status CheckMergedResources(const Resources& resources,
                                  const ContainerRules& rules);

}  // namespace embatch

#endif  // EMBATCH_MODEL_CONTAINER_CHECKS_H_
