// SPDX-License-Identifier: Apache-2.0
//
// A copy of the host that runs one function of ours. The host's own waiting
// never meets it: it sends no SIGCHLD, and wait() passes it over.
#ifndef EMBATCH_LOCAL_HELPER_PROCESS_H_
#define EMBATCH_LOCAL_HELPER_PROCESS_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "lib/local/system.h"

namespace embatch {

class HelperProcess {
 public:
  HelperProcess() = default;
  HelperProcess(HelperProcess&&) = default;
  HelperProcess& operator=(HelperProcess&&) = default;

  // Runs `main(argument)` in a copy of this process with all signals blocked;
  // what it returns is the exit code. Other threads of the host may hold any
  // lock, so `main` makes no calls but to the kernel.
  static absl::StatusOr<HelperProcess> Start(int (*main)(void*),
                                             void* argument);

  bool started() const { return pidfd_.ok(); }
  int pidfd() const { return pidfd_.get(); }

  // Waits for its end and answers the exit code; -1 if a signal ended it.
  int Wait();

 private:
  OwnedDescriptor pidfd_;
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_HELPER_PROCESS_H_
