// SPDX-License-Identifier: Apache-2.0
//
// How a LocalRuntime starts containers.
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/local/local_runtime_impl.h"

namespace embatch {
namespace {

// A text in a reason, which is cut after 255 characters: the end of the reason
// says the most, so a long path gives up its middle.
std::string Quoted(absl::string_view text) {
  constexpr size_t kHead = 40, kTail = 60;
  if (text.size() <= kHead + kTail) return absl::StrCat("\"", text, "\"");
  return absl::StrCat("\"", text.substr(0, kHead), "...",
                      text.substr(text.size() - kTail), "\"");
}

std::string CannotStart(absl::string_view why) {
  return absl::StrCat("CannotStartContainerError: ", why);
}

}  // namespace

void LocalRuntime::Impl::Start(const ContainerSpec& spec) {
  const auto known = slots.find(spec.container);
  if (known != slots.end()) {
    table[known->second].asked_again = true;
    return;
  }
  if (spec.after_restart) {
    reports.push_back(ContainerReport::Exited(
        ReportTime(), spec.container, std::nullopt,
        "the host was restarted; how the container ended is not known"));
    return;
  }
  const uint32_t slot = TakeSlot();
  RunningContainer running;
  running.id = spec.container;
  running.stop_timeout = spec.stop_timeout;
  if (!MakeProcess(spec, running, slot)) {
    RemoveCgroup(std::move(running.cgroup));
    LeaveSlot(slot);
    return;
  }
  table[slot] = std::move(running);
  slots.emplace(spec.container, slot);
  reports.push_back(ContainerReport::Started(ReportTime(), spec.container));
}

// Reports what went wrong, if anything did.
bool LocalRuntime::Impl::MakeProcess(const ContainerSpec& spec,
                                     RunningContainer& running, uint32_t slot) {
  const std::string wrong = image.Build(base_environment, spec);
  if (!wrong.empty()) {
    Refuse(spec.container, wrong);
    return false;
  }
  std::vector<const char*> join_files;
  if (cgroups != nullptr) {
    absl::StatusOr<ContainerCgroup> made = cgroups->Make(spec.resources);
    if (!made.ok()) {
      Refuse(spec.container, absl::StrCat("cgroup ", made.status().message()));
      return false;
    }
    running.cgroup = *std::move(made);
    for (const std::string& file : running.cgroup->join_files) {
      join_files.push_back(file.c_str());
    }
    join_files.push_back(nullptr);
  }

  const std::string log_path = logs.Path(spec.LogStreamName());
  SpawnRequest request;
  request.null_fd = null_device.get();
  request.log_path = log_path.c_str();
  request.working_folder =
      working_folder.empty() ? nullptr : working_folder.c_str();
  request.join_files = join_files.empty() ? nullptr : join_files.data();
  request.user = user.has_value() ? &*user : nullptr;
  request.programs = image.programs();
  request.arguments = image.arguments();
  request.environment = image.environment();
  request.group = groups.Group(slot);
  // The kernel counts the end of the thread as that of the parent, so this is
  // only for the one thread that lasts as long as the process. The guardian
  // does not need it; it is for a host whose guardian was killed.
  request.die_with_host = !options.children_outlive_host &&
                          syscall(SYS_gettid) == static_cast<long>(host);

  const SpawnResult result = Spawn(request, log_path);
  if (result.failed != SpawnStep::kNone) {
    Refuse(spec.container, WhyNot(result, spec, log_path));
    return false;
  }
  running.pid = result.pid;
  running.pidfd = OwnedDescriptor(result.pidfd);
  struct epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = slot;
  if (epoll_ctl(events.get(), EPOLL_CTL_ADD, result.pidfd, &event) == 0) {
    return true;
  }
  Refuse(spec.container, absl::StrCat("can't watch it: ", ErrorText(errno)));
  SendToGroup(running, SIGKILL);
  struct pollfd end = {result.pidfd, POLLIN, 0};
  poll(&end, 1, -1);
  ReapChild(result.pidfd);
  groups.Group(slot)->store(0);
  return false;
}

SpawnResult LocalRuntime::Impl::Spawn(const SpawnRequest& request,
                                      const std::string& log_path) {
  SpawnResult result;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int error = logs.MakeFoldersFor(log_path);
    if (error != 0) {
      result.failed = SpawnStep::kLog;
      result.error = error;
      return result;
    }
    result = spawner.Spawn(request);
    if (result.failed != SpawnStep::kLog || result.error != ENOENT) break;
    // Somebody has removed a folder that was there before.
    logs.Forget();
  }
  return result;
}

std::string LocalRuntime::Impl::WhyNot(const SpawnResult& result,
                                       const ContainerSpec& spec,
                                       const std::string& log_path) const {
  std::string error = ErrorText(result.error);
  const std::string program = Quoted(spec.command[0]);
  switch (result.failed) {
    case SpawnStep::kNone:
      break;
    case SpawnStep::kProcess:
      return absl::StrCat("can't make a process: ", error);
    case SpawnStep::kLog:
      return absl::StrCat("log file ", Quoted(log_path), ": ", error);
    case SpawnStep::kCgroup:
      return absl::StrCat("can't join its cgroup: ", error);
    case SpawnStep::kUser:
      return absl::StrCat("user ", Quoted(options.user), ": ", error);
    case SpawnStep::kWorkingFolder:
      return absl::StrCat("working folder ", Quoted(working_folder), ": ",
                          error);
    case SpawnStep::kProgram:
      if (image.searched_path() && result.error == ENOENT) {
        return absl::StrCat("exec: ", program,
                            ": executable file not found in $PATH: ", error);
      }
      return absl::StrCat("exec: ", program, ": ", error);
  }
  return error;
}

void LocalRuntime::Impl::Refuse(ContainerId id, absl::string_view why) {
  reports.push_back(
      ContainerReport::StartFailed(ReportTime(), id, CannotStart(why)));
}

uint32_t LocalRuntime::Impl::TakeSlot() {
  if (free_slots.empty()) {
    // There are as many slots as a system can have processes.
    table.emplace_back();
    return static_cast<uint32_t>(table.size() - 1);
  }
  const uint32_t slot = free_slots.back();
  free_slots.pop_back();
  return slot;
}

void LocalRuntime::Impl::LeaveSlot(uint32_t slot) {
  table[slot] = RunningContainer();
  free_slots.push_back(slot);
}

absl::Time LocalRuntime::Impl::ReportTime() {
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  last_time = std::max(last_time, now);
  return last_time;
}

}  // namespace embatch
