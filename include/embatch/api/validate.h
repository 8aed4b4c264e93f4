// SPDX-License-Identifier: Apache-2.0
// Checks a request against what AWS's model states of its members: which are
// required, how long a text or list may be, between which numbers a value lies.
// What only the prose of AWS states, and what depends on other members, is
// checked where a command is carried out.
//
// Source: AWS Batch's service model, by the options in batch.proto.
#ifndef EMBATCH_API_VALIDATE_H_
#define EMBATCH_API_VALIDATE_H_

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace embatch {
namespace api {

// OK, or kInvalidArgument for the first member that breaks a rule, in the order
// of the schema; the message names it by its path, its value and the limit.
absl::Status Validate(const google::protobuf::Message& message);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_API_VALIDATE_H_
