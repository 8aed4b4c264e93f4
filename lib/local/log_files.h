// SPDX-License-Identifier: Apache-2.0
//
// Where the output of containers goes: a file for each log stream.
#ifndef EMBATCH_LOCAL_LOG_FILES_H_
#define EMBATCH_LOCAL_LOG_FILES_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace embatch {

class LogFiles {
 public:
  // `folder` is absolute.
  explicit LogFiles(std::string folder) : folder_(std::move(folder)) {}

  // Makes the folder itself and sees whether files can be made in it.
  absl::Status Prepare() const;

  // The file of a log stream; always below the folder.
  std::string Path(absl::string_view log_stream) const;

  // Makes the folders above `path`, unless it has done so before. Answers 0 or
  // the errno.
  int MakeFoldersFor(const std::string& path);

  // Has MakeFoldersFor() look anew: somebody may have removed folders.
  void Forget() { made_.clear(); }

 private:
  const std::string folder_;
  absl::flat_hash_set<std::string> made_;  // bounded; see MakeFoldersFor()
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_LOG_FILES_H_
