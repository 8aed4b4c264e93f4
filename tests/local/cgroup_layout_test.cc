// SPDX-License-Identifier: Apache-2.0
//
// Layouts of machines that tests don't run on.
#include "lib/local/cgroup_layout.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kUnifiedMounts[] =
    "24 1 0:22 / /proc rw,nosuid - proc proc rw\n"
    "35 25 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";

constexpr char kHybridMounts[] =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 master:2 - cgroup "
    "cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST(CgroupLayoutTest, Unified) {
  const CgroupLayout layout =
      ParseCgroupLayout(kUnifiedMounts, "0::/user.slice/session-2.scope\n");
  EXPECT_THAT(layout.unified.OwnAndAbove(),
              ElementsAre("/sys/fs/cgroup/user.slice/session-2.scope",
                          "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"));
  EXPECT_FALSE(layout.memory.mounted());
  EXPECT_FALSE(layout.cpu.mounted());
}

TEST(CgroupLayoutTest, Hybrid) {
  const CgroupLayout layout = ParseCgroupLayout(
      kHybridMounts, "4:memory:/a/b\n1:cpu,cpuacct:/\n0::/\n");
  EXPECT_EQ(layout.memory.own, "/sys/fs/cgroup/memory/a/b");
  EXPECT_EQ(layout.cpu.mount, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(layout.cpu.own, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_THAT(layout.unified.OwnAndAbove(),
              ElementsAre("/sys/fs/cgroup/unified"));
}

// A container's own cgroup is mounted as the top one, with the whole path in
// /proc/self/cgroup.
TEST(CgroupLayoutTest, ContainerThatSeesOnlyItsOwn) {
  const CgroupLayout layout = ParseCgroupLayout(
      "9 8 0:1 /docker/17 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
      "4:memory:/docker/17/inner\n");
  EXPECT_EQ(layout.memory.own, "/sys/fs/cgroup/memory/inner");
}

TEST(CgroupLayoutTest, PathOutsideOfWhatIsMounted) {
  EXPECT_EQ(ParseCgroupLayout(kUnifiedMounts, "0::/../elsewhere\n").unified.own,
            "/sys/fs/cgroup");
}

TEST(CgroupLayoutTest, NoneOrNotUnderstood) {
  for (const char* text : {"", "nonsense", "a - b\n - \n", "::\n"}) {
    SCOPED_TRACE(text);
    const CgroupLayout layout = ParseCgroupLayout(text, text);
    EXPECT_THAT(layout.unified.OwnAndAbove(), IsEmpty());
    EXPECT_FALSE(layout.memory.mounted());
  }
}

}  // namespace
}  // namespace embatch
