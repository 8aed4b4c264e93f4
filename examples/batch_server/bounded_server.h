// SPDX-License-Identifier: Apache-2.0
//
// A BoundedServer is httplib's server with connections of our own. httplib's
// read heads of any length for any time, lose what a client sends after a
// request without waiting for the answer, and take one that has sent all it
// had to send for one that is gone.
//
// Threads: Stop() and CutOff() from any.
#ifndef BATCH_SERVER_BOUNDED_SERVER_H_
#define BATCH_SERVER_BOUNDED_SERVER_H_

#include <httplib.h>

#include <atomic>
#include <functional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "connection.h"

namespace batch_server {

class BoundedServer : public httplib::Server {
 public:
  // `refusal` is the whole response to a head that is refused with a status
  // before httplib sees it.
  BoundedServer(const Connection::Bounds& bounds,
                std::function<std::string(int status)> refusal)
      : bounds_(bounds), refusal_(std::move(refusal)) {}

  // Takes no more connections, and ends those that are there after their
  // present request. Returns at once.
  void Stop();

  // Ends all connections, whatever they are about.
  void CutOff();

  // These are for handlers, and about the connection whose request they answer.

  // It ends with the response, whatever it has still to say.
  static void CloseWhenSent(httplib::Response& response);

  // Its body comes in chunks.
  static void ExpectChunks();

  // Why the request could not be read to its end.
  static Connection::Outcome outcome();

 private:
  bool process_and_close_socket(socket_t socket) override;
  void Serve(Connection& connection);
  bool ServeNext(Connection& connection);

  const Connection::Bounds bounds_;
  const std::function<std::string(int)> refusal_;
  std::atomic<bool> stopping_{false};
  absl::Mutex mutex_;
  std::set<int> sockets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace batch_server

#endif  // BATCH_SERVER_BOUNDED_SERVER_H_
