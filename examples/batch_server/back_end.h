// SPDX-License-Identifier: Apache-2.0
//
// A BackEnd is what runs the jobs of one region: the plug-ins of its
// environments.
//
// Threads: one call at a time. Ownership: must outlive the scheduler.
#ifndef BATCH_SERVER_BACK_END_H_
#define BATCH_SERVER_BACK_END_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/local/waker.h"
#include "embatch/scheduler.h"
#include "options.h"

namespace batch_server {

class BackEnd {
 public:
  virtual ~BackEnd() = default;

  // Serves an environment that was just created, of either kind.
  virtual absl::Status ServeEnvironment(embatch::Scheduler& scheduler,
                                        const std::string& environment,
                                        absl::Time now) = 0;
  // A compute environment was updated.
  virtual absl::Status Update(embatch::Scheduler& /*scheduler*/,
                              const std::string& /*environment*/) {
    return absl::OkStatus();
  }
  virtual absl::Status ServeServiceEnvironment(embatch::Scheduler& scheduler,
                                               const std::string& environment) {
    return scheduler.AttachServiceProvider(environment, nullptr);
  }

  // The file that holds the output of a container, which need not be there.
  // kNotFound: jobs have no output here.
  virtual absl::StatusOr<std::string> LogPath(
      absl::string_view log_stream) const = 0;

  // How many processes run.
  virtual int running() const { return 0; }
};

absl::StatusOr<std::unique_ptr<BackEnd>> MakeLocalBackEnd(
    const Options& options, const std::string& region, embatch::Waker* waker);
std::unique_ptr<BackEnd> MakeSimulatedBackEnd(const Options& options,
                                              const std::string& region);

}  // namespace batch_server

#endif  // BATCH_SERVER_BACK_END_H_
