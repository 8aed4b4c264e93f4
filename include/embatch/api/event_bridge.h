// SPDX-License-Identifier: Apache-2.0
// What happened to jobs, as AWS Batch tells it to EventBridge.
//
//   Step step = scheduler.Advance(now);
//   service.PrintEvents(step, [](absl::string_view event) { Send(event); });
//
// Each event is one text in JSON:
//   version "0", id, detail-type, source "aws.batch", account, time, region,
//   resources (ARNs) and detail.
//
//   detail-type                             when
//   Batch Job State Change                  a job's status changed; none for
//                                           its submission
//   Batch Job Queue Blocked                 the first job of a queue can't be
//                                           placed; statusReason says why
//   Batch Service Job State Change          the same of service jobs
//   Batch Service Job Queue Blocked
//   Batch Service Job Preemption Started    a job is to make room for another
//   Batch Service Job Preemption Completed  it did, and waits again or failed
//
// The detail is the job as DescribeJobs or DescribeServiceJob shows it now, but
// for status and statusReason, which are those after the change. Children of
// arrays that changed together have an event each.
//
// The last two come for any job in a quota share, for such with containers too.
// Choice: D29. AWS names no event for the status of service jobs; ours is named
// like the others.
//
// Ids are UUIDs made of the event's place in the scheduler's sequence and of
// the scheduler's seed: a replay prints the same, and schedulers whose events
// go to one place need different seeds. Source: guide "AWS Batch events" (§21).
// Choice: D53, D61.
#ifndef EMBATCH_API_EVENT_BRIDGE_H_
#define EMBATCH_API_EVENT_BRIDGE_H_

#include <functional>

#include "absl/strings/string_view.h"

namespace embatch {
namespace api {

// Takes one event; the text is valid during the call. It must not change the
// scheduler.
using EventSink = std::function<void(absl::string_view event)>;

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_API_EVENT_BRIDGE_H_
