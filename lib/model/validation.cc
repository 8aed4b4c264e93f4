// SPDX-License-Identifier: Apache-2.0
#include "lib/model/validation.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"

namespace embatch {
namespace {

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '_';
}

bool IsName(absl::string_view value) {
  if (value.empty() || value.size() > kNameLengthMax) return false;
  for (char c : value) {
    if (!IsNameCharacter(c)) return false;
  }
  return true;
}

bool IsReasonPatternCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::ascii_isspace(static_cast<unsigned char>(c)) || c == '.' ||
         c == ':';
}

bool IsExitCodePatternCharacter(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// `is_allowed` says which characters may stand before a '*' at the end.
absl::Status CheckExitPattern(absl::string_view member,
                              const std::optional<std::string>& pattern,
                              bool (*is_allowed)(char),
                              absl::string_view allowed) {
  if (!pattern.has_value()) return absl::OkStatus();
  if (pattern->size() > kExitPatternLengthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, " has ", pattern->size(),
                     " characters; must have at most ", kExitPatternLengthMax));
  }
  absl::string_view text = *pattern;
  absl::ConsumeSuffix(&text, "*");
  if (std::all_of(text.begin(), text.end(), is_allowed)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(member, " is ", Quoted(*pattern), "; must hold only ",
                   allowed, ", and '*' at the end"));
}

// Source: API EvaluateOnExit; guide, console text (one condition at least).
absl::Status CheckEvaluateOnExit(absl::string_view member,
                                 const EvaluateOnExit& rule) {
  constexpr absl::string_view kText =
      "letters, digits, periods, colons and white space";
  if (!IsValidEnum(rule.action)) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, ".action is ", static_cast<int>(rule.action),
                     "; must be RETRY or EXIT"));
  }
  if (!rule.on_status_reason.has_value() && !rule.on_reason.has_value() &&
      !rule.on_exit_code.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        member,
        " has no condition; must have on_status_reason, on_reason or "
        "on_exit_code"));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckExitPattern(absl::StrCat(member, ".on_status_reason"),
                       rule.on_status_reason, IsReasonPatternCharacter, kText));
  EMBATCH_RETURN_IF_ERROR(CheckExitPattern(absl::StrCat(member, ".on_reason"),
                                           rule.on_reason,
                                           IsReasonPatternCharacter, kText));
  return CheckExitPattern(absl::StrCat(member, ".on_exit_code"),
                          rule.on_exit_code, IsExitCodePatternCharacter,
                          "digits");
}

}  // namespace

std::string MemberPath::Text() const { return absl::StrCat(holder_, member_); }

std::string Quoted(absl::string_view value) {
  constexpr size_t kShown = 160;
  const bool cut = value.size() > kShown;
  return absl::StrCat("\"", absl::CHexEscape(value.substr(0, kShown)), "\"",
                      cut ? "..." : "");
}

absl::Status CheckName(absl::string_view member, absl::string_view value) {
  if (IsName(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      member, " is ", Quoted(value), "; must be 1 to ", kNameLengthMax,
      " letters, digits, hyphens and underscores"));
}

absl::Status CheckJobName(absl::string_view value) {
  if (IsName(value) &&
      absl::ascii_isalnum(static_cast<unsigned char>(value.front()))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "job_name is ", Quoted(value),
      "; Job name should match valid pattern: a letter or digit, then letters, "
      "digits, hyphens and underscores, at most ",
      kNameLengthMax));
}

absl::Status CheckShareIdentifier(absl::string_view member,
                                  absl::string_view value) {
  bool is_good = !value.empty() && value.size() <= kShareIdentifierLengthMax;
  for (size_t i = 0; is_good && i < value.size(); ++i) {
    is_good = IsNameCharacter(value[i]) || value[i] == '.';
  }
  if (is_good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(member, " is ", Quoted(value), "; must be 1 to ",
                   kShareIdentifierLengthMax,
                   " letters, digits, hyphens, underscores and periods"));
}

absl::string_view ReasonCode(absl::string_view reason) {
  return reason.substr(0, reason.find(" - "));
}

absl::Status CheckRange(MemberPath member, int64_t value, int64_t least,
                        int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(member.Text(), " is ", value,
                                                 "; must be between ", least,
                                                 " and ", most));
}

absl::Status CheckTags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > kTagsMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tags has ", tags.size(), " entries; must have at most ", kTagsMax));
  }
  for (const auto& [key, value] : tags) {
    const size_t length = CountCharacters(key);
    if (length == 0 || length > kTagKeyLengthMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("tags has the key ", Quoted(key), " of ", length,
                       " characters; must have 1 to ", kTagKeyLengthMax));
    }
    const size_t value_length = CountCharacters(value);
    if (value_length > kTagValueLengthMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("tags[", Quoted(key), "] has ", value_length,
                       " characters; must have at most ", kTagValueLengthMax));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckEnvironment(
    MemberPath member, const std::vector<EnvironmentVariable>& environment) {
  for (size_t i = 0; i < environment.size(); ++i) {
    const EnvironmentVariable& variable = environment[i];
    if (variable.value.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat(member.Text(), "[", i, "].value is ",
                       Quoted(variable.value), "; must hold no NUL"));
    }
    absl::string_view rule;
    if (variable.name.empty()) {
      rule = "must not be empty";
    } else if (absl::StartsWith(variable.name, "AWS_BATCH")) {
      rule = "must not begin with AWS_BATCH";
    } else if (variable.name.find(char{0}) != std::string::npos ||
               variable.name.find('=') != std::string::npos) {
      rule = "must hold no '=' and no NUL";
    } else {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(member.Text(), "[", i, "].name is ", Quoted(variable.name),
                     "; ", rule));
  }
  return absl::OkStatus();
}

absl::Status CheckCommand(MemberPath member,
                          const std::vector<std::string>& command) {
  for (size_t i = 0; i < command.size(); ++i) {
    if (command[i].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(member.Text(), "[", i,
                       "] is empty; Command field cannot have empty strings"));
    }
    if (command[i].find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat(member.Text(), "[", i, "] is ", Quoted(command[i]),
                       "; must hold no NUL"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRetryStrategy(const std::optional<RetryStrategy>& strategy,
                                const Limits& limits) {
  if (!strategy.has_value()) return absl::OkStatus();
  if (strategy->attempts == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("retry_strategy.attempts is 0; must be between ",
                     kAttemptsMin, " and ", limits.attempts_max,
                     ": RetryAttempts must be provided with retry strategy"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckRange("retry_strategy.attempts",
                                     strategy->attempts, kAttemptsMin,
                                     limits.attempts_max));
  const std::vector<EvaluateOnExit>& rules = strategy->evaluate_on_exit;
  if (rules.size() > kEvaluateOnExitMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("retry_strategy.evaluate_on_exit has ", rules.size(),
                     " entries; must have at most ", kEvaluateOnExitMax));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    EMBATCH_RETURN_IF_ERROR(CheckEvaluateOnExit(
        absl::StrCat("retry_strategy.evaluate_on_exit[", i, "]"), rules[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckTimeout(absl::string_view member,
                          const std::optional<JobTimeout>& timeout) {
  if (!timeout.has_value()) return absl::OkStatus();
  const absl::Duration duration = timeout->attempt_duration;
  if (duration >= kTimeoutMin && duration <= kTimeoutMax &&
      absl::Trunc(duration, absl::Seconds(1)) == duration) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      member, ".attempt_duration is ", absl::FormatDuration(duration),
      "; must be whole seconds, at least ", absl::FormatDuration(kTimeoutMin),
      " and at most ", absl::FormatDuration(kTimeoutMax)));
}

absl::Status CheckSchedulingPriority(absl::string_view member,
                                     const std::optional<int>& priority) {
  if (!priority.has_value()) return absl::OkStatus();
  return CheckRange(member, *priority, 0, kSchedulingPriorityMax);
}

absl::Status CheckPartialResources(absl::string_view member,
                                   const Resources& resources) {
  // The names of members cost more than the comparisons.
  if (resources == WithinBounds(resources) &&
      (resources.memory_mib == 0 || resources.memory_mib >= kMemoryMibMin)) {
    return absl::OkStatus();
  }
  absl::Status status = CheckRange(absl::StrCat(member, ".vcpu_milli"),
                                   resources.vcpu_milli, 0, kVcpuMilliMax);
  if (status.ok()) {
    status =
        CheckRange(absl::StrCat(member, ".gpus"), resources.gpus, 0, kGpusMax);
  }
  if (status.ok() && resources.memory_mib != 0) {
    status = CheckRange(absl::StrCat(member, ".memory_mib"),
                        resources.memory_mib, kMemoryMibMin, kMemoryMibMax);
  }
  return status;
}

Resources WithinBounds(Resources resources) {
  resources.vcpu_milli =
      std::clamp<int64_t>(resources.vcpu_milli, 0, kVcpuMilliMax);
  resources.memory_mib =
      std::clamp<int64_t>(resources.memory_mib, 0, kMemoryMibMax);
  resources.gpus = std::clamp(resources.gpus, 0, kGpusMax);
  return resources;
}

// Choice: a definition need not give amounts, as submissions can ("can be
// specified in several places", API ResourceRequirement); a job must have them.
// So "containerProperties must contain memory" or "... vcpus" (§22) is said of
// no definition.
absl::Status CheckJobResources(const Resources& resources) {
  if (resources.vcpu_milli <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "resources.vcpu_milli is ", resources.vcpu_milli,
        "; must be given by the definition or the submission: container vcpus "
        "limit must be greater than 0"));
  }
  if (resources.memory_mib < kMemoryMibMin) {
    return absl::InvalidArgumentError(absl::StrCat(
        "resources.memory_mib is ", resources.memory_mib,
        "; must be given by the definition or the submission, at least ",
        kMemoryMibMin, ": container memory limit must be greater than ",
        kMemoryMibMin));
  }
  return CheckPartialResources("resources", resources);
}

}  // namespace embatch
