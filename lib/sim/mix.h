// SPDX-License-Identifier: Apache-2.0
//
// Chance without a state: numbers that depend on a seed and a name alone. The
// same on every platform, unlike the standard library's distributions.
#ifndef EMBATCH_SIM_MIX_H_
#define EMBATCH_SIM_MIX_H_

#include <cstdint>

namespace embatch {

// A well-spread function of its argument that loses nothing (the finalizer of
// the SplitMix64 generator).
constexpr uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

constexpr uint64_t Mix(uint64_t a, uint64_t b) { return Mix(Mix(a) ^ b); }

// A number in [0, count), from a well-spread one. 0 if `count` is 0. The
// remainder favours small numbers by less than count / 2^64.
constexpr uint64_t Below(uint64_t count, uint64_t chance) {
  return count == 0 ? 0 : chance % count;
}

// Whether something that happens so many times in a million happens.
constexpr bool HappensInAMillion(int times, uint64_t chance) {
  return static_cast<int64_t>(Below(1000000, chance)) < times;
}

}  // namespace embatch

#endif  // EMBATCH_SIM_MIX_H_
