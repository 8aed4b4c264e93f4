// SPDX-License-Identifier: Apache-2.0
// Tests that every member of every request that creates something comes back
// when that is described. Where members exclude each other several requests
// have them all.
#ifndef EMBATCH_TESTS_API_SERVICE_ALL_MEMBERS_H_
#define EMBATCH_TESTS_API_SERVICE_ALL_MEMBERS_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/api/service/api_world.h"
#include "tests/api/service/filled_message.h"

namespace embatch {
namespace api {

struct AllMembersTest : testing::Test {
  using Paths = std::set<std::string>;
  using Describe = std::function<nlohmann::json(const nlohmann::json& request,
                                                const nlohmann::json& answer)>;

  // Creates one thing for each of `variants`, and expects it to be described
  // with what the request said, except for `not_described`; and that all
  // members took part, except for `never_given`.
  void Try(const char* operation, const std::vector<Changes>& variants,
           const Describe& describe, const Paths& not_described = {},
           const Paths& never_given = {});

  nlohmann::json CallWith(const char* operation,
                          const nlohmann::json& request) {
    return world.Call(operation, request.dump());
  }

  ApiWorld world;
};

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_TESTS_API_SERVICE_ALL_MEMBERS_H_
