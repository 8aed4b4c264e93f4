// SPDX-License-Identifier: Apache-2.0
#include "lib/local/cgroup_layout.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/local/system.h"

namespace embatch {
namespace {

struct Mount {
  std::string root;   // the folder of the hierarchy that is mounted
  std::string point;  // where
  std::string type;   // "cgroup", "cgroup2"
  std::vector<std::string> options;
};

// A line is "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - tmpfs tmpfs
// rw,mode=755": the optional fields before the dash vary in number.
std::optional<Mount> ParseMount(absl::string_view line) {
  const std::vector<absl::string_view> halves =
      absl::StrSplit(line, absl::MaxSplits(" - ", 1));
  if (halves.size() != 2) return std::nullopt;
  const std::vector<absl::string_view> left = absl::StrSplit(halves[0], ' ');
  const std::vector<absl::string_view> right = absl::StrSplit(halves[1], ' ');
  if (left.size() < 6 || right.size() < 3) return std::nullopt;
  return Mount{std::string(left[3]), std::string(left[4]),
               std::string(right[0]), absl::StrSplit(right[2], ',')};
}

// The path of this process in the hierarchy with `controller`, or in the
// unified one for "". A line is "4:memory:/batch/17" or "0::/batch".
std::optional<std::string> OwnPath(absl::string_view cgroup,
                                   absl::string_view controller) {
  for (absl::string_view line : absl::StrSplit(cgroup, '\n')) {
    const std::vector<absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    for (absl::string_view name : absl::StrSplit(parts[1], ',')) {
      if (name == controller) return std::string(parts[2]);
    }
  }
  return std::nullopt;
}

// A container sees its own cgroup mounted as if it were the top one, while
// /proc may still tell the whole path.
std::string Below(const Mount& mount, absl::string_view path) {
  if (mount.root != "/") {
    if (!absl::ConsumePrefix(&path, mount.root)) path = "";
  }
  path = absl::StripSuffix(path, "/");
  // A path that begins with ".." is outside of what is mounted.
  if (absl::StrContains(path, "..")) path = "";
  return absl::StrCat(mount.point, path);
}

CgroupHierarchy FindHierarchy(const std::vector<Mount>& mounts,
                              absl::string_view cgroup,
                              const std::string& controller) {
  const std::optional<std::string> path = OwnPath(cgroup, controller);
  if (!path.has_value()) return {};
  for (const Mount& mount : mounts) {
    const bool found =
        controller.empty()
            ? mount.type == "cgroup2"
            : mount.type == "cgroup" &&
                  std::find(mount.options.begin(), mount.options.end(),
                            controller) != mount.options.end();
    if (found) return {mount.point, Below(mount, *path)};
  }
  return {};
}

}  // namespace

std::vector<std::string> CgroupHierarchy::OwnAndAbove() const {
  std::vector<std::string> folders;
  if (!mounted()) return folders;
  std::string folder = own;
  while (folder.size() > mount.size()) {
    folders.push_back(folder);
    folder.resize(folder.find_last_of('/'));
  }
  folders.push_back(mount);
  return folders;
}

CgroupLayout ParseCgroupLayout(absl::string_view mountinfo,
                               absl::string_view cgroup) {
  std::vector<Mount> mounts;
  for (absl::string_view line : absl::StrSplit(mountinfo, '\n')) {
    std::optional<Mount> mount = ParseMount(line);
    if (mount.has_value()) mounts.push_back(*std::move(mount));
  }
  return {FindHierarchy(mounts, cgroup, ""),
          FindHierarchy(mounts, cgroup, "memory"),
          FindHierarchy(mounts, cgroup, "cpu")};
}

CgroupLayout ReadCgroupLayout() {
  return ParseCgroupLayout(ReadWholeFile("/proc/self/mountinfo").value_or(""),
                           ReadWholeFile("/proc/self/cgroup").value_or(""));
}

}  // namespace embatch
