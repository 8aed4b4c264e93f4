// SPDX-License-Identifier: Apache-2.0
#include "embatch/ids.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/uuid.h"

namespace embatch {
namespace {

// What a UUID is made for: the kinds never collide.
constexpr uint8_t kJobKind = 0;
constexpr uint8_t kTaskKind = 1;
constexpr uint8_t kEnvironmentKind = 2;

std::string Format(const JobId& id, char before_child, uint64_t seed) {
  std::string text =
      UuidCodec(seed).Format({id.slot, id.generation, kJobKind, 0});
  if (id.child >= 0) {
    text += before_child;
    absl::StrAppend(&text, id.child);
  }
  return text;
}

std::optional<JobId> Parse(absl::string_view text, char before_child,
                           uint64_t seed) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(before_child, 1));
  const std::optional<UuidCodec::Parts> uuid =
      UuidCodec(seed).Parse(parts.first);
  if (!uuid.has_value() || uuid->kind != kJobKind || uuid->number != 0 ||
      uuid->generation == 0) {
    return std::nullopt;
  }
  JobId id{uuid->slot, uuid->generation, -1};
  if (parts.first.size() == text.size()) return id;
  // "7", not "07", "+7" or " 7": one text for each child.
  if (!absl::SimpleAtoi(parts.second, &id.child) || id.child < 0 ||
      absl::StrCat(id.child) != parts.second) {
    return std::nullopt;
  }
  return id;
}

}  // namespace

bool operator<(const JobId& a, const JobId& b) {
  return FieldsOf(a) < FieldsOf(b);
}

std::ostream& operator<<(std::ostream& out, const JobId& id) {
  if (id.is_null()) return out << "no job";
  out << "job " << id.slot << "." << id.generation;
  if (id.child >= 0) out << ":" << id.child;
  return out;
}

std::ostream& operator<<(std::ostream& out, const AttemptId& id) {
  return out << id.job << " attempt " << id.number;
}

std::ostream& operator<<(std::ostream& out, const ContainerId& id) {
  return out << id.attempt << " container " << id.container;
}

std::ostream& operator<<(std::ostream& out, const InstanceId& id) {
  if (!id.joined()) return out << "instance " << id.number;
  return out << "joined instance " << (id.number & ~InstanceId::kJoinedBit);
}

std::string FormatJobId(const JobId& id, uint64_t seed) {
  return Format(id, ':', seed);
}

std::string FormatNodeId(const JobId& id, uint64_t seed) {
  return Format(id, '#', seed);
}

std::optional<JobId> ParseJobId(absl::string_view text, uint64_t seed) {
  return Parse(text, ':', seed);
}

std::optional<JobId> ParseNodeId(absl::string_view text, uint64_t seed) {
  return Parse(text, '#', seed);
}

std::string FormatTaskId(const AttemptId& id, uint64_t seed) {
  // A child has its array's slot and generation: its index goes into the seed.
  const uint64_t child = static_cast<uint64_t>(id.job.child) + 1;
  std::string text =
      UuidCodec(seed + child * 0x9e3779b97f4a7c15u)
          .Format({id.job.slot, id.job.generation, kTaskKind, id.number});
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  return text;
}

std::string FormatEnvironmentId(uint32_t number, uint64_t seed) {
  return UuidCodec(seed).Format({number, 0, kEnvironmentKind, 0});
}

}  // namespace embatch
