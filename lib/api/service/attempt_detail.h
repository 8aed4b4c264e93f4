// SPDX-License-Identifier: Apache-2.0
// The attempts of a job that have ended.
// Source: API AttemptDetail, EksAttemptDetail; §6.1. Choice: D38.
#ifndef EMBATCH_LIB_API_SERVICE_ATTEMPT_DETAIL_H_
#define EMBATCH_LIB_API_SERVICE_ATTEMPT_DETAIL_H_

#include <string>

#include "embatch/api/eks.pb.h"
#include "embatch/api/job.pb.h"
#include "embatch/job.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

void PrintAttempt(const Context& context, const JobView& view,
                  const AttemptView& attempt, AttemptDetail& detail);
void PrintEksAttempt(const Context& context, const JobView& view,
                     const AttemptView& attempt, EksAttemptDetail& detail);

// The pod of an attempt.
std::string PodName(const Context& context, const JobView& view, int number);
std::string NodeName(InstanceId instance);

// As all times of AWS Batch: whole milliseconds since 1970.
inline int64_t Millis(absl::Time time) { return absl::ToUnixMillis(time); }

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_ATTEMPT_DETAIL_H_
