// SPDX-License-Identifier: Apache-2.0
#include "lib/local/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/local/cgroup_tree.h"
#include "lib/local/helper_process.h"

namespace embatch {
namespace {

// Limits are written in these units. The kernel refuses a quota below 1 ms.
constexpr int64_t kBytesPerMib = 1024 * 1024;
constexpr int64_t kPeriodMicroseconds = 100'000;
constexpr int64_t kQuotaMicrosecondsMin = 1'000;

constexpr int kRemovalMilliseconds = 2'000;

// The names of the folders that a host makes. That of a host whose containers
// may outlive it differs, since what is in it may be wanted.
constexpr char kPrefix[] = "embatch-";
constexpr char kOutlivingPrefix[] = "embatch-kept-";

// The field of /proc/<pid>/stat that, with the number, names a process for
// ever: when it was started. The second field may hold anything, but for the
// last ")".
std::string StartTime(absl::string_view pid) {
  const std::string text =
      ReadWholeFile(absl::StrCat("/proc/", pid, "/stat")).value_or("");
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return "";
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(text).substr(name_end + 1), ' ');
  constexpr size_t kStartTimeField = 20;  // the 22nd of all, from one
  return fields.size() > kStartTimeField ? std::string(fields[kStartTimeField])
                                         : "";
}

// Process numbers mean nothing outside of their namespace.
std::string ProcessNamespace() {
  struct stat found;
  if (stat("/proc/self/ns/pid", &found) != 0) return "0";
  return absl::StrCat(found.st_ino);
}

// "<namespace>-<pid>-<start>-<count>": several runtimes may share a process.
std::string HostName() {
  static std::atomic<int> count{0};
  return absl::StrCat(ProcessNamespace(), "-", getpid(), "-", StartTime("self"),
                      "-", count.fetch_add(1));
}

// Whether `name` is that of a folder whose host is dead.
bool IsStale(absl::string_view name, bool* may_hold_wanted) {
  *may_hold_wanted = absl::ConsumePrefix(&name, kOutlivingPrefix);
  if (!*may_hold_wanted && !absl::ConsumePrefix(&name, kPrefix)) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '-');
  if (parts.size() != 4 || parts[0] != ProcessNamespace()) return false;
  return StartTime(parts[1]) != parts[2];
}

void RemoveStale(const std::string& parent) {
  DIR* folder = opendir(parent.c_str());
  if (folder == nullptr) return;
  std::vector<std::pair<std::string, bool>> stale;
  while (const struct dirent* entry = readdir(folder)) {
    bool may_hold_wanted = false;
    if (IsStale(entry->d_name, &may_hold_wanted)) {
      stale.emplace_back(absl::StrCat(parent, "/", entry->d_name),
                         !may_hold_wanted);
    }
  }
  closedir(folder);
  for (const auto& [path, kill] : stale) {
    // What stays behind, the next runtime finds.
    RemoveCgroupTreeWithin(path.c_str(), kill, kill ? kRemovalMilliseconds : 0);
  }
}

bool HasControllers(const std::string& file) {
  const std::optional<std::string> text = ReadWholeFile(file);
  if (!text.has_value()) return false;
  const std::vector<absl::string_view> names =
      absl::StrSplit(*text, absl::ByAnyChar(" \n"));
  const auto has = [&names](absl::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return has("memory") && has("cpu");
}

// Version 2 hands a controller down a level only if told to.
absl::Status HandDownControllers(const std::string& folder) {
  const std::string file = absl::StrCat(folder, "/cgroup.subtree_control");
  if (HasControllers(file)) return absl::OkStatus();
  if (!HasControllers(absl::StrCat(folder, "/cgroup.controllers"))) {
    return absl::UnimplementedError(
        absl::StrCat(folder, " has no memory and cpu controllers"));
  }
  const int error = WriteWholeFile(file, "+memory +cpu");
  return error == 0 ? absl::OkStatus() : ErrorStatus(error, file);
}

// What a probing child needs: no more than pointers, because it may not call
// the C++ library.
struct JoinRequest {
  std::vector<const char*> files;
};

int JoinMain(void* argument) {
  for (const char* path : static_cast<JoinRequest*>(argument)->files) {
    const long file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY, 0);
    if (file < 0) return errno;
    if (syscall(SYS_write, file, "0", 1) != 1) return errno;
  }
  return 0;
}

struct Place {
  int version;
  std::vector<std::string> parents;  // one for each hierarchy
};

std::vector<Place> PlacesToTry(const CgroupLayout& layout,
                               const std::string& parent) {
  std::vector<Place> places;
  if (layout.unified.mounted()) {
    if (!parent.empty()) {
      places.push_back({2, {absl::StrCat(layout.unified.mount, parent)}});
    } else {
      for (std::string& folder : layout.unified.OwnAndAbove()) {
        places.push_back({2, {std::move(folder)}});
      }
    }
  }
  if (layout.memory.mounted() && layout.cpu.mounted()) {
    const std::string& memory = layout.memory.mount;
    const std::string& cpu = layout.cpu.mount;
    if (!parent.empty()) {
      places.push_back(
          {1, {absl::StrCat(memory, parent), absl::StrCat(cpu, parent)}});
    } else {
      places.push_back({1, {layout.memory.own, layout.cpu.own}});
      places.push_back({1, {memory, cpu}});
    }
  }
  return places;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Cgroups>> Cgroups::Create(
    const Options& options) {
  absl::Status last = absl::UnimplementedError(
      "no cgroup hierarchy with memory and cpu is mounted");
  const std::string name = absl::StrCat(
      options.outlive_host ? kOutlivingPrefix : kPrefix, HostName());
  for (const Place& place : PlacesToTry(ReadCgroupLayout(), options.parent)) {
    if (place.version == 2) {
      last = HandDownControllers(place.parents[0]);
      if (!last.ok()) continue;
    }
    std::vector<std::string> folders;
    for (const std::string& parent : place.parents) {
      RemoveStale(parent);
      folders.push_back(absl::StrCat(parent, "/", name));
    }
    std::unique_ptr<Cgroups> cgroups(
        new Cgroups(place.version, std::move(folders)));
    last = cgroups->Prepare();
    if (last.ok()) last = cgroups->Probe();
    if (last.ok()) return cgroups;
  }
  return last;
}

Cgroups::Cgroups(int version, std::vector<std::string> folders)
    : version_(version), folders_(std::move(folders)) {}

Cgroups::~Cgroups() {
  for (const std::string& folder : folders_) {
    RemoveCgroupTreeWithin(folder.c_str(), true, kRemovalMilliseconds);
  }
}

std::string Cgroups::Text() const {
  const std::string& folder = folders_[0];
  return absl::StrCat("cgroup v", version_, " below ",
                      folder.substr(0, folder.find_last_of('/')));
}

absl::Status Cgroups::Prepare() {
  for (const std::string& folder : folders_) {
    if (mkdir(folder.c_str(), 0755) != 0) return ErrorStatus(errno, folder);
  }
  return version_ == 2 ? HandDownControllers(folders_[0]) : absl::OkStatus();
}

absl::Status Cgroups::Probe() {
  absl::StatusOr<ContainerCgroup> cgroup = Make(Resources::Of(1, 64));
  if (!cgroup.ok()) return cgroup.status();
  JoinRequest request;
  for (const std::string& file : cgroup->join_files) {
    request.files.push_back(file.c_str());
  }
  absl::StatusOr<HelperProcess> child =
      HelperProcess::Start(&JoinMain, &request);
  if (!child.ok()) return child.status();
  const int error = child->Wait();
  if (error != 0) {
    return ErrorStatus(error > 0 ? error : EIO, cgroup->join_files[0]);
  }
  for (const std::string& folder : cgroup->folders) {
    RemoveCgroupTreeWithin(folder.c_str(), true, kRemovalMilliseconds);
  }
  return absl::OkStatus();
}

absl::StatusOr<ContainerCgroup> Cgroups::Make(const Resources& limits) {
  const uint64_t number = ++made_;
  ContainerCgroup cgroup;
  for (const std::string& folder : folders_) {
    std::string path = absl::StrCat(folder, "/", number);
    if (mkdir(path.c_str(), 0755) != 0) {
      absl::Status status = ErrorStatus(errno, path);
      Remove(cgroup);
      return status;
    }
    // A process may move its only thread without the lock over all processes
    // that a move through cgroup.procs takes; version 2 has no such file.
    cgroup.join_files.push_back(
        absl::StrCat(path, version_ == 2 ? "/cgroup.procs" : "/tasks"));
    cgroup.folders.push_back(std::move(path));
  }
  absl::Status status = SetLimits(cgroup, limits);
  if (!status.ok()) {
    Remove(cgroup);
    return status;
  }
  return cgroup;
}

absl::Status Cgroups::SetLimits(const ContainerCgroup& cgroup,
                                const Resources& limits) const {
  const std::string& memory = cgroup.folders.front();
  const std::string& cpu = cgroup.folders.back();
  if (limits.memory_mib > 0) {
    const std::string bytes = absl::StrCat(limits.memory_mib * kBytesPerMib);
    const std::string file = absl::StrCat(
        memory, version_ == 2 ? "/memory.max" : "/memory.limit_in_bytes");
    const int error = WriteWholeFile(file, bytes);
    if (error != 0) return ErrorStatus(error, file);
    // No swap beyond the limit. A kernel without swap has no such files.
    if (version_ == 2) {
      WriteWholeFile(absl::StrCat(memory, "/memory.swap.max"), "0");
      WriteWholeFile(absl::StrCat(memory, "/memory.oom.group"), "1");
    } else {
      WriteWholeFile(absl::StrCat(memory, "/memory.memsw.limit_in_bytes"),
                     bytes);
    }
  }
  if (limits.vcpu_milli > 0) {
    const int64_t quota = std::max(
        limits.vcpu_milli * kPeriodMicroseconds / 1000, kQuotaMicrosecondsMin);
    const int error =
        version_ == 2
            ? WriteWholeFile(absl::StrCat(cpu, "/cpu.max"),
                             absl::StrCat(quota, " ", kPeriodMicroseconds))
            : WriteWholeFile(absl::StrCat(cpu, "/cpu.cfs_quota_us"),
                             absl::StrCat(quota));
    // Version 1 refuses more than a cgroup above allows: that one holds then.
    if (error != 0 && error != EINVAL) return ErrorStatus(error, cpu);
  }
  return absl::OkStatus();
}

int64_t Cgroups::OomKills(const ContainerCgroup& cgroup) const {
  const std::string text =
      ReadWholeFile(absl::StrCat(cgroup.folders.front(),
                                 version_ == 2 ? "/memory.events"
                                               : "/memory.oom_control"))
          .value_or("");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t count = 0;
    if (absl::ConsumePrefix(&line, "oom_kill ") &&
        absl::SimpleAtoi(line, &count)) {
      return count;
    }
  }
  return 0;
}

bool Cgroups::Remove(const ContainerCgroup& cgroup) const {
  bool gone = true;
  for (const std::string& folder : cgroup.folders) {
    gone = RemoveCgroupTree(folder.c_str(), true) && gone;
  }
  return gone;
}

}  // namespace embatch
