// SPDX-License-Identifier: Apache-2.0
// All that is known of a job, as DescribeJobs and the events show it.
// Source: API JobDetail; §5, §6.1, §8.1, §12.3.
#ifndef EMBATCH_LIB_API_SERVICE_JOB_DETAIL_H_
#define EMBATCH_LIB_API_SERVICE_JOB_DETAIL_H_

#include "embatch/api/job.pb.h"
#include "embatch/job.h"
#include "lib/api/service/context.h"
#include "lib/api/service/definition_cache.h"

namespace embatch {
namespace api {

JobStatus PrintStatus(embatch::JobStatus status);
embatch::JobStatus ReadStatus(JobStatus status);

// The number of an array's children in each status, zeros too. Choice: §8.1.
void PrintStatusSummary(const StatusSummary& counts,
                        ArrayJobStatusSummary& summary);

// Prints jobs of one answer. Not for service jobs.
class JobPrinter {
 public:
  explicit JobPrinter(const Context& context)
      : context_(context), definitions_(context) {}

  void Print(const JobView& view, JobDetail& detail);

 private:
  void PrintContainers(const JobView& view, JobDetail& detail);

  const Context& context_;
  DefinitionCache definitions_;
};

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_JOB_DETAIL_H_
