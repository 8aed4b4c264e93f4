// SPDX-License-Identifier: Apache-2.0
// TagResource, UntagResource, ListTagsForResource.
// Source: §2.4.
#ifndef EMBATCH_LIB_API_SERVICE_TAG_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_TAG_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/tag.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status TagResource(const Context& context,
                         const TagResourceRequest& request,
                         TagResourceResponse& response);
absl::Status UntagResource(const Context& context,
                           const UntagResourceRequest& request,
                           UntagResourceResponse& response);
absl::Status ListTagsForResource(const Context& context,
                                 const ListTagsForResourceRequest& request,
                                 ListTagsForResourceResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_TAG_OPERATIONS_H_
