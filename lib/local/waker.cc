// SPDX-License-Identifier: Apache-2.0
//
// One epoll descriptor over an eventfd for Wake(), a timer for deadlines, and
// whatever is watched. The timer is one of the system clock that also fires
// when that clock is set, which a relative timeout would not notice.
#include "embatch/local/waker.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/local/system.h"

namespace embatch {
namespace {

#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET (1 << 1)
#endif

absl::Status WatchIn(int epoll_fd, int fd) {
  struct epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) {
    return absl::OkStatus();
  }
  return ErrorStatus(errno, absl::StrCat("can't watch descriptor ", fd));
}

// Empties an eventfd or a timer.
void Drain(int fd) {
  uint64_t count;
  while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR) {
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Waker>> Waker::Create() {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  const int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int timer_fd =
      timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  const int error = errno;
  std::unique_ptr<Waker> waker(new Waker(epoll_fd, event_fd, timer_fd));
  if (epoll_fd < 0 || event_fd < 0 || timer_fd < 0) {
    return ErrorStatus(error, "can't make a waker");
  }
  for (const int fd : {event_fd, timer_fd}) {
    absl::Status watched = waker->Watch(fd);
    if (!watched.ok()) return watched;
  }
  return waker;
}

Waker::Waker(int epoll_fd, int event_fd, int timer_fd)
    : epoll_fd_(epoll_fd), event_fd_(event_fd), timer_fd_(timer_fd) {}

Waker::~Waker() {
  for (const int fd : {timer_fd_, event_fd_, epoll_fd_}) {
    if (fd >= 0) close(fd);
  }
}

void Waker::Wake() noexcept {
  // A signal handler must leave errno as it found it.
  const int before = errno;
  const uint64_t one = 1;
  // It can only fail when the count is full, and then a wake-up is due anyway.
  while (write(event_fd_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  errno = before;
}

void Waker::WaitUntil(absl::Time deadline) noexcept {
  for (;;) {
    const bool due = absl::Now() >= deadline;
    if (!due) ArmTimer(deadline);
    struct epoll_event events[8];
    const int count = epoll_wait(epoll_fd_, events, 8, due ? 0 : -1);
    if (count < 0 && errno != EINTR) return;  // can't happen; don't spin
    bool woken = due;
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == timer_fd_) {
        Drain(fd);  // the deadline came, or the clock was set: look again
        armed_for_ = absl::InfiniteFuture();
        continue;
      }
      if (fd == event_fd_) Drain(fd);
      woken = true;
    }
    if (woken) return;
  }
}

// Sets the timer if it is not set so already. A timer that is left over from an
// earlier, nearer deadline costs one more turn of the loop above.
void Waker::ArmTimer(absl::Time deadline) noexcept {
  if (deadline == armed_for_) return;
  struct itimerspec when = {};
  if (deadline != absl::InfiniteFuture()) {
    // A nanosecond is added because the conversion rounds down: when the timer
    // fires the deadline must be past.
    when.it_value = absl::ToTimespec(deadline + absl::Nanoseconds(1));
    // All zero would mean no timer.
    if (when.it_value.tv_sec <= 0) when.it_value = {0, 1};
  }
  timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
                  nullptr);
  armed_for_ = deadline;
}

absl::Status Waker::Watch(int fd) { return WatchIn(epoll_fd_, fd); }

void Waker::Unwatch(int fd) noexcept {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

}  // namespace embatch
