// SPDX-License-Identifier: Apache-2.0
#include "embatch/local/local_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/local/local_runtime_impl.h"

extern char** environ;

namespace embatch {
namespace {

// How long the destructor waits for what it killed. A process in an
// uninterruptible call to a broken device may outstay it.
constexpr int64_t kDestructionNanoseconds = 10'000'000'000;

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

// --- Destruction -------------------------------------------------------------

void LocalRuntime::Impl::KillEverything() {
  for (const auto& [id, slot] : slots) SendToGroup(table[slot], SIGKILL);
  const int64_t until_ns = SteadyNanoseconds() + kDestructionNanoseconds;
  for (const auto& [id, slot] : slots) {
    RunningContainer& running = table[slot];
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
    RunningContainer& running = impl_->table[slot];
    if (!running.asked_again) impl_->Stop(slot, running.stop_timeout);
    running.asked_again = false;
  }
}

}  // namespace embatch
