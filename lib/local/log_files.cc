// SPDX-License-Identifier: Apache-2.0
#include "lib/local/log_files.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/local/system.h"

namespace embatch {
namespace {

// A log stream's folders are few, one or two for each job definition. Beyond
// this many they are looked up again.
constexpr size_t kFoldersMax = 1024;

// One part of a path, made harmless: "." and ".." would lead elsewhere, a NUL
// would cut the path short.
std::string SafePart(absl::string_view part) {
  std::string safe(part.substr(0, NAME_MAX));
  std::replace(safe.begin(), safe.end(), '\0', '_');
  if (safe.find_first_not_of('.') == std::string::npos) {
    std::replace(safe.begin(), safe.end(), '.', '_');
  }
  return safe;
}

}  // namespace

absl::Status LogFiles::Prepare() const {
  int error = MakeFolders(folder_);
  if (error == 0 && access(folder_.c_str(), W_OK | X_OK) != 0) error = errno;
  if (error == 0) return absl::OkStatus();
  return ErrorStatus(error, absl::StrCat("log_folder is \"", folder_, "\""));
}

std::string LogFiles::Path(absl::string_view log_stream) const {
  std::string path = folder_;
  for (absl::string_view part :
       absl::StrSplit(log_stream, '/', absl::SkipEmpty())) {
    absl::StrAppend(&path, "/", SafePart(part));
  }
  // A stream without a name would be the folder itself.
  if (path.size() == folder_.size()) absl::StrAppend(&path, "/_");
  return path;
}

int LogFiles::MakeFoldersFor(const std::string& path) {
  const absl::string_view folder =
      absl::string_view(path).substr(0, path.find_last_of('/'));
  if (made_.contains(folder)) return 0;
  const int error = MakeFolders(std::string(folder));
  if (error != 0) return error;
  if (made_.size() >= kFoldersMax) made_.clear();
  made_.emplace(folder);
  return 0;
}

}  // namespace embatch
