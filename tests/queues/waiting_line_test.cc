// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/queues/waiting_line.h against a sorted vector.
#include "lib/queues/waiting_line.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "embatch/fields.h"
#include "gtest/gtest.h"
#include "lib/base/encoding.h"

namespace embatch {
namespace {

constexpr int kRetried = 0;
constexpr int kFirst = 1;

bool Before(const LinePlace& a, const LinePlace& b) {
  return std::tie(a.retry_class, a.sequence) <
         std::tie(b.retry_class, b.sequence);
}

// An entry of the line: a single job, or the waiting children of an array that
// are of one retry class.
struct PlainEntry {
  LinePlace place;
  uint32_t requirement = 0;
  int64_t jobs = 0;
};

// The same line as a sorted vector.
class PlainLine {
 public:
  void Enter(const PlainEntry& entry) {
    entries_.insert(
        std::upper_bound(entries_.begin(), entries_.end(), entry,
                         [](const PlainEntry& a, const PlainEntry& b) {
                           return Before(a.place, b.place);
                         }),
        entry);
  }
  PlainEntry* Find(const LinePlace& place) {
    for (PlainEntry& entry : entries_) {
      if (entry.place == place) return &entry;
    }
    return nullptr;
  }
  void Leave(const LinePlace& place) {
    entries_.erase(entries_.begin() + (Find(place) - entries_.data()));
  }
  std::vector<PlainEntry>& entries() { return entries_; }

  int64_t Jobs() const {
    int64_t jobs = 0;
    for (const PlainEntry& entry : entries_) jobs += entry.jobs;
    return jobs;
  }
  std::vector<ClassInLine> Classes() const {
    std::vector<ClassInLine> classes;
    for (const PlainEntry& entry : entries_) {
      auto found = std::find_if(classes.begin(), classes.end(),
                                [&entry](const ClassInLine& known) {
                                  return known.requirement == entry.requirement;
                                });
      if (found == classes.end()) {
        classes.push_back({entry.requirement, 0, entry.place});
        found = classes.end() - 1;
      }
      found->jobs += entry.jobs;
    }
    return classes;
  }

 private:
  std::vector<PlainEntry> entries_;
};

void Enter(WaitingLine& line, const PlainEntry& entry) {
  line.Enter(entry.place, entry.requirement);
  line.AddJobs(entry.requirement, entry.jobs);
}
void Leave(WaitingLine& line, const PlainEntry& entry) {
  line.Leave(entry.place, entry.requirement);
  line.AddJobs(entry.requirement, -entry.jobs);
}

void ExpectEqual(const std::vector<ClassInLine>& classes,
                 const std::vector<ClassInLine>& want) {
  ASSERT_EQ(classes.size(), want.size());
  for (size_t i = 0; i < classes.size(); ++i) {
    ASSERT_EQ(classes[i].requirement, want[i].requirement);
    ASSERT_EQ(classes[i].jobs, want[i].jobs);
    ASSERT_TRUE(classes[i].first == want[i].first);
  }
}

std::vector<ClassInLine> OneByOne(WaitingLine& line) {
  std::vector<ClassInLine> classes;
  line.ForEachClass([&classes](const ClassInLine& waiting) {
    classes.push_back(waiting);
    return true;
  });
  return classes;
}

void ExpectEqual(const WaitingLine& line, PlainLine& want) {
  const std::optional<LinePlace> head = line.Head();
  ASSERT_EQ(head.has_value(), !want.entries().empty());
  if (head.has_value()) {
    ASSERT_TRUE(*head == want.entries()[0].place);
  }
  ASSERT_EQ(line.jobs(), want.Jobs());
  ExpectEqual(line.Classes(), want.Classes());
}

TEST(WaitingLineTest, IsEmptyAtFirst) {
  WaitingLine line;
  PlainLine want;
  ExpectEqual(line, want);
}

TEST(WaitingLineTest, AJobKeepsThePlaceOfItsSubmission) {
  WaitingLine line;
  Enter(line, {{kFirst, 7}, 1, 1});
  Enter(line, {{kFirst, 3}, 1, 1});  // was released later
  EXPECT_EQ(line.Head()->sequence, 3u);
  Leave(line, {{kFirst, 3}, 1, 1});
  EXPECT_EQ(line.Head()->sequence, 7u);
}

TEST(WaitingLineTest, ARetriedJobStandsBeforeAllThatNeverStarted) {
  WaitingLine line;
  Enter(line, {{kFirst, 3}, 1, 1});
  Enter(line, {{kRetried, 9}, 1, 1});
  Enter(line, {{kRetried, 7}, 1, 1});
  EXPECT_EQ(line.Head()->retry_class, kRetried);
  EXPECT_EQ(line.Head()->sequence, 7u);
}

TEST(WaitingLineTest, AnArrayStandsOnceAndCountsItsChildren) {
  WaitingLine line;
  Enter(line, {{kFirst, 3}, 1, 1000});
  Enter(line, {{kFirst, 4}, 2, 1});
  Enter(line, {{kRetried, 3}, 1, 1});  // one of its children
  EXPECT_EQ(line.jobs(), 1002);
  ASSERT_EQ(line.Classes().size(), 2u);
  EXPECT_EQ(line.Classes()[0].jobs, 1001);
  EXPECT_EQ(line.Classes()[0].first.retry_class, kRetried);
  line.AddJobs(1, -1);
  EXPECT_EQ(line.Classes()[0].jobs, 1000);
  EXPECT_EQ(line.Head()->sequence, 3u);
}

// Every sequence of six steps, in each of which one of six entries comes or
// goes, for every way of giving three sequences two requirements, the first
// of them always the same one. The two entries of a sequence are those of one
// array.
TEST(WaitingLineTest, AllSmallCasesAgree) {
  constexpr int kPlaces = 6;
  constexpr int kSteps = 6;
  for (int requirements = 0; requirements < 8; requirements += 2) {
    for (int order = 0; order < 46656; ++order) {  // kPlaces to the kSteps
      WaitingLine line;
      PlainLine want;
      for (int step = 0, left = order; step < kSteps; ++step, left /= kPlaces) {
        const int place = left % kPlaces;
        const int sequence = place / 2;
        const PlainEntry entry = {
            {place % 2, static_cast<uint64_t>(sequence)},
            static_cast<uint32_t>((requirements >> sequence) & 1),
            1 + place};
        if (want.Find(entry.place) == nullptr) {
          Enter(line, entry);
          want.Enter(entry);
        } else {
          Leave(line, entry);
          want.Leave(entry.place);
        }
      }
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(line, want))
          << requirements << " " << order;
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(OneByOne(line), want.Classes()));
    }
  }
}

TEST(WaitingLineTest, LongRandomSequencesAgree) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    WaitingLine line;
    PlainLine want;
    const uint64_t sequences = uint64_t{1} << (3 + seed % 15);
    const uint32_t requirements = 1 + static_cast<uint32_t>(seed % 6);
    const size_t crowd = seed % 2 == 0 ? 5 : 200;
    for (int step = 0; step < 2000; ++step) {
      const bool enter = random() % (2 * crowd) >= want.entries().size();
      const uint64_t sequence = random() % sequences;
      PlainEntry entry = {{static_cast<int>(random() % 2), sequence},
                          static_cast<uint32_t>(sequence % requirements),
                          static_cast<int64_t>(1 + random() % 3)};
      PlainEntry* known = want.Find(entry.place);
      if (enter && known == nullptr) {
        Enter(line, entry);
        want.Enter(entry);
      } else if (known != nullptr && known->jobs > 1) {
        --known->jobs;  // a child starts
        line.AddJobs(known->requirement, -1);
      } else if (!want.entries().empty()) {
        entry = want.entries()[random() % want.entries().size()];
        Leave(line, entry);
        want.Leave(entry.place);
      }
      if (random() % 50 == 0) line = WaitingLine(line);  // a copy is as good
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(line, want));
      // Asked often or seldom, so that it is put right piece by piece or whole.
      if (random() % (seed % 3 == 0 ? 200 : 5) == 0) {
        ASSERT_NO_FATAL_FAILURE(ExpectEqual(OneByOne(line), want.Classes()));
      }
    }
  }
}

TEST(WaitingLineTest, ShowsClassesUntilEnoughAreSeen) {
  WaitingLine line;
  for (uint64_t i = 0; i < 1000; ++i) {
    Enter(line, {{kFirst, 1000 - i}, static_cast<uint32_t>(i), 1});
  }
  std::vector<uint32_t> seen;
  const auto see_two = [&seen](const ClassInLine& waiting) {
    seen.push_back(waiting.requirement);
    return seen.size() % 2 != 0;
  };
  line.ForEachClass(see_two);
  // Classes that come and go before the next question, more than are kept.
  for (uint64_t i = 2000; i < 9000; ++i) {
    Enter(line, {{kFirst, i}, static_cast<uint32_t>(i), 1});
    Leave(line, {{kFirst, i}, static_cast<uint32_t>(i), 1});
  }
  Leave(line, {{kFirst, 1}, 999, 1});
  Enter(line, {{kRetried, 600}, 400, 1});
  line.ForEachClass(see_two);
  EXPECT_EQ(seen, (std::vector<uint32_t>{999, 998, 400, 998}));
}

// The order is made in parts, while jobs come and go and classes with them.
TEST(WaitingLineTest, ClassesArePutInOrderAFewAtATime) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    WaitingLine line;
    std::vector<PlainEntry> waiting;
    uint64_t sequence = 0;
    const auto change = [&](int times) {
      for (int i = 0; i < times; ++i) {
        if (!waiting.empty() && random() % 3 == 0) {
          const size_t which = random() % waiting.size();
          Leave(line, waiting[which]);
          waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(which));
        } else {
          waiting.push_back({{static_cast<int>(random() % 2), sequence++},
                             static_cast<uint32_t>(random() % 150),
                             1});
          Enter(line, waiting.back());
        }
      }
    };
    change(300);
    int parts = 0;
    for (bool is_done = false; !is_done; ++parts) {
      int64_t most = 10;
      is_done = line.PutInOrder(&most);
      EXPECT_EQ(most < 0, !is_done);
      if (parts < 5) change(10);
    }
    EXPECT_GT(parts, 4);
    std::vector<uint32_t> shown;
    line.ForEachClass([&shown](const ClassInLine& of) {
      shown.push_back(of.requirement);
      return true;
    });
    std::vector<uint32_t> want;
    for (const ClassInLine& of : line.Classes()) want.push_back(of.requirement);
    EXPECT_EQ(shown, want);
  }
}

// A class stays with the line for a while when its last job has left; nobody
// sees that.
TEST(WaitingLineTest, AClassWithoutJobsIsNotSeen) {
  WaitingLine line;
  for (uint32_t requirement : {3u, 11u, 3u, 4u}) {  // 3 and 11 share a place
    const PlainEntry entry{{kFirst, requirement}, requirement, 2};
    Enter(line, entry);
    EXPECT_EQ(line.class_count(), 1u);
    EXPECT_EQ(line.jobs_of(requirement), 2);
    line.ForEachClass([&](const ClassInLine& waiting) {
      EXPECT_EQ(waiting.requirement, requirement);
      return true;
    });
    Leave(line, entry);
    EXPECT_EQ(line.class_count(), 0u);
    EXPECT_EQ(line.jobs_of(requirement), 0);
    EXPECT_TRUE(line.Classes().empty());
    line.ForEachClass([](const ClassInLine&) {
      ADD_FAILURE() << "nothing waits";
      return true;
    });
    EXPECT_EQ(Encoded(line), Encoded(WaitingLine()));
  }
}

TEST(WaitingLineTest, EqualLinesHaveEqualBytesWhateverTheirPast) {
  std::vector<PlainEntry> entries;
  for (uint64_t i = 0; i < 60; ++i) {
    entries.push_back({{static_cast<int>(i % 2), i * 37 % 1000},
                       static_cast<uint32_t>(i % 7),
                       static_cast<int64_t>(1 + i)});
  }
  WaitingLine forwards;
  for (const PlainEntry& entry : entries) Enter(forwards, entry);
  WaitingLine backwards;
  for (uint64_t i = 1000; i < 1500; ++i) Enter(backwards, {{1, i}, 99, 1});
  std::reverse(entries.begin(), entries.end());
  for (const PlainEntry& entry : entries) Enter(backwards, entry);
  EXPECT_NE(Encoded(forwards), Encoded(backwards));
  for (uint64_t i = 1000; i < 1500; ++i) Leave(backwards, {{1, i}, 99, 1});
  EXPECT_EQ(Encoded(forwards), Encoded(backwards));
}

}  // namespace
}  // namespace embatch
