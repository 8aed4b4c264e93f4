// SPDX-License-Identifier: Apache-2.0
//
// Where this process stands in the machine's cgroups: one hierarchy for all
// (version 2), or one for each controller (version 1), both at once, or none.
#ifndef EMBATCH_LOCAL_CGROUP_LAYOUT_H_
#define EMBATCH_LOCAL_CGROUP_LAYOUT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace embatch {

// One mounted hierarchy.
struct CgroupHierarchy {
  std::string mount;  // "/sys/fs/cgroup/memory"; empty: not mounted
  std::string own;    // this process's folder in it; begins with `mount`

  bool mounted() const { return !mount.empty(); }

  // The folder `own` and all above it, up to the mount; nearest first.
  std::vector<std::string> OwnAndAbove() const;
};

struct CgroupLayout {
  CgroupHierarchy unified;  // version 2
  CgroupHierarchy memory;   // version 1
  CgroupHierarchy cpu;      // version 1
};

// Reads the texts of /proc/self/mountinfo and /proc/self/cgroup. What is not
// understood is taken as not mounted.
CgroupLayout ParseCgroupLayout(absl::string_view mountinfo,
                               absl::string_view cgroup);

// The layout as it is now.
CgroupLayout ReadCgroupLayout();

}  // namespace embatch

#endif  // EMBATCH_LOCAL_CGROUP_LAYOUT_H_
