// SPDX-License-Identifier: Apache-2.0
//
// Tests of attempts: what is remembered of them, for a single job and for the
// child of an array, whose ordinary end takes 16 bytes.
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/jobs/job_table.h"
#include "tests/jobs/job_stories.h"

namespace embatch {
namespace {

class AttemptsTest : public testing::Test, protected JobStories {};

TEST_F(AttemptsTest, AnAttemptUnderWayIsLive) {
  const JobKey array = AddArray(2);
  for (JobKey job : {Add("single"), Child(array, 1)}) {
    Release(job);
    const uint32_t live = Place(job, 9);
    EXPECT_EQ(table.LiveOf(job), live);
    EXPECT_EQ(table.live(live).job, job);
    EXPECT_EQ(table.live(live).number, 1);
    EXPECT_EQ(table.live(live).spec, table.record(job.slot).spec);
    EXPECT_EQ(table.AttemptsOf(job), 1);
    EXPECT_TRUE(table.IsLive(live, table.LiveGeneration(live)));
    EXPECT_THAT(table.History(job), testing::IsEmpty());
  }
  EXPECT_EQ(table.live_count(), 2u);
  EXPECT_EQ(table.LiveOf(Child(array, 0)), kNoIndex);
}

TEST_F(AttemptsTest, AnAttemptThatEndedIsNotLive) {
  const JobKey job = Add("single");
  Release(job);
  const uint32_t live = Place(job);
  const uint32_t generation = table.LiveGeneration(live);
  Start(job, 2000000);
  Finish(job, ExitsWith(0));
  EXPECT_EQ(table.LiveOf(job), kNoIndex);
  EXPECT_FALSE(table.IsLive(live, generation));
  EXPECT_EQ(table.live_count(), 0u);
}

TEST_F(AttemptsTest, AnOrdinaryEndOfAChildNeedsNoDetails) {
  const JobKey array = AddArray(2);
  Succeed(Child(array, 0));
  Fail(Child(array, 1));
  for (int32_t i = 0; i < 2; ++i) {
    EXPECT_EQ(table.FindDetails(Child(array, i)), nullptr);
    EXPECT_EQ(table.AttemptsOf(Child(array, i)), 1);
    const std::vector<AttemptRecord> history = table.History(Child(array, i));
    ASSERT_EQ(history.size(), 1u);
    EXPECT_EQ(history[0].exit_code, i);
    EXPECT_EQ(history[0].started_ns, 2000000);
    EXPECT_EQ(history[0].stopped_ns, 3000000);
  }
}

// All that is known of a job's attempts, however it is kept.
struct Story {
  JobStatus status;
  int attempts;
  int retry_class;
  std::vector<AttemptRecord> history;
};

Story StoryOf(const JobTable& table, JobKey job) {
  Story story{table.StatusOf(job), table.AttemptsOf(job),
              table.RetryClassOf(job), table.History(job)};
  for (AttemptRecord& attempt : story.history) attempt.next = kNoIndex;
  return story;
}

AttemptEnd RandomEnd(std::mt19937_64& random) {
  const auto one_in = [&random](int n) { return random() % n == 0; };
  AttemptEnd end;
  end.exit_code = one_in(3) ? 0 : static_cast<int>(random() % 256);
  if (one_in(6)) end.exit_code = std::nullopt;
  if (one_in(8)) end.exit_code = static_cast<int>(random());
  if (one_in(6)) end.reason = one_in(2) ? "OutOfMemoryError" : "Killed";
  if (one_in(6)) end.status_reason = kTaskFailedToStart;
  const int64_t unit = one_in(6) ? 1 : 1000;
  end.started_ns = static_cast<int64_t>(1000 + random() % 100000) * unit;
  end.stopped_ns = end.started_ns + static_cast<int64_t>(random() % 9) * unit;
  if (one_in(8)) {
    end.started_ns = kNoTime;
    end.exit_code = std::nullopt;
  }
  end.instance_number =
      one_in(8) ? InstanceId::Joined(3).number : 1 + random() % 5;
  return end;
}

// A child that had its one attempt in the ordinary way.
bool IsOrdinary(const std::vector<AttemptEnd>& ends, int64_t created_ns) {
  const AttemptEnd& end = ends.back();
  return ends.size() == 1 && end.exit_code.has_value() && *end.exit_code >= 0 &&
         *end.exit_code < 256 && end.reason.empty() &&
         end.status_reason == kEssentialContainerExited &&
         end.started_ns != kNoTime && end.started_ns >= created_ns &&
         (end.started_ns - created_ns) % 1000 == 0 &&
         (end.stopped_ns - end.started_ns) % 1000 == 0 &&
         end.instance_number < uint64_t{1} << 32;
}

TEST_F(AttemptsTest, AChildsStoryIsToldAsASingleJobs) {
  std::mt19937_64 random(1);
  int ordinary = 0;
  for (int round = 0; round < 3000; ++round) {
    const JobKey array = AddArray(3);
    const JobKey child = Child(array, static_cast<int32_t>(random() % 3));
    const JobKey single = Add("single");
    const bool requested = random() % 10 == 0;
    std::vector<AttemptEnd> ends;
    for (int i = random() % 3 == 0 ? 3 : 1; i > 0; --i) {
      ends.push_back(RandomEnd(random));
    }
    for (JobKey job : {child, single}) {
      Release(job);
      if (requested) table.SetRequest(job, false, kTaskFailedToStart);
      for (size_t i = 0; i < ends.size(); ++i) {
        RunAttempt(job, ends[i], /*retry=*/i + 1 < ends.size());
        table.ForgetReleased();
      }
    }
    const Story of_child = StoryOf(table, child);
    const Story of_single = StoryOf(table, single);
    ASSERT_EQ(of_child.status, of_single.status);
    ASSERT_EQ(of_child.attempts, static_cast<int>(ends.size()));
    ASSERT_EQ(of_single.attempts, static_cast<int>(ends.size()));
    ASSERT_EQ(of_child.retry_class, of_single.retry_class);
    ASSERT_EQ(of_child.history, of_single.history);
    ASSERT_EQ(of_child.history.size(), ends.size());
    for (size_t i = 0; i < ends.size(); ++i) {
      const AttemptRecord& attempt = of_child.history[i];
      ASSERT_EQ(attempt.number, i + 1);
      ASSERT_EQ(attempt.has_exit_code, ends[i].exit_code.has_value());
      ASSERT_EQ(attempt.exit_code, ends[i].exit_code.value_or(0));
      ASSERT_EQ(table.Text(attempt.reason), ends[i].reason);
      ASSERT_EQ(attempt.status_reason, ends[i].status_reason);
      ASSERT_EQ(attempt.started_ns, ends[i].started_ns);
      ASSERT_EQ(attempt.stopped_ns, ends[i].stopped_ns);
      ASSERT_EQ(attempt.instance_number, ends[i].instance_number);
    }
    const bool small = IsOrdinary(ends, 1000000) && !requested;
    ASSERT_EQ(table.FindDetails(child) == nullptr, small);
    ordinary += small ? 1 : 0;
    const JobDetails& details = *table.FindDetails(single);
    if (!small) {
      ASSERT_EQ(table.FindDetails(child)->started_ns, details.started_ns);
      ASSERT_EQ(table.FindDetails(child)->stopped_ns, details.stopped_ns);
      ASSERT_EQ(table.FindDetails(child)->status_reason, details.status_reason);
    }
    ASSERT_EQ(details.stopped_ns, ends.back().stopped_ns);
    ASSERT_EQ(table.IsEndedByCaller(child), requested);
    ASSERT_EQ(table.live_count(), 0u);
  }
  EXPECT_GT(ordinary, 100);
}

TEST_F(AttemptsTest, ARequestDuringAnAttemptOutlivesIt) {
  const JobKey array = AddArray(1);
  const JobKey child = Child(array, 0);
  const TextIndex why = table.InternText("why");
  Release(child);
  Place(child);
  Start(child, 2000000);
  table.SetRequest(child, /*terminate=*/true, why);
  EXPECT_EQ(table.AttemptsOf(child), 1);
  Finish(child, ExitsWith(137));
  EXPECT_EQ(table.StatusOf(child), JobStatus::kFailed);
  EXPECT_TRUE(table.FindDetails(child)->is_terminated);
  EXPECT_EQ(table.FindDetails(child)->attempts, 1);
  EXPECT_EQ(table.RequestReason(child), why);
}

TEST_F(AttemptsTest, TheLastAttemptIsTheLatestThatEnded) {
  const JobKey job = Add("job");
  Release(job);
  EXPECT_EQ(table.LastAttempt(job), std::nullopt);
  RunAttempt(job, ExitsWith(1), /*retry=*/true);
  RunAttempt(job, ExitsWith(2), /*retry=*/true);
  Place(job);
  ASSERT_TRUE(table.LastAttempt(job).has_value());
  EXPECT_EQ(table.LastAttempt(job)->exit_code, 2);
  EXPECT_EQ(table.AttemptsOf(job), 3);
}

}  // namespace
}  // namespace embatch
