// SPDX-License-Identifier: Apache-2.0
// Messages in which every member of the schema is set, and what becomes of
// them: for tests that nothing a caller says gets lost.
#ifndef EMBATCH_TESTS_API_SERVICE_FILLED_MESSAGE_H_
#define EMBATCH_TESTS_API_SERVICE_FILLED_MESSAGE_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace embatch {
namespace api {

// As JSON, a message of this kind with all members: texts are "a", numbers 60,
// words their enum's first, lists and maps hold one item.
nlohmann::json Filled(const google::protobuf::Message& prototype);

// What to set in a filled message so that it makes sense: from a JSON pointer
// to a value; null takes the member away.
using Changes = std::vector<std::pair<std::string, nlohmann::json>>;
nlohmann::json Changed(nlohmann::json json, const Changes& changes);

// The paths of all members, without the places of items in lists:
// "computeResources.ec2Configuration.imageType".
std::set<std::string> PathsOf(const nlohmann::json& json);

// The paths of those members of `given` that `described` lacks or has
// otherwise. It may have more.
std::set<std::string> Lost(const nlohmann::json& given,
                           const nlohmann::json& described);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_TESTS_API_SERVICE_FILLED_MESSAGE_H_
