// SPDX-License-Identifier: Apache-2.0
//
// The demo's cluster: a scheduler whose one compute environment is this
// machine, a queue over it, and the definitions of the demo's two jobs. What
// the tutorial clicks together in AWS's console stands in cluster.cc.
#ifndef RAINBOW_CLUSTER_H_
#define RAINBOW_CLUSTER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "embatch/local/local_provider.h"
#include "embatch/local/local_runtime.h"
#include "embatch/local/waker.h"
#include "embatch/scheduler.h"

namespace rainbow {

inline constexpr char kQueue[] = "rainbow-queue";
inline constexpr char kColorDefinition[] = "color";
inline constexpr char kMycolorDefinition[] = "mycolor";

struct ClusterOptions {
  std::string bucket_folder;
  std::string log_folder;
  std::string scripts_folder;
  int64_t vcpus = 0;        // that this machine offers; 0: what it has
  int64_t memory_mib = 64;  // that each job asks for
};

struct Cluster {
  static absl::StatusOr<std::unique_ptr<Cluster>> Create(
      const ClusterOptions& options);

  // Where the output of a job's attempt is.
  std::string LogPath(embatch::JobId job, int attempt) const;

  // In this order: the scheduler goes first, what it uses after it.
  std::unique_ptr<embatch::Waker> waker;
  std::unique_ptr<embatch::LocalProvider> provider;
  std::unique_ptr<embatch::LocalRuntime> runtime;
  embatch::Scheduler scheduler;

 private:
  explicit Cluster(embatch::SchedulerOptions options);
  absl::Status CreateEnvironment();
  absl::Status CreateQueue();
  absl::Status RegisterDefinition(const char* name, const char* script,
                                  const ClusterOptions& options);
};

}  // namespace rainbow

#endif  // RAINBOW_CLUSTER_H_
