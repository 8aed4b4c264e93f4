// SPDX-License-Identifier: Apache-2.0
// What SubmitJob is given, as the scheduler takes it.
//
// A job has a document only if its submission overrides something of pods or of
// nodes, which the scheduler does not keep as it was written: it is the JSON of
// a SubmitJobRequest that holds nothing but these overrides.
// Source: API SubmitJob.
#ifndef EMBATCH_LIB_API_SERVICE_SUBMISSION_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_SUBMISSION_CONVERSION_H_

#include "absl/status/status.h"
#include "embatch/api/job.pb.h"
#include "embatch/job.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

// Overrides are read last: with an error, `submission` has all else.
absl::Status ReadSubmission(const Context& context,
                            const SubmitJobRequest& message,
                            embatch::SubmitJobRequest& submission);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_SUBMISSION_CONVERSION_H_
