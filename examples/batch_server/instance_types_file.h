// SPDX-License-Identifier: Apache-2.0
//
// Instance types from a file, for a simulated provider:
//
//   [{"name": "m5.large", "vcpus": 2, "memory": 7750, "price": 0.096},
//    {"name": "p3.2xlarge", "vcpus": 8, "memory": 62000, "gpus": 1}]
//
// `memory` is what jobs can use, in MiB; `price` in dollars an hour. Without
// them there are no GPUs, and the price is 0.
#ifndef BATCH_SERVER_INSTANCE_TYPES_FILE_H_
#define BATCH_SERVER_INSTANCE_TYPES_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "embatch/resource_provider.h"

namespace batch_server {

// kInvalidArgument: the message names file, entry and member. kNotFound.
absl::StatusOr<std::vector<embatch::InstanceType>> ReadInstanceTypes(
    const std::string& file);

}  // namespace batch_server

#endif  // BATCH_SERVER_INSTANCE_TYPES_FILE_H_
