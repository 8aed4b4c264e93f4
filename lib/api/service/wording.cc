// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/wording.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "embatch/api/operation.h"
#include "google/protobuf/descriptor.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::Descriptor;

// From a name without '_' and in lower case to AWS's.
using Names = absl::flat_hash_map<std::string, std::string>;

void AddNames(const Descriptor* message, Names& names,
              absl::flat_hash_set<const Descriptor*>& seen) {
  if (!seen.insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    const std::string& name = message->field(i)->json_name();
    names.emplace(absl::AsciiStrToLower(name), name);
    if (message->field(i)->message_type() != nullptr) {
      AddNames(message->field(i)->message_type(), names, seen);
    }
  }
}

// Members that AWS calls otherwise than by the same words.
constexpr std::pair<absl::string_view, absl::string_view> kOtherNames[] = {
    {"arraysize", "arrayProperties.size"},
    {"attemptduration", "attemptDurationSeconds"},
    {"deprecatedmemorymib", "memory"},
    {"deprecatedvcpus", "vcpus"},
    {"maxtime", "maxTimeSeconds"},
    {"minscaledowndelayminutes", "scalingPolicy.minScaleDownDelayMinutes"},
    {"preemptionretriesbeforetermination",
     "preemptionConfiguration.preemptionRetriesBeforeTermination"},
    {"resourcesharing", "resourceSharingConfiguration"},
    {"schedulingpolicy", "schedulingPolicyArn"},
    {"sharedecay", "shareDecaySeconds"},
};

// Amounts, of which the scheduler has one member each and AWS a list. Their
// units are part of the scheduler's names, and the numbers stand in these
// units.
struct Amount {
  absl::string_view name;
  absl::string_view in_requirements;  // of containers on ECS
  absl::string_view in_pod;           // below limits and requests
};
constexpr Amount kAmounts[] = {
    {"vcpu_milli", "resourceRequirements.VCPU (in thousandths)", ""},
    {"cpu_milli", "", "cpu (in thousandths)"},
    {"memory_mib", "resourceRequirements.MEMORY (in MiB)", "memory (in MiB)"},
    {"gpus", "resourceRequirements.GPU", ""},
    {"nvidia_gpus", "", "nvidia.com/gpu"},
};

const Names& AllNames() {
  static const auto* const names = [] {
    auto* all = new Names;
    for (const auto& [name, other] : kOtherNames) {
      all->emplace(std::string(name), std::string(other));
    }
    absl::flat_hash_set<const Descriptor*> seen;
    for (const Operation& operation : Operations()) {
      AddNames(operation.request->GetDescriptor(), *all, seen);
      AddNames(operation.response->GetDescriptor(), *all, seen);
    }
    return all;
  }();
  return *names;
}

bool IsOfName(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
}

// Appends what AWS calls the amount of that name, if it is one.
bool AppendAmount(absl::string_view word, std::string& out) {
  const bool in_path = absl::EndsWith(out, ".");
  const bool in_pod =
      absl::EndsWith(out, "limits.") || absl::EndsWith(out, "requests.");
  for (const Amount& amount : kAmounts) {
    const absl::string_view other =
        in_pod ? amount.in_pod : amount.in_requirements;
    if (word != amount.name || !in_path || other.empty()) continue;
    // The scheduler has them together in `resources`, AWS has not.
    if (!in_pod && absl::EndsWith(out, "resources.")) {
      out.resize(out.size() - absl::string_view("resources.").size());
    }
    absl::StrAppend(&out, other);
    return true;
  }
  return false;
}

void AppendWord(absl::string_view word, absl::string_view rest,
                std::string& out) {
  if (AppendAmount(word, out)) return;
  // All amounts of a container at once; a pod's have members below.
  const bool is_member = out.empty() || absl::EndsWith(out, ".");
  if (word == "resources" && is_member && absl::StartsWith(rest, " ")) {
    absl::StrAppend(&out, "resourceRequirements");
    return;
  }
  if (absl::StrContains(word, '_')) {
    std::string plain(word);
    plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
    const auto found = AllNames().find(plain);
    if (found != AllNames().end()) {
      out += found->second;
      return;
    }
  }
  absl::StrAppend(&out, word);
}

}  // namespace

std::string InWordsOfAws(absl::string_view message) {
  if (message.empty() || absl::ascii_isupper(message[0])) {
    return std::string(message);
  }
  std::string out;
  out.reserve(message.size());
  // The scheduler knows one filter; and clients know nothing of its turns.
  if (absl::ConsumePrefix(&message, "filter.")) out = "filters[0].";
  absl::ConsumeSuffix(&message, " (a new one is after the next Advance())");
  bool quoted = false;
  for (size_t i = 0; i < message.size();) {
    if (message[i] == '"') quoted = !quoted;
    if (quoted && message[i] == '\\' && i + 1 < message.size()) {
      out += message[i++];
    }
    if (quoted || !IsOfName(message[i])) {
      out += message[i++];
      continue;
    }
    const size_t begin = i;
    while (i < message.size() && IsOfName(message[i])) ++i;
    AppendWord(message.substr(begin, i - begin), message.substr(i), out);
  }
  return out;
}

}  // namespace api
}  // namespace embatch
