// SPDX-License-Identifier: Apache-2.0
//
// Containers that can't be started, and options that are wrong.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/local/local_fixture.h"

namespace embatch {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = ContainerReport::Kind;

class StartFailureTest : public LocalFixture {
 protected:
  // Runs what can't be, and answers the reason.
  std::string ReasonOf(const Command& command) {
    const ContainerReport report = Run(command);
    EXPECT_EQ(report.kind, Kind::kStartFailed);
    EXPECT_FALSE(report.has_exit_code);
    EXPECT_THAT(report.reason, StartsWith("CannotStartContainerError: "));
    EXPECT_EQ(runtime_->running(), 0);
    return report.reason;
  }

  std::string MakeFile(const std::string& name, const std::string& text,
                       mode_t mode) {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
};

TEST_F(StartFailureTest, ReasonNamesTheProgramAndTheError) {
  const std::string plain = MakeFile("plain", "text", 0644);
  const std::string odd = MakeFile("odd", "no program", 0755);
  struct Case {
    const char* name;
    std::vector<std::string> command;
    std::string want;
  };
  const Case kCases[] = {
      {"no such file",
       {"/no/such/program", "x"},
       "exec: \"/no/such/program\": No such file or directory"},
      {"not in PATH",
       {"no-such-program"},
       "exec: \"no-such-program\": executable file not found in $PATH: "
       "No such file or directory"},
      {"not executable",
       {plain},
       absl::StrCat("exec: \"", plain, "\": Permission denied")},
      {"a folder", {"/"}, "exec: \"/\": Permission denied"},
      {"neither binary nor script",
       {odd},
       absl::StrCat("exec: \"", odd, "\": Exec format error")},
      {"no command", {}, "no command specified"},
      {"empty program", {""}, "the command's first element is empty"},
      {"NUL in an argument",
       {"echo", std::string("a\0b", 3)},
       "command[1] holds a NUL character"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const std::string reason = ReasonOf({c.command, {}, {}, false});
    // Temporary folders may have long names, which are shortened.
    if (!absl::StrContains(reason, "...")) {
      EXPECT_EQ(reason, "CannotStartContainerError: " + c.want);
    }
  }
}

TEST_F(StartFailureTest, LongPathKeepsTheErrorWithin255Characters) {
  const std::string reason =
      ReasonOf({{"/" + std::string(1000, 'x')}, {}, {}, false});
  EXPECT_LE(reason.size(), 255u);
  EXPECT_THAT(reason, EndsWith(": File name too long"));
}

TEST_F(StartFailureTest, VariableThatNoProcessCanHave) {
  EXPECT_THAT(ReasonOf({{"true"}, {{"A=B", "c"}}, {}, false}),
              HasSubstr("\"A=B\""));
  EXPECT_THAT(ReasonOf({{"true"}, {{"A", std::string("\0", 1)}}, {}, false}),
              HasSubstr("\"A\""));
}

TEST_F(StartFailureTest, TooLongAnArgument) {
  EXPECT_THAT(ReasonOf({{"true", std::string(1 << 20, 'x')}, {}, {}, false}),
              EndsWith("Argument list too long"));
}

TEST_F(StartFailureTest, MissingWorkingFolder) {
  LocalRuntimeOptions options = Options();
  options.working_folder = "/no/such/folder";
  CreateRuntime(options);

  EXPECT_THAT(ReasonOf({{"true"}, {}, {}, false}),
              EndsWith("working folder \"/no/such/folder\": No such file or "
                       "directory"));
}

TEST_F(StartFailureTest, LogThatCantBeMade) {
  MakeFile("logs/definition", "in the way", 0644);

  EXPECT_THAT(ReasonOf({{"true"}, {}, {}, false}), EndsWith("Not a directory"));
}

TEST_F(StartFailureTest, HostOutOfDescriptors) {
  // Once before, for a sanitizer takes descriptors at the first call.
  ReasonOf({{"/no/such/program"}, {}, {}, false});
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  // A descriptor made now would get this number, the lowest that is free.
  const int next = dup(0);
  ASSERT_GE(next, 0);
  close(next);
  const struct rlimit none = {static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);

  const std::string reason = ReasonOf({{"true"}, {}, {}, false});

  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(reason, EndsWith("Too many open files"));
  EXPECT_EQ(Run({{"true"}, {}, {}, false}).exit_code, 0);
}

TEST_F(StartFailureTest, HostOutOfProcesses) {
  if (geteuid() == 0) GTEST_SKIP() << "root has no such limit";
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NPROC, &before), 0);
  const struct rlimit none = {1, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);

  const std::string reason = ReasonOf({{"true"}, {}, {}, false});

  ASSERT_EQ(setrlimit(RLIMIT_NPROC, &before), 0);
  EXPECT_THAT(reason, EndsWith("Resource temporarily unavailable"));
}

TEST_F(StartFailureTest, FailedStartsLeaveNothingBehind) {
  ReasonOf({{"/no/such/program"}, {}, {}, false});
  const int descriptors = OpenDescriptors();
  for (int i = 0; i < 50; ++i) {
    ReasonOf({{"/no/such/program"}, {}, {}, false});
  }
  EXPECT_EQ(OpenDescriptors(), descriptors);
  EXPECT_EQ(ChildrenOf(getpid()).size(), 1u);  // the guardian
}

TEST_F(StartFailureTest, OptionThatIsWrongIsNamed) {
  const std::string file = MakeFile("file", "", 0644);
  struct Case {
    const char* name;
    void (*change)(LocalRuntimeOptions& options);
    absl::StatusCode code;
    const char* want;
  };
  const Case kCases[] = {
      {"no log folder", [](LocalRuntimeOptions& o) { o.log_folder = ""; },
       absl::StatusCode::kInvalidArgument, "log_folder is empty"},
      {"no waker", [](LocalRuntimeOptions& o) { o.waker = nullptr; },
       absl::StatusCode::kInvalidArgument, "waker is null"},
      {"relative cgroup", [](LocalRuntimeOptions& o) { o.cgroup = "batch"; },
       absl::StatusCode::kInvalidArgument, "cgroup is \"batch\""},
      {"unknown user", [](LocalRuntimeOptions& o) { o.user = "no such user"; },
       absl::StatusCode::kNotFound, "user is \"no such user\""},
      {"unknown group",
       [](LocalRuntimeOptions& o) { o.user = "0:no such group"; },
       absl::StatusCode::kNotFound, "no such group"},
      {"log folder in a file",
       [](LocalRuntimeOptions& o) { o.log_folder += "/../file/logs"; },
       absl::StatusCode::kFailedPrecondition, "log_folder is"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    LocalRuntimeOptions options = Options();
    c.change(options);
    const absl::Status status = LocalRuntime::Create(options).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.want));
  }
}

}  // namespace
}  // namespace embatch
