// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/service_payload.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace embatch {
namespace api {
namespace {

using nlohmann::json;

absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "serviceRequestPayload ", what,
      "; must be JSON with ResourceConfig.InstanceType and "
      "ResourceConfig.InstanceCount, or with ResourceConfig.InstanceGroups"));
}

// Adds the instances of one pair of members.
absl::Status Add(const json& pair, std::vector<CapacityUsage>& usage) {
  if (!pair.is_object()) return Refuse("has an instance group of another form");
  const auto type = pair.find("InstanceType");
  if (type == pair.end() || !type->is_string()) {
    return Refuse("has no InstanceType");
  }
  const auto count = pair.find("InstanceCount");
  if (count == pair.end() || !count->is_number_integer()) {
    return Refuse("has no InstanceCount");
  }
  // Of numbers beyond this one the sum could overflow. A number above int64
  // reads as a negative one.
  constexpr int64_t kCountMax = std::numeric_limits<int32_t>::max();
  const int64_t quantity = count->get<int64_t>();
  if (quantity < 1 || quantity > kCountMax) {
    return Refuse(absl::StrCat("has the InstanceCount ", count->dump(),
                               ", which is not between 1 and ", kCountMax));
  }
  const std::string& unit = type->get_ref<const std::string&>();
  const auto known = std::find_if(
      usage.begin(), usage.end(),
      [&unit](const CapacityUsage& one) { return one.capacity_unit == unit; });
  if (known == usage.end()) {
    usage.push_back({unit, quantity});
  } else {
    known->quantity += quantity;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<CapacityUsage>> CapacityUsageOf(
    absl::string_view payload) {
  const json root = json::parse(payload.begin(), payload.end(), nullptr,
                                /*allow_exceptions=*/false);
  if (!root.is_object()) return Refuse("is no object in JSON");
  const auto config = root.find("ResourceConfig");
  if (config == root.end() || !config->is_object()) {
    return Refuse("has no ResourceConfig");
  }
  std::vector<CapacityUsage> usage;
  const auto groups = config->find("InstanceGroups");
  if (groups == config->end() || !groups->is_array() || groups->empty()) {
    if (absl::Status status = Add(*config, usage); !status.ok()) return status;
    return usage;
  }
  for (const json& group : *groups) {
    if (absl::Status status = Add(group, usage); !status.ok()) return status;
  }
  return usage;
}

}  // namespace api
}  // namespace embatch
