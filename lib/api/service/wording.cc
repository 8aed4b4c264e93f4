// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/wording.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
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
    {"resourcesharing", "resourceSharingConfiguration"},
    {"schedulingpolicy", "schedulingPolicyArn"},
    {"sharedecay", "shareDecaySeconds"},
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

void AppendWord(absl::string_view word, std::string& out) {
  if (absl::StrContains(word, '_')) {
    std::string plain(word);
    plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
    const auto found = AllNames().find(plain);
    if (found != AllNames().end()) {
      out += found->second;
      return;
    }
  }
  out.append(word.data(), word.size());
}

}  // namespace

std::string InWordsOfAws(absl::string_view message) {
  if (message.empty() || absl::ascii_isupper(message[0])) {
    return std::string(message);
  }
  std::string out;
  out.reserve(message.size());
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
    AppendWord(message.substr(begin, i - begin), out);
  }
  return out;
}

}  // namespace api
}  // namespace embatch
