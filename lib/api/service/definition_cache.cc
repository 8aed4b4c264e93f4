// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/definition_cache.h"

#include "lib/api/service/definition_conversion.h"
#include "lib/api/service/same_members.h"

namespace embatch {
namespace api {
namespace {

void AddContainers(const EksContainers& from, EksContainerDetails& to) {
  for (const EksContainer& container : from.items()) {
    EksContainerDetail& detail = *to.add_items();
    CopySameMembers(container, detail);
    // Source: API EksContainer.name ("Default" where none is given).
    if (!detail.has_name()) detail.set_name("Default");
  }
}

// Without what PrintContainer() writes for each job anew: it would be copied
// for each in vain.
ContainerDetail WithoutTheJobsOwn(ContainerDetail detail) {
  detail.clear_command();
  detail.clear_environment();
  // Beside these two it matters which types the list names.
  if (!detail.has_vcpus() && !detail.has_memory()) {
    detail.clear_resource_requirements();
  }
  if (detail.volumes().items().empty()) detail.clear_volumes();
  if (detail.mount_points().items().empty()) detail.clear_mount_points();
  if (detail.ulimits().items().empty()) detail.clear_ulimits();
  if (detail.secrets().items().empty()) detail.clear_secrets();
  return detail;
}

}  // namespace

ContainerDetail DetailOf(const ContainerProperties& properties) {
  ContainerDetail detail;
  CopySameMembers(properties, detail);
  return detail;
}

EcsPropertiesDetail DetailOf(const EcsProperties& properties) {
  EcsPropertiesDetail detail;
  for (const EcsTaskProperties& task : properties.task_properties().items()) {
    EcsTaskDetails& to = *detail.mutable_task_properties()->add_items();
    CopySameMembers(task, to);
    for (const TaskContainerProperties& container : task.containers().items()) {
      TaskContainerDetails& item = *to.mutable_containers()->add_items();
      CopySameMembers(container, item);
      item.mutable_network_interfaces();
    }
  }
  return detail;
}

EksPropertiesDetail DetailOf(const EksProperties& properties) {
  EksPropertiesDetail detail;
  const EksPodProperties& pod = properties.pod_properties();
  EksPodPropertiesDetail& to = *detail.mutable_pod_properties();
  CopySameMembers(pod, to);
  AddContainers(pod.containers(), *to.mutable_containers());
  if (pod.has_init_containers()) {
    AddContainers(pod.init_containers(), *to.mutable_init_containers());
  }
  return detail;
}

DefinitionCache::Entry& DefinitionCache::EntryOf(const JobView& view) {
  if (view.definition == latest_) return *latest_entry_;
  Entry& entry = entries_[view.definition];
  if (entry.arn.empty()) {
    entry.arn =
        DefinitionArn(context_.scope, view.job_definition, view.revision);
  }
  latest_ = view.definition;
  latest_entry_ = &entry;
  return entry;
}

const std::string& DefinitionCache::ArnOf(const JobView& view) {
  return EntryOf(view).arn;
}

const KnownDefinition& DefinitionCache::Of(const JobView& view) {
  Entry& entry = EntryOf(view);
  if (entry.known == nullptr) {
    entry.known = std::make_unique<KnownDefinition>();
    KnownDefinition& known = *entry.known;
    known.request = RequestOf(*view.definition);
    const RegisterJobDefinitionRequest& request = known.request;
    if (request.has_container_properties()) {
      known.container =
          WithoutTheJobsOwn(DetailOf(request.container_properties()));
    } else if (request.has_ecs_properties()) {
      known.ecs = DetailOf(request.ecs_properties());
    } else if (request.has_eks_properties()) {
      known.eks = DetailOf(request.eks_properties());
    }
  }
  return *entry.known;
}

}  // namespace api
}  // namespace embatch
