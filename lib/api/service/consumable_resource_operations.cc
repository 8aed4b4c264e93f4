// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/consumable_resource_operations.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "embatch/consumable_resource.h"
#include "embatch/scheduler.h"
#include "lib/api/json_text.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

constexpr char kMember[] = "consumableResource";

// AWS's model has plain texts here, and these words in its prose.
constexpr char kReplenishable[] = "REPLENISHABLE";
constexpr char kNonReplenishable[] = "NON_REPLENISHABLE";

const char* TypeName(ConsumableResourceType type) {
  return type == ConsumableResourceType::kReplenishable ? kReplenishable
                                                        : kNonReplenishable;
}

absl::StatusOr<ConsumableResourceType> TypeOf(
    const CreateConsumableResourceRequest& request) {
  if (!request.has_resource_type() ||
      request.resource_type() == kReplenishable) {
    return ConsumableResourceType::kReplenishable;
  }
  if (request.resource_type() == kNonReplenishable) {
    return ConsumableResourceType::kNonReplenishable;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("resourceType is ", Quote(request.resource_type()),
                   "; must be REPLENISHABLE or NON_REPLENISHABLE"));
}

// Choice: the model requires neither operation nor quantity; an update without
// one of them could mean nothing.
absl::StatusOr<ConsumableResourceOperation> OperationOf(
    const UpdateConsumableResourceRequest& request) {
  if (!request.has_quantity()) {
    return absl::InvalidArgumentError("quantity is absent; it is required");
  }
  const std::string& word = request.operation();
  if (word == "SET") return ConsumableResourceOperation::kSet;
  if (word == "ADD") return ConsumableResourceOperation::kAdd;
  if (word == "REMOVE") return ConsumableResourceOperation::kRemove;
  return absl::InvalidArgumentError(absl::StrCat(
      "operation is ", Quote(word), "; must be SET, ADD or REMOVE"));
}

std::string ResourceArn(const Context& context, absl::string_view name) {
  return ArnOf(context, ArnKind::kConsumableResource, name);
}

}  // namespace

absl::Status CreateConsumableResource(
    const Context& context, const CreateConsumableResourceRequest& request,
    CreateConsumableResourceResponse& response) {
  const absl::StatusOr<ConsumableResourceType> type = TypeOf(request);
  if (!type.ok()) return type.status();
  ConsumableResourceOptions options;
  options.consumable_resource_name = request.consumable_resource_name();
  options.total_quantity = request.total_quantity();
  options.resource_type = *type;
  options.tags = TagsOf(request.tags());
  absl::StatusOr<ConsumableResource> resource =
      ConsumableResource::Create(std::move(options));
  if (!resource.ok()) return resource.status();
  if (absl::Status status = context.scheduler.CreateConsumableResource(
          *std::move(resource), context.now);
      !status.ok()) {
    return status;
  }
  response.set_consumable_resource_name(request.consumable_resource_name());
  response.set_consumable_resource_arn(
      ResourceArn(context, request.consumable_resource_name()));
  return absl::OkStatus();
}

absl::Status UpdateConsumableResource(
    const Context& context, const UpdateConsumableResourceRequest& request,
    UpdateConsumableResourceResponse& response) {
  absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.consumable_resource(),
             ArnKind::kConsumableResource);
  if (!name.ok()) return name.status();
  const absl::StatusOr<ConsumableResourceOperation> operation =
      OperationOf(request);
  if (!operation.ok()) return operation.status();
  embatch::UpdateConsumableResourceRequest update;
  update.consumable_resource = *name;
  update.operation = *operation;
  update.quantity = request.quantity();
  update.client_token = request.client_token();
  if (absl::Status status =
          context.scheduler.UpdateConsumableResource(update, context.now);
      !status.ok()) {
    return status;
  }
  const auto view = context.scheduler.DescribeConsumableResource(*name);
  if (!view.ok()) return view.status();
  response.set_consumable_resource_name(*name);
  response.set_consumable_resource_arn(ResourceArn(context, *name));
  response.set_total_quantity(view->total_quantity);
  return absl::OkStatus();
}

absl::Status DeleteConsumableResource(
    const Context& context, const DeleteConsumableResourceRequest& request,
    DeleteConsumableResourceResponse& /*response*/) {
  const absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.consumable_resource(),
             ArnKind::kConsumableResource);
  if (!name.ok()) return name.status();
  return context.scheduler.DeleteConsumableResource(*name, context.now);
}

absl::Status DescribeConsumableResource(
    const Context& context, const DescribeConsumableResourceRequest& request,
    DescribeConsumableResourceResponse& response) {
  const absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.consumable_resource(),
             ArnKind::kConsumableResource);
  if (!name.ok()) return name.status();
  const auto view = context.scheduler.DescribeConsumableResource(*name);
  if (!view.ok()) return view.status();
  response.set_consumable_resource_name(view->consumable_resource_name);
  response.set_consumable_resource_arn(
      ResourceArn(context, view->consumable_resource_name));
  response.set_total_quantity(view->total_quantity);
  response.set_in_use_quantity(view->in_use_quantity);
  response.set_available_quantity(view->available_quantity);
  response.set_resource_type(TypeName(view->resource_type));
  response.set_created_at(Millis(view->created_at));
  SetTags(view->tags, *response.mutable_tags());
  return absl::OkStatus();
}

// Source: API ListConsumableResources.filters.
absl::Status ListConsumableResources(
    const Context& context, const ListConsumableResourcesRequest& request,
    ListConsumableResourcesResponse& response) {
  const PageRequest of = PageOf(request);
  embatch::ListConsumableResourcesRequest list;
  list.max_results = of.max_results;
  list.next_token = of.next_token;
  if (absl::Status status = CheckAtMost(
          "filters", static_cast<size_t>(request.filters().items_size()), 1);
      !status.ok()) {
    return status;
  }
  for (const KeyValuesPair& filter : request.filters().items()) {
    if (filter.name() != "CONSUMABLE_RESOURCE_NAME") {
      return absl::InvalidArgumentError(
          absl::StrCat("filters.name is ", Quote(filter.name()),
                       "; must be CONSUMABLE_RESOURCE_NAME"));
    }
    if (absl::Status status =
            CheckNotEmpty("filters.values", filter.values().items_size());
        !status.ok()) {
      return status;
    }
    list.names = Strings(filter.values());
  }
  const absl::StatusOr<NamePage> page =
      context.scheduler.ListConsumableResources(list);
  if (!page.ok()) return page.status();
  auto& resources = *response.mutable_consumable_resources()->mutable_items();
  for (const std::string& name : page->names) {
    const auto view = context.scheduler.DescribeConsumableResource(name);
    if (!view.ok()) continue;
    ConsumableResourceSummary& summary = *resources.Add();
    summary.set_consumable_resource_arn(ResourceArn(context, name));
    summary.set_consumable_resource_name(name);
    summary.set_total_quantity(view->total_quantity);
    summary.set_in_use_quantity(view->in_use_quantity);
    summary.set_resource_type(TypeName(view->resource_type));
  }
  if (!page->next_token.empty()) response.set_next_token(page->next_token);
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
