// SPDX-License-Identifier: Apache-2.0
//
// A Handover takes work from the connections' threads to the one thread that
// owns the schedulers.
//
// Threads: Run() from any; all else from the owner's.
#ifndef BATCH_SERVER_HANDOVER_H_
#define BATCH_SERVER_HANDOVER_H_

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "embatch/local/waker.h"

namespace batch_server {

class Handover {
 public:
  // Wakes the owner when there is work. Borrows the waker.
  explicit Handover(embatch::Waker* waker) : waker_(waker) {}

  // Has the owner do `work`, and returns when it is done. False: it was not
  // done, because the server is about to end.
  bool Run(absl::FunctionRef<void()> work);

  // Does all work that waits. Answers whether there was any.
  bool Work();

  // From now on no work is taken; what waits is given back.
  void Close();

 private:
  struct Task {
    explicit Task(absl::FunctionRef<void()> todo) : work(todo) {}
    absl::FunctionRef<void()> work;
    bool done = false;
    absl::Notification over;
  };

  embatch::Waker* const waker_;
  std::vector<Task*> taken_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Task*> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace batch_server

#endif  // BATCH_SERVER_HANDOVER_H_
