// SPDX-License-Identifier: Apache-2.0
//
// Chance for tests: everything is drawn from a seed, and the same on every
// platform.
//
//   EMBATCH_SEED=7     runs a test of this folder with that seed alone
//   EMBATCH_SEEDS=500  runs it with the seeds 1 to 500
#ifndef EMBATCH_TESTS_PROPERTY_RANDOM_H_
#define EMBATCH_TESTS_PROPERTY_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace embatch {

// A well-spread function of its argument (SplitMix64's finalizer).
constexpr uint64_t Scatter(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}
constexpr uint64_t Scatter(uint64_t a, uint64_t b) {
  return Scatter(Scatter(a) ^ b);
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(Scatter(seed)) {}

  uint64_t Next() { return state_ = Scatter(state_); }

  // A number in [0, count).
  int Below(int count) {
    return count <= 0 ? 0
                      : static_cast<int>(Next() % static_cast<uint64_t>(count));
  }
  // A number in [first, last].
  int Between(int first, int last) { return first + Below(last - first + 1); }

  bool Percent(int percent) { return Below(100) < percent; }

  // One of these; what stands there twice comes twice as often.
  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return values.begin()[Below(static_cast<int>(values.size()))];
  }

 private:
  uint64_t state_;
};

// The seeds that a test runs with: 1 to `count`, unless the environment says
// otherwise.
inline std::vector<uint64_t> Seeds(int count) {
  const auto number = [](const char* name, uint64_t* value) {
    const char* text = std::getenv(name);
    return text != nullptr && absl::SimpleAtoi(text, value);
  };
  uint64_t value = 0;
  if (number("EMBATCH_SEED", &value)) return {value};
  if (number("EMBATCH_SEEDS", &value)) count = static_cast<int>(value);
  std::vector<uint64_t> seeds;
  for (int i = 1; i <= count; ++i) seeds.push_back(static_cast<uint64_t>(i));
  return seeds;
}

}  // namespace embatch

#endif  // EMBATCH_TESTS_PROPERTY_RANDOM_H_
