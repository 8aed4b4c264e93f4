// SPDX-License-Identifier: Apache-2.0
//
// A ConsumableResource is something countable that jobs need beside CPU and
// memory: licences, tokens of a rate limit, seats in a database. It belongs to
// no environment.
//
//   ConsumableResourceOptions options;
//   options.consumable_resource_name = "licence";
//   options.total_quantity = 5;
//   auto licence = ConsumableResource::Create(std::move(options));
//
// A job starts only when all that it needs is available; it takes that on
// STARTING. When the attempt ends a REPLENISHABLE resource gets it back; of a
// NON_REPLENISHABLE one it is gone for good.
//
// Threads, ownership, errors: as JobDefinition.
// Source: API CreateConsumableResource, UpdateConsumableResource,
// ConsumableResourceProperties; guide "Resource-aware scheduling".
#ifndef EMBATCH_CONSUMABLE_RESOURCE_H_
#define EMBATCH_CONSUMABLE_RESOURCE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "embatch/fields.h"

namespace embatch {

// Source: API CreateConsumableResource.resourceType.
enum class ConsumableResourceType : uint8_t {
  kReplenishable,
  kNonReplenishable,
};
constexpr bool IsValidEnum(ConsumableResourceType value) {
  return value <= ConsumableResourceType::kNonReplenishable;
}

struct ConsumableResourceOptions {
  std::string consumable_resource_name;  // as a queue's
  int64_t total_quantity = 0;            // 0 or more
  ConsumableResourceType resource_type = ConsumableResourceType::kReplenishable;
  std::map<std::string, std::string> tags;  // at most 50

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.consumable_resource_name, self.total_quantity,
                 self.resource_type, self.tags);
  }
};

class ConsumableResource {
 public:
  static absl::StatusOr<ConsumableResource> Create(
      ConsumableResourceOptions options);

  // Names nothing; only good for being assigned to.
  ConsumableResource() = default;

  const std::string& consumable_resource_name() const {
    return options_.consumable_resource_name;
  }
  const ConsumableResourceOptions& options() const { return options_; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit ConsumableResource(ConsumableResourceOptions options)
      : options_(std::move(options)) {}

  ConsumableResourceOptions options_;
};

// Source: API UpdateConsumableResource.operation.
enum class ConsumableResourceOperation : uint8_t {
  kSet,     // the total is `quantity`
  kAdd,     // the total grows by it
  kRemove,  // the total shrinks by it, to no less than 0
};
constexpr bool IsValidEnum(ConsumableResourceOperation value) {
  return value <= ConsumableResourceOperation::kRemove;
}

// Changes the total. It may fall below what is in use: then nothing is
// available until enough has come back.
struct UpdateConsumableResourceRequest {
  std::string consumable_resource;
  ConsumableResourceOperation operation = ConsumableResourceOperation::kSet;
  int64_t quantity = 0;  // 0 or more
  // Empty, or 1 to 64 characters: an equal request with an equal token within
  // 8 hours succeeds and changes nothing.
  std::string client_token;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.consumable_resource, self.operation, self.quantity,
                 self.client_token);
  }
};

// What a job needs of one consumable resource.
// Source: API ConsumableResourceRequirement.
struct ConsumableResourceRequirement {
  std::string consumable_resource;
  int64_t quantity = 0;  // 1 or more

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.consumable_resource, self.quantity);
  }
};

// Source: API ConsumableResourceProperties.
struct ConsumableResourceProperties {
  // At most 5, each resource once.
  std::vector<ConsumableResourceRequirement> consumable_resource_list;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.consumable_resource_list);
  }
};

// How a consumable resource stands.
struct ConsumableResourceView {
  std::string consumable_resource_name;
  ConsumableResourceType resource_type = ConsumableResourceType::kReplenishable;
  int64_t total_quantity = 0;
  int64_t in_use_quantity = 0;
  int64_t available_quantity = 0;  // total less in use, at least 0
  absl::Time created_at;
  std::map<std::string, std::string> tags;
};

}  // namespace embatch

#endif  // EMBATCH_CONSUMABLE_RESOURCE_H_
