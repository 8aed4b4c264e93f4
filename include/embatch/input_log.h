// SPDX-License-Identifier: Apache-2.0
//
// An InputLog keeps every input of a scheduler, so that the scheduler can be
// brought back by replaying them.
//
// Threads:   called from inside the scheduler's calls, one at a time.
// Ownership: borrowed by the scheduler, which it must outlive.
// Errors:    a failed Append() or Commit() stops the scheduler: from then on
//            all but reads answer kDataLoss, because the log no longer says
//            what the state is.
#ifndef EMBATCH_INPUT_LOG_H_
#define EMBATCH_INPUT_LOG_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace embatch {

class InputLog {
 public:
  virtual ~InputLog() = default;

  // Takes one input (see EncodeInput() in embatch/input.h). Only commands that
  // were accepted are appended. A turn's bytes are appended before it acts.
  virtual absl::Status Append(absl::string_view input) noexcept = 0;

  // Makes all that was appended durable. Called once in each Advance(), before
  // anything is asked of a plug-in. When Advance() has returned OK, every
  // command accepted before it may be acknowledged.
  virtual absl::Status Commit() noexcept = 0;
};

// Keeps inputs in memory.
class MemoryInputLog : public InputLog {
 public:
  absl::Status Append(absl::string_view input) noexcept override {
    inputs_.emplace_back(input);
    return absl::OkStatus();
  }
  absl::Status Commit() noexcept override { return absl::OkStatus(); }

  const std::vector<std::string>& inputs() const { return inputs_; }

 private:
  std::vector<std::string> inputs_;
};

}  // namespace embatch

#endif  // EMBATCH_INPUT_LOG_H_
