// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/model/parameters.h.
#include "lib/model/parameters.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

using Parameters = std::map<std::string, std::string>;

// The element after substitution, or the message.
std::string Substituted(const Parameters& parameters,
                        const std::string& element) {
  std::vector<std::string> command = {element};
  const absl::Status status =
      SubstituteParameters("command", parameters, 1 << 20, command);
  return status.ok() ? command[0] : Answer(status);
}

TEST(ParametersTest, ReplacesEveryPlaceholderOfEveryElement) {
  std::vector<std::string> command = {"cp", "Ref::from", "a/Ref::to/Ref::from"};
  ASSERT_EQ(Answer(SubstituteParameters(
                "command", {{"from", "x"}, {"to", "yy"}}, 1 << 20, command)),
            "OK");
  EXPECT_THAT(command, testing::ElementsAre("cp", "x", "a/yy/x"));
}

TEST(ParametersTest, TakesTheLongestName) {
  const Parameters parameters = {
      {"a", "SHORT"}, {"a-b_C9", "LONG"}, {"a-", "HYPHEN"}};
  EXPECT_EQ(Substituted(parameters, "Ref::a-b_C9."), "LONG.");
  EXPECT_EQ(Substituted(parameters, "Ref::a-"), "HYPHEN");
  EXPECT_EQ(Substituted(parameters, "Ref::a "), "SHORT ");
  EXPECT_EQ(Substituted(parameters, "Ref::ab"),
            "Unable to substitute value. No parameter found for reference ab");
}

TEST(ParametersTest, DoesNotLookAtWhatItPutIn) {
  EXPECT_EQ(Substituted({{"a", "Ref::a"}, {"b", "Ref::"}}, "Ref::a Ref::b"),
            "Ref::a Ref::");
}

TEST(ParametersTest, AMissingOneIsRefusedByItsName) {
  std::vector<std::string> command = {"fine", "Ref::missing/x"};
  EXPECT_THAT(
      SubstituteParameters("command", {{"other", "x"}}, 1 << 20, command),
      Refused("Unable to substitute value. No parameter found for "
              "reference missing"));
  EXPECT_EQ(Substituted({}, "Ref::"),
            "Unable to substitute value. No parameter found for reference ");
}

TEST(ParametersTest, FurtherParametersAreHarmless) {
  EXPECT_EQ(Substituted({{"unused", "x"}}, "ls"), "ls");
}

TEST(ParametersTest, ANulIsRefused) {
  EXPECT_EQ(Substituted({{"a", std::string(1, 0)}, {"b", "x"}}, "Ref::a"),
            "parameters[\"a\"] holds a NUL; a command must hold none");
  EXPECT_EQ(Substituted({{"a", std::string(1, 0)}, {"b", "x"}}, "Ref::b"), "x");
}

// A short text may name a long one many times.
TEST(ParametersTest, TheWholeCommandHasALimit) {
  const Parameters parameters = {{"a", "12345"}};
  const struct {
    std::vector<std::string> command;
    int64_t bytes;  // once substituted
  } kCases[] = {
      {{"ls"}, 2},           {{"Ref::a"}, 5},      {{"Ref::a/Ref::a"}, 11},
      {{"ls", "Ref::a"}, 7}, {{"Ref::a", "y"}, 6}, {{"Ref::a.Ref::a."}, 12},
  };
  for (const auto& [command, bytes] : kCases) {
    std::vector<std::string> fits = command;
    EXPECT_EQ(Answer(SubstituteParameters("command", parameters, bytes, fits)),
              "OK");
    std::vector<std::string> too_long = command;
    EXPECT_EQ(Answer(SubstituteParameters("command", parameters, bytes - 1,
                                          too_long)),
              absl::StrCat("command has more than ", bytes - 1,
                           " bytes after its parameters are substituted"));
  }
}

// Character by character, as one would do it by hand.
std::string Obvious(const Parameters& parameters, const std::string& element) {
  std::string result;
  for (size_t i = 0; i < element.size();) {
    if (element.compare(i, 5, "Ref::") != 0) {
      result += element[i++];
      continue;
    }
    i += 5;
    std::string name;
    while (i < element.size() &&
           std::string("Refab-_7").find(element[i]) != std::string::npos) {
      name += element[i++];
    }
    if (parameters.count(name) == 0) {
      return "Unable to substitute value. No parameter found for reference " +
             name;
    }
    result += parameters.at(name);
  }
  return result;
}

TEST(ParametersTest, AgreesWithTheObviousVersionOnAllSmallElements) {
  const std::string pieces[] = {"Ref::", "Ref:", ":",  "R", "a",
                                "b",     "-",    "_7", " "};
  const Parameters some = {{"a", "1"}, {"b", ""}, {"ab", "Ref::b"}, {"-", "x"}};
  const Parameters with_empty = {{"", "nothing"}, {"a", "Ref::"}};
  std::vector<std::string> elements = {""};
  for (size_t begin = 0, length = 0; length < 5; ++length) {
    const size_t end = elements.size();
    for (size_t i = begin; i < end; ++i) {
      for (const std::string& piece : pieces) {
        elements.push_back(elements[i] + piece);
      }
    }
    begin = end;
  }
  for (const std::string& element : elements) {
    for (const Parameters& parameters : {some, with_empty}) {
      ASSERT_EQ(Substituted(parameters, element), Obvious(parameters, element))
          << element;
    }
  }
}

}  // namespace
}  // namespace embatch
