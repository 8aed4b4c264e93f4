// SPDX-License-Identifier: Apache-2.0
// What every operation is given beside its request.
#ifndef EMBATCH_LIB_API_SERVICE_CONTEXT_H_
#define EMBATCH_LIB_API_SERVICE_CONTEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/scheduler.h"
#include "lib/api/arn.h"

namespace embatch {
namespace api {

struct Context {
  Scheduler& scheduler;
  const ArnScope& scope;  // the account and region that ARNs name
  absl::Time now;
};

// The ARN of what has this name in the scope.
inline std::string ArnOf(const Context& context, ArnKind kind,
                         absl::string_view name) {
  Arn arn;
  arn.scope = context.scope;
  arn.kind = kind;
  arn.name = std::string(name);
  return PrintArn(arn);
}

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_CONTEXT_H_
