// SPDX-License-Identifier: Apache-2.0
// The scheduler's words in AWS's.
#ifndef EMBATCH_LIB_API_SERVICE_WORDING_H_
#define EMBATCH_LIB_API_SERVICE_WORDING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace embatch {
namespace api {

// `message` with the names of C++ members replaced by those of AWS, where the
// schema has such a member: "compute_resources.max_vcpus" becomes
// "computeResources.maxvCpus". What stands between quotation marks is a value,
// and stays. So does a message that does not begin with a member, but with a
// capital: it may hold a name without such marks.
std::string InWordsOfAws(absl::string_view message);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_WORDING_H_
