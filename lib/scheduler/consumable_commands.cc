// SPDX-License-Identifier: Apache-2.0
//
// Consumable resources as their owner sees them: created, updated, deleted.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"

namespace embatch {
namespace {

// What an update makes of the total. Choice: §18, REMOVE stops at 0.
absl::StatusOr<int64_t> NewTotal(
    int64_t total, const UpdateConsumableResourceRequest& request) {
  switch (request.operation) {
    case ConsumableResourceOperation::kSet:
      return request.quantity;
    case ConsumableResourceOperation::kAdd:
      EMBATCH_RETURN_IF_ERROR(CheckRange("total_quantity after the update",
                                         total + request.quantity, 0,
                                         kConsumableQuantityMax));
      return total + request.quantity;
    case ConsumableResourceOperation::kRemove:
      return std::max<int64_t>(0, total - request.quantity);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("operation is ", static_cast<int>(request.operation),
                   "; must be SET, ADD or REMOVE"));
}

// Whether an equal request was carried out within the life of its token.
// Remembers this one if not.
bool IsRepeated(State& state, const UpdateConsumableResourceRequest& request,
                uint64_t number) {
  std::map<ClientTokenKey, int64_t>& tokens = state.client_tokens;
  while (!state.client_tokens_by_age.empty() &&
         tokens[state.client_tokens_by_age.front()] <= state.now_ns) {
    tokens.erase(state.client_tokens_by_age.front());
    state.client_tokens_by_age.pop_front();
  }
  if (request.client_token.empty()) return false;
  const ClientTokenKey key{number, request.client_token, request.operation,
                           request.quantity};
  const auto [token, is_new] = tokens.try_emplace(
      key, SaturatingAdd(state.now_ns, DurationToNanos(kClientTokenLife)));
  if (is_new) state.client_tokens_by_age.push_back(key);
  return !is_new;
}

}  // namespace

absl::Status Apply(State& state,
                   const CreateConsumableResourceCommand& command) {
  const ConsumableResource& resource = command.consumable_resource;
  EMBATCH_RETURN_IF_ERROR(
      ConsumableResource::Create(resource.options()).status());
  const std::string& name = resource.consumable_resource_name();
  if (state.consumables.Find(name) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("Consumable resource ", name, " already exists"));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckCount("consumable resources", state.consumables.size(),
                 LimitsOf(state.settings.limits).consumables_max));
  state.consumables.Add(resource, state.now_ns);
  return absl::OkStatus();
}

// Source: API UpdateConsumableResource; §18.
absl::Status Apply(State& state,
                   const UpdateConsumableResourceRequest& request) {
  const ConsumableRecord* record =
      state.consumables.Find(request.consumable_resource);
  if (record == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("consumable_resource: Consumable resource ",
                     Quoted(request.consumable_resource), " does not exist"));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("quantity", request.quantity, 0, kConsumableQuantityMax));
  if (request.client_token.size() > kClientTokenLengthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("client_token has ", request.client_token.size(),
                     " characters; must have at most ", kClientTokenLengthMax));
  }
  const absl::StatusOr<int64_t> total = NewTotal(record->total, request);
  EMBATCH_RETURN_IF_ERROR(total.status());
  if (IsRepeated(state, request, record->number)) return absl::OkStatus();
  state.consumables.SetTotal(request.consumable_resource, *total);
  return absl::OkStatus();
}

// Source: §18, at any time; jobs that need it wait. Choice: D42, an unknown one
// is no error.
absl::Status Apply(State& state,
                   const DeleteConsumableResourceCommand& command) {
  state.consumables.Remove(command.consumable_resource);
  return absl::OkStatus();
}

absl::Status CheckConsumablesExist(
    const State& state,
    const std::vector<ConsumableResourceRequirement>& needs) {
  for (const ConsumableResourceRequirement& need : needs) {
    if (state.consumables.Find(need.consumable_resource) != nullptr) continue;
    return absl::NotFoundError(
        absl::StrCat("consumable_resource_properties.consumable_resource is ",
                     Quoted(need.consumable_resource),
                     "; there is no consumable resource of that name"));
  }
  return absl::OkStatus();
}

}  // namespace embatch
