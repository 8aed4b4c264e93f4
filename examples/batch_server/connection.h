// SPDX-License-Identifier: Apache-2.0
//
// A Connection reads a client's requests from a socket and writes the responses
// to it. However slow or talkative the client is, it takes no more time and
// memory than the bounds say.
//
// Threads: one call at a time; `stopping` from any. Ownership: the socket is
// the caller's to close.
#ifndef BATCH_SERVER_CONNECTION_H_
#define BATCH_SERVER_CONNECTION_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace batch_server {

class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  struct Bounds {
    Clock::duration idle;      // until a request begins
    Clock::duration head;      // for a head, from its first byte on
    Clock::duration body;      // for a body, from the head's end on
    Clock::duration piece;     // between two pieces of a body
    Clock::duration response;  // for a client to take a response
    size_t head_bytes = 0;
    size_t line_bytes = 0;  // of a head, but for the first; with its end
    size_t body_bytes = 0;  // as they are sent, with all that frames them
  };

  enum class Outcome {
    kDone,
    kGone,  // the client says no more, or the server is about to end
    kTooLate,
    kTooLong,
  };

  // Once `stopping`, no request is waited for.
  Connection(int socket, const Bounds& bounds,
             const std::atomic<bool>& stopping);

  // Waits for the head of the next request. What the request before has left
  // unread counts as its beginning.
  Outcome ReadHead();

  // The request's next bytes, those of its head first; at least one. 0: there
  // are no more. -1: it has passed its bounds.
  ssize_t Read(char* data, size_t size);

  // Why a request could not be read to its end; kDone: there is no such reason.
  Outcome outcome() const { return outcome_; }

  // Appends to the response, which is sent by Flush() at the latest. False: the
  // client does not take it.
  bool Write(absl::string_view data);
  bool Flush();

  // Tells the client that nothing more is said, and lets it read that: what it
  // still sends for a little while is dropped. A socket that is closed with
  // bytes unread would take the response back.
  void End();

 private:
  // Whether a line of the head is too long. `end` is that of the last one.
  bool HasLongLine(size_t end) const;

  // Waits for more bytes.
  Outcome Receive(Clock::time_point deadline);

  const int socket_;
  const Bounds bounds_;
  const std::atomic<bool>& stopping_;
  bool idle_ = true;  // between two requests
  Outcome outcome_ = Outcome::kDone;
  std::string in_;              // received
  size_t position_ = 0;         // of the first byte in it that is not read yet
  size_t bytes_left_ = 0;       // that the request may have
  Clock::time_point deadline_;  // of its body
  std::string out_;             // not sent yet
};

}  // namespace batch_server

#endif  // BATCH_SERVER_CONNECTION_H_
