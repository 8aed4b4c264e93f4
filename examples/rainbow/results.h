// SPDX-License-Identifier: Apache-2.0
//
// Results shows how each run ended, and remembers whether all worked.
#ifndef RAINBOW_RESULTS_H_
#define RAINBOW_RESULTS_H_

#include "../bucket/bucket.h"
#include "absl/status/status.h"
#include "cluster.h"
#include "folders.h"
#include "runs.h"

namespace rainbow {

using examples::Bucket;

// What the demo puts into its bucket as color.txt.
inline constexpr char kDemoInput[] =
    "red\norange\nyellow\ngreen\nblue\nindigo\nviolet\n";

class Results {
 public:
  // Borrows both.
  Results(const Bucket& bucket, const Cluster& cluster);

  // Shows where things are, and on what the jobs are going to run.
  void ShowBeginning(const Folders& folders, bool watch) const;

  // Shows an error, if it is one. From then on not all worked.
  void Check(const absl::Status& status);

  // Shows how a run ended: its timeline, and the bucket's mycolor.
  void Show(const Run& run);

  // Whether the bucket's mycolor is what has to come of kDemoInput.
  void CheckDemoOutput();

  bool all_worked() const { return all_worked_; }

 private:
  const Bucket& bucket_;
  const Cluster& cluster_;
  bool all_worked_ = true;
};

}  // namespace rainbow

#endif  // RAINBOW_RESULTS_H_
