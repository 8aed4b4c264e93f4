// SPDX-License-Identifier: Apache-2.0
#include "embatch/input.h"

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"

namespace embatch {

std::string EncodeInput(const Input& input) { return Encoded(input); }

absl::StatusOr<Input> DecodeInput(absl::string_view bytes) {
  Input input;
  absl::Status status = DecodeAll(bytes, &input);
  if (!status.ok()) {
    return absl::DataLossError(
        absl::StrCat("these bytes are no input: ", status.message()));
  }
  return input;
}

}  // namespace embatch
