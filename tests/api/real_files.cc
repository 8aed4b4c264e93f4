// SPDX-License-Identifier: Apache-2.0
#include "tests/api/real_files.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

namespace fs = std::filesystem;

// create-job-queue becomes CreateJobQueue.
std::string OperationNamed(const std::string& kebab) {
  std::string name;
  const std::vector<std::string> words = absl::StrSplit(kebab, '-');
  for (std::string word : words) {
    if (word.empty() || (word[0] >= '0' && word[0] <= '9')) continue;
    word[0] = static_cast<char>(std::toupper(word[0]));
    name += word;
  }
  return name;
}

// Whose request the files in a folder are.
absl::string_view OperationOfFolder(const std::string& folder) {
  if (folder == "compute-environment") return "CreateComputeEnvironment";
  if (folder == "job-queue") return "CreateJobQueue";
  if (folder == "job-definition") return "RegisterJobDefinition";
  if (folder == "submit-job") return "SubmitJob";
  return "";
}

// By name: <author>--<Operation>-<number>-<input or output>; else by folder.
RealFile Recognized(const fs::path& path) {
  const std::string name = path.stem().string();
  const std::string rest = name.substr(std::min(name.find("--"), name.size()));
  const std::vector<std::string> parts =
      absl::StrSplit(rest.substr(std::min<size_t>(2, rest.size())), '-');
  if (const Operation* operation = FindOperation(parts[0])) {
    return {path, operation, parts.back() == "input"};
  }
  const std::string folder = path.parent_path().filename().string();
  if (folder == "response") {
    return {path, FindOperation(OperationNamed(rest)), false};
  }
  return {path, FindOperation(OperationOfFolder(folder)), true};
}

}  // namespace

std::string RealFile::Text() const {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

std::vector<RealFile> RealFilesBelow(const fs::path& folder) {
  std::vector<RealFile> files;
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    RealFile file = Recognized(entry.path());
    EXPECT_NE(file.operation, nullptr) << entry.path();
    if (file.operation != nullptr) files.push_back(std::move(file));
  }
  std::sort(
      files.begin(), files.end(),
      [](const RealFile& a, const RealFile& b) { return a.path < b.path; });
  return files;
}

fs::path ShippedFiles() { return EMBATCH_API_TEST_DIR "/testdata"; }

fs::path CollectedFiles() { return EMBATCH_WORKLOADS "/aws-json"; }

}  // namespace api
}  // namespace embatch
