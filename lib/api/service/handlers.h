// SPDX-License-Identifier: Apache-2.0
// Which function carries out an operation.
#ifndef EMBATCH_LIB_API_SERVICE_HANDLERS_H_
#define EMBATCH_LIB_API_SERVICE_HANDLERS_H_

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

// `response` is of the operation, and empty.
using Handler = absl::Status (*)(const Context& context,
                                 const google::protobuf::Message& request,
                                 google::protobuf::Message& response);

// That of the operation whose request this describes; null for any other
// message.
Handler FindHandler(const google::protobuf::Descriptor* request);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_HANDLERS_H_
