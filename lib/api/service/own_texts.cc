// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/own_texts.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace embatch {
namespace api {
namespace {

// Whole texts, and beginnings of texts that go on to the message's end.
struct Text {
  absl::string_view text;
  bool goes_on = false;
};
constexpr Text kTexts[] = {
    {"Job name should match valid pattern"},
    {"containerProperties must contain image"},
    {"container memory limit must be greater than 4"},
    {"container vcpus limit must be greater than 0"},
    {"type must be one of ('container', 'multinode')"},
    {"RetryAttempts must be provided with retry strategy"},
    {"Unable to substitute value. No parameter found for reference ", true},
    {"Command field cannot have empty strings"},
    {"Job with shareIdentifier or schedulingPriority can only be submitted to "
     "job queue with fair share scheduling policy."},
    {"Job Queue is attached to Compute Environment that can not run Jobs with "
     "capability ",
     true},
    {"NodeOverride targets should match job definition. Non matching targets "
     "- ",
     true},
    {"Maximum number of jobs supported is  100 ."},
    {"At least 1 compute environment must be provided"},
    {"computeEnvironmentOrder is malformed"},
    {"A compute environment already exists with the name ", true},
    {"At least 1 instance type must be provided"},
    {"At least 1 subnet must be provided"},
    {"maxVCpus must be greater than minvCpus"},
    {"Manually scaling down compute environment is not supported. "
     "Disconnecting job queues from compute environment will cause it to "
     "scale-down to minvCpus"},
    {"Cannot delete, found existing JobQueue relationship"},
    {"Cannot delete, resource is being modified"},
};

// Texts that begin with a member's name.
constexpr absl::string_view kEndings[] = {
    " is not applicable for Fargate.",
    " not applicable for EC2.",
};

// "Job queue "x" does not exist": the scheduler quotes the name.
struct NamedText {
  absl::string_view begin;
  absl::string_view end;
};
constexpr NamedText kNamed[] = {
    {"Job queue \"", "\" does not exist"},
    {"Job queue \"", "\" already exists"},
    {"Job definition \"", "\" does not exist"},
};

// Where a text stands that is not part of a value; npos: nowhere. Before it is
// the end of what the scheduler says of member and value.
size_t FindText(absl::string_view message, absl::string_view text) {
  for (size_t at = message.find(text); at != absl::string_view::npos;
       at = message.find(text, at + 1)) {
    const absl::string_view before = message.substr(0, at);
    if (before.empty() || absl::EndsWith(before, "; ") ||
        absl::EndsWith(before, ": ")) {
      return at;
    }
  }
  return absl::string_view::npos;
}

}  // namespace

std::optional<std::string> OwnText(const std::string& message) {
  for (const Text& own : kTexts) {
    const size_t at = FindText(message, own.text);
    if (at == std::string::npos) continue;
    return message.substr(at,
                          own.goes_on ? std::string::npos : own.text.size());
  }
  for (const absl::string_view ending : kEndings) {
    if (!absl::EndsWith(message, ending)) continue;
    const size_t semicolon = message.rfind("; ");
    return semicolon == std::string::npos ? message
                                          : message.substr(semicolon + 2);
  }
  for (const NamedText& named : kNamed) {
    if (!absl::EndsWith(message, named.end)) continue;
    const size_t at = FindText(message, named.begin);
    if (at == std::string::npos) continue;
    absl::string_view name = message;
    name.remove_prefix(at + named.begin.size());
    absl::ConsumeSuffix(&name, named.end);
    return absl::StrCat(absl::StripSuffix(named.begin, "\""), name,
                        absl::StripPrefix(named.end, "\""));
  }
  return std::nullopt;
}

}  // namespace api
}  // namespace embatch
