// SPDX-License-Identifier: Apache-2.0
// Shapes of AWS that repeat each other: what was asked for, and what is shown.
#ifndef EMBATCH_LIB_API_SERVICE_SAME_MEMBERS_H_
#define EMBATCH_LIB_API_SERVICE_SAME_MEMBERS_H_

#include "google/protobuf/message.h"

namespace embatch {
namespace api {

// Copies what `from` has into the members of the same name and type of `to`.
// Members that only one of them knows, or that differ in type, stay as they
// are.
void CopySameMembers(const google::protobuf::Message& from,
                     google::protobuf::Message& to);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_SAME_MEMBERS_H_
