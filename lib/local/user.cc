// SPDX-License-Identifier: Apache-2.0
#include "lib/local/user.h"

#include <grp.h>
#include <pwd.h>

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace embatch {
namespace {

// Entries of directory services can be long; nobody has longer ones.
constexpr size_t kEntryBytes = 1 << 20;

struct KnownUser {
  std::string name;
  uid_t uid;
  gid_t gid;
};

std::optional<KnownUser> LookUpUser(const std::string& text,
                                    std::optional<uint32_t> number) {
  std::vector<char> buffer(kEntryBytes);
  struct passwd entry;
  struct passwd* found = nullptr;
  if (number.has_value()) {
    getpwuid_r(*number, &entry, buffer.data(), buffer.size(), &found);
  } else {
    getpwnam_r(text.c_str(), &entry, buffer.data(), buffer.size(), &found);
  }
  if (found == nullptr) return std::nullopt;
  return KnownUser{found->pw_name, found->pw_uid, found->pw_gid};
}

std::optional<gid_t> LookUpGroup(const std::string& name) {
  std::vector<char> buffer(kEntryBytes);
  struct group entry;
  struct group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return found->gr_gid;
}

// Kept for the kernel: "no change".
constexpr uint32_t kNoId = ~uint32_t{0};

std::optional<uint32_t> AsNumber(const std::string& text) {
  uint32_t number;
  if (!absl::SimpleAtoi(text, &number) || number == kNoId) return std::nullopt;
  return number;
}

std::vector<gid_t> SupplementaryGroups(const KnownUser& user) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<size_t>(count));
  if (getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) < 0) {
    groups.resize(static_cast<size_t>(count));
    getgrouplist(user.name.c_str(), user.gid, groups.data(), &count);
  }
  groups.resize(static_cast<size_t>(count));
  return groups;
}

}  // namespace

absl::StatusOr<User> FindUser(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string user_text = text.substr(0, colon);
  const std::optional<uint32_t> uid = AsNumber(user_text);
  const std::optional<KnownUser> known = LookUpUser(user_text, uid);
  if (!known.has_value() && !uid.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("user is \"", text, "\"; no such user"));
  }
  User user;
  user.uid = known.has_value() ? known->uid : *uid;
  user.gid = known.has_value() ? known->gid : 0;
  if (colon == std::string::npos) {
    if (known.has_value()) user.groups = SupplementaryGroups(*known);
    return user;
  }
  // With a group named, that one is all there is.
  const std::string group_text = text.substr(colon + 1);
  std::optional<gid_t> gid = AsNumber(group_text);
  if (!gid.has_value()) gid = LookUpGroup(group_text);
  if (!gid.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("user is \"", text, "\"; no such group"));
  }
  user.gid = *gid;
  return user;
}

}  // namespace embatch
