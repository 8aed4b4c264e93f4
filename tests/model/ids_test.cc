// SPDX-License-Identifier: Apache-2.0
//
// Tests of embatch/ids.h.
#include "embatch/ids.h"

#include <limits>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr uint32_t kMax = std::numeric_limits<uint32_t>::max();
constexpr int32_t kLastChild = std::numeric_limits<int32_t>::max();
constexpr char kHex[] = "0123456789abcdef";

template <typename T>
std::string Shown(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TEST(JobIdTest, RoundTripsThroughItsText) {
  const uint32_t slots[] = {0, 1, 65535, 65536, kMax - 1, kMax};
  const uint32_t generations[] = {1, 2, kMax};
  const int32_t children[] = {-1, 0, 1, 9, 10, 9999, 134217727, kLastChild};
  const uint64_t seeds[] = {0, 1, std::numeric_limits<uint64_t>::max()};
  for (uint32_t slot : slots) {
    for (uint32_t generation : generations) {
      for (int32_t child : children) {
        for (uint64_t seed : seeds) {
          const JobId id{slot, generation, child};
          const std::string text = FormatJobId(id, seed);
          ASSERT_EQ(ParseJobId(text, seed), id) << text;
        }
      }
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const JobId id{static_cast<uint32_t>(random()),
                   static_cast<uint32_t>(random() | 1),
                   static_cast<int32_t>(random() % 10001) - 1};
    const uint64_t seed = random();
    ASSERT_EQ(ParseJobId(FormatJobId(id, seed), seed), id);
  }
}

TEST(JobIdTest, LooksLikeAwss) {
  const std::string uuid = FormatJobId({4, 1, -1}, 7);
  ASSERT_EQ(uuid.size(), 36u);
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      EXPECT_EQ(uuid[i], '-');
    } else {
      EXPECT_NE(std::string(kHex).find(uuid[i]), std::string::npos) << uuid;
    }
  }
  EXPECT_EQ(FormatJobId({4, 1, 0}, 7), uuid + ":0");
  EXPECT_EQ(FormatJobId({4, 1, 9999}, 7), uuid + ":9999");
}

TEST(JobIdTest, LettersMayBeOfEitherCase) {
  const JobId id{4, 1, 3};
  EXPECT_EQ(ParseJobId(absl::AsciiStrToUpper(FormatJobId(id, 7)), 7), id);
}

TEST(JobIdTest, NodesHaveAHash) {
  const std::string uuid = FormatJobId({4, 1, -1}, 7);
  EXPECT_EQ(FormatNodeId({4, 1, -1}, 7), uuid);
  EXPECT_EQ(FormatNodeId({4, 1, 0}, 7), uuid + "#0");
  EXPECT_EQ(ParseNodeId(uuid + "#999", 7), (JobId{4, 1, 999}));
  EXPECT_EQ(ParseNodeId(uuid, 7), (JobId{4, 1, -1}));
  for (const char* end : {":0", "#", "#-1", "#01", "#0#0", "#0:0", "#x"}) {
    EXPECT_EQ(ParseNodeId(uuid + end, 7), std::nullopt) << end;
  }
  EXPECT_EQ(ParseJobId(uuid + "#0", 7), std::nullopt);
}

TEST(JobIdTest, AnotherSeedsIdsDoNotParse) {
  for (uint32_t slot = 0; slot < 1000; ++slot) {
    EXPECT_EQ(ParseJobId(FormatJobId({slot, 1, -1}, 7), 8), std::nullopt);
  }
}

TEST(JobIdTest, HostileTextsDoNotParse) {
  using namespace std::string_literals;
  const std::string uuid = FormatJobId({4, 1, -1}, 7);
  std::string without_hyphens;
  for (char c : uuid) {
    if (c != '-') without_hyphens += c;
  }
  const std::string texts[] = {
      "",
      ":",
      ":0",
      "job",
      "0",
      uuid.substr(1),
      uuid.substr(0, 35),
      uuid + "0",
      " " + uuid,
      uuid + " ",
      uuid + "\n",
      uuid + "\0"s,
      uuid + "\0:1"s,
      "{" + uuid + "}",
      without_hyphens,
      uuid + ":",
      uuid + "::",
      uuid + "::1",
      uuid + ":-1",
      uuid + ":-0",
      uuid + ":+1",
      uuid + ":01",
      uuid + ":00",
      uuid + ": 1",
      uuid + ":1 ",
      uuid + ":1:2",
      uuid + ":1.0",
      uuid + ":1e1",
      uuid + ":0x1",
      uuid + ":a",
      uuid + ":2147483648",
      uuid + ":4294967296",
      uuid + ":18446744073709551616",
      uuid + ":" + std::string(1000, '1'),
      uuid + ":1\0"s,
      uuid + "#0",
      uuid + ":\xd9\xa1",  // a digit of another script
      std::string(1000, 'a'),
      std::string(36, '-'),
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      // What the library never makes: an id of generation 0, a task's id.
      FormatJobId({4, 0, -1}, 7),
      FormatTaskId({{4, 1, -1}, 1}, 7),
  };
  for (const std::string& text : texts) {
    EXPECT_EQ(ParseJobId(text, 7), std::nullopt) << text;
  }
}

// A task's id is made of the same parts; with hyphens put in it is still none
// of a job.
TEST(JobIdTest, ATasksIdIsNoJobsId) {
  std::string text = FormatTaskId({{4, 1, -1}, 1}, 7);
  for (size_t place : {8, 13, 18, 23}) text.insert(place, "-");
  EXPECT_EQ(ParseJobId(text, 7), std::nullopt);
}

TEST(JobIdTest, NoSingleChangedDigitParses) {
  const std::string uuid = FormatJobId({4, 1, -1}, 7);
  for (size_t i = 0; i < uuid.size(); ++i) {
    for (char c : std::string(kHex) + "gG-:\xff") {
      std::string changed = uuid;
      changed[i] = c;
      if (changed == uuid) continue;
      EXPECT_EQ(ParseJobId(changed, 7), std::nullopt) << changed;
    }
  }
}

TEST(JobIdTest, NamesChildrenAndTheirParent) {
  const JobId job{4, 2, -1};
  EXPECT_EQ(job.Child(3), (JobId{4, 2, 3}));
  EXPECT_EQ(job.Child(3).Parent(), job);
  EXPECT_FALSE(job.is_null());
  EXPECT_TRUE(JobId().is_null());
}

TEST(JobIdTest, OrdersBySlotThenGenerationThenChild) {
  const std::vector<JobId> ordered = {{0, 1, -1}, {0, 1, 0},    {0, 1, 1},
                                      {0, 2, -1}, {0, 2, 7},    {1, 1, -1},
                                      {1, 1, 5},  {kMax, 1, -1}};
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(ordered[i] < ordered[j], i < j) << i << " " << j;
      EXPECT_EQ(ordered[i] == ordered[j], i == j) << i << " " << j;
    }
  }
}

TEST(TaskIdTest, EveryAttemptOfEveryJobHasItsOwn) {
  std::set<std::string> all;
  int made = 0;
  for (uint32_t slot : {0u, 1u, kMax}) {
    for (uint32_t generation : {1u, 2u}) {
      for (int32_t child : {-1, 0, 1, 2, 9999, kLastChild}) {
        for (uint16_t number : {1, 2, 65535}) {
          const std::string text =
              FormatTaskId({{slot, generation, child}, number}, 7);
          EXPECT_EQ(text.size(), 32u);
          EXPECT_EQ(text.find_first_not_of(kHex), std::string::npos) << text;
          all.insert(text);
          ++made;
        }
      }
    }
  }
  EXPECT_EQ(all.size(), static_cast<size_t>(made));
}

TEST(InstanceIdTest, JoinedOnesHaveNumbersOfTheirOwn) {
  EXPECT_TRUE(InstanceId::Joined(3).joined());
  EXPECT_FALSE(InstanceId{3}.joined());
  EXPECT_FALSE(InstanceId::Joined(3) == InstanceId{3});
}

TEST(IdsTest, PrintShortly) {
  EXPECT_EQ(Shown(JobId()), "no job");
  EXPECT_EQ(Shown(JobId{4, 1, -1}), "job 4.1");
  EXPECT_EQ(Shown(JobId{4, 1, 0}), "job 4.1:0");
  EXPECT_EQ(Shown(AttemptId{{4, 1, 0}, 2}), "job 4.1:0 attempt 2");
  EXPECT_EQ(Shown(ContainerId{{{4, 1, -1}, 2}, 0}),
            "job 4.1 attempt 2 container 0");
  EXPECT_EQ(Shown(InstanceId{7}), "instance 7");
  EXPECT_EQ(Shown(InstanceId::Joined(7)), "joined instance 7");
}

}  // namespace
}  // namespace embatch
