// SPDX-License-Identifier: Apache-2.0
// Requests and responses that real people and AWS's own documents wrote, as
// files: which of them there are, and which operation each is of.
#ifndef EMBATCH_TESTS_API_REAL_FILES_H_
#define EMBATCH_TESTS_API_REAL_FILES_H_

#include <filesystem>
#include <string>
#include <vector>

#include "embatch/api/operation.h"

namespace embatch {
namespace api {

struct RealFile {
  std::filesystem::path path;
  const Operation* operation = nullptr;
  bool is_request = false;

  const google::protobuf::Message& prototype() const {
    return is_request ? *operation->request : *operation->response;
  }
  std::string name() const { return path.filename().string(); }
  // All that it holds.
  std::string Text() const;
};

// All JSON files below `folder`, by path. Fails the test for a file whose name
// and folder do not tell what it is, and leaves it out.
std::vector<RealFile> RealFilesBelow(const std::filesystem::path& folder);

// The few that are embatch's to ship.
std::filesystem::path ShippedFiles();

// All that were collected, where somebody has them; else the folder is not
// there.
std::filesystem::path CollectedFiles();

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_TESTS_API_REAL_FILES_H_
