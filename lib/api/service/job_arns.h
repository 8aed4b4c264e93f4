// SPDX-License-Identifier: Apache-2.0
// The names by which AWS's users see jobs, and what runs them.
#ifndef EMBATCH_LIB_API_SERVICE_JOB_ARNS_H_
#define EMBATCH_LIB_API_SERVICE_JOB_ARNS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/ids.h"
#include "embatch/job.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

// The job that an id or an ARN names, which may be gone. kInvalidArgument: it
// is no id that this scheduler made; the message begins with `member`.
// Choice: §2.1, an ARN is taken wherever an id is.
absl::StatusOr<JobId> ReadJobId(const Context& context,
                                absl::string_view member,
                                absl::string_view text);

// A job that there never was.
inline constexpr JobId kUnknownJob = {0xffffffff, 0xffffffff, -1};

// `id` is JobIdText().
std::string JobArn(const ArnScope& scope, absl::string_view id);

// The task that runs an attempt, and the instance that it runs on; none for
// Fargate. Both are made of numbers, so they are the same whoever asks.
// Source: API ContainerDetail.taskArn, .containerInstanceArn.
std::string TaskArn(const ArnScope& scope, absl::string_view task_id);
std::string InstanceArn(const ArnScope& scope, InstanceId instance);

// Whether an attempt of the job has an instance that can be named: Fargate has
// none.
bool HasInstance(const Context& context, const JobView& view,
                 InstanceId instance);

// One attempt of a job, or of one of its nodes: the main one, where the job
// itself is meant.
AttemptId AttemptOf(const JobView& view, int number);

// Where a container of an attempt has its output.
std::string LogStreamOf(const Context& context, const JobView& view, int number,
                        absl::string_view container_name);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_JOB_ARNS_H_
