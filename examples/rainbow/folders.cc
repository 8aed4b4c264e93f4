// SPDX-License-Identifier: Apache-2.0
#include "folders.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rainbow {

absl::StatusOr<Folders> Folders::Make(bool demo, const std::string& bucket,
                                      const std::string& logs,
                                      const std::string& scripts) {
  if (demo != bucket.empty()) {
    return absl::InvalidArgumentError(
        "say either --demo or --bucket=FOLDER; --help shows all flags");
  }
  std::error_code error;
  Folders folders = {bucket, "", std::filesystem::absolute(scripts, error)};
  if (!logs.empty()) {
    folders.logs = std::filesystem::absolute(logs, error).string();
  }
  if (!demo && !logs.empty()) return folders;

  const char* parent = std::getenv("TMPDIR");
  if (parent == nullptr || *parent == 0) parent = "/tmp";
  std::string folder = absl::StrCat(parent, "/rainbow-XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) {
    const int reason = errno;
    return absl::ErrnoToStatus(reason,
                               absl::StrCat("a temporary folder in ", parent));
  }
  if (logs.empty()) folders.logs = absl::StrCat(folder, "/logs");
  if (demo) {
    folders.bucket = absl::StrCat(folder, "/bucket");
    if (!std::filesystem::create_directory(folders.bucket, error)) {
      return absl::InternalError(
          absl::StrCat("the folder ", folders.bucket, ": ", error.message()));
    }
  }
  return folders;
}

}  // namespace rainbow
