// SPDX-License-Identifier: Apache-2.0
//
// A ChunkedBody is a request's body in chunks, as it comes from a connection,
// but for the trailers behind the last chunk: those are dropped, as httplib
// refuses a body that has some. It also bounds the lines between the chunks,
// which httplib reads at any length.
//
// Source: RFC 9112, 7.1.
#ifndef BATCH_SERVER_CHUNKED_BODY_H_
#define BATCH_SERVER_CHUNKED_BODY_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "connection.h"

namespace batch_server {

class ChunkedBody {
 public:
  // Borrows the connection, of which all is read but the head.
  explicit ChunkedBody(Connection* connection) : connection_(*connection) {}

  // As Connection::Read(). -1 as well: these are no chunks.
  ssize_t Read(char* data, size_t size);

 private:
  enum class Part { kLine, kData, kTrailers, kEnd };

  ssize_t ReadLine(char* data);
  ssize_t ReadData(char* data, size_t size);
  // Whether what stands in `line_` may follow what came before.
  bool TakeLine();
  bool DropTrailers();

  Connection& connection_;
  Part part_ = Part::kLine;
  std::string line_;                // as far as it was read
  bool after_data_ = false;         // the line is the end of a chunk
  uint64_t data_left_ = 0;          // of a chunk
  absl::string_view end_ = "\r\n";  // that stands for the trailers
};

}  // namespace batch_server

#endif  // BATCH_SERVER_CHUNKED_BODY_H_
