// SPDX-License-Identifier: Apache-2.0
// What an answer shows of the definitions of its jobs, made once for each.
#ifndef EMBATCH_LIB_API_SERVICE_DEFINITION_CACHE_H_
#define EMBATCH_LIB_API_SERVICE_DEFINITION_CACHE_H_

#include <memory>
#include <string>

#include "absl/container/node_hash_map.h"
#include "embatch/api/container.pb.h"
#include "embatch/api/ecs.pb.h"
#include "embatch/api/eks.pb.h"
#include "embatch/api/job_definition.pb.h"
#include "embatch/job.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

// One revision: what it asks for, and its containers as a job shows them before
// anything became of them; `container` without what PrintContainer() adds.
// Which of the three are there follows from the definition.
struct KnownDefinition {
  RegisterJobDefinitionRequest request;
  ContainerDetail container;
  EcsPropertiesDetail ecs;
  EksPropertiesDetail eks;
};

ContainerDetail DetailOf(const ContainerProperties& properties);
EcsPropertiesDetail DetailOf(const EcsProperties& properties);
EksPropertiesDetail DetailOf(const EksProperties& properties);

// Lives no longer than one call.
class DefinitionCache {
 public:
  explicit DefinitionCache(const Context& context) : context_(context) {}

  // That of a job; not for service jobs.
  const KnownDefinition& Of(const JobView& view);
  // Its ARN alone.
  const std::string& ArnOf(const JobView& view);

 private:
  struct Entry {
    std::string arn;
    std::unique_ptr<KnownDefinition> known;  // once somebody asked
  };
  Entry& EntryOf(const JobView& view);

  const Context& context_;
  absl::node_hash_map<const embatch::JobDefinition*, Entry> entries_;
  // Jobs that are listed together mostly have one definition.
  const embatch::JobDefinition* latest_ = nullptr;
  Entry* latest_entry_ = nullptr;
};

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_DEFINITION_CACHE_H_
