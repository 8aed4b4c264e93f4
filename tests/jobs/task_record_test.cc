// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/jobs/task_record.h: every small task, against the rules written
// out plainly.
#include "lib/jobs/task_record.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/base/time.h"
#include "lib/jobs/reasons.h"

namespace embatch {
namespace {

constexpr uint32_t kNone = TaskRecord::kNone;

// What a container can be, as far as the rules go.
const std::vector<ContainerRecord>& AllRecords() {
  static const auto* const records = new std::vector<ContainerRecord>{
      {ContainerPhase::kWaiting, false, 0, 0},
      {ContainerPhase::kStarting, false, 0, 0},
      {ContainerPhase::kRunning, false, 0, 0},
      {ContainerPhase::kExited, true, 0, 0},
      {ContainerPhase::kExited, true, 1, 0},
      {ContainerPhase::kExited, false, 0, 0},  // nobody knows how
      {ContainerPhase::kNeverStarted, false, 0, 0},
  };
  return *records;
}

// All tasks of `count` containers.
std::vector<TaskRecord> AllTasks(int count) {
  std::vector<TaskRecord> tasks(1);
  for (int i = 0; i < count; ++i) {
    std::vector<TaskRecord> longer;
    for (const TaskRecord& task : tasks) {
      for (const ContainerRecord& record : AllRecords()) {
        longer.push_back(task);
        longer.back().containers.push_back(record);
      }
    }
    tasks = std::move(longer);
  }
  return tasks;
}

bool HasExitedWithZero(const ContainerRecord& record) {
  return record.phase == ContainerPhase::kExited && record.has_exit_code &&
         record.exit_code == 0;
}
bool IsOver(const ContainerRecord& record) {
  return record.phase == ContainerPhase::kExited ||
         record.phase == ContainerPhase::kNeverStarted;
}

// Container 2 waits for 0 and for 1; 0 has a start_timeout, 1 has none.
TEST(TaskRecordTest, GivesUpWhenOneForWhichItWaitsTakesTooLong) {
  constexpr int64_t kAsked = 7000;
  constexpr int64_t kSecond = 1000000000;
  for (ContainerCondition condition :
       {ContainerCondition::kStart, ContainerCondition::kComplete,
        ContainerCondition::kSuccess}) {
    TaskSpec spec;
    spec.containers.resize(3);
    spec.containers[0].start_timeout = absl::Seconds(5);
    spec.containers[2].waits = {{0, condition},
                                {1, ContainerCondition::kStart}};
    for (TaskRecord task : AllTasks(2)) {
      task.containers.emplace_back();
      task.containers[0].asked_ns = task.containers[1].asked_ns = kAsked;
      const ContainerPhase phase = task.containers[0].phase;
      const bool is_late = phase == ContainerPhase::kStarting ||
                           (phase == ContainerPhase::kRunning &&
                            condition != ContainerCondition::kStart);
      EXPECT_EQ(GivesUpAt(spec, task, 2),
                is_late ? kAsked + 5 * kSecond : kNanosInfiniteFuture);
      EXPECT_EQ(GivesUpAt(spec, task, 0), kNanosInfiniteFuture);
    }
  }
}

TEST(TaskRecordTest, IsUntriedWhileOnlyTheFirstWasAskedFor) {
  for (const TaskRecord& task : AllTasks(3)) {
    int waiting = 0;
    int starting = 0;
    for (const ContainerRecord& record : task.containers) {
      waiting += record.phase == ContainerPhase::kWaiting ? 1 : 0;
      starting += record.phase == ContainerPhase::kStarting ? 1 : 0;
    }
    EXPECT_EQ(IsUntried(task, ContainerPhase::kStarting),
              starting == 1 && waiting == 2);
  }
}

TEST(TaskRecordTest, EssentialContainerThatIsOverDecidesATask) {
  for (int essential = 1; essential < 8; ++essential) {
    TaskSpec spec;
    spec.containers.resize(3);
    for (int i = 0; i < 3; ++i) {
      spec.containers[i].essential = (essential >> i & 1) != 0;
    }
    for (const TaskRecord& task : AllTasks(3)) {
      uint32_t want = kNone;
      for (int i = 2; i >= 0; --i) {
        if (spec.containers[i].essential && IsOver(task.containers[i])) {
          want = static_cast<uint32_t>(i);
        }
      }
      EXPECT_EQ(DecidingContainer(spec, task), want);
    }
  }
}

TEST(TaskRecordTest, PodIsDecidedByItsFirstFailureWhenAllAreOver) {
  TaskSpec spec;
  spec.kind = TaskKind::kPod;
  spec.containers.resize(3);
  for (const TaskRecord& task : AllTasks(3)) {
    bool all_over = true;
    bool any_never_started = false;
    uint32_t want = 2;
    for (int i = 2; i >= 0; --i) {
      const ContainerRecord& record = task.containers[i];
      all_over = all_over && IsOver(record);
      any_never_started =
          any_never_started || record.phase == ContainerPhase::kNeverStarted;
      if (IsOver(record) && !HasExitedWithZero(record)) {
        want = static_cast<uint32_t>(i);
      }
    }
    if (!all_over && !any_never_started) want = kNone;
    EXPECT_EQ(DecidingContainer(spec, task), want);
  }
}

TEST(TaskRecordTest, ContainerWaitsForItsConditions) {
  for (const ContainerCondition condition :
       {ContainerCondition::kStart, ContainerCondition::kComplete,
        ContainerCondition::kSuccess}) {
    TaskSpec spec;
    spec.containers.resize(2);
    spec.containers[0].waits = {{1, condition}};
    for (const TaskRecord& task : AllTasks(2)) {
      const ContainerRecord& other = task.containers[1];
      const bool has_run = other.phase == ContainerPhase::kRunning ||
                           other.phase == ContainerPhase::kExited;
      ContainerReadiness want = ContainerReadiness::kWaits;
      if (condition == ContainerCondition::kStart && has_run) {
        want = ContainerReadiness::kReady;
      } else if (condition == ContainerCondition::kComplete &&
                 other.phase == ContainerPhase::kExited) {
        want = ContainerReadiness::kReady;
      } else if (HasExitedWithZero(other)) {
        want = ContainerReadiness::kReady;
      } else if (IsOver(other)) {
        want = ContainerReadiness::kNever;
      }
      EXPECT_EQ(ReadinessOf(spec, task, 0), want);
      EXPECT_EQ(ReadinessOf(spec, task, 1), ContainerReadiness::kReady);
    }
  }
}

TEST(TaskRecordTest, OneConditionThatCannotBeMetIsEnough) {
  TaskSpec spec;
  spec.containers.resize(3);
  spec.containers[0].waits = {{1, ContainerCondition::kStart},
                              {2, ContainerCondition::kSuccess}};
  TaskRecord task;
  task.containers.resize(3);
  task.containers[2] = {ContainerPhase::kExited, true, 1, 0};
  EXPECT_EQ(ReadinessOf(spec, task, 0), ContainerReadiness::kNever);
  task.containers[2].exit_code = 0;
  EXPECT_EQ(ReadinessOf(spec, task, 0), ContainerReadiness::kWaits);
}

TEST(TaskRecordTest, UpIsWhatRunsOrHasRunOrNeverWill) {
  for (const TaskRecord& task : AllTasks(2)) {
    const auto is_up = [&task](int i) {
      return task.containers[i].phase != ContainerPhase::kWaiting &&
             task.containers[i].phase != ContainerPhase::kStarting;
    };
    EXPECT_EQ(AllUp(task), is_up(0) && is_up(1));
    EXPECT_EQ(AllUp(task, 0), is_up(1));
    EXPECT_EQ(AllOver(task),
              IsOver(task.containers[0]) && IsOver(task.containers[1]));
  }
}

TEST(TaskRecordTest, OutcomeIsTheDecidingContainers) {
  TaskSpec spec;
  spec.containers.resize(2);
  TaskRecord task;
  task.containers = {{ContainerPhase::kExited, true, 3, kTaskFailedToStart},
                     {ContainerPhase::kNeverStarted, false, 0, kNoReason}};
  EXPECT_EQ(OutcomeOf(spec, task).status_reason, kNoReason);
  task.deciding = 0;
  EXPECT_EQ(OutcomeOf(spec, task).exit_code, 3);
  EXPECT_EQ(OutcomeOf(spec, task).reason, kTaskFailedToStart);
  EXPECT_EQ(OutcomeOf(spec, task).status_reason, kEssentialContainerExited);
  spec.containers[0].is_init = true;
  EXPECT_EQ(OutcomeOf(spec, task).status_reason, kTaskFailedToStart);
  task.deciding = 1;
  EXPECT_EQ(OutcomeOf(spec, task).exit_code, std::nullopt);
  EXPECT_EQ(OutcomeOf(spec, task).status_reason, kTaskFailedToStart);
}

}  // namespace
}  // namespace embatch
