// SPDX-License-Identifier: Apache-2.0
//
// An amount of compute: what a job asks for, what an instance has.
#ifndef EMBATCH_RESOURCES_H_
#define EMBATCH_RESOURCES_H_

#include <cstdint>
#include <ostream>

#include "embatch/fields.h"

namespace embatch {

// Units: thousandths of a vCPU, MiB of memory, whole GPUs. Integers only, so
// that sums are exact.
// Source: API ResourceRequirement (VCPU, MEMORY, GPU).
struct Resources {
  int64_t vcpu_milli = 0;
  int64_t memory_mib = 0;
  int32_t gpus = 0;

  // Whole vCPUs, the usual case: Resources::Of(2, 4096).
  static constexpr Resources Of(int64_t vcpus, int64_t memory_mib,
                                int32_t gpus = 0) {
    return {vcpus * 1000, memory_mib, gpus};
  }

  // Whether this much fits into `room`.
  constexpr bool FitsIn(const Resources& room) const {
    return vcpu_milli <= room.vcpu_milli && memory_mib <= room.memory_mib &&
           gpus <= room.gpus;
  }

  constexpr Resources& operator+=(const Resources& other) {
    vcpu_milli += other.vcpu_milli;
    memory_mib += other.memory_mib;
    gpus += other.gpus;
    return *this;
  }
  constexpr Resources& operator-=(const Resources& other) {
    vcpu_milli -= other.vcpu_milli;
    memory_mib -= other.memory_mib;
    gpus -= other.gpus;
    return *this;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.vcpu_milli, self.memory_mib, self.gpus);
  }
};

inline constexpr Resources operator+(Resources a, const Resources& b) {
  return a += b;
}
inline constexpr Resources operator-(Resources a, const Resources& b) {
  return a -= b;
}
inline constexpr Resources operator*(int64_t times, const Resources& one) {
  return {times * one.vcpu_milli, times * one.memory_mib,
          static_cast<int32_t>(times * one.gpus)};
}

// "2 vCPU, 4096 MiB, 1 GPU"
std::ostream& operator<<(std::ostream& out, const Resources& resources);

}  // namespace embatch

#endif  // EMBATCH_RESOURCES_H_
