// SPDX-License-Identifier: Apache-2.0
//
// What this machine has for jobs.
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "embatch/local/local_provider.h"
#include "lib/local/cgroup_layout.h"
#include "lib/local/system.h"

namespace embatch {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
constexpr int64_t kBytesPerMib = 1024 * 1024;

// Source: §16.6, the estimate of what an agent registers: 97 % of the nominal
// memory, less 32 MiB.
int64_t RegisteredMib(int64_t nominal_mib) {
  return std::max<int64_t>(nominal_mib * 97 / 100 - 32, 0);
}

int64_t AllowedCores() {
  // A machine may have more cores than the usual set holds.
  for (int cores = 1024; cores <= (1 << 20); cores *= 2) {
    cpu_set_t* set = CPU_ALLOC(cores);
    if (set == nullptr) break;
    const size_t size = CPU_ALLOC_SIZE(cores);
    const int result = sched_getaffinity(0, size, set);
    const int error = errno;
    const int count = result == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
    if (error != EINVAL) break;
  }
  return std::max<int64_t>(sysconf(_SC_NPROCESSORS_ONLN), 1);
}

// The numbers of a file that holds nothing else; "max" is no limit.
std::vector<int64_t> ReadNumbers(const std::string& path) {
  std::vector<int64_t> numbers;
  const std::string text = ReadWholeFile(path).value_or("");
  for (absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    int64_t number = kNoLimit;
    if (word != "max" && !absl::SimpleAtoi(word, &number)) return {};
    numbers.push_back(number);
  }
  return numbers;
}

// Thousandths of a core in a period; a quota of -1 is none.
int64_t QuotaMilli(const std::vector<int64_t>& quota,
                   const std::vector<int64_t>& period) {
  if (quota.empty() || period.empty()) return kNoLimit;
  if (quota[0] < 0 || quota[0] == kNoLimit || period[0] <= 0) return kNoLimit;
  return quota[0] * 1000 / period[0];
}

// The least that any cgroup above this process allows.
int64_t CgroupVcpuMilli(const CgroupLayout& layout) {
  int64_t least = kNoLimit;
  for (const std::string& folder : layout.unified.OwnAndAbove()) {
    const std::vector<int64_t> both =
        ReadNumbers(absl::StrCat(folder, "/cpu.max"));
    if (both.size() == 2) {
      least = std::min(least, QuotaMilli({both[0]}, {both[1]}));
    }
  }
  for (const std::string& folder : layout.cpu.OwnAndAbove()) {
    least = std::min(
        least,
        QuotaMilli(ReadNumbers(absl::StrCat(folder, "/cpu.cfs_quota_us")),
                   ReadNumbers(absl::StrCat(folder, "/cpu.cfs_period_us"))));
  }
  return least;
}

int64_t CgroupMemoryMib(const CgroupLayout& layout) {
  int64_t least = kNoLimit;
  const auto take = [&least](const std::string& path) {
    const std::vector<int64_t> bytes = ReadNumbers(path);
    if (bytes.size() == 1) least = std::min(least, bytes[0] / kBytesPerMib);
  };
  for (const std::string& folder : layout.unified.OwnAndAbove()) {
    take(absl::StrCat(folder, "/memory.max"));
  }
  for (const std::string& folder : layout.memory.OwnAndAbove()) {
    take(absl::StrCat(folder, "/memory.limit_in_bytes"));
  }
  return least;
}

int64_t MachineMemoryMib() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  const int64_t page_bytes = sysconf(_SC_PAGESIZE);
  return pages * (page_bytes / 1024) / 1024;
}

}  // namespace

Resources ResourcesOfThisMachine() {
  const CgroupLayout layout = ReadCgroupLayout();
  Resources resources;
  resources.vcpu_milli =
      std::min(AllowedCores() * 1000, CgroupVcpuMilli(layout));
  resources.memory_mib =
      RegisteredMib(std::min(MachineMemoryMib(), CgroupMemoryMib(layout)));
  return resources;
}

}  // namespace embatch
