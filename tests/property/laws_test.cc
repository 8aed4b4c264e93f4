// SPDX-License-Identifier: Apache-2.0
//
// The laws of Advance() in random worlds. What can be checked in any world is
// checked after every step of each of them (random_world.h, invariants.h); the
// tests differ in how a world is driven, and in what they compare.
//
// A failure names its seed; EMBATCH_SEED=<that> runs it alone.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/property/explain.h"
#include "tests/property/random.h"
#include "tests/property/random_world.h"
#include "tests/property/world_plan.h"

namespace embatch {
namespace {

PlanOptions WithNodes() {
  PlanOptions plan;
  plan.multi_node = true;
  return plan;
}

class LawsTest : public ::testing::Test {
 protected:
  // Runs `body` with each seed until one fails.
  template <typename Body>
  void ForEachSeed(int count, Body body) {
    for (uint64_t seed : Seeds(count)) {
      SCOPED_TRACE(absl::StrCat("EMBATCH_SEED=", seed));
      body(seed);
      if (HasFailure()) return;
    }
  }
};

void ExpectSameEvents(const RandomWorld& a, const RandomWorld& b) {
  const size_t size = std::min(a.events().size(), b.events().size());
  for (size_t i = 0; i < size; ++i) {
    ASSERT_EQ(a.events()[i], b.events()[i]) << "event " << i;
  }
  EXPECT_EQ(a.events().size(), b.events().size());
}

void ExpectSameEnds(const RandomWorld& a, const RandomWorld& b) {
  const std::vector<std::string> ends_of_a = a.Ends();
  const std::vector<std::string> ends_of_b = b.Ends();
  ASSERT_EQ(ends_of_a.size(), ends_of_b.size());
  for (size_t i = 0; i < ends_of_a.size(); ++i) {
    EXPECT_EQ(ends_of_a[i], ends_of_b[i]);
  }
}

// Laws 3, 4 and 5: at rest nothing is left over, nothing happens before `next`,
// and calls in between change nothing.
TEST_F(LawsTest, AtRestNothingHappensByItself) {
  ForEachSeed(60, [](uint64_t seed) {
    RunOptions options;
    options.checks_rest = true;
    RandomWorld(DrawPlan(seed, WithNodes()), options).Run();
  });
}

TEST_F(LawsTest, AtRestNothingHappensByItselfWithFewTransitionsACall) {
  ForEachSeed(30, [](uint64_t seed) {
    RunOptions options;
    options.checks_rest = true;
    options.max_transitions = 1 + static_cast<int>(seed % 3);
    RandomWorld(DrawPlan(seed, WithNodes()), options).Run();
  });
}

// Law 7, and what a log is for: the inputs alone give the same events and the
// same state, in the order of the log and from any fork on.
TEST_F(LawsTest, ReplayGivesTheSame) {
  ForEachSeed(60, [](uint64_t seed) {
    RunOptions options;
    options.checks_replay = true;
    RandomWorld(DrawPlan(seed, WithNodes()), options).Run();
  });
}

TEST_F(LawsTest, ReplayGivesTheSameInARestlessWorld) {
  ForEachSeed(60, [](uint64_t seed) {
    RunOptions options;
    options.checks_replay = true;
    options.restless = true;
    options.late = seed % 2 == 0;
    options.faulty = seed % 3 == 0;
    options.max_transitions = seed % 5 == 0 ? 100000 : 1 + seed % 5;
    RandomWorld(DrawPlan(seed, WithNodes()), options).Run();
  });
}

// Equal inputs, equal events: nothing depends on an address or a hash seed.
TEST_F(LawsTest, TheSameWorldTwiceGivesTheSameEvents) {
  ForEachSeed(20, [](uint64_t seed) {
    RandomWorld once(DrawPlan(seed, WithNodes()), RunOptions());
    RandomWorld twice(DrawPlan(seed, WithNodes()), RunOptions());
    once.Run();
    twice.Run();
    ExpectSameEvents(once, twice);
    EXPECT_EQ(once.scheduler().EncodeState(), twice.scheduler().EncodeState());
  });
}

// Law 3: how much one call may do decides how often it is called, and nothing
// else; as long as no plug-in answers in the same moment.
TEST_F(LawsTest, FewTransitionsACallLeadToTheSameEnds) {
  ForEachSeed(15, [](uint64_t seed) {
    PlanOptions plan = WithNodes();
    plan.forgetful = false;
    plan.answers_at_once = false;
    RandomWorld at_once(DrawPlan(seed, plan), RunOptions());
    at_once.Run();
    for (int max_transitions : {1, 2, 3, 7}) {
      SCOPED_TRACE(absl::StrCat("max_transitions ", max_transitions));
      RunOptions options;
      options.max_transitions = max_transitions;
      RandomWorld bit_by_bit(DrawPlan(seed, plan), options);
      bit_by_bit.Run();
      ExpectSameEnds(at_once, bit_by_bit);
      if (HasFailure()) return;
    }
  });
}

// Reports that are repeated, late, or about things unknown change nothing.
TEST_F(LawsTest, FaultyPluginsChangeNothing) {
  uint64_t late_or_repeated = 0;
  uint64_t unknown = 0;
  ForEachSeed(60, [&](uint64_t seed) {
    RandomWorld honest(DrawPlan(seed, WithNodes()), RunOptions());
    honest.Run();
    RunOptions options;
    options.faulty = true;
    RandomWorld faulty(DrawPlan(seed, WithNodes()), options);
    faulty.Run();
    ExpectSameEvents(honest, faulty);
    const IgnoredReports ignored = faulty.scheduler().ignored_reports();
    late_or_repeated += ignored.late_or_repeated;
    unknown += ignored.unknown;
  });
  EXPECT_GT(late_or_repeated, 0u);
  EXPECT_GT(unknown, 0u);
}

// Too many reports for one call wait for the next.
TEST_F(LawsTest, FaultyPluginsThatFloodChangeNothing) {
  ForEachSeed(30, [](uint64_t seed) {
    PlanOptions plan = WithNodes();
    plan.forgetful = false;
    plan.answers_at_once = false;
    RunOptions options;
    options.max_transitions = 2;
    RandomWorld honest(DrawPlan(seed, plan), options);
    honest.Run();
    options.faulty = true;
    RandomWorld faulty(DrawPlan(seed, plan), options);
    faulty.Run();
    ExpectSameEnds(honest, faulty);
  });
}

// Law 6: however late a call is, each attempt ends as its own times say.
TEST_F(LawsTest, LateCallsTakeThingsInTheOrderOfTheirTimes) {
  ForEachSeed(60, [](uint64_t seed) {
    PlanOptions plan;  // nodes end with their main node
    plan.mishaps = false;
    plan.forgetful = false;
    plan.ends_by_caller = false;
    plan.queues_change = false;
    RunOptions options;
    options.late = true;
    RandomWorld world(DrawPlan(seed, plan), options);
    world.Run();
    for (const TellingEvent& telling : world.events()) {
      const Event& event = telling.event;
      if (event.attempt == 0 || event.from == event.to) continue;
      if (event.from != JobStatus::kStarting &&
          event.from != JobStatus::kRunning) {
        continue;
      }
      const auto attempts = world.scheduler().DescribeAttempts(event.job);
      ASSERT_TRUE(attempts.ok());
      if (attempts->size() < event.attempt) continue;  // goes on
      const AttemptView& attempt = (*attempts)[event.attempt - 1];
      const absl::StatusOr<JobView> view =
          world.scheduler().DescribeJob(event.job);
      const AttemptId id{event.job, event.attempt};
      const ContainerFate fate = FateOf(world.plan(), view->job_name, id);
      const absl::Time start = world.BeginOf(id) + fate.start_delay;
      if (fate.start_fails) {
        EXPECT_FALSE(attempt.started_at.has_value()) << id;
        EXPECT_EQ(attempt.stopped_at, start) << id;
        EXPECT_EQ(attempt.status_reason, "Task failed to start");
        continue;
      }
      ASSERT_TRUE(attempt.started_at.has_value()) << id;
      EXPECT_EQ(*attempt.started_at, start) << id;
      const bool in_time = !view->timeout.has_value() ||
                           fate.run_time <= view->timeout->attempt_duration;
      EXPECT_EQ(attempt.status_reason,
                in_time ? "Essential container in task exited"
                        : "Job attempt duration exceeded timeout")
          << id;
      if (in_time) {
        EXPECT_EQ(attempt.stopped_at, start + fate.run_time) << id;
        EXPECT_EQ(attempt.exit_code, fate.exit_code) << id;
      }
    }
  });
}

// No queue stands still: in the end each job is over, or says what it waits
// for, and no instance waits for a job that will never start there.
TEST_F(LawsTest, InTheEndEveryJobIsOverOrExplained) {
  ForEachSeed(100, [](uint64_t seed) {
    PlanOptions plan = WithNodes();
    if (seed % 2 == 0) {
      plan.dispatch_orders = true;
      plan.quota_shares = true;
      plan.consumables = true;
    }
    RandomWorld world(DrawPlan(seed, plan), RunOptions());
    world.Run();
    if (world.is_at_rest()) {
      for (const auto& [environment, instances] : world.Instances()) {
        EXPECT_EQ(WhyKept(world.scheduler(), environment, instances), "");
      }
    }
    for (const JobId& job : world.jobs()) {
      if (job.is_null()) continue;
      EXPECT_EQ(WhyLost(world.scheduler(), job), "") << job;
      const absl::StatusOr<JobView> view = world.scheduler().DescribeJob(job);
      for (int32_t i = 0; view.ok() && i < view->array_size; ++i) {
        EXPECT_EQ(WhyLost(world.scheduler(), job.Child(i)), "") << job.Child(i);
      }
    }
  });
}

}  // namespace
}  // namespace embatch
