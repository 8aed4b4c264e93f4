// SPDX-License-Identifier: Apache-2.0
//
// How a LocalRuntime stops containers and learns of their end.
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "lib/local/local_runtime_impl.h"

namespace embatch {
namespace {

// How soon a cgroup whose processes are still dying is tried again.
constexpr int64_t kRemovalRetryNanoseconds = 10'000'000;

}  // namespace

void LocalRuntime::Impl::Stop(uint32_t slot, absl::Duration grace) {
  RunningContainer& running = table[slot];
  if (grace <= absl::ZeroDuration()) {
    running.kill_at_ns = kNoDeadline;
    SendToGroup(running, SIGKILL);
    return;
  }
  SendToGroup(running, SIGTERM);
  // A second Stop() may hasten the end, not delay it.
  if (grace >= absl::Hours(24 * 365)) return;
  const int64_t kill_at_ns =
      SteadyNanoseconds() + absl::ToInt64Nanoseconds(grace);
  if (kill_at_ns >= running.kill_at_ns) return;
  running.kill_at_ns = kill_at_ns;
  deadlines.emplace(kill_at_ns, slot);
  SetTimer();
}

// The group's number can't pass to strangers while its first process is there,
// as a zombie at least, or while it has any member. If somebody else has
// reaped that process, its number tells: in use again, the group was empty.
void LocalRuntime::Impl::SendToGroup(const RunningContainer& running,
                                     int signal) const {
  if (SendSignal(running.pidfd.get(), 0) != 0 &&
      (kill(running.pid, 0) == 0 || errno != ESRCH)) {
    return;
  }
  kill(-running.pid, signal);
}

void LocalRuntime::Impl::KillOverdue() {
  const int64_t now_ns = SteadyNanoseconds();
  while (!deadlines.empty() && deadlines.top().first <= now_ns) {
    const auto [at_ns, slot] = deadlines.top();
    deadlines.pop();
    RunningContainer& running = table[slot];
    // Another container may have the slot by now; then the times differ.
    if (running.kill_at_ns != at_ns) continue;
    running.kill_at_ns = kNoDeadline;
    SendToGroup(running, SIGKILL);
  }
}

void LocalRuntime::Impl::RetryRemovals() {
  if (removals.empty()) return;
  removals.erase(std::remove_if(removals.begin(), removals.end(),
                                [this](const ContainerCgroup& cgroup) {
                                  return cgroups->Remove(cgroup);
                                }),
                 removals.end());
  retry_at_ns = removals.empty()
                    ? kNoDeadline
                    : SteadyNanoseconds() + kRemovalRetryNanoseconds;
}

void LocalRuntime::Impl::SetTimer() {
  int64_t at_ns = retry_at_ns;
  if (!deadlines.empty()) at_ns = std::min(at_ns, deadlines.top().first);
  if (at_ns == timer_at_ns) return;
  timer_at_ns = at_ns;
  struct itimerspec when = {};
  if (at_ns != kNoDeadline) {
    when.it_value.tv_sec = at_ns / 1'000'000'000;
    when.it_value.tv_nsec = at_ns % 1'000'000'000;
  }
  timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

// --- Ends -------------------------------------------------------------------

void LocalRuntime::Impl::Collect(int max) {
  constexpr int kBatch = 64;
  struct epoll_event batch[kBatch];
  bool timer_fired = false;
  for (;;) {
    const int room = max - static_cast<int>(reports.size());
    if (room <= 0) break;
    const int asked = std::min(room, kBatch);
    const int count = epoll_wait(events.get(), batch, asked, 0);
    int ended = 0;
    for (int i = 0; i < count; ++i) {
      if (batch[i].data.u64 == kTimerEvent) {
        timer_fired = true;
      } else if (CollectOne(static_cast<uint32_t>(batch[i].data.u64))) {
        ++ended;
      }
    }
    // Fewer than asked for: there are no more. None ended: don't spin.
    if (count < asked || ended == 0) break;
  }
  if (!timer_fired) return;
  uint64_t expirations;
  while (read(timer.get(), &expirations, sizeof(expirations)) < 0 &&
         errno == EINTR) {
  }
  timer_at_ns = kNoDeadline;
  KillOverdue();
  RetryRemovals();
  SetTimer();
}

// The main process has ended. AWS stops a container with its main process, so
// what is left of it is killed; before the main process is reaped, which keeps
// the group's number from being another's.
bool LocalRuntime::Impl::CollectOne(uint32_t slot) {
  RunningContainer& running = table[slot];
  SendToGroup(running, SIGKILL);
  const ProcessEnd end = ReapChild(running.pidfd.get());
  if (!end.ended) return false;  // a debugger holds it
  groups.Group(slot)->store(0, std::memory_order_release);
  epoll_ctl(events.get(), EPOLL_CTL_DEL, running.pidfd.get(), nullptr);

  std::optional<int> exit_code = end.exit_code;
  std::string reason;
  if (!exit_code.has_value()) {
    reason =
        "the exit code is not known: the host has waited for the process "
        "or ignores SIGCHLD";
  }
  if (running.cgroup.has_value() && exit_code != 0 &&
      cgroups->OomKills(*running.cgroup) > 0) {
    // Source: §3.2, exit code and reason of a container that is out of memory.
    reason = "OutOfMemoryError: Container killed due to memory usage";
    if (!exit_code.has_value()) exit_code = 137;
  }
  reports.push_back(ContainerReport::Exited(ReportTime(), running.id, exit_code,
                                            std::move(reason)));
  slots.erase(running.id);
  std::optional<ContainerCgroup> cgroup = std::move(running.cgroup);
  LeaveSlot(slot);
  RemoveCgroup(std::move(cgroup));
  return true;
}

void LocalRuntime::Impl::RemoveCgroup(std::optional<ContainerCgroup> cgroup) {
  if (!cgroup.has_value() || cgroups->Remove(*cgroup)) return;
  removals.push_back(*std::move(cgroup));
  if (retry_at_ns == kNoDeadline) {
    retry_at_ns = SteadyNanoseconds() + kRemovalRetryNanoseconds;
    SetTimer();
  }
}

}  // namespace embatch
