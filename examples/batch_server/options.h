// SPDX-License-Identifier: Apache-2.0
//
// What the server is told on its command line.
#ifndef BATCH_SERVER_OPTIONS_H_
#define BATCH_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "embatch/limits_profile.h"
#include "embatch/resource_provider.h"

namespace batch_server {

struct Options {
  std::string bind;
  int port = 0;                    // 0: any that is free
  std::vector<std::string> hosts;  // names that requests may be addressed to
  std::vector<std::string> regions;
  std::string account;
  embatch::LimitsProfile limits = embatch::LimitsProfile::kAws;
  bool allow_reset = false;
  double speed = 1;  // of the clock; 0: stepped
  // What a client may take for the head of a request.
  absl::Duration head_duration_max = absl::Seconds(10);
  std::string events;  // file that takes each event; empty: none

  bool simulated = false;  // else this machine

  // This machine.
  std::string logs;        // folder; absolute
  int64_t vcpus = 0;       // 0: all it has
  int64_t memory_mib = 0;  // 0: all it has

  // Simulated.
  absl::Duration boot_delay;
  absl::Duration start_delay;
  std::vector<embatch::InstanceType> instance_types;

  // The trigger; both or neither.
  std::string bucket;
  std::string trigger;

  bool stepped() const { return speed == 0; }
};

// Reads the command line, whose flags may be written with '-' for '_'. --help
// ends the program.
//
// kInvalidArgument: the message names the flag, its value and what is allowed.
absl::StatusOr<Options> ReadCommandLine(int argc, char** argv);

}  // namespace batch_server

#endif  // BATCH_SERVER_OPTIONS_H_
