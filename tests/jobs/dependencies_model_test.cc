// SPDX-License-Identifier: Apache-2.0
//
// lib/jobs/dependencies.h against an obvious model: lists of entries, looked
// through from the start whenever somebody asks.
#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "lib/jobs/dependencies.h"
#include "tests/jobs/job_stories.h"

namespace embatch {
namespace {

// One entry of dependsOn, as the model sees it.
struct PlainEntry {
  JobDependency dependency;
  bool waiting = false;   // hangs on the job that it waits for
  bool resolved = false;  // N_TO_N: not asked any more
};

struct PlainJob {
  JobKey key;
  JobId id;
  int32_t size = 0;  // of an array; else 0
  bool gone = false;
  bool sequential = false;
  bool dependency_failed = false;
  std::vector<PlainEntry> entries;

  bool Names(const JobDependency& dependency, int32_t child) const {
    return dependency.job == (child < 0 ? id : id.Child(child));
  }
};

bool IsPaired(const JobDependency& dependency) {
  return dependency.type == DependencyType::kNToN;
}

class DependencyWorld {
 public:
  explicit DependencyWorld(uint64_t seed) : random_(seed) {}

  void Step() {
    switch (Draw(8)) {
      case 0:
      case 1:
        AddJob();
        break;
      case 2:
      case 3:
      case 4:
        EndOne();
        break;
      case 5:
        Tell();
        break;
      case 6:
        Forget();
        break;
      case 7:
        if (PlainJob* job = AnyJob()) {
          stories_.table.record(job->key.slot).released = Draw(3) > 0;
        }
        break;
    }
    Compare();
  }

  int orphans_seen() const { return orphans_seen_; }

 private:
  int Draw(int below) { return static_cast<int>(random_() % below); }
  JobTable& table() { return stories_.table; }
  JobStatus StatusOf(const PlainJob& job, int32_t child = -1) {
    return table().StatusOf({job.key.slot, child});
  }

  PlainJob* AnyJob() {
    if (jobs_.empty()) return nullptr;
    PlainJob& job = jobs_[random_() % jobs_.size()];
    return job.gone ? nullptr : &job;
  }
  PlainJob* Find(const JobId& id) {
    for (PlainJob& job : jobs_) {
      if (!job.gone && job.id == id.Parent()) return &job;
    }
    return nullptr;
  }

  std::vector<JobDependency> DrawDependencies(int32_t size) {
    std::vector<JobDependency> result;
    if (size > 0 && Draw(4) == 0) {
      result.push_back({JobId(), DependencyType::kSequential});
    }
    for (int i = Draw(4); i > 0; --i) {
      const PlainJob* other = AnyJob();
      if (other == nullptr) continue;
      if (size > 0 && other->size == size && Draw(2) == 0) {
        result.push_back({other->id, DependencyType::kNToN});
      } else if (other->size > 0 && Draw(2) == 0) {
        result.push_back({other->id.Child(Draw(other->size))});
      } else {
        result.push_back({other->id, Draw(4) == 0 ? DependencyType::kSequential
                                                  : DependencyType::kPlain});
      }
    }
    return result;
  }

  void AddJob() {
    PlainJob job;
    job.size = Draw(2) == 0 ? 0 : 2 + Draw(2);
    const std::vector<JobDependency> dependencies = DrawDependencies(job.size);
    ASSERT_TRUE(
        CheckDependencies(table(), dependencies, job.size, kAwsLimits).ok());
    job.key = stories_.Add("job", job.size);
    job.id = stories_.Id(job.key);
    AddDependencies(table(), job.key.slot, dependencies);
    for (const JobDependency& dependency : dependencies) {
      PlainEntry& entry = job.entries.emplace_back();
      entry.dependency = dependency;
      if (dependency.job.is_null()) {
        job.sequential = true;
        continue;
      }
      const JobStatus status = table().StatusOf(*table().Find(dependency.job));
      entry.waiting = IsPaired(dependency) || !IsTerminal(status);
      if (!entry.waiting && status == JobStatus::kFailed) {
        job.dependency_failed = true;
      }
    }
    jobs_.push_back(job);
  }

  // A single job or a child ends, one way or the other.
  void EndOne() {
    PlainJob* job = AnyJob();
    if (job == nullptr) return;
    const int32_t child = job->size > 0 ? Draw(job->size) : -1;
    if (IsTerminal(StatusOf(*job, child))) return;
    const JobKey key{job->key.slot, child};
    if (Draw(3) > 0) {
      stories_.Succeed(key);
    } else {
      stories_.Fail(key);
    }
    if (job->size > 0 && table().array(key.slot).ended() == job->size) {
      stories_.EndParent(job->key);
    }
  }

  // The next edge of a job that is there still, or kNoIndex.
  uint32_t PopLiving(JobKey key) {
    uint32_t edge = kNoIndex;
    while (edge == kNoIndex && HasDependents(table(), key)) {
      edge = PopDependent(table(), key);
    }
    return edge;
  }

  // Those who wait for `child` of `job`, in the order in which they came.
  void TellDependents(const PlainJob& job, int32_t child) {
    for (PlainJob& dependent : jobs_) {
      for (PlainEntry& entry : dependent.entries) {
        if (!entry.waiting || IsPaired(entry.dependency) ||
            !job.Names(entry.dependency, child)) {
          continue;
        }
        entry.waiting = false;
        if (dependent.gone) {
          ++orphans_seen_;
          continue;
        }
        const uint32_t edge = PopLiving({job.key.slot, child});
        ASSERT_NE(edge, kNoIndex);
        ASSERT_EQ(table().edges()[edge].dependent, dependent.key.slot);
        ASSERT_TRUE(table().edges()[edge].dependency == entry.dependency);
        --table().record(dependent.key.slot).unmet;
      }
    }
    ASSERT_EQ(PopLiving({job.key.slot, child}), kNoIndex);
  }

  void ResolvePairedOn(const PlainJob& job) {
    while (FirstPaired(table(), job.key.slot) != kNoIndex) {
      ResolveFirstPaired(table(), job.key.slot);
    }
    for (PlainJob& dependent : jobs_) {
      for (PlainEntry& entry : dependent.entries) {
        if (!IsPaired(entry.dependency) || entry.dependency.job != job.id) {
          continue;
        }
        entry.resolved = true;
        entry.waiting = false;
      }
    }
  }

  // What has ended tells those who wait for it; or one N_TO_N entry on an array
  // that has ended is resolved alone.
  void Tell() {
    PlainJob* job = AnyJob();
    if (job == nullptr) return;
    for (int32_t child = 0; child < job->size; ++child) {
      if (IsTerminal(StatusOf(*job, child))) TellDependents(*job, child);
    }
    if (IsTerminal(StatusOf(*job))) {
      TellDependents(*job, -1);
      if (Draw(2) == 0) ResolvePairedOn(*job);
    }
    uint32_t edge = table().record(job->key.slot).dependencies.first;
    for (PlainEntry& entry : job->entries) {
      const PlainJob* other = Find(entry.dependency.job);
      if (IsPaired(entry.dependency) && other != nullptr &&
          IsTerminal(StatusOf(*other)) && Draw(2) == 0) {
        ResolvePaired(table(), edge);
        entry.resolved = true;
      }
      edge = table().edges()[edge].next_entry;
    }
  }

  // The retention of a job is over; it may be waiting itself.
  void Forget() {
    PlainJob* job = AnyJob();
    if (job == nullptr || !IsTerminal(StatusOf(*job))) return;
    for (int32_t child = 0; child < job->size; ++child) {
      TellDependents(*job, child);
    }
    TellDependents(*job, -1);
    ResolvePairedOn(*job);
    while (DropDependency(table(), job->key.slot)) {
    }
    table().Remove(job->key.slot);
    job->gone = true;
  }

  ChildReadiness Readiness(const PlainJob& job, int32_t child) {
    bool ready = table().record(job.key.slot).released;
    const auto ask = [&ready](JobStatus status) {
      if (status != JobStatus::kSucceeded) ready = false;
      return status == JobStatus::kFailed;
    };
    bool failed = false;
    if (job.sequential && child > 0) failed |= ask(StatusOf(job, child - 1));
    for (const PlainEntry& entry : job.entries) {
      if (!IsPaired(entry.dependency) || entry.resolved) continue;
      failed |= ask(StatusOf(*Find(entry.dependency.job), child));
    }
    if (failed) return ChildReadiness::kDependencyFailed;
    return ready ? ChildReadiness::kReady : ChildReadiness::kWaits;
  }

  void Compare() {
    size_t edges = 0;
    for (const PlainJob& job : jobs_) {
      uint32_t unmet = 0;
      std::vector<JobDependency> submitted;
      for (const PlainEntry& entry : job.entries) {
        if (!job.gone || entry.waiting) ++edges;
        submitted.push_back(entry.dependency);
        if (entry.waiting && !IsPaired(entry.dependency)) ++unmet;
      }
      if (job.gone) continue;
      const JobRecord& record = table().record(job.key.slot);
      ASSERT_EQ(SubmittedDependencies(table(), job.key.slot), submitted);
      ASSERT_EQ(record.unmet, unmet);
      ASSERT_EQ(record.dependency_failed, job.dependency_failed);
      CompareChildren(job);
    }
    ASSERT_EQ(table().edges().size(), edges);
  }

  void CompareChildren(const PlainJob& job) {
    bool all_wait = true;
    bool own_failed = false;
    for (int32_t child = 0; child < job.size; ++child) {
      const ChildReadiness want = Readiness(job, child);
      ASSERT_EQ(ReadinessOf(table(), {job.key.slot, child}), want);
      all_wait &= want == ChildReadiness::kWaits;
      own_failed |= StatusOf(job, child) == JobStatus::kFailed;
    }
    // It looks at the other arrays only, so a failure in the job's own sequence
    // is not seen; that one is told by the child that failed.
    if (job.size > 0 && AllChildrenWait(table(), job.key.slot)) {
      ASSERT_TRUE(all_wait || (job.sequential && own_failed));
    }
  }

  std::mt19937_64 random_;
  JobStories stories_;
  std::vector<PlainJob> jobs_;
  int orphans_seen_ = 0;
};

TEST(DependenciesModelTest, RandomSequencesAgree) {
  int orphans_seen = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    DependencyWorld world(seed);
    for (int step = 0; step < 120; ++step) {
      world.Step();
      if (testing::Test::HasFatalFailure()) return;
    }
    orphans_seen += world.orphans_seen();
  }
  EXPECT_GT(orphans_seen, 0);
}

}  // namespace
}  // namespace embatch
