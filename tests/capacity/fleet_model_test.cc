// SPDX-License-Identifier: Apache-2.0
//
// The counters of a Fleet against recounts over a plain list of instances,
// after every step of random runs.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "lib/base/encoding.h"
#include "lib/capacity/fleet.h"
#include "lib/capacity/why_not.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

struct PlainInstance {
  uint32_t slot = 0;
  uint64_t number = 0;
  uint32_t environment = 0;
  uint32_t type = Fleet::kNone;
  InstanceState state = InstanceState::kBooting;
  Resources total;
  std::vector<Resources> jobs;
  int64_t changed = 0;

  Resources Free() const {
    Resources free = total;
    for (const Resources& job : jobs) free -= job;
    return free;
  }
};

class FleetWorld {
 public:
  explicit FleetWorld(uint64_t seed) : random_(seed) {
    const std::vector<InstanceType> types = {Type("small", 2, 2048),
                                             Type("large", 4, 8192),
                                             Type("gpu", 4, 4096, 900, 2)};
    SiteOptions options;
    options.max_vcpus = 12;
    site_.Managed(types, options);
    options.allowed_types = {"small"};
    site_.Managed(types, options);
    site_.Unmanaged();
  }

  void Step() {
    const Before before = Look();
    const bool placed = Act();
    ++now_ns_;
    if (Draw(40) == 0) {
      const std::string bytes = Encoded(fleet());
      fleet() = Fleet(fleet());
      ASSERT_EQ(Encoded(fleet()), bytes);
    }
    for (uint32_t i = 0; i < fleet().environment_count(); ++i) Recount(i);
    CompareEpochs(before, placed);
  }

 private:
  // What an environment answers to some needs.
  struct Answer {
    bool fits;
    bool can_grow;
  };
  struct Before {
    std::vector<uint64_t> epochs;
    std::vector<std::vector<Answer>> answers;
  };

  Fleet& fleet() { return site_.fleet; }
  int Draw(int below) { return static_cast<int>(random_() % below); }

  static std::vector<Resources> SomeNeeds() {
    std::vector<Resources> needs;
    for (int64_t vcpu_milli : {500, 1000, 2000, 3000, 4000}) {
      for (int64_t memory_mib : {100, 2048, 5000}) {
        for (int32_t gpus : {0, 1, 2}) {
          needs.push_back({vcpu_milli, memory_mib, gpus});
        }
      }
    }
    return needs;
  }

  Before Look() {
    Before before;
    for (uint32_t i = 0; i < fleet().environment_count(); ++i) {
      before.epochs.push_back(fleet().environment(i).epoch);
      std::vector<Answer>& answers = before.answers.emplace_back();
      for (const Resources& need : SomeNeeds()) {
        answers.push_back({fleet().BestFit(i, need) != Fleet::kNone,
                           CanGrowFor(fleet(), i, need, now_ns_)});
      }
    }
    return before;
  }

  // A queue's head that did not fit is tried again when the epoch changes; so
  // it must change when the head may fit, or has to look at another
  // environment.
  void CompareEpochs(const Before& before, bool placed) {
    const Before after = Look();
    for (size_t i = 0; i < before.epochs.size(); ++i) {
      for (size_t n = 0; n < before.answers[i].size(); ++n) {
        const Answer& was = before.answers[i][n];
        const Answer& is = after.answers[i][n];
        if ((!was.fits && is.fits) || was.can_grow != is.can_grow) {
          ASSERT_NE(before.epochs[i], after.epochs[i]);
        }
      }
      // Placing only takes room away: nobody need be asked again.
      if (placed) {
        ASSERT_EQ(before.epochs[i], after.epochs[i]);
      }
    }
  }

  PlainInstance* AnyIn(InstanceState state) {
    std::vector<PlainInstance*> found;
    for (PlainInstance& instance : instances_) {
      if (instance.state == state) found.push_back(&instance);
    }
    return found.empty() ? nullptr : found[random_() % found.size()];
  }

  Resources DrawNeed() {
    const std::vector<Resources> needs = SomeNeeds();
    return needs[random_() % needs.size()];
  }

  // Answers whether it placed a job.
  bool Act() {
    switch (Draw(10)) {
      case 0:
        Launch();
        return false;
      case 1:
        BecomeReady();
        return false;
      case 2:
        Join();
        return false;
      case 3:
        Stop(Draw(3) == 0 ? InstanceState::kBooting : InstanceState::kReady,
             InstanceState::kInterrupted);
        return false;
      case 4:
        Stop(static_cast<InstanceState>(Draw(3)), InstanceState::kLost);
        return false;
      case 5:
        RemoveOne();
        return false;
      case 6:
        Release();
        return false;
      default:
        return Place();
    }
  }

  void Launch() {
    PlainInstance instance;
    instance.environment = static_cast<uint32_t>(Draw(2));
    const EnvironmentRecord& record = fleet().environment(instance.environment);
    instance.type = static_cast<uint32_t>(random_() % record.types.size());
    instance.total = record.types[instance.type].type.resources;
    instance.number = ++launched_;
    instance.slot = fleet().Launch(instance.environment, instance.type);
    instances_.push_back(instance);
  }

  // It registers what its type promised, or somewhat less, or more.
  void BecomeReady() {
    PlainInstance* instance = AnyIn(InstanceState::kBooting);
    if (instance == nullptr) return;
    if (Draw(2) == 0) instance->total.memory_mib += Draw(201) - 100;
    if (Draw(8) == 0 && instance->total.vcpu_milli > 1000) {
      instance->total.vcpu_milli -= 1000;
    }
    if (Draw(8) == 0) instance->total.gpus = Draw(3);
    instance->state = InstanceState::kReady;
    instance->changed = ++changes_;
    fleet().BecomeReady(instance->slot, "", instance->total, now_ns_);
  }

  void Join() {
    PlainInstance instance;
    instance.environment = 2;
    instance.state = InstanceState::kReady;
    instance.total = Resources::Of(1 + Draw(4), 1024 * (1 + Draw(4)), Draw(2));
    instance.number = InstanceId::Joined(++joined_).number;
    instance.changed = ++changes_;
    instance.slot = fleet().Join(2, InstanceId{instance.number}, "",
                                 instance.total, now_ns_);
    instances_.push_back(instance);
  }

  void Stop(InstanceState from, InstanceState to) {
    PlainInstance* instance = AnyIn(from);
    if (instance == nullptr) return;
    fleet().StopPlacing(instance->slot, to);
    instance->state = to;
  }

  void RemoveOne() {
    const size_t i = instances_.empty() ? 0 : random_() % instances_.size();
    if (instances_.empty() || !instances_[i].jobs.empty()) return;
    fleet().Remove(instances_[i].slot);
    instances_.erase(instances_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  bool Place() {
    const uint32_t environment = static_cast<uint32_t>(Draw(3));
    const Resources need = DrawNeed();
    const uint32_t slot = fleet().BestFit(environment, need);
    PlainInstance* best = ScannedBestFit(environment, need);
    EXPECT_EQ(slot, best == nullptr ? Fleet::kNone : best->slot);
    if (best == nullptr) return false;
    fleet().Place(slot, need);
    best->jobs.push_back(need);
    best->changed = ++changes_;
    return true;
  }

  PlainInstance* ScannedBestFit(uint32_t environment, const Resources& need) {
    const auto rank = [](const PlainInstance& instance) {
      const Resources free = instance.Free();
      return std::make_tuple(free.gpus, free.vcpu_milli, free.memory_mib,
                             -instance.changed);
    };
    PlainInstance* best = nullptr;
    for (PlainInstance& instance : instances_) {
      if (instance.environment != environment ||
          instance.state != InstanceState::kReady ||
          !need.FitsIn(instance.Free())) {
        continue;
      }
      if (best == nullptr || rank(instance) < rank(*best)) best = &instance;
    }
    return best;
  }

  void Release() {
    std::vector<PlainInstance*> busy;
    for (PlainInstance& instance : instances_) {
      if (!instance.jobs.empty()) busy.push_back(&instance);
    }
    if (busy.empty()) return;
    PlainInstance& instance = *busy[random_() % busy.size()];
    const size_t job = random_() % instance.jobs.size();
    fleet().Release(instance.slot, instance.jobs[job], now_ns_);
    instance.jobs.erase(instance.jobs.begin() +
                        static_cast<std::ptrdiff_t>(job));
    if (instance.state == InstanceState::kReady) instance.changed = ++changes_;
  }

  void Recount(uint32_t index) {
    const EnvironmentRecord& record = fleet().environment(index);
    int64_t vcpu_milli = 0;
    int32_t count = 0;
    int32_t booting = 0;
    Resources free_sum;
    std::set<uint64_t> idle;
    std::vector<int32_t> booting_of_type(record.types.size());
    std::map<std::tuple<int64_t, int64_t, int32_t>, int32_t> sizes;
    for (const PlainInstance& instance : instances_) {
      if (instance.environment != index) continue;
      const InstanceRecord& own = fleet().instance(instance.slot);
      ASSERT_EQ(own.number, instance.number);
      ASSERT_EQ(own.state, instance.state);
      ASSERT_EQ(own.total, instance.total);
      ASSERT_EQ(own.free, instance.Free());
      ASSERT_EQ(own.running, instance.jobs.size());
      ASSERT_EQ(fleet().FindInstance(index, InstanceId{instance.number}),
                instance.slot);
      if (instance.state == InstanceState::kLost) continue;
      ++count;
      vcpu_milli += instance.total.vcpu_milli;
      if (instance.state == InstanceState::kBooting) {
        ++booting;
        ++booting_of_type[instance.type];
      }
      if (instance.state != InstanceState::kReady) continue;
      free_sum += instance.Free();
      ++sizes[{instance.total.vcpu_milli, instance.total.memory_mib,
               instance.total.gpus}];
      if (instance.jobs.empty() && instance.type != Fleet::kNone) {
        idle.insert(instance.number);
      }
    }
    ASSERT_EQ(record.vcpu_milli, vcpu_milli);
    ASSERT_EQ(record.instances, count);
    ASSERT_EQ(record.booting, booting);
    ASSERT_EQ(record.free_sum, free_sum);
    for (size_t i = 0; i < record.types.size(); ++i) {
      ASSERT_EQ(record.types[i].booting, booting_of_type[i]);
    }
    ASSERT_EQ(record.idle.size(), idle.size());
    for (uint64_t number : idle) ASSERT_TRUE(record.idle.Contains(number));
    ASSERT_EQ(record.sizes.size(), sizes.size());
    for (const SizeCount& size : record.sizes) {
      ASSERT_EQ(size.instances,
                (sizes[{size.total.vcpu_milli, size.total.memory_mib,
                        size.total.gpus}]));
    }
  }

  std::mt19937_64 random_;
  Site site_;
  std::vector<PlainInstance> instances_;
  int64_t now_ns_ = 0;
  int64_t changes_ = 0;
  uint64_t launched_ = 0;
  uint64_t joined_ = 0;
};

TEST(FleetModelTest, CountersAreRecounts) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    FleetWorld world(seed);
    for (int step = 0; step < 300; ++step) {
      world.Step();
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace embatch
