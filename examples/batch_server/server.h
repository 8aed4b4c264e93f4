// SPDX-License-Identifier: Apache-2.0
//
// The Server: an HTTP front, the thread that owns the schedulers, and what
// passes between them.
#ifndef BATCH_SERVER_SERVER_H_
#define BATCH_SERVER_SERVER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "admin.h"
#include "cloud.h"
#include "embatch/local/waker.h"
#include "handover.h"
#include "http_front.h"
#include "options.h"
#include "trigger.h"

namespace batch_server {

class Server {
 public:
  // Listens when it returns.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const Options& options);

  int port() const { return front_->port(); }

  // Owns the schedulers until Stop() was called, all jobs are ended, and the
  // last connection is closed.
  absl::Status Run();

  // From any thread, and from a signal handler.
  void Stop();

 private:
  Server(const Options& options, std::unique_ptr<embatch::Waker> waker);

  embatch::api::HttpResponse Answer(const Incoming& incoming);
  std::string NewRequestId();
  absl::Status WatchBucket(const Options& options);
  void CheckBucket();
  void EndEverything();
  void EndJobs();

  const std::vector<std::string> names_;  // of this machine
  const std::unique_ptr<embatch::Waker> waker_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> requests_{0};
  const uint64_t first_request_;
  Handover handover_;
  Cloud cloud_;
  Admin admin_;
  std::unique_ptr<Trigger> trigger_;  // null: none
  std::unique_ptr<HttpFront> front_;  // ends first: it uses all others
};

}  // namespace batch_server

#endif  // BATCH_SERVER_SERVER_H_
