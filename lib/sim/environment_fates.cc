// SPDX-License-Identifier: Apache-2.0
#include "embatch/sim/environment_fates.h"

#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace embatch {
namespace {

constexpr int kExitCodeMax = 255;

// The variable of that very name; of several the last holds, as in a process.
const std::string* Find(const ContainerSpec& spec, absl::string_view name) {
  const std::string* found = nullptr;
  for (const EnvironmentVariable& variable : spec.environment) {
    if (variable.name == name) found = &variable.value;
  }
  return found;
}

// The value of a list with commas that is for `attempt`, counted from 1.
absl::string_view OfAttempt(absl::string_view list, int attempt) {
  for (; attempt > 1; --attempt) {
    const size_t comma = list.find(',');
    if (comma == absl::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return absl::StripAsciiWhitespace(list.substr(0, list.find(',')));
}

struct Setting {
  std::string name;
  absl::string_view value;  // empty: none
};

Setting SettingOf(const ContainerSpec& spec, absl::string_view name) {
  Setting setting;
  const AttemptId& attempt = spec.container.attempt;
  const std::string* list = nullptr;
  if (attempt.job.child >= 0) {
    setting.name = absl::StrCat(name, "_", attempt.job.child);
    list = Find(spec, setting.name);
  }
  if (list == nullptr) {
    setting.name = std::string(name);
    list = Find(spec, name);
  }
  if (list != nullptr) setting.value = OfAttempt(*list, attempt.number);
  return setting;
}

// Makes of `fate` one that never starts.
void Refuse(const Setting& setting, absl::string_view wanted,
            ContainerFate& fate) {
  fate.start_fails = true;
  fate.no_capacity = false;
  fate.reason = absl::StrCat("CannotStartContainerError: ", setting.name,
                             " is \"", setting.value, "\"; must be ", wanted);
}

void ReadSeconds(const ContainerSpec& spec, absl::string_view name,
                 absl::Duration& duration, ContainerFate& fate) {
  const Setting setting = SettingOf(spec, name);
  if (setting.value.empty()) return;
  double seconds = 0;
  if (!absl::SimpleAtod(setting.value, &seconds) || std::isnan(seconds) ||
      seconds < 0) {
    return Refuse(setting, "a number of seconds, 0 or more", fate);
  }
  duration = absl::Seconds(seconds);
}

void ReadExitCode(const ContainerSpec& spec, ContainerFate& fate) {
  const Setting setting = SettingOf(spec, "EMBATCH_SIM_EXIT");
  if (setting.value.empty()) return;
  int code = 0;
  if (!absl::SimpleAtoi(setting.value, &code) || code < 0 ||
      code > kExitCodeMax) {
    return Refuse(setting, absl::StrCat("between 0 and ", kExitCodeMax), fate);
  }
  fate.exit_code = code;
}

}  // namespace

ContainerFate EnvironmentFate(const ContainerSpec& spec,
                              const ContainerFate& otherwise) {
  ContainerFate fate = otherwise;
  const Setting reason = SettingOf(spec, "EMBATCH_SIM_REASON");
  if (!reason.value.empty()) fate.reason = std::string(reason.value);
  ReadSeconds(spec, "EMBATCH_SIM_SECONDS", fate.run_time, fate);
  ReadExitCode(spec, fate);
  ReadSeconds(spec, "EMBATCH_SIM_STOP_SECONDS", fate.stop_delay, fate);
  return fate;
}

FateScript EnvironmentFates(const ContainerFate& otherwise) {
  return [otherwise](const ContainerSpec& spec) {
    return EnvironmentFate(spec, otherwise);
  };
}

}  // namespace embatch
