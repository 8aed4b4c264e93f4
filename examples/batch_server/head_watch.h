// SPDX-License-Identifier: Apache-2.0
//
// A HeadWatch cuts off clients that take too long over the head of a request,
// or make it too long. httplib reads heads of any length, and waits for their
// next byte ever anew.
//
// It looks at the connections from time to time, so both limits are overstepped
// by what comes in between. Clients that say nothing at all are httplib's.
//
// Threads: all methods from any.
#ifndef BATCH_SERVER_HEAD_WATCH_H_
#define BATCH_SERVER_HEAD_WATCH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "connections.h"

namespace batch_server {

class HeadWatch {
 public:
  // Of the connections to `port`: how long a head may take from when its first
  // byte is read, and how many bytes it may have.
  HeadWatch(int port, absl::Duration duration_max, uint64_t bytes_max);
  ~HeadWatch();
  HeadWatch(const HeadWatch&) = delete;
  HeadWatch& operator=(const HeadWatch&) = delete;

  // The head that a client was sending is whole. See ClientName().
  void Whole(const std::string& client);

  // It has its answer; what comes now is the next head.
  void Answered(const std::string& client);

 private:
  struct Client {
    bool answering = false;
    // What had been read from the connection before the head.
    std::optional<uint64_t> bytes_before = 0;
    absl::Time begin = absl::InfiniteFuture();  // of the head
    uint64_t look = 0;                          // the last that found it
  };

  void Look();
  // Whether it is to be cut off.
  bool IsTooMuch(uint64_t bytes, absl::Time now, Client& client) const;

  const int port_;
  const absl::Duration duration_max_;
  const uint64_t bytes_max_;
  absl::Notification over_;
  absl::Mutex mutex_;
  uint64_t look_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Client> clients_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace batch_server

#endif  // BATCH_SERVER_HEAD_WATCH_H_
