// SPDX-License-Identifier: Apache-2.0
#include "tests/layering/source_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace embatch {
namespace {

namespace fs = std::filesystem;

// A room of lib/ and the rooms whose headers it may include beside its own.
struct Room {
  std::string name;
  // Core rooms build the core and keep away from clocks, threads and files. All
  // others stand outside: they use the public headers as a stranger would.
  bool core;
  std::vector<std::string> below;
};

const std::vector<Room>& Rooms() {
  static const auto* const rooms = new std::vector<Room>{
      {"base", true, {}},
      {"model", true, {"base"}},
      {"jobs", true, {"base", "model"}},
      {"queues", true, {"base", "model"}},
      {"capacity", true, {"base", "model"}},
      {"scheduler", true, {"base", "model", "jobs", "queues", "capacity"}},
      {"api", false, {}},
      {"sim", false, {}},
      {"local", false, {}},
      {"store", false, {}},
  };
  return *rooms;
}

// The core is told the time, and is the same function of its inputs everywhere.
const char* const kForbiddenInCore[] = {
    "absl/random/",
    "absl/synchronization/",
    "absl/time/clock.h",
    "chrono",
    "condition_variable",
    "ctime",
    "filesystem",
    "fstream",
    "future",
    "iostream",
    "mutex",
    "random",
    "shared_mutex",
    "thread",
};

constexpr char kLicence[] = "SPDX-License-Identifier: Apache-2.0";

struct Include {
  int line;
  std::string name;
  bool angled;
};

std::vector<std::string> Lines(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Include> Includes(const std::vector<std::string>& lines) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::vector<Include> includes;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (std::regex_match(lines[i], match, pattern)) {
      includes.push_back({static_cast<int>(i) + 1, match[2], match[1] == "<"});
    }
  }
  return includes;
}

// A header of the standard C++ library, going by its looks.
bool IsStandard(const Include& include) {
  return include.angled &&
         include.name.find_first_of("./") == std::string::npos;
}

bool IsForbiddenInCore(const Include& include) {
  return std::any_of(std::begin(kForbiddenInCore), std::end(kForbiddenInCore),
                     [&](absl::string_view forbidden) {
                       return absl::EndsWith(forbidden, "/")
                                  ? absl::StartsWith(include.name, forbidden)
                                  : include.name == forbidden;
                     });
}

// Whether `name` is a public header that a library called `component` may use:
// the core's, and its own. The core's component is "".
bool IsPublicHeaderFor(absl::string_view component, const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts[0] != "embatch") return false;
  return parts.size() == 2 || (parts.size() == 3 && parts[1] == component);
}

// The checks. Each says what is wrong with one include, or nothing.

std::string WrongInPublicHeader(const std::string& component,
                                const Include& include) {
  if (component.empty() && IsForbiddenInCore(include)) {
    return "the core knows no clock, thread, file or chance";
  }
  // Protobuf is a part of the API's interface, and of no other's.
  const bool protobuf =
      component == "api" && absl::StartsWith(include.name, "google/protobuf/");
  if (IsStandard(include) || absl::StartsWith(include.name, "absl/") ||
      protobuf || IsPublicHeaderFor(component, include.name)) {
    return "";
  }
  return "a public header includes the standard library, absl and the public "
         "headers of the core and of its own component";
}

std::string WrongInRoom(const Room& room, const Include& include) {
  if (room.core && IsForbiddenInCore(include)) {
    return "the core knows no clock, thread, file or chance";
  }
  // Memory that goes back to the system (lib/base/block_memory.h).
  if (room.name == "base" && include.name == "sys/mman.h") return "";
  if (include.angled) {
    return room.core && !IsStandard(include)
               ? "the core includes the standard library and absl alone"
               : "";
  }
  const std::vector<std::string> parts = absl::StrSplit(include.name, '/');
  if (parts.size() == 1) return "an include is named from the root";
  if (parts[0] == "embatch") {
    if (IsPublicHeaderFor(room.core ? "" : room.name, include.name)) return "";
    return "this public header belongs to another library";
  }
  if (parts[0] == "lib") {
    if (parts[1] == room.name ||
        std::count(room.below.begin(), room.below.end(), parts[1]) > 0) {
      return "";
    }
    return room.below.empty()
               ? absl::StrCat("of lib/, ", room.name, " includes itself alone")
               : absl::StrCat("of lib/, ", room.name, " includes ",
                              absl::StrJoin(room.below, ", "), " and itself");
  }
  if (parts[0] == "absl" || !room.core) return "";
  return "the core includes the standard library and absl alone";
}

std::string WrongInExample(const Include& include) {
  if (absl::StartsWith(include.name, "lib/") ||
      absl::StartsWith(include.name, "tests/")) {
    return "an example is built outside of this tree as well";
  }
  return "";
}

std::string Wrong(const std::vector<std::string>& path,
                  const Include& include) {
  if (path[0] == "include") {
    return WrongInPublicHeader(path.size() > 3 ? path[2] : "", include);
  }
  if (path[0] == "examples") return WrongInExample(include);
  if (path[0] != "lib") return "";
  for (const Room& room : Rooms()) {
    if (room.name == path[1]) return WrongInRoom(room, include);
  }
  return "this room is not in the list of rooms of this test";
}

bool BeginsWithLicence(const std::vector<std::string>& lines) {
  const size_t first = !lines.empty() && absl::StartsWith(lines[0], "#!");
  return lines.size() > first &&
         (lines[first] == absl::StrCat("// ", kLicence) ||
          lines[first] == absl::StrCat("# ", kLicence));
}

// Prose is under LICENSE as a whole, and data formats have no comments.
bool NeedsLicence(const fs::path& file) {
  static const char* const kWithout[] = {".md", ".json", ".csv", ".golden",
                                         ".seed"};
  return std::count(std::begin(kWithout), std::end(kWithout),
                    file.extension().string()) == 0;
}

bool IsTest(const std::vector<std::string>& path) {
  return path[0] == "tests" && absl::EndsWith(path.back(), "_test.cc");
}

// Nobody misses a test that no list names: it must be in that of its folder, or
// of a folder above.
void CheckIsBuilt(const fs::path& root, const fs::path& file,
                  std::vector<std::string>& violations) {
  const std::string name = file.lexically_relative(root).generic_string();
  const fs::path top = root / "tests";
  for (fs::path folder = file.parent_path();; folder = folder.parent_path()) {
    const std::string wanted = file.lexically_relative(folder).generic_string();
    for (const std::string& line : Lines(folder / "CMakeLists.txt")) {
      for (absl::string_view word :
           absl::StrSplit(line, absl::ByAnyChar(" )"))) {
        if (word == wanted) return;
      }
    }
    if (folder == top) break;
  }
  violations.push_back(
      absl::StrCat(name, ": a CMakeLists.txt names each test"));
}

void CheckFile(const fs::path& root, const fs::path& file,
               std::vector<std::string>& violations) {
  const std::string name = file.lexically_relative(root).generic_string();
  const std::vector<std::string> lines = Lines(file);
  if (NeedsLicence(file) && !BeginsWithLicence(lines)) {
    violations.push_back(
        absl::StrCat(name, ":1: the file begins with the line ", kLicence));
  }
  if (file.extension() != ".h" && file.extension() != ".cc") return;
  const std::vector<std::string> path = absl::StrSplit(name, '/');
  if (IsTest(path)) CheckIsBuilt(root, file, violations);
  for (const Include& include : Includes(lines)) {
    const std::string wrong = Wrong(path, include);
    if (!wrong.empty()) {
      violations.push_back(absl::StrCat(name, ":", include.line, ": ",
                                        include.name, ": ", wrong));
    }
  }
}

void CheckReadmes(const fs::path& root, const fs::path& parent,
                  std::vector<std::string>& violations) {
  if (!fs::is_directory(root / parent)) return;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(root / parent)) {
    if (entry.is_directory() && !fs::exists(entry.path() / "README.md")) {
      violations.push_back(
          absl::StrCat(entry.path().lexically_relative(root).generic_string(),
                       ": the folder has a README.md"));
    }
  }
}

}  // namespace

std::vector<std::string> FindViolations(const fs::path& root) {
  std::vector<std::string> violations;
  for (const char* top :
       {"include", "lib", "tests", "examples", "benchmarks", "cmake"}) {
    if (!fs::is_directory(root / top)) continue;
    for (const fs::directory_entry& entry :
         fs::recursive_directory_iterator(root / top)) {
      if (entry.is_regular_file()) CheckFile(root, entry, violations);
    }
  }
  CheckReadmes(root, "lib", violations);
  CheckReadmes(root, "examples", violations);
  std::sort(violations.begin(), violations.end());
  return violations;
}

}  // namespace embatch
