// SPDX-License-Identifier: Apache-2.0
// Job definitions between AWS's messages and the scheduler's values.
//
// A definition's document is the JSON of the RegisterJobDefinitionRequest that
// made it, without its tags: what the scheduler does not read (roles, volumes,
// log configuration, ...) is there, for a runtime and for the answers.
// Source: API RegisterJobDefinition, JobDefinition.
#ifndef EMBATCH_LIB_API_SERVICE_DEFINITION_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_DEFINITION_CONVERSION_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/api/job_definition.pb.h"
#include "embatch/job_definition.h"
#include "embatch/scheduler.h"
#include "lib/api/arn.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::StatusOr<JobDefinitionOptions> ReadDefinition(
    const RegisterJobDefinitionRequest& request, const ArnScope& scope);

// What was asked for, without tags: from the document, or, for a definition
// that was made without this API, from what the scheduler knows. Lists that AWS
// shows empty are there.
RegisterJobDefinitionRequest RequestOf(const embatch::JobDefinition& value);

// Whether its jobs are pods.
bool IsOnEks(const embatch::JobDefinition& definition);

void PrintDefinition(const Context& context, const JobDefinitionView& view,
                     JobDefinition& message);

embatch::RetryStrategy ReadRetryStrategy(const RetryStrategy& message);
void PrintRetryStrategy(const embatch::RetryStrategy& strategy,
                        RetryStrategy& message);
std::optional<embatch::JobTimeout> ReadTimeout(const JobTimeout& message);
void PrintTimeout(const embatch::JobTimeout& timeout, JobTimeout& message);

// A definition's name, or name and revision, by itself or in an ARN; as the
// scheduler takes it.
absl::StatusOr<std::string> ReadDefinitionName(absl::string_view member,
                                               absl::string_view text,
                                               const ArnScope& scope);
std::string DefinitionArn(const ArnScope& scope, absl::string_view name,
                          int revision);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_DEFINITION_CONVERSION_H_
