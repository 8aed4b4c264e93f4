// SPDX-License-Identifier: Apache-2.0
//
// Tables of what a scheduler refuses, word for word; and that a refusal changes
// nothing.
#ifndef EMBATCH_TESTS_SCENARIO_REFUSAL_H_
#define EMBATCH_TESTS_SCENARIO_REFUSAL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"

namespace embatch {

struct Refusal {
  const char* name;
  std::function<absl::Status()> call;
  absl::StatusCode code;
  std::string message;
};

// A world with a queue "queue" on an UNMANAGED environment "hosts".
class RefusalFixture : public ScenarioTest {
 protected:
  RefusalFixture() { Hosts({2}); }

  Scheduler& scheduler() { return world_.scheduler(); }

  void ExpectRefused(const std::vector<Refusal>& refusals) {
    for (const Refusal& refusal : refusals) {
      SCOPED_TRACE(refusal.name);
      const std::string before = scheduler().EncodeState();
      const size_t logged = world_.log().inputs().size();
      const absl::Status status = refusal.call();
      EXPECT_EQ(status.code(), refusal.code);
      EXPECT_EQ(status.message(), refusal.message);
      EXPECT_TRUE(scheduler().EncodeState() == before);
      EXPECT_EQ(world_.log().inputs().size(), logged);
    }
  }
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_SCENARIO_REFUSAL_H_
