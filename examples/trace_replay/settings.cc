// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <algorithm>
#include <cstddef>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

ABSL_FLAG(std::string, trace, "",
          "log in the Standard Workload Format; -: standard input");
ABSL_FLAG(int64_t, processors, 0, "of the machine; 0: what the trace says");
ABSL_FLAG(int64_t, instances, 1, "so many, of an equal share of processors");
ABSL_FLAG(bool, gangs, false,
          "each processor is an instance that comes and goes, and a job of "
          "several a multi-node parallel job");
ABSL_FLAG(std::string, policy, "fcfs",
          "fcfs: strictly in the order of submission; first-fit: what fits "
          "starts; backfill: what fits starts unless it delays the first that "
          "waits");
ABSL_FLAG(std::string, estimates, "request",
          "backfill: request: a job takes as long as it asked for, and is "
          "stopped then; run: as long as it ran");
ABSL_FLAG(bool, ends_before_start, false,
          "backfill: what overtakes the first that waits must end before that "
          "one starts, and not use what it leaves over");
ABSL_FLAG(std::string, steps, "second",
          "second: all that happens in a second is decided on together; event: "
          "one arrival or end after the other, arrivals first");
ABSL_FLAG(std::vector<std::string>, sequence_start, {},
          "replay only the jobs from this one on, counted from 0; several: "
          "replay each sequence on an empty machine, and print the means");
ABSL_FLAG(int64_t, sequence_length, 1024, "jobs in a sequence");
ABSL_FLAG(std::string, limits, "unlimited",
          "aws: AWS's own limits; unlimited: as much as the library can hold");

namespace trace_replay {

absl::StatusOr<std::string> TracePath() {
  std::string path = absl::GetFlag(FLAGS_trace);
  if (path.empty()) {
    return absl::InvalidArgumentError("--trace is missing; --help shows flags");
  }
  return path;
}

namespace {

absl::Status SetPolicy(ReplayOptions& options) {
  const std::string policy = absl::GetFlag(FLAGS_policy);
  if (policy == "first-fit") {
    options.dispatch_order = embatch::DispatchOrder::kFirstFit;
  } else if (policy == "backfill") {
    options.dispatch_order = embatch::DispatchOrder::kBackfill;
  } else if (policy != "fcfs") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--policy is '", policy, "'; must be fcfs, first-fit or backfill"));
  }
  if (options.gangs && policy != "fcfs") {
    return absl::InvalidArgumentError(
        absl::StrCat("--gangs is for --policy=fcfs, not '", policy, "'"));
  }
  const std::string estimates = absl::GetFlag(FLAGS_estimates);
  if (estimates != "request" && estimates != "run") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--estimates is '", estimates, "'; must be request or run"));
  }
  options.estimates_are_exact = estimates == "run";
  options.backfill_ends_before_start = absl::GetFlag(FLAGS_ends_before_start);
  if (options.backfill_ends_before_start && policy != "backfill") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--ends_before_start is for --policy=backfill, not '", policy, "'"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReplayOptions> OptionsOf(const Trace& trace) {
  ReplayOptions options;
  options.processors = absl::GetFlag(FLAGS_processors);
  if (options.processors == 0) options.processors = trace.processors;
  if (options.processors < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--processors is ", options.processors,
                     "; must be at least 1, or the trace must say it"));
  }
  options.gangs = absl::GetFlag(FLAGS_gangs);
  options.instances = absl::GetFlag(FLAGS_instances);
  if (options.gangs && options.instances != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--instances is ", options.instances,
                     "; with --gangs each processor is one"));
  }
  if (options.gangs) options.instances = options.processors;
  if (options.instances < 1 || options.processors % options.instances != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--instances is ", options.instances,
        "; must divide the number of processors, ", options.processors));
  }
  absl::Status status = SetPolicy(options);
  if (!status.ok()) return status;
  const std::string steps = absl::GetFlag(FLAGS_steps);
  if (steps != "second" && steps != "event") {
    return absl::InvalidArgumentError(
        absl::StrCat("--steps is '", steps, "'; must be second or event"));
  }
  options.one_event_at_a_time = steps == "event";
  const std::string limits = absl::GetFlag(FLAGS_limits);
  if (limits != "aws" && limits != "unlimited") {
    return absl::InvalidArgumentError(
        absl::StrCat("--limits is '", limits, "'; must be aws or unlimited"));
  }
  options.limits = limits == "aws" ? embatch::LimitsProfile::kAws
                                   : embatch::LimitsProfile::kUnlimited;
  return options;
}

int64_t LeaveOutTooWide(Trace& trace, const ReplayOptions& options) {
  const size_t before = trace.jobs.size();
  const int64_t widest =
      options.processors / (options.gangs ? 1 : options.instances);
  trace.jobs.erase(std::remove_if(trace.jobs.begin(), trace.jobs.end(),
                                  [widest](const TraceJob& job) {
                                    return job.processors > widest;
                                  }),
                   trace.jobs.end());
  return static_cast<int64_t>(before - trace.jobs.size());
}

absl::StatusOr<std::vector<Sequence>> SequencesOf(const Trace& trace) {
  const int64_t jobs = static_cast<int64_t>(trace.jobs.size());
  if (jobs == 0) return absl::InvalidArgumentError("the trace has no jobs");
  std::vector<Sequence> sequences;
  const int64_t length = absl::GetFlag(FLAGS_sequence_length);
  for (const std::string& text : absl::GetFlag(FLAGS_sequence_start)) {
    int64_t start = 0;
    if (!absl::SimpleAtoi(text, &start) || start < 0 || start >= jobs) {
      return absl::InvalidArgumentError(
          absl::StrCat("--sequence_start is '", text,
                       "'; must be between 0 and ", jobs - 1));
    }
    if (length < 1 || length > jobs - start) {
      return absl::InvalidArgumentError(
          absl::StrCat("--sequence_length is ", length,
                       "; must be between 1 and ", jobs - start));
    }
    sequences.push_back(
        {absl::MakeConstSpan(trace.jobs)
             .subspan(static_cast<size_t>(start), static_cast<size_t>(length)),
         text});
  }
  if (sequences.empty()) sequences.push_back({trace.jobs, ""});
  return sequences;
}

}  // namespace trace_replay
