// SPDX-License-Identifier: Apache-2.0
//
// Texts that claim to be requests or responses: reading never crashes, what is
// read is printed as JSON that reads back the same, an error says something.
//
// An input is a line with an operation's name, then "input" or "output", and
// behind it the text: see corpus/json.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "embatch/api/json.h"
#include "embatch/api/operation.h"
#include "embatch/api/validate.h"

namespace {

using embatch::api::Operation;
using google::protobuf::Message;

// The message that the first line names; of a line that names none, one that
// depends on the line alone.
const Message& PrototypeOf(absl::string_view line) {
  const size_t space = line.find(' ');
  const bool output = absl::EndsWith(line, " output");
  const Operation* operation =
      embatch::api::FindOperation(line.substr(0, space));
  if (operation == nullptr) {
    const auto all = embatch::api::Operations();
    size_t sum = 0;
    for (const char c : line) sum += static_cast<unsigned char>(c);
    operation = &all[sum % all.size()];
  }
  return output ? *operation->response : *operation->request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == absl::string_view::npos) return 0;
  const Message& prototype = PrototypeOf(input.substr(0, end));
  const std::unique_ptr<Message> message(prototype.New());

  const absl::Status status =
      embatch::api::ParseJson(input.substr(end + 1), {}, *message);
  const absl::Status valid = embatch::api::Validate(*message);
  if (!valid.ok() && valid.message().empty()) std::abort();
  if (!status.ok()) {
    if (status.message().empty()) std::abort();
    return 0;
  }

  const std::string printed = embatch::api::PrintJson(*message);
  const std::unique_ptr<Message> again(prototype.New());
  // Escapes may make a text longer than the limit that its source just met.
  embatch::api::JsonLimits limits;
  limits.bytes_max *= 8;
  if (!embatch::api::ParseJson(printed, limits, *again).ok()) std::abort();
  if (embatch::api::PrintJson(*again) != printed) std::abort();
  return 0;
}
