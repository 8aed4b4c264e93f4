// SPDX-License-Identifier: Apache-2.0
//
// An HttpFront listens, reads requests and sends responses. All that is known
// of cpp-httplib is in its .cc file and in bounded_server.h.
//
// Threads: Stop() from any; the handler is called from the connections' own.
#ifndef BATCH_SERVER_HTTP_FRONT_H_
#define BATCH_SERVER_HTTP_FRONT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caller.h"
#include "embatch/api/http.h"

namespace batch_server {

// A request with the headers that matter.
struct Incoming {
  embatch::api::HttpRequest request;
  std::string authorization;
  Caller caller;
};

struct FrontOptions {
  std::string bind;
  int port = 0;  // 0: any that is free
  size_t body_bytes_max = 1 << 20;

  // For the head of a request, from its first byte on.
  absl::Duration head_duration_max = absl::Seconds(10);
  uint64_t head_bytes_max = 1 << 18;

  // Makes the id of a request that is refused before the handler sees it.
  std::function<std::string()> new_request_id;
};

class HttpFront {
 public:
  using Handler = std::function<embatch::api::HttpResponse(const Incoming&)>;

  // Listens when it returns.
  static absl::StatusOr<std::unique_ptr<HttpFront>> Create(
      const FrontOptions& options, Handler handler);

  // Waits until the last connection is closed.
  ~HttpFront();

  int port() const;

  // Takes no more connections, and ends those that are there after their
  // present request. Returns at once.
  void Stop();

  // Closes all connections, whatever they are about.
  void CutOff();

  // Whether all connections have ended after Stop().
  bool over() const;

 private:
  struct Impl;
  explicit HttpFront(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace batch_server

#endif  // BATCH_SERVER_HTTP_FRONT_H_
