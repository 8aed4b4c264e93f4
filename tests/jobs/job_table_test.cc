// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/jobs/job_table.h: adding, finding and forgetting jobs, texts,
// the caller's requests, copies.
#include "lib/jobs/job_table.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/jobs/dependencies.h"
#include "tests/jobs/job_stories.h"

namespace embatch {
namespace {

class JobTableTest : public testing::Test, protected JobStories {};

// --- Adding and finding -----------------------------------------------------

TEST_F(JobTableTest, ANewJobIsSubmitted) {
  spec.resources = Resources::Of(2, 512);
  const JobKey job = Add("resize", 0, 77);
  const JobRecord& record = table.record(job.slot);
  EXPECT_EQ(table.StatusOf(job), JobStatus::kSubmitted);
  EXPECT_EQ(table.Name(job.slot), "resize");
  EXPECT_EQ(record.created_ns, 77);
  EXPECT_EQ(record.details.started_ns, kNoTime);
  EXPECT_EQ(record.details.stopped_ns, kNoTime);
  EXPECT_FALSE(record.is_array());
  EXPECT_EQ(table.requirement(record.requirement).resources,
            Resources::Of(2, 512));
  EXPECT_EQ(table.AttemptsOf(job), 0);
  EXPECT_EQ(table.LiveOf(job), kNoIndex);
  EXPECT_EQ(table.RetryClassOf(job), kFirstClass);
  EXPECT_FALSE(table.IsEndedByCaller(job));
  EXPECT_EQ(table.size(), 1u);
}

TEST_F(JobTableTest, ANewArraysChildrenArePending) {
  const JobKey array = AddArray(3);
  EXPECT_EQ(table.StatusOf(array), JobStatus::kSubmitted);
  EXPECT_EQ(table.array(array.slot).counts,
            (StatusSummary{0, 3, 0, 0, 0, 0, 0, 0}));
  for (int32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(table.StatusOf(Child(array, i)), JobStatus::kPending);
    EXPECT_EQ(table.AttemptsOf(Child(array, i)), 0);
    EXPECT_EQ(table.LiveOf(Child(array, i)), kNoIndex);
    EXPECT_EQ(table.FindDetails(Child(array, i)), nullptr);
    EXPECT_THAT(table.History(Child(array, i)), testing::IsEmpty());
  }
}

TEST_F(JobTableTest, SequencesRiseInTheOrderOfSubmission) {
  std::vector<JobKey> jobs;
  for (int i = 0; i < 2000; ++i) jobs.push_back(Add(absl::StrCat("job", i)));
  for (int i = 0; i < 2000; ++i) {
    const JobRecord& record = table.record(jobs[i].slot);
    EXPECT_EQ(record.sequence, static_cast<uint64_t>(i));
    EXPECT_EQ(table.SlotAt(record.queue, record.sequence), jobs[i].slot);
    EXPECT_EQ(table.Name(jobs[i].slot), absl::StrCat("job", i));
  }
}

// The spec stays, as that of a definition does, and its requirement with it.
TEST_F(JobTableTest, ASpecUsedAgainFindsItsOwnRequirement) {
  spec.resources = Resources::Of(1, 512);
  const JobKey first = Add("first");
  table.AddSpecUser(table.record(first.slot).spec);
  const uint32_t requirement = table.record(first.slot).requirement;
  Change(first, JobTrigger::kEndedByCaller);
  table.Remove(first.slot);
  spec.resources = Resources::Of(8, 4096);
  EXPECT_NE(table.record(Add("other").slot).requirement, requirement);
  spec.resources = Resources::Of(1, 512);
  const JobKey second = Add("second");
  EXPECT_EQ(table.record(second.slot).requirement, requirement);
  EXPECT_EQ(table.requirement(requirement).resources, Resources::Of(1, 512));
}

TEST_F(JobTableTest, ARequirementGoesWithTheLastSpecThatHasIt) {
  spec.resources = Resources::Of(1, 512);
  spec.command = {"a"};
  const JobKey a = Add("a");
  spec.command = {"b"};
  const JobKey b = Add("b");
  const uint32_t requirement = table.record(a.slot).requirement;
  for (const JobKey job : {a, b}) {
    EXPECT_EQ(table.requirement(requirement).resources, Resources::Of(1, 512));
    Change(job, JobTrigger::kEndedByCaller);
    table.Remove(job.slot);
  }
  // Its place is the next one's.
  spec.resources = Resources::Of(8, 4096);
  EXPECT_EQ(table.record(Add("other").slot).requirement, requirement);
}

TEST_F(JobTableTest, EqualRequirementsAreOneClass) {
  spec.command = {"a"};
  const JobKey a = Add("a");
  spec.command = {"b"};
  const JobKey b = Add("b");
  spec.resources = Resources::Of(1, 4);
  const JobKey c = Add("c");
  EXPECT_EQ(table.record(a.slot).requirement, table.record(b.slot).requirement);
  EXPECT_NE(table.record(a.slot).requirement, table.record(c.slot).requirement);
  EXPECT_NE(table.record(a.slot).spec, table.record(b.slot).spec);
}

TEST_F(JobTableTest, FindsJobsAndChildrenAndNothingElse) {
  const JobKey single = Add("single");
  const JobKey array = AddArray(3);
  const JobId single_id = Id(single);
  const JobId array_id = Id(array);
  EXPECT_EQ(table.Find(single_id), single);
  EXPECT_EQ(table.Find(array_id), array);
  EXPECT_EQ(table.Find(array_id.Child(0)), Child(array, 0));
  EXPECT_EQ(table.Find(array_id.Child(2)), Child(array, 2));

  constexpr int32_t kMaxChild = std::numeric_limits<int32_t>::max();
  constexpr uint32_t kMaxSlot = std::numeric_limits<uint32_t>::max();
  const JobId unknown[] = {
      JobId(),
      {single_id.slot, 0, -1},
      {single_id.slot, single_id.generation + 1, -1},
      {array_id.slot + 1, array_id.generation, -1},
      {kMaxSlot, 1, -1},
      {kMaxSlot, kMaxSlot, kMaxChild},
      single_id.Child(0),
      array_id.Child(3),
      array_id.Child(kMaxChild),
      array_id.Child(-2),
      array_id.Child(std::numeric_limits<int32_t>::min()),
  };
  for (const JobId& id : unknown) {
    EXPECT_EQ(table.Find(id), std::nullopt) << id;
  }
}

TEST_F(JobTableTest, AJobThatIsGoneIsNotFoundEvenWhenItsSlotIsUsedAgain) {
  const JobKey first = Add("first");
  const JobId id = Id(first);
  Succeed(first);
  table.Remove(first.slot);
  EXPECT_EQ(table.Find(id), std::nullopt);
  const JobKey second = Add("second");
  ASSERT_EQ(second.slot, first.slot);
  EXPECT_EQ(table.Find(id), std::nullopt);
  EXPECT_EQ(table.Find(Id(second)), second);
}

TEST_F(JobTableTest, ListsJobsByQueueAndStatus) {
  const JobKey a = Add("a");
  const JobKey b = Add("b");
  const JobKey array = AddArray(2);
  Release(b);
  Change(array, JobTrigger::kChildRunnable);
  const auto has = [this](JobStatus status, JobKey job) {
    return table.ByStatus(0, status).Contains(table.record(job.slot).sequence);
  };
  EXPECT_TRUE(has(JobStatus::kSubmitted, a));
  EXPECT_TRUE(has(JobStatus::kRunnable, b));
  EXPECT_TRUE(has(JobStatus::kPending, array));
  EXPECT_EQ(table.ByStatus(0, JobStatus::kSubmitted).size(), 1u);
  EXPECT_EQ(table.ByStatus(0, JobStatus::kPending).size(), 1u);
  Change(a, JobTrigger::kEndedByCaller);
  EXPECT_TRUE(has(JobStatus::kFailed, a));
  table.Remove(a.slot);
  EXPECT_TRUE(table.ByStatus(0, JobStatus::kFailed).empty());
}

TEST_F(JobTableTest, EachQueueHasItsOwnOrder) {
  const uint32_t other = table.AddQueue();
  Add("a");
  JobTable::NewJob job;
  job.queue = other;
  job.spec = table.InternSpec(spec);
  const uint32_t slot = table.Add(job);
  EXPECT_EQ(table.record(slot).sequence, 0u);
  EXPECT_EQ(table.SlotAt(other, 0), slot);
  EXPECT_EQ(table.ByStatus(0, JobStatus::kSubmitted).size(), 1u);
  EXPECT_EQ(table.ByStatus(other, JobStatus::kSubmitted).size(), 1u);
}

// --- Texts ------------------------------------------------------------------

TEST_F(JobTableTest, TheFixedTextsAreAwss) {
  EXPECT_EQ(table.Text(kNoReason), "");
  EXPECT_EQ(table.Text(kEssentialContainerExited),
            "Essential container in task exited");
  EXPECT_EQ(table.Text(kDependentJobFailed), "Dependent Job failed");
  EXPECT_EQ(table.Text(kArrayChildJobFailed), "Array Child Job failed");
  EXPECT_EQ(table.Text(kTaskFailedToStart), "Task failed to start");
  EXPECT_EQ(table.Text(kAttemptTimedOut),
            "Job attempt duration exceeded timeout");
  EXPECT_EQ(table.Text(kBlockedMaxResource),
            "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) "
            "associated with the job queue cannot meet the CPU requirement of "
            "the job.");
  EXPECT_EQ(table.Text(kBlockedJobRequirement),
            "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource "
            "requirement (vCPU/memory/GPU) is higher than that can be met by "
            "the CE(s) attached to the job queue.");
  EXPECT_EQ(table.Text(kBlockedConfiguration),
            "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your "
            "compute environment associated with this job queue has an "
            "unsupported instance type configuration.");
  EXPECT_EQ(table.Text(kBlockedPermissions),
            "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - Batch service role "
            "has a permission issue.");
  EXPECT_EQ(
      table.Text(kBlockedInvalid),
      "ACTION_REQUIRED - CE(s) associated with the job queue are invalid.");
  EXPECT_EQ(table.Text(kBlockedUndetermined),
            "UNDETERMINED - Batch job is blocked, root cause is undetermined.");
}

TEST_F(JobTableTest, AFixedTextIsFoundAndNeverGoes) {
  const TextIndex text = table.InternText("Task failed to start");
  EXPECT_EQ(text, kTaskFailedToStart);
  table.ReleaseText(text);
  table.ReleaseText(text);
  table.ForgetReleased();
  EXPECT_EQ(table.Text(kTaskFailedToStart), "Task failed to start");
}

TEST_F(JobTableTest, AnIndexThatIsNoneReadsAsNothing) {
  const TextIndex first = static_cast<TextIndex>(kFixedTexts.size());
  for (TextIndex text : {first, 4096u, 65536u, 1u << 30, kNoIndex}) {
    EXPECT_EQ(table.Text(text), "") << text;
  }
}

// An event may still name a text whose last user went in the same input.
TEST_F(JobTableTest, AReleasedTextStaysUntilTheNextInput) {
  const TextIndex text = table.InternText("why");
  table.ReleaseText(text);
  EXPECT_EQ(table.Text(text), "why");
  table.ForgetReleased();
  EXPECT_EQ(table.Text(text), "");
}

TEST_F(JobTableTest, ATextStaysWhileSomebodyCountsIt) {
  const TextIndex text = table.InternText("why");
  EXPECT_EQ(table.InternText("why"), text);
  table.ReleaseText(text);
  table.ForgetReleased();
  EXPECT_EQ(table.Text(text), "why");
  table.ReleaseText(text);
  EXPECT_EQ(table.InternText("why"), text);  // used again before it went
  table.ForgetReleased();
  EXPECT_EQ(table.Text(text), "why");
}

TEST_F(JobTableTest, AJobKeepsTheTextsItShows) {
  const JobKey job = Add("job");
  const TextIndex why = table.InternText("why");
  table.SetRequest(job, /*terminate=*/false, why);
  table.ReleaseText(why);
  AttemptEnd end = ExitsWith(1);
  end.reason = "OutOfMemoryError";
  Release(job);
  RunAttempt(job, end);
  table.ForgetReleased();
  EXPECT_EQ(table.Text(table.RequestReason(job)), "why");
  const std::vector<AttemptRecord> history = table.History(job);
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(table.Text(history[0].reason), "OutOfMemoryError");
  table.Remove(job.slot);
  EXPECT_EQ(table.Text(why), "why");
  table.ForgetReleased();
  EXPECT_EQ(table.Text(why), "");
  EXPECT_EQ(table.Text(history[0].reason), "");
}

// --- The caller's requests --------------------------------------------------

TEST_F(JobTableTest, OfTwoRequestsTheFirstReasonStaysAndBothFlagsAreSet) {
  const JobKey job = Add("job");
  const TextIndex first = table.InternText("first");
  const TextIndex second = table.InternText("second");
  table.SetRequest(job, /*terminate=*/true, first);
  EXPECT_FALSE(table.FindDetails(job)->is_cancelled);
  EXPECT_TRUE(table.IsTerminatedByCaller(job));
  table.SetRequest(job, /*terminate=*/false, second);
  EXPECT_TRUE(table.IsEndedByCaller(job));
  EXPECT_TRUE(table.FindDetails(job)->is_cancelled);
  EXPECT_TRUE(table.FindDetails(job)->is_terminated);
  EXPECT_EQ(table.RequestReason(job), first);
  table.ReleaseText(first);
  table.ReleaseText(second);
  table.ForgetReleased();
  EXPECT_EQ(table.Text(first), "first");
  EXPECT_EQ(table.Text(second), "");
}

TEST_F(JobTableTest, AnArraysRequestHoldsForItsChildren) {
  const JobKey array = AddArray(2);
  const TextIndex why = table.InternText("why");
  table.SetRequest(array, /*terminate=*/false, why);
  EXPECT_TRUE(table.IsEndedByCaller(Child(array, 1)));
  EXPECT_EQ(table.RequestReason(Child(array, 1)), why);
  EXPECT_FALSE(table.IsTerminatedByCaller(Child(array, 1)));
  EXPECT_EQ(table.FindDetails(Child(array, 1)), nullptr);
}

TEST_F(JobTableTest, AChildsRequestIsItsOwn) {
  const JobKey array = AddArray(2);
  const TextIndex mine = table.InternText("mine");
  const TextIndex all = table.InternText("all");
  table.SetRequest(Child(array, 0), /*terminate=*/false, mine);
  EXPECT_TRUE(table.IsEndedByCaller(Child(array, 0)));
  EXPECT_FALSE(table.IsEndedByCaller(Child(array, 1)));
  EXPECT_FALSE(table.IsEndedByCaller(array));
  EXPECT_FALSE(table.IsTerminatedByCaller(Child(array, 0)));
  table.SetRequest(array, /*terminate=*/true, all);
  EXPECT_TRUE(table.IsTerminatedByCaller(Child(array, 0)));
  EXPECT_EQ(table.RequestReason(Child(array, 0)), mine);
  EXPECT_EQ(table.RequestReason(Child(array, 1)), all);
}

// --- Forgetting -------------------------------------------------------------

// Every kind of thing that a job can leave behind.
void LeadFullLives(JobStories& stories) {
  const JobKey parent = stories.AddArray(300);
  const JobKey child = stories.AddArray(300);
  const JobKey single = stories.Add("single");
  AddDependencies(stories.table, child.slot,
                  {{stories.Id(parent), DependencyType::kNToN}});
  AddDependencies(stories.table, single.slot,
                  {{stories.Id(child)}, {stories.Id(parent).Child(7)}});
  const TextIndex why = stories.table.InternText("why");
  stories.table.SetRequest(Child(parent, 9), /*terminate=*/true, why);
  stories.table.SetRequest(single, /*terminate=*/false, why);
  stories.table.ReleaseText(why);
  AttemptEnd killed = ExitsWith(137);
  killed.reason = "OutOfMemoryError";
  for (int32_t i = 0; i < 300; ++i) {
    stories.Release(Child(parent, i));
    if (i % 7 == 0)
      stories.RunAttempt(Child(parent, i), killed, /*retry=*/true);
    stories.RunAttempt(Child(parent, i), i % 5 == 0 ? killed : ExitsWith(0));
    if (HasDependents(stories.table, Child(parent, i))) {
      PopDependent(stories.table, Child(parent, i));
    }
  }
  stories.EndParent(parent);
  while (FirstPaired(stories.table, parent.slot) != kNoIndex) {
    ResolveFirstPaired(stories.table, parent.slot);
  }
  stories.ChangeChildren(child, 0, 200, JobTrigger::kDependencyFailed,
                         kDependentJobFailed);
  stories.journal.now_ns += 5;
  stories.ChangeChildren(child, 200, 300, JobTrigger::kDependencyFailed,
                         kDependentJobFailed);
  stories.EndParent(child);
  PopDependent(stories.table, child);
  stories.Change(single, JobTrigger::kDependencyFailed, kDependentJobFailed, 3);
  for (JobKey job : {parent, single, child}) {
    while (DropDependency(stories.table, job.slot)) {
    }
    const JobRecord& record = stories.table.record(job.slot);
    const uint32_t children = record.is_array() ? record.children : kNoIndex;
    stories.table.Remove(job.slot);
    if (children == kNoIndex) continue;
    // In portions of a block, and of what it does not take apart.
    int32_t next = 0;
    int64_t budget = 1;
    while (!stories.table.ForgetChildren(children, &next, &budget)) {
      EXPECT_GT(next, 0);
      budget = 1;
    }
  }
  stories.table.ForgetReleased();
}

TEST_F(JobTableTest, OfAJobThatIsGoneNothingIsLeft) {
  LeadFullLives(*this);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.live_count(), 0u);
  EXPECT_EQ(table.edges().size(), 0u);
  // But that three jobs have been submitted.
  JobStories other;
  for (int i = 0; i < 3; ++i) {
    const JobKey job = other.Add("plain");
    other.Succeed(job);
    other.table.Remove(job.slot);
  }
  EXPECT_EQ(Bytes(), other.Bytes());
}

TEST_F(JobTableTest, ASpecStaysWhileItHasAUser) {
  const uint32_t index = table.InternSpec(spec);
  table.AddSpecUser(index);
  table.ReleaseSpec(index);
  EXPECT_EQ(table.InternSpec(spec), index);
}

// --- Copies -----------------------------------------------------------------

TEST_F(JobTableTest, ACopyHasTheSameBytesAndGoesTheSameWay) {
  const JobKey array = AddArray(70000);
  const JobKey job = Add("job");
  ChangeChildren(array, 0, 70000, JobTrigger::kDependenciesMet);
  RunAttempt(Child(array, 69999), ExitsWith(0));
  Place(Child(array, 5));
  JobStories copy = *this;
  EXPECT_EQ(copy.Bytes(), Bytes());

  const std::string before = Bytes();
  for (JobStories* stories : {static_cast<JobStories*>(this), &copy}) {
    AttemptEnd end = ExitsWith(1);
    end.reason = "reason";
    stories->Finish(Child(array, 5), end);
    stories->Succeed(job);
    stories->Fail(stories->Add("another"));
    if (stories != &copy) {
      EXPECT_EQ(copy.Bytes(), before);  // the copy is its own
    }
  }
  EXPECT_NE(Bytes(), before);
  EXPECT_EQ(copy.Bytes(), Bytes());
  EXPECT_EQ(copy.journal.events, journal.events);
}

}  // namespace
}  // namespace embatch
