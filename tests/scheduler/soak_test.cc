// SPDX-License-Identifier: Apache-2.0
//
// A scheduler that has been at work for long is as small as a new one.
// EMBATCH_SOAK=100000000 makes it work until so many jobs and children have
// ended, and then looks at the memory of the process as well.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "tests/scheduler/busy_host.h"

namespace embatch {
namespace {

// What the system says; 0 where it does not.
int64_t ResidentMib() {
  int64_t all_pages = 0;
  int64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> all_pages >> resident_pages;
  return resident_pages * 4096 / (1 << 20);
}

TEST(SoakTest, NothingIsLeftOfJobsThatAreForgotten) {
  int64_t wanted = 0;
  const char* text = std::getenv("EMBATCH_SOAK");
  const bool is_long = text != nullptr && absl::SimpleAtoi(text, &wanted);
  const int32_t jobs = is_long ? 1000000 : 4000;
  BusyHost host(1);
  const size_t empty = host.scheduler().EncodeState().size();
  // From the second time on there is nothing that was never there before.
  host.Live(jobs);
  host.Live(jobs);
  const size_t state = host.scheduler().EncodeState().size();
  const int64_t memory_mib = ResidentMib();
  EXPECT_LT(state, empty + 1000);
  do {
    host.Live(jobs);
    if (is_long) {
      std::cout << host.ended() << " ended, " << ResidentMib() << " MiB"
                << std::endl;
    }
  } while (host.ended() < wanted);
  // Numbers have grown, and nothing else.
  EXPECT_LT(host.scheduler().EncodeState().size(), state + 100);
  EXPECT_GT(host.ended(), 3 * jobs / 2);
  if (is_long) {
    EXPECT_LT(ResidentMib(), memory_mib * 11 / 10 + 16);
  }
}

}  // namespace
}  // namespace embatch
