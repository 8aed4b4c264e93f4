// SPDX-License-Identifier: Apache-2.0
//
// Who processes run as.
#ifndef EMBATCH_LOCAL_USER_H_
#define EMBATCH_LOCAL_USER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace embatch {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // the supplementary ones
};

// Reads "name", "uid", "name:group" or "uid:gid". A number need not be one of
// the system's users; its group is then 0 unless given.
// kNotFound: no such name.
absl::StatusOr<User> FindUser(const std::string& text);

}  // namespace embatch

#endif  // EMBATCH_LOCAL_USER_H_
