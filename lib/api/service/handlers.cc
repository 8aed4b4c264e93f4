// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/handlers.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "lib/api/service/compute_environment_operations.h"
#include "lib/api/service/consumable_resource_operations.h"
#include "lib/api/service/job_definition_operations.h"
#include "lib/api/service/job_operations.h"
#include "lib/api/service/job_queue_operations.h"
#include "lib/api/service/job_queue_snapshot_operations.h"
#include "lib/api/service/quota_share_operations.h"
#include "lib/api/service/scheduling_policy_operations.h"
#include "lib/api/service/service_environment_operations.h"
#include "lib/api/service/service_job_operations.h"
#include "lib/api/service/tag_operations.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

template <typename Request, typename Response>
using TypedHandler = absl::Status (*)(const Context&, const Request&,
                                      Response&);

// A typed handler in the form of all.
template <auto kHandler>
struct Bound;
template <typename Request, typename Response,
          TypedHandler<Request, Response> kHandler>
struct Bound<kHandler> {
  static absl::Status Run(const Context& context, const Message& request,
                          Message& response) {
    return kHandler(context, static_cast<const Request&>(request),
                    static_cast<Response&>(response));
  }
  static std::pair<const Descriptor* const, Handler> Entry() {
    return {Request::descriptor(), &Run};
  }
};

using HandlerTable = absl::flat_hash_map<const Descriptor*, Handler>;

}  // namespace

Handler FindHandler(const Descriptor* request) {
  static const auto* const table = new HandlerTable{
      Bound<CreateComputeEnvironment>::Entry(),
      Bound<UpdateComputeEnvironment>::Entry(),
      Bound<DeleteComputeEnvironment>::Entry(),
      Bound<DescribeComputeEnvironments>::Entry(),
      Bound<CreateConsumableResource>::Entry(),
      Bound<UpdateConsumableResource>::Entry(),
      Bound<DeleteConsumableResource>::Entry(),
      Bound<DescribeConsumableResource>::Entry(),
      Bound<ListConsumableResources>::Entry(),
      Bound<CreateJobQueue>::Entry(),
      Bound<UpdateJobQueue>::Entry(),
      Bound<DeleteJobQueue>::Entry(),
      Bound<DescribeJobQueues>::Entry(),
      Bound<RegisterJobDefinition>::Entry(),
      Bound<DeregisterJobDefinition>::Entry(),
      Bound<DescribeJobDefinitions>::Entry(),
      Bound<SubmitJob>::Entry(),
      Bound<CancelJob>::Entry(),
      Bound<TerminateJob>::Entry(),
      Bound<DescribeJobs>::Entry(),
      Bound<ListJobs>::Entry(),
      Bound<ListJobsByConsumableResource>::Entry(),
      Bound<GetJobQueueSnapshot>::Entry(),
      Bound<CreateQuotaShare>::Entry(),
      Bound<UpdateQuotaShare>::Entry(),
      Bound<DeleteQuotaShare>::Entry(),
      Bound<DescribeQuotaShare>::Entry(),
      Bound<ListQuotaShares>::Entry(),
      Bound<CreateSchedulingPolicy>::Entry(),
      Bound<UpdateSchedulingPolicy>::Entry(),
      Bound<DeleteSchedulingPolicy>::Entry(),
      Bound<DescribeSchedulingPolicies>::Entry(),
      Bound<ListSchedulingPolicies>::Entry(),
      Bound<CreateServiceEnvironment>::Entry(),
      Bound<UpdateServiceEnvironment>::Entry(),
      Bound<DeleteServiceEnvironment>::Entry(),
      Bound<DescribeServiceEnvironments>::Entry(),
      Bound<SubmitServiceJob>::Entry(),
      Bound<UpdateServiceJob>::Entry(),
      Bound<TerminateServiceJob>::Entry(),
      Bound<DescribeServiceJob>::Entry(),
      Bound<ListServiceJobs>::Entry(),
      Bound<TagResource>::Entry(),
      Bound<UntagResource>::Entry(),
      Bound<ListTagsForResource>::Entry(),
  };
  const auto found = table->find(request);
  return found == table->end() ? nullptr : found->second;
}

}  // namespace api
}  // namespace embatch
