// SPDX-License-Identifier: Apache-2.0
// Checks of the source tree as text: who includes whom, licence lines, READMEs,
// tests that are built.
#ifndef EMBATCH_TESTS_LAYERING_SOURCE_TREE_H_
#define EMBATCH_TESTS_LAYERING_SOURCE_TREE_H_

#include <filesystem>
#include <string>
#include <vector>

namespace embatch {

// What is wrong in the checkout at `root`, one "path[:line]: sentence" for each
// finding, sorted. Empty when all is well.
std::vector<std::string> FindViolations(const std::filesystem::path& root);

}  // namespace embatch

#endif  // EMBATCH_TESTS_LAYERING_SOURCE_TREE_H_
