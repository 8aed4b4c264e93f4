// SPDX-License-Identifier: Apache-2.0
#include "lib/local/process_image.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace embatch {
namespace {

// Where a program is looked for when the environment has no PATH.
constexpr char kDefaultPath[] = "/usr/local/bin:/usr/bin:/bin";

bool HoldsNul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

}  // namespace

void BaseEnvironment::AddInherited(const char* const* environment) {
  if (environment == nullptr) return;
  for (; *environment != nullptr; ++environment) {
    const std::pair<absl::string_view, absl::string_view> variable =
        absl::StrSplit(*environment, absl::MaxSplits('=', 1));
    if (variable.first.empty()) continue;
    variables_.push_back(
        {std::string(variable.first), std::string(variable.second)});
  }
}

void BaseEnvironment::Add(const std::vector<EnvironmentVariable>& variables) {
  variables_.insert(variables_.end(), variables.begin(), variables.end());
}

std::string ProcessImage::Build(const BaseEnvironment& base,
                                const ContainerSpec& spec) {
  variables_.clear();
  spec.AppendEnvironment(variables_);
  std::string wrong = CheckTexts(spec);
  if (!wrong.empty()) return wrong;
  arguments_.clear();
  for (const std::string& argument : spec.command) {
    arguments_.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments_.push_back(nullptr);
  CollectEnvironment(base);
  CollectPrograms(spec.command[0]);
  return "";
}

// The kernel takes texts that end at a NUL, and reads a name up to the '='.
// Anything else would reach the process changed.
std::string ProcessImage::CheckTexts(const ContainerSpec& spec) const {
  if (spec.command.empty()) return "no command specified";
  if (spec.command[0].empty()) return "the command's first element is empty";
  for (size_t i = 0; i < spec.command.size(); ++i) {
    if (HoldsNul(spec.command[i])) {
      return absl::StrCat("command[", i, "] holds a NUL character");
    }
  }
  for (const EnvironmentVariable& variable : variables_) {
    if (variable.name.empty() || variable.name.find('=') != std::string::npos ||
        HoldsNul(variable.name) || HoldsNul(variable.value)) {
      return absl::StrCat("environment variable \"",
                          absl::string_view(variable.name).substr(0, 100),
                          "\" has a name or value that a process can't have");
    }
  }
  return "";
}

void ProcessImage::CollectEnvironment(const BaseEnvironment& base) {
  seen_.clear();
  text_count_ = 0;
  // From the last to the first, since the last one of a name counts.
  for (const std::vector<EnvironmentVariable>* variables :
       {&static_cast<const std::vector<EnvironmentVariable>&>(variables_),
        &base.variables()}) {
    for (size_t i = variables->size(); i > 0; --i) {
      const EnvironmentVariable& variable = (*variables)[i - 1];
      if (!seen_.insert(variable.name).second) continue;
      if (text_count_ == texts_.size()) texts_.emplace_back();
      std::string& text = texts_[text_count_++];
      text.assign(variable.name);
      text.push_back('=');
      text.append(variable.value);
    }
  }
  environment_.clear();
  for (size_t i = 0; i < text_count_; ++i) {
    environment_.push_back(texts_[i].data());
  }
  environment_.push_back(nullptr);
}

void ProcessImage::CollectPrograms(absl::string_view command) {
  files_.clear();
  searched_path_ = command.find('/') == absl::string_view::npos;
  if (!searched_path_) {
    files_.emplace_back(command);
  } else {
    absl::string_view path = kDefaultPath;
    for (size_t i = 0; i < text_count_; ++i) {
      absl::string_view text = texts_[i];
      if (absl::ConsumePrefix(&text, "PATH=")) path = text;
    }
    for (absl::string_view folder : absl::StrSplit(path, ':')) {
      // An empty part means the working folder, as it does in a shell.
      files_.push_back(
          absl::StrCat(folder.empty() ? "." : folder, "/", command));
    }
  }
  programs_.clear();
  for (const std::string& file : files_) programs_.push_back(file.c_str());
  programs_.push_back(nullptr);
}

}  // namespace embatch
