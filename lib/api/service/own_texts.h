// SPDX-License-Identifier: Apache-2.0
// AWS's own texts of errors, which its users match on.
// Source: §22.
#ifndef EMBATCH_LIB_API_SERVICE_OWN_TEXTS_H_
#define EMBATCH_LIB_API_SERVICE_OWN_TEXTS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace embatch {
namespace api {

// AWS's text, if the message of an error has one of them in it. The scheduler
// puts such a text behind the member and its value.
std::optional<std::string> OwnText(const std::string& message);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_OWN_TEXTS_H_
