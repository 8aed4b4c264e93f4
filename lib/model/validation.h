// SPDX-License-Identifier: Apache-2.0
//
// The checks that more than one kind of value needs. Each answers OK or
// kInvalidArgument with the member's path, its value and the limit.
#ifndef EMBATCH_MODEL_VALIDATION_H_
#define EMBATCH_MODEL_VALIDATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "embatch/job_definition.h"
#include "embatch/resources.h"
#include "lib/model/limits.h"

namespace embatch {

// A member's path, whole or in two parts. They are put together only where an
// error names it, because that costs more than most checks.
class MemberPath {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a path is a text.
  MemberPath(const char* path) : holder_(path) {}
  MemberPath(absl::string_view path) : holder_(path) {}
  MemberPath(const std::string& path) : holder_(path) {}
  // NOLINTEND(google-explicit-constructor)
  MemberPath(absl::string_view holder, absl::string_view member)
      : holder_(holder), member_(member) {}

  std::string Text() const;

 private:
  absl::string_view holder_;
  absl::string_view member_;
};

// `value` in quotes, control characters escaped, cut to a readable length.
std::string Quoted(absl::string_view value);

// 1 to 128 letters, digits, '-' and '_'.
// Source: API jobDefinitionName, jobQueueName, computeEnvironmentName.
absl::Status CheckName(absl::string_view member, absl::string_view value);

// As CheckName, and the first character is a letter or a digit.
// Source: API SubmitJob.jobName.
absl::Status CheckJobName(absl::string_view value);

// 1 to 255 letters, digits, '-', '_' and '.'.
// Source: API SubmitJob.shareIdentifier. Choice: §4, step 6; AWS's own examples
// hold hyphens.
absl::Status CheckShareIdentifier(absl::string_view member,
                                  absl::string_view value);

// The code of a blocked job's statusReason: what stands before " - ".
// Source: §13.5.
absl::string_view ReasonCode(absl::string_view reason);

absl::Status CheckRange(MemberPath member, int64_t value, int64_t least,
                        int64_t most);

absl::Status CheckTags(const std::map<std::string, std::string>& tags);

// Names are not empty, hold no '=' or NUL and don't begin with AWS_BATCH.
// Source: API ContainerProperties.environment. Choice: §3.2, refused rather
// than dropped.
absl::Status CheckEnvironment(
    MemberPath member, const std::vector<EnvironmentVariable>& environment);

// No element is empty or holds a NUL.
// Source: §22, "Command field cannot have empty strings".
absl::Status CheckCommand(MemberPath member,
                          const std::vector<std::string>& command);

// attempts, and the form of every rule of evaluateOnExit.
// Source: API RetryStrategy, EvaluateOnExit; §6.3, §22.
absl::Status CheckRetryStrategy(const std::optional<RetryStrategy>& strategy,
                                const Limits& limits);
absl::Status CheckTimeout(absl::string_view member,
                          const std::optional<JobTimeout>& timeout);
absl::Status CheckSchedulingPriority(absl::string_view member,
                                     const std::optional<int>& priority);

// Each amount is 0, for "not given here", or within its limits.
absl::Status CheckPartialResources(absl::string_view member,
                                   const Resources& resources);

// What a plug-in says an instance has, within the bounds that keep sums exact.
Resources WithinBounds(Resources resources);

// A job's merged requirement: vCPU and memory must both be there.
// Source: §3.3, §22.
absl::Status CheckJobResources(const Resources& resources);

}  // namespace embatch

#endif  // EMBATCH_MODEL_VALIDATION_H_
