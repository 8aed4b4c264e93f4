// SPDX-License-Identifier: Apache-2.0
// CreateQuotaShare, UpdateQuotaShare, DeleteQuotaShare, DescribeQuotaShare,
// ListQuotaShares.
// Source: §15.2, §20.1.
#ifndef EMBATCH_LIB_API_SERVICE_QUOTA_SHARE_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_QUOTA_SHARE_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/scheduling_policy.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status CreateQuotaShare(const Context& context,
                              const CreateQuotaShareRequest& request,
                              CreateQuotaShareResponse& response);
absl::Status UpdateQuotaShare(const Context& context,
                              const UpdateQuotaShareRequest& request,
                              UpdateQuotaShareResponse& response);
absl::Status DeleteQuotaShare(const Context& context,
                              const DeleteQuotaShareRequest& request,
                              DeleteQuotaShareResponse& response);
absl::Status DescribeQuotaShare(const Context& context,
                                const DescribeQuotaShareRequest& request,
                                DescribeQuotaShareResponse& response);
absl::Status ListQuotaShares(const Context& context,
                             const ListQuotaSharesRequest& request,
                             ListQuotaSharesResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_QUOTA_SHARE_OPERATIONS_H_
