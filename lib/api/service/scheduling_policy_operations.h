// SPDX-License-Identifier: Apache-2.0
// CreateSchedulingPolicy, UpdateSchedulingPolicy, DeleteSchedulingPolicy,
// DescribeSchedulingPolicies, ListSchedulingPolicies.
// Source: §14.1, §15.1, §20.5.
#ifndef EMBATCH_LIB_API_SERVICE_SCHEDULING_POLICY_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_SCHEDULING_POLICY_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/scheduling_policy.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status CreateSchedulingPolicy(
    const Context& context, const CreateSchedulingPolicyRequest& request,
    CreateSchedulingPolicyResponse& response);
absl::Status UpdateSchedulingPolicy(
    const Context& context, const UpdateSchedulingPolicyRequest& request,
    UpdateSchedulingPolicyResponse& response);
absl::Status DeleteSchedulingPolicy(
    const Context& context, const DeleteSchedulingPolicyRequest& request,
    DeleteSchedulingPolicyResponse& response);
absl::Status DescribeSchedulingPolicies(
    const Context& context, const DescribeSchedulingPoliciesRequest& request,
    DescribeSchedulingPoliciesResponse& response);
absl::Status ListSchedulingPolicies(
    const Context& context, const ListSchedulingPoliciesRequest& request,
    ListSchedulingPoliciesResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_SCHEDULING_POLICY_OPERATIONS_H_
