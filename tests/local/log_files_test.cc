// SPDX-License-Identifier: Apache-2.0
#include "lib/local/log_files.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

TEST(LogFilesTest, NoStreamLiesOutsideOfTheFolder) {
  const std::string long_part(300, 'x');
  struct Case {
    absl::string_view stream;
    std::string want;
  };
  const Case kCases[] = {
      {"definition/default/0123", "/logs/definition/default/0123"},
      {"../../etc/passwd", "/logs/__/__/etc/passwd"},
      {"a/./b", "/logs/a/_/b"},
      {"a/.../b", "/logs/a/___/b"},
      {".hidden", "/logs/.hidden"},
      {"/etc//passwd/", "/logs/etc/passwd"},
      {"", "/logs/_"},
      {"///", "/logs/_"},
      {absl::string_view("a\0/../b", 7), "/logs/a_/__/b"},
      {long_part, "/logs/" + long_part.substr(0, 255)},
  };
  const LogFiles logs("/logs");
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.stream);
    EXPECT_EQ(logs.Path(c.stream), c.want);
  }
}

}  // namespace
}  // namespace embatch
