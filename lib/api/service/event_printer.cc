// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/event_printer.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "embatch/api/json.h"
#include "embatch/api/service_job.pb.h"
#include "embatch/ids.h"
#include "lib/api/json_text.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/service_job_conversion.h"

namespace embatch {
namespace api {
namespace {

// At the most: the change of status, and the end of a preemption.
constexpr uint64_t kEventsOfOneChange = 2;

// `place` is which of several events of one change. A sequence's number is as
// long as a job's slot and generation, so a UUID is made of it as of those,
// under other seeds than those of jobs.
// Choice: D61, a replay prints the same.
std::string EventId(uint64_t sequence, uint64_t place, uint64_t seed) {
  const JobId id = {static_cast<uint32_t>(sequence),
                    static_cast<uint32_t>(sequence >> 32), -1};
  return FormatJobId(id, seed + (place + 1) * 0xd1b54a32d192ed03u);
}

// Source: §21, seconds. Choice: D61, milliseconds too where there are any.
std::string EventTime(absl::Time time) {
  const bool is_whole = absl::ToUnixMillis(time) % 1000 == 0;
  return absl::FormatTime(
      is_whole ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%E3SZ", time,
      absl::UTCTimeZone());
}

std::string Quoted(absl::string_view text) {
  std::string quoted;
  AppendJsonString(text, quoted);
  return quoted;
}

// Nothing changed but the reason: the job was found blocked, or is to make room
// for another.
bool IsBlocked(const Event& event) {
  return event.from == event.to && event.to == embatch::JobStatus::kRunnable;
}
bool IsPreemptionStart(const Event& event) {
  return event.from == event.to && event.to != embatch::JobStatus::kRunnable;
}

// Its attempt was taken from it. Source: §15.5, the reasons.
bool IsPreemptionEnd(const Event& event, const JobView& view,
                     absl::string_view reason) {
  return view.preempted_attempts > 0 && event.from != event.to &&
         (event.to == embatch::JobStatus::kRunnable ||
          event.to == embatch::JobStatus::kFailed) &&
         (absl::StartsWith(reason, "Cross-share preemption triggered") ||
          absl::StartsWith(reason, "In-share preemption triggered"));
}

}  // namespace

void EventPrinter::Send(const Envelope& envelope, absl::string_view detail) {
  text_ = "{\"version\":\"0\",\"id\":\"";
  absl::StrAppend(&text_,
                  EventId(envelope.sequence, envelope.place,
                          context_.scheduler.options().seed),
                  "\",\"detail-type\":\"", envelope.detail_type,
                  "\",\"source\":\"aws.batch\",");
  absl::StrAppend(&text_, "\"account\":\"", context_.scope.account,
                  "\",\"time\":\"", EventTime(envelope.time),
                  "\",\"region\":\"", context_.scope.region);
  absl::StrAppend(&text_, "\",\"resources\":[", envelope.resources,
                  "],\"detail\":", detail, "}");
  sink_(text_);
}

void EventPrinter::PrintJob(const Event& event, const JobView& view,
                            Envelope& envelope) {
  JobDetail detail;
  jobs_.Print(view, detail);
  detail.set_status(PrintStatus(event.to));
  const absl::string_view reason = context_.scheduler.Text(event.reason);
  detail.clear_status_reason();
  if (!reason.empty()) detail.set_status_reason(std::string(reason));
  envelope.detail_type = "Batch Job State Change";
  if (IsBlocked(event)) {
    envelope.detail_type = "Batch Job Queue Blocked";
    absl::StrAppend(&envelope.resources, ",", Quoted(detail.job_queue()));
  }
  Send(envelope, PrintJson(detail));
}

void EventPrinter::PrintGone(const Event& event, const std::string& id,
                             Envelope& envelope) {
  JobDetail detail;
  detail.set_job_arn(JobArn(context_.scope, id));
  detail.set_job_id(id);
  detail.set_status(PrintStatus(event.to));
  const absl::string_view reason = context_.scheduler.Text(event.reason);
  if (!reason.empty()) detail.set_status_reason(std::string(reason));
  envelope.detail_type = "Batch Job State Change";
  envelope.resources = Quoted(detail.job_arn());
  Send(envelope, PrintJson(detail));
}

void EventPrinter::PrintServiceJob(const Event& event, const JobView& view,
                                   Envelope& envelope) {
  const auto whole = context_.scheduler.DescribeServiceJob(view.job);
  if (!whole.ok()) return;
  DescribeServiceJobResponse detail;
  SetDetail(context_, *whole, detail);
  detail.clear_tags();
  detail.clear_service_request_payload();
  ServiceJobStatus status = SERVICE_JOB_STATUS_UNSPECIFIED;
  if (ServiceJobStatus_Parse(
          absl::StrCat("SERVICE_JOB_STATUS_", JobStatusName(event.to)),
          &status)) {
    detail.set_status(status);
  }
  const absl::string_view reason = context_.scheduler.Text(event.reason);
  detail.clear_status_reason();
  if (!reason.empty()) detail.set_status_reason(std::string(reason));
  envelope.detail_type = IsBlocked(event) ? "Batch Service Job Queue Blocked"
                                          : "Batch Service Job State Change";
  Send(envelope, PrintJson(detail));
}

void EventPrinter::PrintPreemption(const Event& event, const JobView& view,
                                   Envelope& envelope) {
  const absl::string_view reason = context_.scheduler.Text(event.reason);
  // The only resource is the job.
  const std::string status = Quoted(JobStatusName(event.to));
  if (IsPreemptionStart(event)) {
    envelope.detail_type = "Batch Service Job Preemption Started";
    Send(envelope, absl::StrCat("{\"statusReason\":", Quoted(reason),
                                ",\"preemptedJobArn\":", envelope.resources,
                                ",\"status\":", status, "}"));
    return;
  }
  envelope.detail_type = "Batch Service Job Preemption Completed";
  ++envelope.place;  // beside the change of status
  // Source: guide "Service job preemption events" (count and recent attempts).
  ServiceJobPreemptionSummary summary;
  SetPreemptions(context_, view.job, summary);
  Send(envelope, absl::StrCat("{\"preemptedJobArn\":", envelope.resources,
                              ",\"preemptionSummary\":", PrintJson(summary),
                              ",\"status\":", status, "}"));
}

void EventPrinter::Print(const Event& event, uint64_t sequence) {
  const absl::string_view reason = context_.scheduler.Text(event.reason);
  for (uint32_t i = 0; i < event.count; ++i) {
    JobId job = event.job;
    if (i > 0) job.child += static_cast<int32_t>(i);
    const auto view = context_.scheduler.DescribeJob(job);
    const bool is_service = view.ok() && view->definition == nullptr;
    const std::string id = context_.scheduler.JobIdText(job);
    Envelope envelope;
    envelope.sequence = sequence;
    envelope.place = uint64_t{i} * kEventsOfOneChange;
    envelope.time = event.time();
    if (!view.ok()) {
      PrintGone(event, id, envelope);
      continue;
    }
    envelope.resources =
        Quoted(is_service ? ArnOf(context_, ArnKind::kServiceJob, id)
                          : JobArn(context_.scope, id));
    if (IsPreemptionStart(event)) {
      PrintPreemption(event, *view, envelope);
      continue;
    }
    if (is_service) {
      PrintServiceJob(event, *view, envelope);
    } else {
      PrintJob(event, *view, envelope);
    }
    if (IsPreemptionEnd(event, *view, reason)) {
      PrintPreemption(event, *view, envelope);
    }
  }
}

}  // namespace api
}  // namespace embatch
