// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/tag_operations.h"

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "embatch/tags.h"
#include "lib/api/json_text.h"

namespace embatch {
namespace api {
namespace {

absl::Status NoSuchResource(absl::string_view arn) {
  return absl::NotFoundError(absl::StrCat("resourceArn is ", Quote(arn),
                                          "; there is no such resource"));
}

// What an ARN names.
absl::StatusOr<ResourceName> ReadResourceArn(const Context& context,
                                             const std::string& text) {
  const absl::StatusOr<Arn> arn = ParseArn(text);
  if (!arn.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("resourceArn ", arn.status().message()));
  }
  if (!(arn->scope == context.scope)) return NoSuchResource(text);
  switch (arn->kind) {
    case ArnKind::kComputeEnvironment:
      return ResourceName::ComputeEnvironment(arn->name);
    case ArnKind::kJobQueue:
      return ResourceName::JobQueue(arn->name);
    case ArnKind::kJobDefinition:
      if (arn->revision == 0) return NoSuchResource(text);
      return ResourceName::JobDefinition(
          absl::StrCat(arn->name, ":", arn->revision));
    case ArnKind::kJob:
    case ArnKind::kServiceJob: {
      const absl::StatusOr<JobId> job = context.scheduler.ParseJobId(arn->name);
      if (!job.ok()) return NoSuchResource(text);
      const bool is_service = context.scheduler.DescribeServiceJob(*job).ok();
      if (is_service != (arn->kind == ArnKind::kServiceJob)) {
        return NoSuchResource(text);
      }
      return ResourceName::Job(*job);
    }
    case ArnKind::kSchedulingPolicy:
      return ResourceName::SchedulingPolicy(arn->name);
    case ArnKind::kQuotaShare:
      return ResourceName::QuotaShare(arn->queue, arn->name);
    case ArnKind::kConsumableResource:
      return ResourceName::ConsumableResource(arn->name);
    case ArnKind::kServiceEnvironment:
      return ResourceName::ServiceEnvironment(arn->name);
  }
  return NoSuchResource(text);
}

// The scheduler's member is `resource`.
absl::Status InWordsOfRequest(const absl::Status& status,
                              const std::string& arn) {
  if (status.code() == absl::StatusCode::kNotFound) return NoSuchResource(arn);
  absl::string_view message = status.message();
  if (!absl::StartsWith(message, "resource.")) return status;
  return absl::Status(
      status.code(),
      absl::StrCat("resourceArn", message.substr(message.find(' '))));
}

}  // namespace

absl::Status TagResource(const Context& context,
                         const TagResourceRequest& request,
                         TagResourceResponse& /*response*/) {
  const auto resource = ReadResourceArn(context, request.resource_arn());
  if (!resource.ok()) return resource.status();
  embatch::TagResourceRequest command;
  command.resource = *resource;
  command.tags = {request.tags().entries().begin(),
                  request.tags().entries().end()};
  return InWordsOfRequest(context.scheduler.TagResource(command, context.now),
                          request.resource_arn());
}

absl::Status UntagResource(const Context& context,
                           const UntagResourceRequest& request,
                           UntagResourceResponse& /*response*/) {
  const auto resource = ReadResourceArn(context, request.resource_arn());
  if (!resource.ok()) return resource.status();
  embatch::UntagResourceRequest command;
  command.resource = *resource;
  command.tag_keys = {request.tag_keys().items().begin(),
                      request.tag_keys().items().end()};
  return InWordsOfRequest(context.scheduler.UntagResource(command, context.now),
                          request.resource_arn());
}

absl::Status ListTagsForResource(const Context& context,
                                 const ListTagsForResourceRequest& request,
                                 ListTagsForResourceResponse& response) {
  const auto resource = ReadResourceArn(context, request.resource_arn());
  if (!resource.ok()) return resource.status();
  const auto tags = context.scheduler.ListTagsForResource(*resource);
  if (!tags.ok()) {
    return InWordsOfRequest(tags.status(), request.resource_arn());
  }
  auto& entries = *response.mutable_tags()->mutable_entries();
  for (const auto& [key, value] : *tags) entries[key] = value;
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
