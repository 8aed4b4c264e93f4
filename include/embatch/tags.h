// SPDX-License-Identifier: Apache-2.0
//
// Tags: words that a user puts on what he owns. They decide nothing.
//
//   TagResourceRequest request;
//   request.resource = ResourceName::JobQueue("render");
//   request.tags = {{"team", "blue"}};
//   scheduler.TagResource(request, now);
//
// Errors: kNotFound: there is no such resource. kInvalidArgument: the tags
//         break a limit, or it is a child of an array, which has none.
// Source: API TagResource, UntagResource, ListTagsForResource; §2.4.
#ifndef EMBATCH_TAGS_H_
#define EMBATCH_TAGS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "embatch/fields.h"
#include "embatch/ids.h"

namespace embatch {

// Names anything that can have tags.
struct ResourceName {
  enum class Kind : uint8_t {
    kComputeEnvironment,
    kJobQueue,
    kJobDefinition,  // "name:3"
    kJob,
    kConsumableResource,
    kSchedulingPolicy,
    kQuotaShare,
    kServiceEnvironment,
  };
  Kind kind = Kind::kJob;
  std::string name;  // of all but a job
  JobId job;
  std::string job_queue;  // of a quota share

  static ResourceName ComputeEnvironment(std::string name) {
    return {Kind::kComputeEnvironment, std::move(name), {}, {}};
  }
  static ResourceName JobQueue(std::string name) {
    return {Kind::kJobQueue, std::move(name), {}, {}};
  }
  static ResourceName JobDefinition(std::string name) {
    return {Kind::kJobDefinition, std::move(name), {}, {}};
  }
  static ResourceName Job(JobId job) { return {Kind::kJob, "", job, {}}; }
  static ResourceName ConsumableResource(std::string name) {
    return {Kind::kConsumableResource, std::move(name), {}, {}};
  }

  static ResourceName SchedulingPolicy(std::string name) {
    return {Kind::kSchedulingPolicy, std::move(name), {}, {}};
  }
  static ResourceName QuotaShare(std::string job_queue, std::string name) {
    return {Kind::kQuotaShare, std::move(name), {}, std::move(job_queue)};
  }
  static ResourceName ServiceEnvironment(std::string name) {
    return {Kind::kServiceEnvironment, std::move(name), {}, {}};
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.kind, self.name, self.job, self.job_queue);
  }
};
constexpr bool IsValidEnum(ResourceName::Kind value) {
  return value <= ResourceName::Kind::kServiceEnvironment;
}

// Adds tags, and replaces those of equal keys. At most 50 in all.
struct TagResourceRequest {
  ResourceName resource;
  std::map<std::string, std::string> tags;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.resource, self.tags);
  }
};

// Removes tags; keys that there are not are ignored.
struct UntagResourceRequest {
  ResourceName resource;
  std::vector<std::string> tag_keys;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.resource, self.tag_keys);
  }
};

}  // namespace embatch

#endif  // EMBATCH_TAGS_H_
