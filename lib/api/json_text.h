// SPDX-License-Identifier: Apache-2.0
// Texts and numbers in JSON.
#ifndef EMBATCH_LIB_API_JSON_TEXT_H_
#define EMBATCH_LIB_API_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace embatch {
namespace api {

// Appends `text` between quotation marks. A byte that is not part of UTF-8
// becomes U+FFFD.
void AppendJsonString(absl::string_view text, std::string& out);

// Appends a finite number, as short as it reads back the same.
void AppendJsonNumber(double number, std::string& out);
void AppendJsonNumber(float number, std::string& out);

// How many bytes at the start of `text`, which is not empty, are one character
// in UTF-8; 0 when they are none.
int CharacterBytes(absl::string_view text);

// How many characters `text` has; a byte that is not part of UTF-8 counts as
// one.
int64_t CountCharacters(absl::string_view text);

// A value for an error's message: quoted, and cut where it is longer.
std::string Quote(absl::string_view text, size_t bytes_shown = 64);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_JSON_TEXT_H_
