// SPDX-License-Identifier: Apache-2.0
// CreateConsumableResource, UpdateConsumableResource,
// DeleteConsumableResource, DescribeConsumableResource,
// ListConsumableResources.
// Source: §18, §20.1.
#ifndef EMBATCH_LIB_API_SERVICE_CONSUMABLE_RESOURCE_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_CONSUMABLE_RESOURCE_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/consumable_resource.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status CreateConsumableResource(
    const Context& context, const CreateConsumableResourceRequest& request,
    CreateConsumableResourceResponse& response);
absl::Status UpdateConsumableResource(
    const Context& context, const UpdateConsumableResourceRequest& request,
    UpdateConsumableResourceResponse& response);
absl::Status DeleteConsumableResource(
    const Context& context, const DeleteConsumableResourceRequest& request,
    DeleteConsumableResourceResponse& response);
absl::Status DescribeConsumableResource(
    const Context& context, const DescribeConsumableResourceRequest& request,
    DescribeConsumableResourceResponse& response);
absl::Status ListConsumableResources(
    const Context& context, const ListConsumableResourcesRequest& request,
    ListConsumableResourcesResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_CONSUMABLE_RESOURCE_OPERATIONS_H_
