// SPDX-License-Identifier: Apache-2.0
//
// A Region is one scheduler with AWS's API before it and a back end behind it.
//
// Threads: one call at a time.
#ifndef BATCH_SERVER_REGION_H_
#define BATCH_SERVER_REGION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "back_end.h"
#include "embatch/api/event_bridge.h"
#include "embatch/api/http.h"
#include "embatch/api/service.h"
#include "embatch/local/waker.h"
#include "embatch/scheduler.h"
#include "options.h"

namespace batch_server {

class Region {
 public:
  // `seed`: equal ones show equal ids. `sink`, if there is one, takes each
  // event.
  static absl::StatusOr<std::unique_ptr<Region>> Create(
      const Options& options, const std::string& name, uint64_t seed,
      embatch::Waker* waker, embatch::api::EventSink sink);

  embatch::api::HttpResponse Serve(const embatch::api::HttpRequest& request,
                                   absl::string_view request_id,
                                   absl::Time now);

  // One turn at `now`. The status is the scheduler's.
  absl::Status Turn(absl::Time now);

  // When the next turn is due at the latest. InfinitePast() after a request
  // that may have changed something.
  absl::Time next() const { return next_; }

  // Takes no more turns until the next request: it does not come to rest.
  void GiveUp() { next_ = absl::InfiniteFuture(); }

  // Ends all jobs.
  void TerminateJobs(absl::string_view reason, absl::Time now);

  const BackEnd& back_end() const { return *back_end_; }
  embatch::api::Service& service() { return *service_; }

 private:
  Region(const embatch::SchedulerOptions& options,
         std::unique_ptr<BackEnd> back_end, embatch::api::EventSink sink)
      : back_end_(std::move(back_end)),
        scheduler_(options),
        sink_(std::move(sink)) {}

  void ServeEnvironment(absl::string_view target,
                        const embatch::api::HttpResponse& response,
                        absl::Time now);
  void TerminateJobsOf(const std::string& queue, embatch::JobStatus status,
                       absl::string_view reason, absl::Time now);

  const std::unique_ptr<BackEnd> back_end_;
  embatch::Scheduler scheduler_;
  std::unique_ptr<embatch::api::Service> service_;
  const embatch::api::EventSink sink_;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace batch_server

#endif  // BATCH_SERVER_REGION_H_
