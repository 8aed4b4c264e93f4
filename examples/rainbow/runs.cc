// SPDX-License-Identifier: Apache-2.0
#include "runs.h"

#include <sstream>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "embatch/job.h"

namespace rainbow {
namespace {

// Far more than the largest array needs.
constexpr int64_t kInputBytesMax = int64_t{16} << 20;

}  // namespace

Runs::Runs(const Bucket& bucket, Cluster& cluster, const EventPrinter& printer)
    : bucket_(bucket), cluster_(cluster), printer_(printer) {}

absl::Status Runs::Add() {
  const absl::StatusOr<std::string> input = bucket_.Get(kInput, kInputBytesMax);
  if (!input.ok()) return input.status();
  Run run;
  std::string copy;
  for (absl::string_view line : absl::StrSplit(*input, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    absl::StrAppend(&copy, line, "\n");
    ++run.colors;
  }
  if (run.colors == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(bucket_.folder(), "/", kInput,
                     " is empty; it must hold a colour in each line"));
  }
  absl::StatusOr<std::string> prefix = bucket_.MakePrefix();
  if (!prefix.ok()) return prefix.status();
  run.prefix = *std::move(prefix);
  const absl::Status status =
      bucket_.Put(absl::StrCat(run.prefix, "/", kInput), copy);
  if (!status.ok()) {
    bucket_.RemovePrefix(run.prefix);
    return status;
  }
  waiting_.push_back(std::move(run));
  return absl::OkStatus();
}

absl::Status Runs::SubmitNext() {
  if (!can_submit()) return absl::OkStatus();
  Run run = std::move(waiting_.front());
  waiting_.pop_front();
  absl::Status status = Submit(run);
  if (!status.ok()) {
    bucket_.RemovePrefix(run.prefix);
    return status;
  }
  const embatch::Scheduler& scheduler = cluster_.scheduler;
  printer_.ShowNote(
      absl::Now(), "color",
      absl::StrCat("submitted for ", run.prefix, ": job ",
                   scheduler.JobIdText(run.color),
                   run.colors > 1 ? absl::StrCat(", an array of ", run.colors)
                                  : std::string(", one colour, so no array")));
  printer_.ShowNote(
      absl::Now(), "mycolor",
      absl::StrCat("submitted for ", run.prefix, ": job ",
                   scheduler.JobIdText(run.mycolor), ", depends on color"));
  under_way_ = std::move(run);
  color_over_ = mycolor_over_ = blocked_ = false;
  return absl::OkStatus();
}

absl::Status Runs::Submit(Run& run) {
  const absl::Time now = absl::Now();
  embatch::SubmitJobRequest request;
  request.job_queue = kQueue;
  request.parameters = {{"run", run.prefix}};

  request.job_name = "color";
  request.job_definition = kColorDefinition;
  // AWS's arrays have two children at least.
  if (run.colors > 1) request.array_size = run.colors;
  absl::StatusOr<embatch::JobId> job =
      cluster_.scheduler.SubmitJob(request, now);
  if (!job.ok()) return job.status();
  run.color = *job;

  request.job_name = "mycolor";
  request.job_definition = kMycolorDefinition;
  request.array_size.reset();
  request.depends_on = {{run.color, embatch::DependencyType::kSequential}};
  job = cluster_.scheduler.SubmitJob(request, now);
  if (!job.ok()) {
    cluster_.scheduler.CancelJob(run.color, "There is no second job", now)
        .IgnoreError();
    return job.status();
  }
  run.mycolor = *job;
  return absl::OkStatus();
}

void Runs::Note(const embatch::Event& event) {
  if (!under_way_.has_value()) return;
  if (embatch::IsTerminal(event.to)) {
    if (event.job == under_way_->color) color_over_ = true;
    if (event.job == under_way_->mycolor) {
      mycolor_over_ = true;
      under_way_->succeeded = event.to == embatch::JobStatus::kSucceeded;
    }
  }
  if (event.from == event.to) {  // the head of the queue is blocked
    blocked_ = absl::StartsWith(cluster_.scheduler.Text(event.reason),
                                "MISCONFIGURATION:");
  }
}

std::optional<Run> Runs::TakeFinished() {
  // A run that is stopped may lose its second job first.
  if (!color_over_ || !mycolor_over_) return std::nullopt;
  color_over_ = mycolor_over_ = false;
  return std::exchange(under_way_, std::nullopt);
}

absl::Status Runs::CancelIfBlocked() {
  if (!std::exchange(blocked_, false) || !under_way_.has_value()) {
    return absl::OkStatus();
  }
  embatch::Resources asked;
  if (auto job = cluster_.scheduler.DescribeJob(under_way_->color); job.ok()) {
    asked = job->resources;
  }
  std::ostringstream text;
  text << "no instance can ever hold the job: it asks for " << asked
       << ", and this machine offers " << cluster_.provider->resources()
       << ". The run is cancelled; try a smaller --memory.";

  constexpr char kReason[] = "No instance can hold the job";
  const absl::Time now = absl::Now();
  absl::Status status =
      cluster_.scheduler.CancelJob(under_way_->color, kReason, now);
  status.Update(
      cluster_.scheduler.CancelJob(under_way_->mycolor, kReason, now));
  status.Update(absl::FailedPreconditionError(text.str()));
  return status;
}

absl::Status Runs::Stop(absl::string_view reason) {
  const size_t dropped = waiting_.size();
  for (const Run& run : waiting_) bucket_.RemovePrefix(run.prefix);
  waiting_.clear();
  absl::Status status;
  if (under_way_.has_value()) {
    const absl::Time now = absl::Now();
    status = cluster_.scheduler.TerminateJob(under_way_->color, reason, now);
    status.Update(
        cluster_.scheduler.TerminateJob(under_way_->mycolor, reason, now));
  }
  if (dropped > 0) {
    status.Update(absl::CancelledError(
        absl::StrCat("stopped; runs that had not begun: ", dropped)));
  }
  return status;
}

}  // namespace rainbow
