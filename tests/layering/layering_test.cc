// SPDX-License-Identifier: Apache-2.0
// include <- base <- model <- {jobs, queues, capacity} <- scheduler, and all
// that stands around the core uses the public headers alone. The first test
// checks this tree; the others check the check on small trees of their own.
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/layering/source_tree.h"

namespace embatch {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kLicenceLine[] = "// SPDX-License-Identifier: Apache-2.0\n";

TEST(LayeringTest, ThisTreeKeepsItsRules) {
  const fs::path root = EMBATCH_SOURCE_DIR;
  ASSERT_TRUE(fs::is_directory(root / "include" / "embatch"));
  ASSERT_TRUE(fs::is_directory(root / "lib" / "base"));

  for (const std::string& violation : FindViolations(root)) {
    ADD_FAILURE() << violation;
  }
}

// A tree with every kind of include that is allowed.
class SourceTreeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(root_);
    Write("include/embatch/ids.h", "#include <string>\n");
    Write("include/embatch/event.h",
          "#include \"absl/time/time.h\"\n#include \"embatch/ids.h\"\n");
    Write("include/embatch/sim/world.h", "#include \"embatch/ids.h\"\n");
    Write("include/embatch/api/json.h",
          "#include \"google/protobuf/message.h\"\n");
    Write("lib/base/check.h", "#include <cstdio>\n");
    Write("lib/model/limits.h", "#include \"lib/base/check.h\"\n");
    Write("lib/jobs/job_table.cc",
          "#include \"lib/jobs/job_table.h\"\n"
          "#include \"lib/model/limits.h\"\n#include \"embatch/event.h\"\n");
    Write("lib/scheduler/apply.cc",
          "#include \"lib/jobs/job_table.h\"\n"
          "#include \"lib/queues/fifo.h\"\n"
          "#include \"lib/capacity/placement.h\"\n");
    Write("lib/sim/world.cc",
          "#include <random>\n#include \"embatch/sim/world.h\"\n"
          "#include \"lib/sim/radix_heap.h\"\n");
    Write("lib/local/process.cc",
          "#include <sys/wait.h>\n#include \"embatch/ids.h\"\n");
    Write("examples/rainbow/main.cc", "#include \"embatch/local/process.h\"\n");
    Write("tests/jobs/job_table_test.cc", "#include \"lib/jobs/retry.h\"\n");
    WriteExactly(
        "tests/jobs/CMakeLists.txt",
        "# SPDX-License-Identifier: Apache-2.0\n"
        "embatch_test(jobs_test SOURCES job_table_test.cc deep/a_test.cc)");
    Write("tests/jobs/deep/a_test.cc", "");
    for (const char* folder :
         {"lib/base", "lib/model", "lib/jobs", "lib/scheduler", "lib/sim",
          "lib/local", "lib/api", "examples/rainbow"}) {
      WriteExactly(absl::StrCat(folder, "/README.md"), "# A room\n");
    }
  }

  void TearDown() override { fs::remove_all(root_); }

  // Creates a file of the given text below a line with the licence.
  void Write(const std::string& path, const std::string& text) {
    WriteExactly(path, absl::StrCat(kLicenceLine, text));
  }

  void WriteExactly(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  // Tests run beside each other, each in a folder of its own.
  const fs::path root_ =
      fs::path(EMBATCH_SCRATCH_DIR) /
      ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(SourceTreeTest, GoodTreeHasNoViolations) {
  EXPECT_THAT(FindViolations(root_), IsEmpty());
}

TEST_F(SourceTreeTest, EachForbiddenIncludeIsFound) {
  struct Case {
    const char* path;
    const char* include;
    const char* want;
  };
  const Case kCases[] = {
      {"lib/base/bad.h", "\"lib/model/limits.h\"", "base includes itself"},
      {"lib/model/bad.h", "\"lib/jobs/job_table.h\"", "model includes base"},
      {"lib/jobs/bad.cc", "\"lib/queues/fifo.h\"", "jobs includes base, model"},
      {"lib/queues/bad.cc", "\"lib/capacity/a.h\"", "queues includes base"},
      {"lib/capacity/bad.cc", "\"lib/jobs/a.h\"", "capacity includes base"},
      {"lib/jobs/bad.cc", "\"lib/scheduler/a.h\"", "jobs includes base, model"},
      {"lib/scheduler/bad.cc", "\"lib/sim/a.h\"", "scheduler includes base"},
      {"lib/scheduler/bad.cc", "\"embatch/sim/a.h\"", "another library"},
      {"lib/jobs/bad.cc", "\"job_table.h\"", "named from the root"},
      {"lib/jobs/bad.cc", "\"tests/support/a.h\"", "absl alone"},
      {"lib/jobs/bad.cc", "<sys/wait.h>", "absl alone"},
      {"lib/jobs/bad.cc", "<sys/mman.h>", "absl alone"},
      {"lib/jobs/bad.cc", "<thread>", "no clock, thread"},
      {"lib/base/bad.h", "\"absl/time/clock.h\"", "no clock, thread"},
      {"lib/base/bad.h", "\"absl/random/random.h\"", "no clock, thread"},
      {"lib/sim/bad.cc", "\"lib/base/check.h\"", "sim includes itself alone"},
      {"lib/local/bad.cc", "\"lib/sim/world.h\"", "local includes itself"},
      {"lib/local/bad.cc", "\"embatch/sim/world.h\"", "another library"},
      {"lib/attic/bad.cc", "<string>", "not in the list of rooms"},
      {"include/embatch/bad.h", "\"lib/base/check.h\"", "public headers"},
      {"include/embatch/bad.h", "\"embatch/sim/world.h\"", "public headers"},
      {"include/embatch/bad.h", "<sys/types.h>", "public headers"},
      {"include/embatch/bad.h", "<mutex>", "no clock, thread"},
      {"include/embatch/sim/bad.h", "\"embatch/local/a.h\"", "public headers"},
      {"include/embatch/bad.h", "\"google/protobuf/message.h\"",
       "public headers"},
      {"include/embatch/sim/bad.h", "\"google/protobuf/message.h\"",
       "public headers"},
      {"include/embatch/sim/bad.h", "\"embatch/api/json.h\"", "public headers"},
      {"lib/jobs/bad.cc", "\"google/protobuf/message.h\"", "absl alone"},
      {"lib/api/bad.cc", "\"lib/jobs/job_table.h\"", "api includes itself"},
      {"examples/rainbow/bad.cc", "\"lib/base/check.h\"", "outside"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(absl::StrCat(c.path, " includes ", c.include));
    Write(c.path, absl::StrCat("\n  #  include ", c.include, "  // Why?\n"));
    WriteExactly(
        (fs::path(c.path).parent_path() / "README.md").generic_string(), "\n");

    EXPECT_THAT(FindViolations(root_),
                ElementsAre(AllOf(StartsWith(absl::StrCat(c.path, ":3: ")),
                                  HasSubstr(c.want))));
    fs::remove(root_ / c.path);
  }
}

TEST_F(SourceTreeTest, FileWithoutLicenceLineIsFound) {
  for (const char* path :
       {"include/embatch/bad.h", "lib/jobs/bad.cc",
        "tests/queues/CMakeLists.txt", "examples/rainbow/run",
        "benchmarks/bad.cc", "cmake/bad.cmake"}) {
    for (const char* text :
         {"", "int x;\n", "\n// SPDX-License-Identifier: "}) {
      SCOPED_TRACE(absl::StrCat(path, " is '", text, "'"));
      WriteExactly(path, text);
      EXPECT_THAT(FindViolations(root_),
                  ElementsAre(StartsWith(absl::StrCat(path, ":1: "))));
    }
    fs::remove(root_ / path);
  }
}

TEST_F(SourceTreeTest, LicenceLineMayFollowTheInterpreter) {
  WriteExactly("examples/rainbow/run",
               "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n");
  EXPECT_THAT(FindViolations(root_), IsEmpty());
}

TEST_F(SourceTreeTest, TestThatNoListNamesIsFound) {
  Write("tests/jobs/table_test.cc", "");  // not job_table_test.cc
  Write("tests/jobs/deep/b_test.cc", "");
  Write("tests/jobs/helper.cc", "");
  EXPECT_THAT(FindViolations(root_),
              ElementsAre(StartsWith("tests/jobs/deep/b_test.cc: "),
                          StartsWith("tests/jobs/table_test.cc: ")));
}

TEST_F(SourceTreeTest, RoomWithoutReadmeIsFound) {
  fs::remove(root_ / "lib/jobs/README.md");
  fs::remove(root_ / "examples/rainbow/README.md");
  EXPECT_THAT(
      FindViolations(root_),
      ElementsAre(StartsWith("examples/rainbow: "), StartsWith("lib/jobs: ")));
}

}  // namespace
}  // namespace embatch
