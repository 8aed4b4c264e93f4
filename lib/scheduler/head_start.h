// SPDX-License-Identifier: Apache-2.0
//
// When the first job that waits will start, as far as can be told; with
// backfill nobody may delay it. Remembered in its queue, because telling it
// means to look at everything that runs.
#ifndef EMBATCH_SCHEDULER_HEAD_START_H_
#define EMBATCH_SCHEDULER_HEAD_START_H_

#include <cstdint>

#include "embatch/resources.h"
#include "lib/base/time.h"
#include "lib/jobs/records.h"

namespace embatch {

struct HeadStart {
  uint32_t instance = kNoIndex;  // none: it can't be told
  uint64_t number = 0;           // of the instance
  int64_t time_ns = kNanosInfiniteFuture;
  // What the instance leaves over then. Less than nothing: no job fits into it.
  Resources spare = {-1, -1, -1};
  // It counts on an attempt that has not started, whose end is not known yet.
  bool moves = false;
};

// An answer that holds for heads with the same need while nothing begins or
// ends in the queue's environments.
struct KnownHeadStart {
  HeadStart start;
  Resources need;
  uint64_t version = 0;  // TurnRunner::VersionOf(); 0: nothing is known

  // Other instances may come to be free later than it was told, never earlier;
  // this one will be free when it was told, unless that time has come.
  bool Holds(const Resources& now_needed, uint64_t now_version,
             int64_t now_ns) const {
    return version != 0 && version == now_version && need == now_needed &&
           (start.instance == kNoIndex ||
            (!start.moves && start.time_ns > now_ns));
  }
};

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_HEAD_START_H_
