// SPDX-License-Identifier: Apache-2.0
#include "lib/model/parameters.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

constexpr absl::string_view kPlaceholder = "Ref::";

size_t NameLength(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() &&
         (absl::ascii_isalnum(static_cast<unsigned char>(text[length])) ||
          text[length] == '-' || text[length] == '_')) {
    ++length;
  }
  return length;
}

// Takes what the element has from `bytes_left`.
absl::Status SubstituteOne(const std::map<std::string, std::string>& parameters,
                           int64_t& bytes_left, std::string& element) {
  std::string result;
  absl::string_view rest = element;
  for (size_t at = rest.find(kPlaceholder); at != absl::string_view::npos;
       at = rest.find(kPlaceholder)) {
    absl::StrAppend(&result, rest.substr(0, at));
    rest.remove_prefix(at + kPlaceholder.size());
    const absl::string_view name = rest.substr(0, NameLength(rest));
    const auto value = parameters.find(std::string(name));
    if (value == parameters.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Unable to substitute value. No parameter found for reference ",
          name));
    }
    if (value->second.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat("parameters[",
                                                     Quoted(name),
                                                     "] holds a NUL; a command "
                                                     "must hold none"));
    }
    result += value->second;
    if (static_cast<int64_t>(result.size()) > bytes_left) break;
    rest.remove_prefix(name.size());
  }
  if (rest.size() != element.size()) {
    absl::StrAppend(&result, rest);
    element = std::move(result);
  }
  bytes_left -= static_cast<int64_t>(element.size());
  return absl::OkStatus();
}

}  // namespace

absl::Status SubstituteParameters(
    absl::string_view member,
    const std::map<std::string, std::string>& parameters, int64_t bytes_max,
    std::vector<std::string>& command) {
  int64_t bytes_left = bytes_max;
  for (std::string& element : command) {
    absl::Status status = SubstituteOne(parameters, bytes_left, element);
    if (!status.ok()) return status;
    if (bytes_left < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(member, " has more than ", bytes_max,
                       " bytes after its parameters are substituted"));
    }
  }
  return absl::OkStatus();
}

}  // namespace embatch
