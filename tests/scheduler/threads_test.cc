// SPDX-License-Identifier: Apache-2.0
//
// Schedulers in several threads have nothing in common, so each goes as if it
// were alone. `cmake/dev tsan` runs this where a race would be seen.
#include <cstdint>
#include <memory>
#include <thread>

#include "gtest/gtest.h"
#include "tests/scheduler/busy_host.h"

namespace embatch {
namespace {

constexpr int32_t kJobs = 2000;

uint64_t DigestOfALife(uint64_t seed) {
  BusyHost host(seed);
  host.Live(kJobs);
  host.Live(kJobs);
  return host.digest();
}

TEST(ThreadsTest, SchedulersInTwoThreadsGoAsEachWouldAlone) {
  const uint64_t first_alone = DigestOfALife(1);
  const uint64_t second_alone = DigestOfALife(2);
  ASSERT_NE(first_alone, second_alone);
  uint64_t first = 0;
  std::thread thread([&first] { first = DigestOfALife(1); });
  const uint64_t second = DigestOfALife(2);
  thread.join();
  EXPECT_EQ(first, first_alone);
  EXPECT_EQ(second, second_alone);
}

// A fork shares what can't change any more, and nothing else.
TEST(ThreadsTest, AForkGoesItsOwnWayInAnotherThread) {
  const uint64_t alone = DigestOfALife(1);
  BusyHost host(1);
  host.Live(kJobs);
  host.Submit(kJobs);
  std::unique_ptr<Scheduler> fork = host.scheduler().Fork();
  absl::Time now = host.now();
  bool forgotten = false;
  std::thread thread([&fork, &forgotten, now]() mutable {
    // What it asks for is dropped, so what it starts only ends by timeouts.
    SubmitJobRequest request;
    request.job_name = "in the fork";
    request.job_queue = "queue";
    request.job_definition = "work";
    EXPECT_EQ(fork->SubmitJob(request, now).status().code(),
              absl::StatusCode::kInvalidArgument);  // that is no name
    request.job_name = "in-the-fork";
    EXPECT_TRUE(fork->SubmitJob(request, now).ok());
    for (int i = 0; i < 100; ++i) {
      const Step step = fork->Advance(now);
      EXPECT_TRUE(step.status.ok());
      now = step.next == now ? now : now + absl::Minutes(1);
    }
    fork.reset();
    forgotten = true;
  });
  host.RunUntilForgotten();
  thread.join();
  EXPECT_TRUE(forgotten);
  EXPECT_EQ(host.digest(), alone);
}

}  // namespace
}  // namespace embatch
