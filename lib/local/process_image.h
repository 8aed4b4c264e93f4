// SPDX-License-Identifier: Apache-2.0
//
// What execve() is given for a container: its arguments, its environment, and
// the files that its program may be.
#ifndef EMBATCH_LOCAL_PROCESS_IMAGE_H_
#define EMBATCH_LOCAL_PROCESS_IMAGE_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "embatch/container_runtime.h"
#include "embatch/job_definition.h"

namespace embatch {

// The variables that all processes get. Of equal names the last one counts.
class BaseEnvironment {
 public:
  // Appends "NAME=value" texts, as a process inherits them.
  void AddInherited(const char* const* environment);
  void Add(const std::vector<EnvironmentVariable>& variables);

  const std::vector<EnvironmentVariable>& variables() const {
    return variables_;
  }

 private:
  std::vector<EnvironmentVariable> variables_;
};

// One object serves container after container, so that it takes memory only
// for larger ones than before.
class ProcessImage {
 public:
  // Answers "" or what is wrong with the container's command or environment.
  // The pointers below are valid until the next call.
  std::string Build(const BaseEnvironment& base, const ContainerSpec& spec);

  char* const* arguments() const { return arguments_.data(); }
  char* const* environment() const { return environment_.data(); }

  // The files to try, in this order; ends with null. One, if the command names
  // a path; else one for each folder of the container's own PATH.
  const char* const* programs() const { return programs_.data(); }
  bool searched_path() const { return searched_path_; }

 private:
  std::string CheckTexts(const ContainerSpec& spec) const;
  void CollectEnvironment(const BaseEnvironment& base);
  void CollectPrograms(absl::string_view command);

  std::vector<EnvironmentVariable> variables_;   // of the job
  absl::flat_hash_set<absl::string_view> seen_;  // names taken so far
  std::vector<std::string> texts_;               // "NAME=value"; only the first
  size_t text_count_ = 0;           // `text_count_` are of this container
  std::vector<std::string> files_;  // what programs_ points to
  std::vector<char*> arguments_;
  std::vector<char*> environment_;
  std::vector<const char*> programs_;
  bool searched_path_ = false;
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_PROCESS_IMAGE_H_
