// SPDX-License-Identifier: Apache-2.0
#include "embatch/local/waker.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/local/system.h"

namespace embatch {
namespace {

constexpr absl::Duration kForever = absl::Seconds(50);

class WakerTest : public ::testing::Test {
 protected:
  WakerTest() : waker_(*Waker::Create()) {}

  // Whether WaitUntil() returns well before a far deadline.
  bool ReturnsAtOnce() {
    const absl::Time before = absl::Now();
    waker_->WaitUntil(before + kForever);
    return absl::Now() - before < kForever / 2;
  }

  bool IsReadable() {
    struct pollfd watched = {waker_->fd(), POLLIN, 0};
    return poll(&watched, 1, 0) == 1;
  }

  std::unique_ptr<Waker> waker_;
};

TEST_F(WakerTest, SleepsUntilTheDeadlineAndNoShorter) {
  for (const absl::Duration pause :
       {absl::Nanoseconds(1), absl::Microseconds(300),
        absl::Milliseconds(20)}) {
    const absl::Time deadline = absl::Now() + pause;
    waker_->WaitUntil(deadline);
    EXPECT_GE(absl::Now(), deadline);
  }
}

TEST_F(WakerTest, DeadlineThatIsPastDoesNotSleep) {
  for (const absl::Time deadline :
       {absl::InfinitePast(), absl::UnixEpoch(), absl::Now()}) {
    const absl::Time before = absl::Now();
    waker_->WaitUntil(deadline);
    EXPECT_LT(absl::Now() - before, kForever);
  }
}

TEST_F(WakerTest, WakeBeforehandCountsOnce) {
  waker_->Wake();
  waker_->Wake();
  EXPECT_TRUE(IsReadable());
  EXPECT_TRUE(ReturnsAtOnce());
  EXPECT_FALSE(IsReadable());

  const absl::Time deadline = absl::Now() + absl::Milliseconds(10);
  waker_->WaitUntil(deadline);
  EXPECT_GE(absl::Now(), deadline);
}

TEST_F(WakerTest, HostWithALoopOfItsOwnForgetsWakesWithoutSleeping) {
  waker_->Wake();
  EXPECT_TRUE(IsReadable());

  waker_->WaitUntil(absl::InfinitePast());

  EXPECT_FALSE(IsReadable());
}

TEST_F(WakerTest, AnotherThreadWakes) {
  std::thread other([this] { waker_->Wake(); });
  EXPECT_TRUE(ReturnsAtOnce());
  other.join();
}

TEST_F(WakerTest, InfiniteDeadlineWaitsForAWake) {
  // A timer that an earlier call left set must not end this one.
  waker_->Wake();
  waker_->WaitUntil(absl::Now() + absl::Milliseconds(5));
  const absl::Time deadline = absl::Now() + absl::Milliseconds(20);
  std::thread other([&] {
    Waker::Create().value()->WaitUntil(deadline);
    waker_->Wake();
  });

  waker_->WaitUntil(absl::InfiniteFuture());

  EXPECT_GE(absl::Now(), deadline);
  other.join();
}

TEST_F(WakerTest, FarDeadlineIsNoPastOne) {
  waker_->Wake();
  EXPECT_TRUE(ReturnsAtOnce());
  std::thread other([&] { waker_->Wake(); });
  waker_->WaitUntil(
      absl::FromCivil(absl::CivilYear(200'000), absl::UTCTimeZone()));
  other.join();
  EXPECT_FALSE(IsReadable());
}

TEST_F(WakerTest, WatchedDescriptorWakesForAsLongAsItIsReadable) {
  const OwnedDescriptor descriptor(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  ASSERT_TRUE(waker_->Watch(descriptor.get()).ok());
  EXPECT_TRUE(ReturnsAtOnce());
  EXPECT_TRUE(ReturnsAtOnce());

  waker_->Unwatch(descriptor.get());

  EXPECT_FALSE(IsReadable());
}

TEST_F(WakerTest, DescriptorThatCantBeWatchedIsRefused) {
  EXPECT_FALSE(waker_->Watch(-1).ok());
  const OwnedDescriptor descriptor(eventfd(0, EFD_CLOEXEC));
  EXPECT_TRUE(waker_->Watch(descriptor.get()).ok());
  EXPECT_FALSE(waker_->Watch(descriptor.get()).ok());
}

Waker* signalled_waker = nullptr;

TEST_F(WakerTest, SignalHandlerWakes) {
  signalled_waker = waker_.get();
  struct sigaction handle = {};
  handle.sa_handler = [](int) { signalled_waker->Wake(); };
  struct sigaction before;
  ASSERT_EQ(sigaction(SIGUSR1, &handle, &before), 0);

  raise(SIGUSR1);

  EXPECT_TRUE(ReturnsAtOnce());
  sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace embatch
