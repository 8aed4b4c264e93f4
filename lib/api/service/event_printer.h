// SPDX-License-Identifier: Apache-2.0
// The events of one step as EventBridge has them; see event_bridge.h.
#ifndef EMBATCH_LIB_API_SERVICE_EVENT_PRINTER_H_
#define EMBATCH_LIB_API_SERVICE_EVENT_PRINTER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "embatch/api/event_bridge.h"
#include "embatch/event.h"
#include "embatch/job.h"
#include "lib/api/service/context.h"
#include "lib/api/service/job_detail.h"

namespace embatch {
namespace api {

class EventPrinter {
 public:
  // All are borrowed.
  EventPrinter(const Context& context, const EventSink& sink)
      : context_(context), sink_(sink), jobs_(context) {}

  // All that one event of the scheduler stands for.
  void Print(const Event& event, uint64_t sequence);

 private:
  // What one event of EventBridge has that the others have not.
  struct Envelope {
    absl::string_view detail_type;
    uint64_t sequence = 0;  // of both the id is made
    uint64_t place = 0;
    absl::Time time;
    std::string resources;  // JSON, between the brackets
  };

  void PrintJob(const Event& event, const JobView& view, Envelope& envelope);
  // A job whose retention ended in the same step: no more is known.
  void PrintGone(const Event& event, const std::string& id, Envelope& envelope);
  void PrintServiceJob(const Event& event, const JobView& view,
                       Envelope& envelope);
  void PrintPreemption(const Event& event, const JobView& view,
                       Envelope& envelope);
  void Send(const Envelope& envelope, absl::string_view detail);

  const Context& context_;
  const EventSink& sink_;
  JobPrinter jobs_;
  std::string text_;  // of the event that is being made; keeps its room
};

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_EVENT_PRINTER_H_
