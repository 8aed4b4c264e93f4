// SPDX-License-Identifier: Apache-2.0
#include "instance_types_file.h"

#include <cstdint>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace batch_server {
namespace {

using nlohmann::json;

constexpr int64_t kVcpusMax = 10000;
constexpr int64_t kMemoryMibMax = int64_t{1} << 30;
constexpr int64_t kGpusMax = 1000;
constexpr double kPriceMax = 1e6;

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  absl::StatusOr<embatch::InstanceType> Read(size_t index, const json& entry) {
    where_ = absl::StrCat(file_, ": [", index, "]");
    embatch::InstanceType type;
    if (!entry.is_object() || !entry.contains("name") ||
        !entry["name"].is_string() || entry["name"].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(where_, ".name is missing; must be a text"));
    }
    type.name = entry["name"].get<std::string>();
    const int64_t vcpus = Number(entry, "vcpus", 1, kVcpusMax);
    const int64_t memory = Number(entry, "memory", 1, kMemoryMibMax);
    const int64_t gpus = Number(entry, "gpus", 0, kGpusMax);
    type.resources =
        embatch::Resources::Of(vcpus, memory, static_cast<int32_t>(gpus));
    type.price_microdollars_per_hour =
        static_cast<int64_t>(Real(entry, "price", 0, kPriceMax) * 1e6 + 0.5);
    if (!error_.ok()) return error_;
    return type;
  }

 private:
  void Refuse(const char* member, const std::string& is, double min,
              double max) {
    if (!error_.ok()) return;
    error_ = absl::InvalidArgumentError(
        absl::StrCat(where_, ".", member, " is ", is,
                     "; must be a number between ", min, " and ", max));
  }

  // A member that may be missing if 0 is allowed.
  double Real(const json& entry, const char* member, double min, double max) {
    if (!entry.contains(member)) {
      if (min > 0) Refuse(member, "missing", min, max);
      return 0;
    }
    const json& value = entry[member];
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number >= min) || number > max) {
      Refuse(member, value.dump(), min, max);
      return 0;
    }
    return number;
  }

  int64_t Number(const json& entry, const char* member, int64_t min,
                 int64_t max) {
    return static_cast<int64_t>(Real(entry, member, static_cast<double>(min),
                                     static_cast<double>(max)));
  }

  const std::string file_;
  std::string where_;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<std::vector<embatch::InstanceType>> ReadInstanceTypes(
    const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat(file, ": can't be read"));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const json list = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array() || list.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": must be a JSON list of instance types"));
  }
  std::vector<embatch::InstanceType> types;
  Reader reader(file);
  for (size_t i = 0; i < list.size(); ++i) {
    absl::StatusOr<embatch::InstanceType> type = reader.Read(i, list[i]);
    if (!type.ok()) return type.status();
    types.push_back(*std::move(type));
  }
  return types;
}

}  // namespace batch_server
