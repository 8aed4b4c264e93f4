// SPDX-License-Identifier: Apache-2.0
// Amazon Resource Names of what AWS Batch has:
//
//   arn:<partition>:batch:<region>:<account>:<resource>
//
// Printing and reading are exact: what is read prints as the same text, and two
// texts never name the same thing.
// Source: §2.1 (the table of entities, and the form of an ARN).
#ifndef EMBATCH_LIB_API_ARN_H_
#define EMBATCH_LIB_API_ARN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace embatch {
namespace api {

enum class ArnKind {
  kComputeEnvironment,
  kJobQueue,
  kJobDefinition,
  kJob,
  kSchedulingPolicy,
  kQuotaShare,
  kConsumableResource,
  kServiceEnvironment,
  kServiceJob,
};

// Whose resources: those of one account in one region.
struct ArnScope {
  std::string partition;  // aws, aws-cn, aws-us-gov
  std::string region;     // eu-central-1
  std::string account;    // 12 digits
};

bool operator==(const ArnScope& a, const ArnScope& b);

// The scope of an account in a region, whose partition follows from its name.
// kInvalidArgument when the account is not 12 digits, or the region's name has
// other characters than lower-case letters, digits and '-'.
absl::StatusOr<ArnScope> MakeArnScope(absl::string_view region,
                                      absl::string_view account);

struct Arn {
  ArnScope scope;
  ArnKind kind = ArnKind::kJob;
  // A name; of a job and a service job its id, which may be a child's or a
  // node's.
  std::string name;
  // Quota shares: the queue that the share belongs to.
  std::string queue;
  // Job definitions: from 1; 0 when the ARN has none, as SubmitJob allows.
  int32_t revision = 0;
};

bool operator==(const Arn& a, const Arn& b);

std::string PrintArn(const Arn& arn);

// kInvalidArgument when `text` is no ARN of AWS Batch; the message says why,
// and does not begin with a member's name.
absl::StatusOr<Arn> ParseArn(absl::string_view text);

// The name that a member gives by itself or by an ARN. An ARN must be of this
// kind and scope. Else kInvalidArgument, and the message begins with `member`.
// What does not begin with "arn:" is taken for a name, whatever it is.
// Source: §2.1 ("wherever the API takes ... it takes the name or the ARN").
absl::StatusOr<std::string> NameOrArn(absl::string_view member,
                                      absl::string_view text, ArnKind kind,
                                      const ArnScope& scope);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_ARN_H_
