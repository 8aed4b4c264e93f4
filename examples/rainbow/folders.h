// SPDX-License-Identifier: Apache-2.0
//
// The folders that the demo works in.
#ifndef RAINBOW_FOLDERS_H_
#define RAINBOW_FOLDERS_H_

#include <string>

#include "absl/status/statusor.h"

namespace rainbow {

struct Folders {
  // Takes the flags' values. What is empty is made below a new temporary
  // folder, which is left for the user to look into. The demo makes its bucket;
  // else one must be given.
  static absl::StatusOr<Folders> Make(bool demo, const std::string& bucket,
                                      const std::string& logs,
                                      const std::string& scripts);

  std::string bucket;
  std::string logs;     // absolute
  std::string scripts;  // absolute
};

}  // namespace rainbow

#endif  // RAINBOW_FOLDERS_H_
