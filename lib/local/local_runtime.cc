// SPDX-License-Identifier: Apache-2.0
//
// The runtime's own epoll descriptor holds the pidfd of every container and
// one timer; the host's waker watches that descriptor. Poll() takes from it.
#include "embatch/local/local_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/local/cgroups.h"
#include "lib/local/guardian.h"
#include "lib/local/log_files.h"
#include "lib/local/process_image.h"
#include "lib/local/spawner.h"
#include "lib/local/system.h"
#include "lib/local/user.h"

extern char** environ;

namespace embatch {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// What the timer's event carries in place of a slot.
constexpr uint64_t kTimerEvent = ~uint64_t{0};

// How soon a cgroup whose processes are still dying is tried again.
constexpr int64_t kRemovalRetryNanoseconds = 10'000'000;

// How long the destructor waits for what it killed. A process in an
// uninterruptible call to a broken device may outstay it.
constexpr int64_t kDestructionNanoseconds = 10'000'000'000;

struct Running {
  ContainerId id;
  pid_t pid = -1;  // also its process group and session
  OwnedDescriptor pidfd;
  std::optional<ContainerCgroup> cgroup;
  absl::Duration stop_timeout;
  int64_t kill_at_ns = kNever;  // by the steady clock
  bool asked_again = false;     // since the restart
};

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

absl::StatusOr<std::optional<User>> UserToBecome(const std::string& text) {
  if (text.empty()) return std::optional<User>();
  absl::StatusOr<User> user = FindUser(text);
  if (!user.ok()) return user.status();
  if (geteuid() == 0) return std::optional<User>(*std::move(user));
  if (user->uid == geteuid() && user->gid == getegid()) {
    return std::optional<User>();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("user is \"", text, "\"; only root may run as another"));
}

}  // namespace

struct LocalRuntime::Impl {
  explicit Impl(LocalRuntimeOptions given)
      : options(std::move(given)),
        logs(AbsolutePath(options.log_folder)),
        working_folder(AbsolutePath(options.working_folder)),
        host(getpid()) {}
  ~Impl();

  absl::Status Prepare();
  absl::Status PrepareLimits();

  void Start(const ContainerSpec& spec);
  bool MakeProcess(const ContainerSpec& spec, Running& running, uint32_t slot);
  SpawnResult Spawn(const SpawnRequest& request, const std::string& log_path);
  std::string WhyNot(const SpawnResult& result, const ContainerSpec& spec,
                     const std::string& log_path) const;
  void Refuse(ContainerId id, absl::string_view why);
  uint32_t TakeSlot();
  void LeaveSlot(uint32_t slot);

  void Stop(uint32_t slot, absl::Duration grace);
  void SendToGroup(const Running& running, int signal) const;
  void KillOverdue();
  void RetryRemovals();
  void SetTimer();

  void Collect(int max);
  bool CollectOne(uint32_t slot);
  void RemoveCgroup(std::optional<ContainerCgroup> cgroup);
  void KillEverything();

  // Never earlier than the last one, though the clock may be set back.
  absl::Time ReportTime();

  const LocalRuntimeOptions options;
  LogFiles logs;
  const std::string working_folder;
  const pid_t host;  // a copy of it that runs our destructor must kill nobody
  std::optional<User> user;
  BaseEnvironment base_environment;
  std::string limits_text;

  OwnedDescriptor null_device;
  OwnedDescriptor events;  // epoll
  OwnedDescriptor timer;
  bool watched = false;

  Spawner spawner;
  ProcessImage image;
  GroupTable groups;
  std::unique_ptr<Cgroups> cgroups;    // null: limits are not enforced
  std::unique_ptr<Guardian> guardian;  // destroyed before what it watches

  absl::flat_hash_map<ContainerId, uint32_t> slots;
  std::vector<Running> table;           // by slot
  std::vector<uint32_t> free_slots;     // of `table`
  std::deque<ContainerReport> reports;  // not given out yet
  absl::Time last_time = absl::InfinitePast();

  // When to kill whom; one that has ended by then is passed over.
  using Deadline = std::pair<int64_t, uint32_t>;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<Deadline>>
      deadlines;
  std::vector<ContainerCgroup> removals;  // not empty yet
  int64_t retry_at_ns = kNever;
  int64_t timer_at_ns = kNever;  // what `timer` is set to
};

// --- Creation ---------------------------------------------------------------

absl::Status LocalRuntime::Impl::Prepare() {
  absl::Status prepared = logs.Prepare();
  if (!prepared.ok()) return prepared;
  absl::StatusOr<std::optional<User>> found = UserToBecome(options.user);
  if (!found.ok()) return found.status();
  user = *std::move(found);
  if (options.inherit_environment) base_environment.AddInherited(environ);
  base_environment.Add(options.environment);

  // Above 2, for it is to be made each process's descriptor 0, and a host may
  // have closed its own.
  const OwnedDescriptor null_anywhere(open("/dev/null", O_RDWR | O_CLOEXEC));
  null_device = OwnedDescriptor(fcntl(null_anywhere.get(), F_DUPFD_CLOEXEC, 3));
  events = OwnedDescriptor(epoll_create1(EPOLL_CLOEXEC));
  timer = OwnedDescriptor(
      timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!null_device.ok() || !events.ok() || !timer.ok()) {
    return ErrorStatus(errno, "can't make a runtime's descriptors");
  }
  if (!spawner.ok() || !groups.ok()) {
    return absl::ResourceExhaustedError("no memory for a runtime");
  }
  struct epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = kTimerEvent;
  if (epoll_ctl(events.get(), EPOLL_CTL_ADD, timer.get(), &event) != 0) {
    return ErrorStatus(errno, "can't watch a timer");
  }

  prepared = PrepareLimits();
  if (!prepared.ok()) return prepared;
  if (!options.children_outlive_host) {
    absl::StatusOr<std::unique_ptr<Guardian>> started =
        Guardian::Start(&groups, cgroups == nullptr ? std::vector<std::string>()
                                                    : cgroups->folders());
    if (!started.ok()) return started.status();
    guardian = *std::move(started);
  }
  prepared = options.waker->Watch(events.get());
  watched = prepared.ok();
  return prepared;
}

absl::Status LocalRuntime::Impl::PrepareLimits() {
  if (options.limits == LocalRuntimeOptions::Limits::kOff) {
    limits_text = "not enforced: limits are off by the options";
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<Cgroups>> made =
      Cgroups::Create({options.cgroup, options.children_outlive_host});
  if (made.ok()) {
    cgroups = *std::move(made);
    limits_text = absl::StrCat("memory and CPU limits by ", cgroups->Text());
    return absl::OkStatus();
  }
  limits_text = absl::StrCat("not enforced: no writable cgroup (",
                             made.status().message(), ")");
  if (options.limits == LocalRuntimeOptions::Limits::kAuto) {
    return absl::OkStatus();
  }
  return absl::Status(made.status().code(),
                      absl::StrCat("limits are required, but ", limits_text));
}

absl::StatusOr<std::unique_ptr<LocalRuntime>> LocalRuntime::Create(
    LocalRuntimeOptions options) {
  if (options.log_folder.empty()) {
    return absl::InvalidArgumentError("log_folder is empty; required");
  }
  if (options.waker == nullptr) {
    return absl::InvalidArgumentError("waker is null; required");
  }
  if (!options.cgroup.empty() && options.cgroup[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat(
        "cgroup is \"", options.cgroup, "\"; must begin with '/'"));
  }
  auto impl = std::make_unique<Impl>(std::move(options));
  absl::Status prepared = impl->Prepare();
  if (!prepared.ok()) return prepared;
  return std::unique_ptr<LocalRuntime>(new LocalRuntime(std::move(impl)));
}

// --- Starting ---------------------------------------------------------------

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
  Running running;
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
                                     Running& running, uint32_t slot) {
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
  const std::string error = ErrorText(result.error);
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
  table[slot] = Running();
  free_slots.push_back(slot);
}

// --- Stopping ---------------------------------------------------------------

void LocalRuntime::Impl::Stop(uint32_t slot, absl::Duration grace) {
  Running& running = table[slot];
  if (grace <= absl::ZeroDuration()) {
    running.kill_at_ns = kNever;
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
void LocalRuntime::Impl::SendToGroup(const Running& running, int signal) const {
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
    Running& running = table[slot];
    // Another container may have the slot by now; then the times differ.
    if (running.kill_at_ns != at_ns) continue;
    running.kill_at_ns = kNever;
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
                    ? kNever
                    : SteadyNanoseconds() + kRemovalRetryNanoseconds;
}

void LocalRuntime::Impl::SetTimer() {
  int64_t at_ns = retry_at_ns;
  if (!deadlines.empty()) at_ns = std::min(at_ns, deadlines.top().first);
  if (at_ns == timer_at_ns) return;
  timer_at_ns = at_ns;
  struct itimerspec when = {};
  if (at_ns != kNever) {
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
  timer_at_ns = kNever;
  KillOverdue();
  RetryRemovals();
  SetTimer();
}

// The main process has ended. AWS stops a container with its main process, so
// what is left of it is killed; before the main process is reaped, which keeps
// the group's number from being another's.
bool LocalRuntime::Impl::CollectOne(uint32_t slot) {
  Running& running = table[slot];
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
  if (retry_at_ns == kNever) {
    retry_at_ns = SteadyNanoseconds() + kRemovalRetryNanoseconds;
    SetTimer();
  }
}

absl::Time LocalRuntime::Impl::ReportTime() {
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  last_time = std::max(last_time, now);
  return last_time;
}

void LocalRuntime::Impl::KillEverything() {
  for (const auto& [id, slot] : slots) SendToGroup(table[slot], SIGKILL);
  const int64_t until_ns = SteadyNanoseconds() + kDestructionNanoseconds;
  for (const auto& [id, slot] : slots) {
    Running& running = table[slot];
    struct pollfd end = {running.pidfd.get(), POLLIN, 0};
    while (!ReapChild(running.pidfd.get()).ended) {
      const int64_t left_ns = until_ns - SteadyNanoseconds();
      if (left_ns <= 0) break;
      poll(&end, 1, static_cast<int>(left_ns / 1'000'000) + 1);
      SendToGroup(running, SIGKILL);
    }
    groups.Group(slot)->store(0);
  }
}

LocalRuntime::Impl::~Impl() {
  if (getpid() != host) {
    // A copy that the host forked. What we started is not ours to end.
    if (cgroups != nullptr) (void)cgroups.release();
    if (guardian != nullptr) (void)guardian.release();
    return;
  }
  if (watched) options.waker->Unwatch(events.get());
  KillEverything();
  // Before the guardian goes: it would do the same if we died here.
  cgroups.reset();
}

// --- The interface ----------------------------------------------------------

LocalRuntime::LocalRuntime(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

LocalRuntime::~LocalRuntime() = default;

bool LocalRuntime::limits_enforced() const { return impl_->cgroups != nullptr; }

const std::string& LocalRuntime::LimitsText() const {
  return impl_->limits_text;
}

std::string LocalRuntime::LogPath(absl::string_view log_stream) const {
  return impl_->logs.Path(log_stream);
}

int LocalRuntime::running() const {
  return static_cast<int>(impl_->slots.size());
}

void LocalRuntime::Start(const ContainerSpec& spec) noexcept {
  impl_->Start(spec);
}

void LocalRuntime::Stop(ContainerId container, absl::Duration grace) noexcept {
  const auto known = impl_->slots.find(container);
  if (known != impl_->slots.end()) impl_->Stop(known->second, grace);
}

void LocalRuntime::Poll(absl::Time now, int max,
                        std::vector<ContainerReport>& out) noexcept {
  impl_->Collect(max);
  const int64_t now_ns = absl::ToUnixNanos(now);
  for (; max > 0 && !impl_->reports.empty(); --max) {
    ContainerReport& report = impl_->reports.front();
    report.time_ns = std::min(report.time_ns, now_ns);
    out.push_back(std::move(report));
    impl_->reports.pop_front();
  }
}

absl::Time LocalRuntime::NextReportTime() const noexcept {
  return impl_->reports.empty()
             ? absl::InfiniteFuture()
             : absl::FromUnixNanos(impl_->reports.front().time_ns);
}

void LocalRuntime::Recovered() noexcept {
  for (const auto& [id, slot] : impl_->slots) {
    Running& running = impl_->table[slot];
    if (!running.asked_again) impl_->Stop(slot, running.stop_timeout);
    running.asked_again = false;
  }
}

}  // namespace embatch
