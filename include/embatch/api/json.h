// SPDX-License-Identifier: Apache-2.0
// The messages of batch.proto as AWS's JSON: what its clients send, and what
// they expect. This is not Protobuf's own JSON, which has 64-bit integers as
// strings and knows lists and maps by another form.
//
// Example: SubmitJobRequest request;
//          absl::Status status = ParseJson(body, {}, request);
//          ...
//          http_response.body = PrintJson(response);
//
// Threads: plain functions; a message must not be changed while it is printed.
// Source:  AWS Batch's service model (protocol rest-json).
#ifndef EMBATCH_API_JSON_H_
#define EMBATCH_API_JSON_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace embatch {
namespace api {

// What a text may be at most.
struct JsonLimits {
  size_t bytes_max = 1 << 20;
  // Objects and lists within each other, those of unknown members included.
  // AWS's own shapes go to 15.
  int depth_max = 64;
};

// Reads `text` into `message`, whose earlier content is dropped.
//
// A member that is null counts as absent, and so does an entry of a map; an
// unknown member is passed over; of a member that comes twice the last holds.
// An empty text stands for {}: AWS's clients send both. A number must be a
// number of its member's kind, so 2.0 is an integer and "2" is not.
//
// Errors: kInvalidArgument, when the text is no JSON in UTF-8, is nested too
// deep, or a value has another type than its member. kOutOfRange, when a word
// is none of its enum's. kResourceExhausted, when the text is too long. The
// message names the member by its path, the value and what is allowed.
// `message` then holds what came before.
absl::Status ParseJson(absl::string_view text, const JsonLimits& limits,
                       google::protobuf::Message& message);

// `message` as JSON: members in the order of the schema, those alone that are
// there, maps by key, no white space, each number as short as it reads back the
// same.
//
// It can't fail. What JSON has no form for is left out (a number that is not
// finite, an enum's number without a name), and a byte that is not UTF-8
// becomes U+FFFD.
std::string PrintJson(const google::protobuf::Message& message);

// The same, behind what `out` holds already.
void AppendJson(const google::protobuf::Message& message, std::string& out);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_API_JSON_H_
