// SPDX-License-Identifier: Apache-2.0
//
// A Comparison lets the reference scheduler live through what a Scheduler lives
// through, and tells where the two differ.
//
//   Comparison comparison(options);
//   plugins.provider = comparison.Watch(provider);   // hears its requests
//   plugins.runtime = comparison.Watch(runtime);
//   scheduler.AttachPlugins("machines", plugins);
//   ...
//   comparison.Submitted(*scheduler.SubmitJob(request, now));
//   const Step step = scheduler.Advance(now);
//   for (const Event& event : step.events) {
//     comparison.Happened(event, scheduler.Text(event.reason));
//   }
//   EXPECT_EQ(comparison.CatchUp(log.inputs()), "");
#ifndef EMBATCH_TESTS_SUPPORT_REFERENCE_COMPARISON_H_
#define EMBATCH_TESTS_SUPPORT_REFERENCE_COMPARISON_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/event.h"
#include "embatch/ids.h"
#include "embatch/resource_provider.h"
#include "embatch/scheduler.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

class Comparison {
 public:
  explicit Comparison(const SchedulerOptions& options) : twin_(options) {}
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  // Plug-ins that pass everything on to these, and listen. They borrow them,
  // and live as long as the Comparison.
  ResourceProvider* Watch(ResourceProvider* provider);
  ContainerRuntime* Watch(ContainerRuntime* runtime);

  // The scheduler answered a submission with this id; in order.
  void Submitted(JobId job) { submitted_.push_back(job); }

  // The scheduler told an event; in order.
  void Happened(const Event& event, absl::string_view reason);

  // Gives the reference scheduler all inputs that it has not seen yet. Empty:
  // it says and asks for the same as the scheduler so far. `inputs` are all of
  // a log, from the first on.
  std::string CatchUp(const std::vector<std::string>& inputs);

  // Empty: if nothing is reported before `next`, the reference scheduler has
  // nothing to do before then either (laws 4 and 5).
  std::string CheckQuietUntil(absl::Time next) const;

  const ReferenceScheduler& twin() const { return twin_; }

 private:
  class Provider;
  class Runtime;

  ReferenceScheduler twin_;
  size_t inputs_seen_ = 0;
  std::deque<JobId> submitted_;
  Output library_said_;
  Output twin_said_;
  std::vector<std::unique_ptr<ResourceProvider>> providers_;
  std::vector<std::unique_ptr<ContainerRuntime>> runtimes_;
};

}  // namespace embatch::reference

#endif  // EMBATCH_TESTS_SUPPORT_REFERENCE_COMPARISON_H_
