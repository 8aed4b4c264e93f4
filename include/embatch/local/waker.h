// SPDX-License-Identifier: Apache-2.0
//
// A Waker lets a host program sleep until something happens: a container
// ended, a descriptor of the host became readable, another thread called.
//
//   auto waker = embatch::Waker::Create();
//   ...                                         // runtimes that use it
//   for (;;) {
//     embatch::Step step = scheduler.Advance(absl::Now());
//     ...
//     (*waker)->WaitUntil(step.next);
//   }
//
// A host with a loop of its own polls fd() instead, for reading, and calls
// WaitUntil(absl::InfinitePast()) when it is readable.
//
// Time:      deadlines are of the system clock; one that is set forwards or
//            back is noticed at once.
// Threads:   Wake() may be called from any thread and from a signal handler;
//            Watch() and Unwatch() from any thread; WaitUntil() from one
//            thread at a time.
// Ownership: watched descriptors are borrowed. A Waker must outlive the
//            runtimes that were given it.
// Errors:    Create() and Watch() fail when the system is out of descriptors
//            or memory, or when a descriptor can't be waited for.
#ifndef EMBATCH_LOCAL_WAKER_H_
#define EMBATCH_LOCAL_WAKER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace embatch {

class Waker {
 public:
  static absl::StatusOr<std::unique_ptr<Waker>> Create();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  // Readable while WaitUntil() would return at once.
  int fd() const { return epoll_fd_; }

  // Makes the present WaitUntil() return, or else the next one. Several calls
  // in a row count as one.
  void Wake() noexcept;

  // Sleeps until Wake() is called, something watched is readable, or the
  // system clock reaches `deadline`. Forgets the calls of Wake() so far. A
  // watched descriptor that stays readable makes every call return at once.
  void WaitUntil(absl::Time deadline) noexcept;

  // Has WaitUntil() return while `fd` is readable or broken. Unwatch `fd`
  // before it is closed.
  absl::Status Watch(int fd);
  void Unwatch(int fd) noexcept;

 private:
  Waker(int epoll_fd, int event_fd, int timer_fd);
  void ArmTimer(absl::Time deadline) noexcept;

  const int epoll_fd_;
  const int event_fd_;
  const int timer_fd_;
  absl::Time armed_for_ = absl::InfiniteFuture();  // what timer_fd_ is set to
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_WAKER_H_
