// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "embatch/sim/simulated_provider.h"
#include "instance_types_file.h"

ABSL_FLAG(std::string, bind, "127.0.0.1", "address to listen at");
ABSL_FLAG(std::string, allow_host, "",
          "names of this machine that requests may be addressed to, beside "
          "localhost and its IP addresses; a list with commas");
ABSL_FLAG(int, port, 8000, "port to listen at; 0: any that is free");
ABSL_FLAG(std::string, backend, "local",
          "what runs jobs: local (processes of this machine) or simulated");
ABSL_FLAG(std::string, clock, "real",
          "real, stepped, or how many times faster than real");
ABSL_FLAG(std::string, limits, "aws", "aws, or none: no quotas");
ABSL_FLAG(std::string, logs, "",
          "local: folder for the jobs' output; empty: a new one");
ABSL_FLAG(bool, allow_reset, false, "answer POST /_embatch/reset");
ABSL_FLAG(std::string, regions,
          "us-east-1,us-east-2,us-west-1,us-west-2,ca-central-1,sa-east-1,"
          "eu-central-1,eu-west-1,eu-west-2,eu-west-3,eu-north-1,eu-south-1,"
          "ap-south-1,ap-east-1,ap-northeast-1,ap-northeast-2,ap-southeast-1,"
          "ap-southeast-2",
          "regions to answer for; the first one for requests that name none");
ABSL_FLAG(double, head_seconds, 10,
          "how long a client may take for the head of a request");
ABSL_FLAG(std::string, account, "000000000000", "the account, 12 digits");
ABSL_FLAG(int64_t, vcpus, 0, "local: vCPUs to offer; 0: all there are");
ABSL_FLAG(int64_t, memory, 0, "local: MiB to offer; 0: all there is");
ABSL_FLAG(double, sim_boot_seconds, 1, "simulated: an instance's way up");
ABSL_FLAG(double, sim_start_seconds, 1, "simulated: a container's way up");
ABSL_FLAG(std::string, sim_instance_types, "",
          "simulated: JSON file, a list of {name, vcpus, memory, gpus, price}");
ABSL_FLAG(std::string, events, "",
          "file that takes each event as EventBridge has it, one a line");
ABSL_FLAG(std::string, bucket, "", "folder to watch as a bucket");
ABSL_FLAG(std::string, trigger, "",
          "JSON file that says which jobs a put into the bucket submits");

namespace batch_server {
namespace {

constexpr int64_t kVcpusMax = 10000;
constexpr int64_t kMemoryMibMax = int64_t{1} << 30;
constexpr double kSpeedMax = 1e6;
constexpr double kDelaySecondsMax = 86400;
constexpr double kHeadSecondsMin = 0.5;
constexpr double kHeadSecondsMax = 3600;

template <typename Value>
absl::Status Wrong(absl::string_view flag, const Value& value,
                   absl::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, " is ", value, "; must be ", wanted));
}

// Flags as most programs write them: --allow-reset.
std::vector<std::string> WithUnderscores(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  for (std::string& argument : arguments) {
    if (!absl::StartsWith(argument, "--")) continue;
    const auto end = std::find(argument.begin(), argument.end(), '=');
    std::replace(argument.begin() + 2, end, '-', '_');
  }
  return arguments;
}

absl::Status ParseFlags(int argc, char** argv) {
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) {
    return absl::EndsWith(file, "batch_server/options.cc");
  };
  config.contains_helpshort_flags = config.contains_help_flags;
  absl::SetFlagsUsageConfig(config);
  absl::SetProgramUsageMessage(
      "AWS Batch on this machine, for the AWS CLI and SDKs.\n"
      "  batch_server [--port=8000] [--backend=simulated --clock=stepped]");
  // Abseil keeps pointers to what it is given.
  static auto* const arguments =
      new std::vector<std::string>(WithUnderscores(argc, argv));
  std::vector<char*> pointers;
  for (std::string& argument : *arguments) pointers.push_back(argument.data());
  if (absl::ParseCommandLine(argc, pointers.data()).size() != 1) {
    return absl::InvalidArgumentError("takes flags only; --help shows them");
  }
  return absl::OkStatus();
}

std::vector<std::string> ListOf(const std::string& flag) {
  std::vector<std::string> items;
  for (const absl::string_view item :
       absl::StrSplit(flag, ',', absl::SkipEmpty())) {
    items.emplace_back(absl::StripAsciiWhitespace(item));
  }
  return items;
}

absl::StatusOr<double> SpeedOf(const std::string& clock) {
  if (clock == "real") return 1;
  if (clock == "stepped") return 0;
  double speed = 0;
  if (!absl::SimpleAtod(clock, &speed) || !(speed > 0) || speed > kSpeedMax) {
    return Wrong("clock", clock,
                 absl::StrCat("real, stepped or a number up to ", kSpeedMax));
  }
  return speed;
}

// Where the output of local jobs goes.
absl::StatusOr<std::string> LogFolder(const std::string& wanted) {
  std::error_code error;
  if (!wanted.empty()) {
    return std::filesystem::absolute(wanted, error).string();
  }
  const char* parent = std::getenv("TMPDIR");
  if (parent == nullptr || *parent == 0) parent = "/tmp";
  std::string folder = absl::StrCat(parent, "/batch_server-XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) {
    const int reason = errno;
    return absl::ErrnoToStatus(reason,
                               absl::StrCat("a temporary folder in ", parent));
  }
  return folder;
}

absl::Status ReadAddress(Options& options) {
  options.bind = absl::GetFlag(FLAGS_bind);
  options.port = absl::GetFlag(FLAGS_port);
  if (options.port < 0 || options.port > 65535) {
    return Wrong("port", options.port, "between 0 and 65535");
  }
  options.hosts = ListOf(absl::GetFlag(FLAGS_allow_host));
  options.hosts.push_back(options.bind);
  options.account = absl::GetFlag(FLAGS_account);
  options.allow_reset = absl::GetFlag(FLAGS_allow_reset);
  options.events = absl::GetFlag(FLAGS_events);
  options.regions = ListOf(absl::GetFlag(FLAGS_regions));
  if (options.regions.empty()) {
    return Wrong("regions", "empty", "a list with commas");
  }
  const double head_seconds = absl::GetFlag(FLAGS_head_seconds);
  if (!(head_seconds >= kHeadSecondsMin) || head_seconds > kHeadSecondsMax) {
    return Wrong(
        "head-seconds", head_seconds,
        absl::StrCat("between ", kHeadSecondsMin, " and ", kHeadSecondsMax));
  }
  options.head_duration_max = absl::Seconds(head_seconds);
  const std::string limits = absl::GetFlag(FLAGS_limits);
  if (limits != "aws" && limits != "none") {
    return Wrong("limits", limits, "aws or none");
  }
  options.limits = limits == "aws" ? embatch::LimitsProfile::kAws
                                   : embatch::LimitsProfile::kUnlimited;
  return absl::OkStatus();
}

absl::Status ReadLocal(Options& options) {
  if (options.speed != 1) {
    return Wrong("clock", absl::GetFlag(FLAGS_clock),
                 "real with --backend=local: processes know no other time");
  }
  options.vcpus = absl::GetFlag(FLAGS_vcpus);
  if (options.vcpus < 0 || options.vcpus > kVcpusMax) {
    return Wrong("vcpus", options.vcpus,
                 absl::StrCat("between 0 and ", kVcpusMax));
  }
  options.memory_mib = absl::GetFlag(FLAGS_memory);
  if (options.memory_mib < 0 || options.memory_mib > kMemoryMibMax) {
    return Wrong("memory", options.memory_mib,
                 absl::StrCat("between 0 and ", kMemoryMibMax));
  }
  absl::StatusOr<std::string> logs = LogFolder(absl::GetFlag(FLAGS_logs));
  if (!logs.ok()) return logs.status();
  options.logs = *std::move(logs);
  return absl::OkStatus();
}

absl::Status ReadDelay(absl::string_view flag, double seconds,
                       absl::Duration& delay) {
  if (!(seconds >= 0) || seconds > kDelaySecondsMax) {
    return Wrong(flag, seconds,
                 absl::StrCat("between 0 and ", kDelaySecondsMax));
  }
  delay = absl::Seconds(seconds);
  return absl::OkStatus();
}

absl::Status ReadSimulated(Options& options) {
  absl::Status status =
      ReadDelay("sim-boot-seconds", absl::GetFlag(FLAGS_sim_boot_seconds),
                options.boot_delay);
  if (!status.ok()) return status;
  status =
      ReadDelay("sim-start-seconds", absl::GetFlag(FLAGS_sim_start_seconds),
                options.start_delay);
  if (!status.ok()) return status;
  const std::string file = absl::GetFlag(FLAGS_sim_instance_types);
  if (file.empty()) {
    options.instance_types = embatch::SimulatedInstanceTypes();
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<embatch::InstanceType>> types =
      ReadInstanceTypes(file);
  if (!types.ok()) return types.status();
  options.instance_types = *std::move(types);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ReadCommandLine(int argc, char** argv) {
  absl::Status status = ParseFlags(argc, argv);
  if (!status.ok()) return status;
  Options options;
  status = ReadAddress(options);
  if (!status.ok()) return status;
  const absl::StatusOr<double> speed = SpeedOf(absl::GetFlag(FLAGS_clock));
  if (!speed.ok()) return speed.status();
  options.speed = *speed;
  const std::string back_end = absl::GetFlag(FLAGS_backend);
  if (back_end != "local" && back_end != "simulated") {
    return Wrong("backend", back_end, "local or simulated");
  }
  options.simulated = back_end == "simulated";
  status = options.simulated ? ReadSimulated(options) : ReadLocal(options);
  if (!status.ok()) return status;
  options.bucket = absl::GetFlag(FLAGS_bucket);
  options.trigger = absl::GetFlag(FLAGS_trigger);
  if (options.bucket.empty() != options.trigger.empty()) {
    return absl::InvalidArgumentError(
        "--bucket and --trigger go together; say both or neither");
  }
  return options;
}

}  // namespace batch_server
