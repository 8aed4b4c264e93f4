// SPDX-License-Identifier: Apache-2.0
// The operations of AWS Batch: by which name, on which path, with which request
// and response.
//
// Threads: constant data; anybody may read it.
// Source:  AWS Batch's service model, as batch.proto has it.
#ifndef EMBATCH_API_OPERATION_H_
#define EMBATCH_API_OPERATION_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"

namespace embatch {
namespace api {

struct Operation {
  // SubmitJob.
  absl::string_view name;
  // POST, /v1/submitjob. A member in braces stands for its value,
  // percent-encoded.
  absl::string_view method;
  absl::string_view path;
  // Both empty: New() makes one to fill.
  const google::protobuf::Message* request;
  const google::protobuf::Message* response;
};

// All of them, sorted by name.
absl::Span<const Operation> Operations();

// The operation of that very name; null when there is none.
const Operation* FindOperation(absl::string_view name);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_API_OPERATION_H_
