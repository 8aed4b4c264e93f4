// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace batch_server {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 14;

// Of a response that are kept before they are sent.
constexpr size_t kKeptBytes = size_t{1} << 16;

// How often it is looked, while nothing comes, whether that has taken too long.
constexpr int kLookMicroseconds = 50000;

// What a client may take to read the last response.
constexpr std::chrono::seconds kEndSeconds{1};

// What ends a head: an empty line.
constexpr absl::string_view kHeadEnd = "\n\r\n";

// Whether a call of the system that failed is to be made once more.
bool MayGoOn(int error) {
  return error == EINTR || error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

Connection::Connection(int socket, const Bounds& bounds,
                       const std::atomic<bool>& stopping)
    : socket_(socket), bounds_(bounds), stopping_(stopping) {
  timeval look = {};
  look.tv_usec = kLookMicroseconds;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &look, sizeof(look));
}

Connection::Outcome Connection::Receive(Clock::time_point deadline) {
  char piece[kPieceBytes];
  for (;;) {
    if (idle_ && stopping_) return Outcome::kGone;
    const ssize_t size = recv(socket_, piece, sizeof(piece), 0);
    if (size > 0) {
      in_.append(piece, static_cast<size_t>(size));
      return Outcome::kDone;
    }
    if (size == 0 || !MayGoOn(errno)) return Outcome::kGone;
    if (Clock::now() >= deadline) return Outcome::kTooLate;
  }
}

bool Connection::HasLongLine(size_t end) const {
  size_t begin = in_.find('\n') + 1;  // the first has a bound of its own
  while (begin <= end) {
    const size_t next = in_.find('\n', begin) + 1;
    if (next - begin > bounds_.line_bytes) return true;
    begin = next;
  }
  return false;
}

Connection::Outcome Connection::ReadHead() {
  in_.erase(0, position_);
  position_ = 0;
  outcome_ = Outcome::kDone;
  idle_ = in_.empty();
  if (idle_ && Receive(Clock::now() + bounds_.idle) != Outcome::kDone) {
    return Outcome::kGone;
  }
  idle_ = false;
  const Clock::time_point begin = Clock::now();
  size_t searched = 0;
  for (;;) {
    const size_t end = in_.find(kHeadEnd.data(), searched, kHeadEnd.size());
    if (end < bounds_.head_bytes) {
      if (HasLongLine(end)) return Outcome::kTooLong;
      bytes_left_ = end + kHeadEnd.size() + bounds_.body_bytes;
      deadline_ = Clock::now() + bounds_.body;
      return Outcome::kDone;
    }
    if (in_.size() > bounds_.head_bytes) return Outcome::kTooLong;
    searched = in_.size() - std::min(in_.size(), kHeadEnd.size() - 1);
    const Outcome outcome = Receive(begin + bounds_.head);
    if (outcome != Outcome::kDone) return outcome;
    if (Clock::now() > begin + bounds_.head) return Outcome::kTooLate;
  }
}

ssize_t Connection::Read(char* data, size_t size) {
  if (position_ == in_.size()) {
    // Who waits for "100 Continue" sends nothing before.
    if (!Flush()) return 0;
    in_.clear();
    position_ = 0;
    const Clock::time_point now = Clock::now();
    outcome_ = now > deadline_
                   ? Outcome::kTooLate
                   : Receive(std::min(deadline_, now + bounds_.piece));
    if (outcome_ == Outcome::kGone) return 0;
    if (outcome_ != Outcome::kDone) return -1;
  }
  if (bytes_left_ == 0) {
    outcome_ = Outcome::kTooLong;
    return -1;
  }
  const size_t read = std::min({size, in_.size() - position_, bytes_left_});
  std::memcpy(data, in_.data() + position_, read);
  position_ += read;
  bytes_left_ -= read;
  return static_cast<ssize_t>(read);
}

bool Connection::Write(absl::string_view data) {
  out_.append(data.data(), data.size());
  return out_.size() < kKeptBytes || Flush();
}

bool Connection::Flush() {
  const Clock::time_point deadline = Clock::now() + bounds_.response;
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t size =
        send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (size > 0) sent += static_cast<size_t>(size);
    if (size < 0 && !MayGoOn(errno)) break;
    if (sent < out_.size() && Clock::now() >= deadline) break;
  }
  const bool whole = sent == out_.size();
  out_.clear();
  return whole;
}

void Connection::End() {
  Flush();
  shutdown(socket_, SHUT_WR);
  idle_ = true;
  const Clock::time_point deadline = Clock::now() + kEndSeconds;
  do {
    in_.clear();
  } while (Receive(deadline) == Outcome::kDone && Clock::now() < deadline);
}

}  // namespace batch_server
