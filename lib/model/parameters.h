// SPDX-License-Identifier: Apache-2.0
//
// Placeholders `Ref::name` in a job's command.
#ifndef EMBATCH_MODEL_PARAMETERS_H_
#define EMBATCH_MODEL_PARAMETERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace embatch {

// Replaces every `Ref::name` in every element of `command`, where `name` is the
// longest run of letters, digits, '-' and '_'. What is put in is not looked at
// again. An unknown name is kInvalidArgument; further parameters are harmless.
// Source: guide "Parameters". Choice: §3.5.
// The command may have `bytes_max` bytes in all afterwards. `member` is its
// path in messages.
absl::Status SubstituteParameters(
    absl::string_view member,
    const std::map<std::string, std::string>& parameters, int64_t bytes_max,
    std::vector<std::string>& command);

}  // namespace embatch

#endif  // EMBATCH_MODEL_PARAMETERS_H_
