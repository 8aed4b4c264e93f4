// SPDX-License-Identifier: Apache-2.0
#include "chunked_body.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace batch_server {
namespace {

// Of a line between chunks, and of all trailers.
constexpr size_t kLineBytesMax = 1024;
constexpr size_t kTrailerBytesMax = 8192;

}  // namespace

ssize_t ChunkedBody::Read(char* data, size_t size) {
  if (part_ == Part::kLine) return ReadLine(data);
  if (part_ == Part::kData) return ReadData(data, size);
  if (part_ == Part::kTrailers) {
    if (!DropTrailers()) return -1;
    part_ = Part::kEnd;
  }
  const size_t read = end_.copy(data, size);
  end_.remove_prefix(read);
  return static_cast<ssize_t>(read);
}

// One byte, as that may be the last of the line.
ssize_t ChunkedBody::ReadLine(char* data) {
  const ssize_t read = connection_.Read(data, 1);
  if (read <= 0) return read;
  line_ += *data;
  if (*data == '\n' ? !TakeLine() : line_.size() > kLineBytesMax) return -1;
  return read;
}

ssize_t ChunkedBody::ReadData(char* data, size_t size) {
  const ssize_t read = connection_.Read(
      data, static_cast<size_t>(std::min<uint64_t>(size, data_left_)));
  if (read <= 0) return read;
  data_left_ -= static_cast<uint64_t>(read);
  if (data_left_ == 0) part_ = Part::kLine;
  return read;
}

bool ChunkedBody::TakeLine() {
  absl::string_view line = line_;
  if (!absl::ConsumeSuffix(&line, "\r\n")) return false;
  if (after_data_) {
    after_data_ = false;
    const bool empty = line.empty();
    line_.clear();
    return empty;
  }
  // Behind the size may stand extensions. httplib would take signs and "0x".
  const auto end =
      std::find_if_not(line.begin(), line.end(),
                       [](unsigned char c) { return absl::ascii_isxdigit(c); });
  const absl::string_view digits(line.data(),
                                 static_cast<size_t>(end - line.begin()));
  const bool known =
      (end == line.end() || *end == ';' || absl::ascii_isblank(*end)) &&
      absl::SimpleHexAtoi(digits, &data_left_);
  line_.clear();
  after_data_ = true;
  part_ = data_left_ == 0 ? Part::kTrailers : Part::kData;
  return known;
}

bool ChunkedBody::DropTrailers() {
  std::string line;
  for (size_t dropped = 0; dropped < kTrailerBytesMax; ++dropped) {
    char c = 0;
    if (connection_.Read(&c, 1) <= 0) return false;
    line += c;
    if (c != '\n') continue;
    if (line == "\r\n") return true;
    line.clear();
  }
  return false;
}

}  // namespace batch_server
