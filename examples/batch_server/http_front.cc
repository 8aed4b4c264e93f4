// SPDX-License-Identifier: Apache-2.0
#include "http_front.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bounded_server.h"
#include "connection.h"
#include "embatch/api/error.h"

namespace batch_server {
namespace {

using embatch::api::Error;
using embatch::api::HttpResponse;

// A connection has a thread while it lives. More than these wait in line for
// one that ends, or that was idle for kIdleSeconds.
constexpr size_t kConnectionsMax = 160;
constexpr int kIdleSeconds = 5;

// Of one connection, as httplib says in its responses.
constexpr size_t kRequestsMax = 1000000000;

// Connections that wait to be taken up.
constexpr int kBacklog = 1024;

// Between two pieces of a body, and for all of it.
constexpr std::chrono::seconds kPieceSecondsMax{10};
constexpr std::chrono::seconds kBodySecondsMax{30};

// For a client to take a response.
constexpr std::chrono::seconds kResponseSecondsMax{60};

// httplib does not understand a head with a longer line, and says no more.
constexpr size_t kHeadLineBytesMax = CPPHTTPLIB_HEADER_MAX_LENGTH;

// How much longer than the body itself may be what is sent of it, which is in
// pieces perhaps.
constexpr size_t kFramingFactor = 8;

// httplib compares a path with regular expressions by recursion.
constexpr size_t kPathBytesMax = 2048;
constexpr char kAnyPath[] = R"([\s\S]*)";

Error ErrorOfStatus(int status) {
  switch (status) {
    case 408:
      return {"RequestTimeoutException", 408,
              "the request took longer than the server waits for one"};
    case 413:
      return {"RequestEntityTooLargeException", 413,
              "the body is longer than the server takes"};
    case 414:
      return {"RequestUriTooLongException", 414,
              "the path is longer than the server takes"};
    case 415:
      return {"UnsupportedMediaTypeException", 415,
              "the body's type or encoding is none that the server takes"};
    case 431:
      return {"RequestHeaderFieldsTooLargeException", 431,
              "the head, or a line of it, is longer than the server takes"};
    default:
      return {"SerializationException", status,
              "the request is no HTTP that the server understands"};
  }
}

void Send(HttpResponse from, httplib::Response& to) {
  to.status = from.status;
  std::string type = "application/json";
  for (const auto& [name, value] : from.headers) {
    if (name == "content-type") {
      type = value;
    } else if (!value.empty()) {
      to.set_header(name, value);
    }
  }
  to.body = std::move(from.body);
  to.set_header("Content-Type", type);
}

std::vector<std::string> ValuesOf(const httplib::Request& request,
                                  const char* header) {
  std::vector<std::string> values;
  const auto [begin, end] = request.headers.equal_range(header);
  for (auto i = begin; i != end; ++i) values.push_back(i->second);
  return values;
}

bool MayHaveBody(const httplib::Request& request) {
  const bool method = request.method == "POST" || request.method == "PUT" ||
                      request.method == "PATCH" || request.method == "DELETE";
  // Without either there is none; httplib would wait for the connection's end.
  return method && (request.has_header("Content-Length") ||
                    request.has_header("Transfer-Encoding"));
}

// Whether bytes follow that an answer without a look at them leaves behind.
bool HasUnreadBody(const httplib::Request& request) {
  const std::string length = request.get_header_value("Content-Length");
  return request.has_header("Transfer-Encoding") ||
         !(length.empty() || length == "0");
}

// What tells where a body ends must leave no doubt, or what follows it would be
// taken for another request than the client means, or a proxy before us.
// Source: RFC 9112, 6.3.
bool HasClearLength(const httplib::Request& request) {
  const std::vector<std::string> lengths = ValuesOf(request, "Content-Length");
  const std::vector<std::string> encodings =
      ValuesOf(request, "Transfer-Encoding");
  if (lengths.size() + encodings.size() > 1) return false;
  uint64_t ignored = 0;
  for (const std::string& length : lengths) {
    if (!absl::c_all_of(length, absl::ascii_isdigit) ||
        !absl::SimpleAtoi(length, &ignored)) {
      return false;
    }
  }
  return encodings.empty() || absl::EqualsIgnoreCase(encodings[0], "chunked");
}

Connection::Bounds BoundsOf(const FrontOptions& options) {
  Connection::Bounds bounds;
  bounds.idle = std::chrono::seconds(kIdleSeconds);
  bounds.head = absl::ToChronoNanoseconds(options.head_duration_max);
  bounds.body = kBodySecondsMax;
  bounds.piece = kPieceSecondsMax;
  bounds.response = kResponseSecondsMax;
  bounds.head_bytes = options.head_bytes_max;
  bounds.line_bytes = kHeadLineBytesMax;
  bounds.body_bytes = kFramingFactor * options.body_bytes_max;
  return bounds;
}

// Several addresses of one server would share the port, which is no help.
void SetSocketOptions(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

}  // namespace

struct HttpFront::Impl {
  Impl(const FrontOptions& front_options, Handler front_handler)
      : options(front_options),
        handler(std::move(front_handler)),
        server(BoundsOf(front_options),
               [this](int status) { return Refusal(status); }) {}

  void Configure();
  bool Bind();
  httplib::Server::HandlerResponse Preview(const httplib::Request& request,
                                           httplib::Response& response);
  void ReadAndAnswer(const httplib::Request& request,
                     httplib::Response& response,
                     const httplib::ContentReader& read);
  void Answer(const httplib::Request& request, const std::string& body,
              httplib::Response& response);
  HttpResponse ResponseTo(int status);
  void Refuse(int status, httplib::Response& response);
  std::string Refusal(int status);

  const FrontOptions options;
  const Handler handler;
  socket_t listener = INVALID_SOCKET;
  int port = 0;
  std::atomic<bool> over{false};
  BoundedServer server;
  std::thread thread;
};

void HttpFront::Impl::Configure() {
  server.new_task_queue = [] {
    return new httplib::ThreadPool(kConnectionsMax);
  };
  server.set_keep_alive_max_count(kRequestsMax);
  server.set_keep_alive_timeout(kIdleSeconds);
  server.set_payload_max_length(options.body_bytes_max);
  server.set_tcp_nodelay(true);
  server.set_socket_options([this](socket_t socket) {
    listener = socket;
    SetSocketOptions(socket);
  });
  server.set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        return Preview(request, response);
      });
  const auto read_and_answer = [this](const httplib::Request& request,
                                      httplib::Response& response,
                                      const httplib::ContentReader& read) {
    ReadAndAnswer(request, response, read);
  };
  server.Post(kAnyPath, read_and_answer);
  server.Put(kAnyPath, read_and_answer);
  server.Patch(kAnyPath, read_and_answer);
  server.Delete(kAnyPath, read_and_answer);
  server.set_error_handler(
      [this](const httplib::Request&, httplib::Response& response) {
        if (response.body.empty()) Refuse(response.status, response);
      });
}

bool HttpFront::Impl::Bind() {
  // Source: RFC 6761. A machine need not have a file that says so.
  const std::string address =
      options.bind == "localhost" ? "127.0.0.1" : options.bind;
  if (options.port == 0) {
    port = server.bind_to_any_port(address);
  } else {
    port = server.bind_to_port(address, options.port) ? options.port : -1;
  }
  if (port <= 0) return false;
  // httplib's own backlog is 5.
  listen(listener, kBacklog);
  return true;
}

// All that needs no body is answered here.
httplib::Server::HandlerResponse HttpFront::Impl::Preview(
    const httplib::Request& request, httplib::Response& response) {
  using httplib::Server;
  if (!HasClearLength(request)) {
    Refuse(400, response);
    BoundedServer::CloseWhenSent(response);
  } else if (request.path.size() > kPathBytesMax) {
    Refuse(414, response);
  } else if (request.is_multipart_form_data()) {
    Refuse(415, response);
  } else if (MayHaveBody(request)) {
    if (request.has_header("Transfer-Encoding")) BoundedServer::ExpectChunks();
    return Server::HandlerResponse::Unhandled;
  } else {
    Answer(request, "", response);
  }
  // What is left unread must not count as the next request.
  if (HasUnreadBody(request)) BoundedServer::CloseWhenSent(response);
  return Server::HandlerResponse::Handled;
}

void HttpFront::Impl::ReadAndAnswer(const httplib::Request& request,
                                    httplib::Response& response,
                                    const httplib::ContentReader& read) {
  std::string body;
  bool too_long = false;
  const bool whole = read([&](const char* data, size_t size) {
    too_long = size > options.body_bytes_max - body.size();
    if (too_long) return false;
    body.append(data, size);
    return true;
  });
  if (whole) return Answer(request, body, response);
  const Connection::Outcome outcome = BoundedServer::outcome();
  if (outcome == Connection::Outcome::kTooLate) response.status = 408;
  if (too_long || outcome == Connection::Outcome::kTooLong) {
    response.status = 413;
  }
  Refuse(response.status >= 400 ? response.status : 400, response);
  BoundedServer::CloseWhenSent(response);
}

void HttpFront::Impl::Answer(const httplib::Request& request,
                             const std::string& body,
                             httplib::Response& response) {
  Incoming incoming;
  incoming.request = {request.method, request.target, body};
  incoming.authorization = request.get_header_value("Authorization");
  incoming.caller = {ValuesOf(request, "Host"), ValuesOf(request, "Origin"),
                     ValuesOf(request, "Sec-Fetch-Site")};
  Send(handler(incoming), response);
}

HttpResponse HttpFront::Impl::ResponseTo(int status) {
  return embatch::api::ResponseOf(
      ErrorOfStatus(status),
      options.new_request_id ? options.new_request_id() : "");
}

void HttpFront::Impl::Refuse(int status, httplib::Response& response) {
  Send(ResponseTo(status), response);
  response.status = status;
}

std::string HttpFront::Impl::Refusal(int status) {
  const HttpResponse response = ResponseTo(status);
  std::string text = absl::StrCat("HTTP/1.1 ", status, " Refused\r\n");
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  absl::StrAppend(&text,
                  "Connection: close\r\nContent-Length: ", response.body.size(),
                  "\r\n\r\n", response.body);
  return text;
}

HttpFront::HttpFront(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HttpFront>> HttpFront::Create(
    const FrontOptions& options, Handler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  impl->Configure();
  if (!impl->Bind()) {
    return absl::UnavailableError(
        absl::StrCat("can't listen at ", options.bind, ":", options.port,
                     ": in use, not this machine's, or not allowed"));
  }
  Impl* const raw = impl.get();
  std::unique_ptr<HttpFront> front(new HttpFront(std::move(impl)));
  raw->thread = std::thread([raw] {
    raw->server.listen_after_bind();
    raw->over = true;
  });
  // Before that a Stop() would be lost.
  while (!raw->server.is_running() && !raw->over) std::this_thread::yield();
  return front;
}

HttpFront::~HttpFront() {
  Stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

int HttpFront::port() const { return impl_->port; }

void HttpFront::Stop() { impl_->server.Stop(); }

void HttpFront::CutOff() { impl_->server.CutOff(); }

bool HttpFront::over() const { return impl_->over; }

}  // namespace batch_server
