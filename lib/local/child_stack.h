// SPDX-License-Identifier: Apache-2.0
//
// The stack of a process that is made with clone().
#ifndef EMBATCH_LOCAL_CHILD_STACK_H_
#define EMBATCH_LOCAL_CHILD_STACK_H_

#include <sys/mman.h>

#include <cstddef>

namespace embatch {

class ChildStack {
 public:
  ChildStack()
      : bottom_(mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    // A page that catches an overflow.
    if (ok()) mprotect(bottom_, kGuardSize, PROT_NONE);
  }
  ~ChildStack() {
    if (ok()) munmap(bottom_, kSize);
  }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;

  bool ok() const { return bottom_ != MAP_FAILED; }

  // Stacks grow downwards wherever Linux has an Abseil.
  void* top() const { return static_cast<char*>(bottom_) + kSize; }

 private:
  static constexpr size_t kSize = 256 * 1024;
  static constexpr size_t kGuardSize = 64 * 1024;  // pages may be that large

  void* const bottom_;
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_CHILD_STACK_H_
