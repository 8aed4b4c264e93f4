// SPDX-License-Identifier: Apache-2.0
//
// Emptying and removing cgroups. Safe after fork in a program with threads:
// takes no memory and no lock.
#ifndef EMBATCH_LOCAL_CGROUP_TREE_H_
#define EMBATCH_LOCAL_CGROUP_TREE_H_

namespace embatch {

// Removes the cgroup at `path` and all below it; with `kill`, after killing
// what is in them. Answers whether it is gone. What was killed takes a moment
// to leave: ask again until it is.
bool RemoveCgroupTree(const char* path, bool kill);

// The same, asking again until it is gone or `milliseconds` are over.
bool RemoveCgroupTreeWithin(const char* path, bool kill, int milliseconds);

// Kills what is in the cgroup at `path` itself.
void KillCgroup(const char* path);

}  // namespace embatch

#endif  // EMBATCH_LOCAL_CGROUP_TREE_H_
