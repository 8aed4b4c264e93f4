// SPDX-License-Identifier: Apache-2.0
//
// A Cloud is all regions of the server, and their clock.
//
// Threads: one call at a time, all from the thread that owns the schedulers.
#ifndef BATCH_SERVER_CLOUD_H_
#define BATCH_SERVER_CLOUD_H_

#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clock.h"
#include "embatch/api/http.h"
#include "embatch/local/waker.h"
#include "options.h"
#include "region.h"

namespace batch_server {

// Events as EventBridge would deliver them.
struct Events {
  std::deque<std::string> texts;
  size_t bytes = 0;
  int64_t dropped = 0;  // the oldest, because nobody took them in time
};

class Cloud {
 public:
  // Borrows the waker. `stop` says whether what takes long is to be cut short.
  Cloud(const Options& options, embatch::Waker* waker,
        std::function<bool()> stop);

  // Shows whether what it needs can be had: a region, the events' file.
  absl::Status Begin();

  // Carries out a request in the region that it is signed for, or in the first.
  embatch::api::HttpResponse Serve(absl::string_view authorization,
                                   const embatch::api::HttpRequest& request,
                                   absl::string_view request_id);

  // Does what is due. Answers when the system's clock will show the time at
  // which something is due next.
  absl::Time DoWhatIsDue();

  // Moves stepped time, stopping whenever something is due. kInvalidArgument:
  // `until` has passed, or is past what a scheduler takes. kCancelled: it
  // was to be cut short.
  absl::Status AdvanceTo(absl::Time until);

  // The events since the last call, if time is stepped.
  Events TakeEvents();

  // Forgets everything, and sets stepped time back to its start. What runs is
  // killed.
  void Reset();

  // kNotFound: no region has such a file.
  absl::StatusOr<std::string> LogPath(absl::string_view log_stream) const;

  // Ends all jobs; running() then tells how many processes are left.
  void TerminateJobs(absl::string_view reason);
  int running() const;

  const Options& options() const { return options_; }
  absl::Time now() const { return clock_.Now(); }

 private:
  // Makes it if it is not there yet. kInvalidArgument: it is none of ours.
  absl::StatusOr<Region*> FindRegion(absl::string_view name);
  void Keep(absl::string_view event);
  void WriteToFile(absl::string_view event);
  absl::Status ComeToRest(Region& region);

  const Options options_;
  embatch::Waker* const waker_;
  const std::function<bool()> stop_;
  Clock clock_;
  Events events_;
  std::ofstream events_file_;
  bool events_are_lost_ = false;  // the last one could not be written
  std::map<std::string, std::unique_ptr<Region>> regions_;
};

}  // namespace batch_server

#endif  // BATCH_SERVER_CLOUD_H_
