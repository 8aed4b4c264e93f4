// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/job_definition_operations.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/api/arn.h"
#include "lib/api/json_text.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/definition_checks.h"
#include "lib/api/service/definition_conversion.h"

namespace embatch {
namespace api {
namespace {

absl::Status DescribeNamed(const Context& context,
                           const DescribeJobDefinitionsRequest& request,
                           DescribeJobDefinitionsResponse& response) {
  const auto& names = request.job_definitions().items();
  absl::Status status = CheckAtMost(
      "jobDefinitions", static_cast<size_t>(names.size()), kDescribedNamesMax);
  if (!status.ok()) return status;
  // Source: the same ("This parameter can't be used with other parameters").
  if (request.has_job_definition_name() || request.has_status() ||
      request.has_max_results() || request.has_next_token()) {
    return absl::InvalidArgumentError(
        "jobDefinitions is given; must be the only member then");
  }
  for (int i = 0; i < names.size(); ++i) {
    const absl::StatusOr<std::string> name = ReadDefinitionName(
        absl::StrCat("jobDefinitions[", i, "]"), names[i], context.scope);
    if (!name.ok()) return name.status();
    // §20.5: unknown ones are left out.
    const auto view = context.scheduler.DescribeJobDefinition(*name);
    if (!view.ok()) continue;
    PrintDefinition(context, *view,
                    *response.mutable_job_definitions()->add_items());
  }
  return absl::OkStatus();
}

absl::StatusOr<ListJobDefinitionsRequest> ReadFilters(
    const Context& context, const DescribeJobDefinitionsRequest& request) {
  ListJobDefinitionsRequest list;
  absl::StatusOr<std::string> name =
      NameOrArn("jobDefinitionName", request.job_definition_name(),
                ArnKind::kJobDefinition, context.scope);
  if (!name.ok()) return name.status();
  // Choice: a name is what is asked for; that an ARN has more than that can't
  // be passed over. `jobDefinitions` takes revisions.
  if (absl::StartsWith(request.job_definition_name(), "arn:") &&
      ParseArn(request.job_definition_name())->revision > 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "jobDefinitionName is ", Quote(request.job_definition_name(), 512),
        "; must name no revision"));
  }
  list.job_definition_name = *std::move(name);
  if (request.has_status()) {
    if (request.status() != "ACTIVE" && request.status() != "INACTIVE") {
      return absl::InvalidArgumentError(
          absl::StrCat("status is ", Quote(request.status()),
                       "; must be ACTIVE or INACTIVE"));
    }
    list.active = request.status() == "ACTIVE";
  }
  if (request.has_max_results()) list.max_results = request.max_results();
  list.next_token = request.next_token();
  return list;
}

}  // namespace

absl::Status RegisterJobDefinition(const Context& context,
                                   const RegisterJobDefinitionRequest& request,
                                   RegisterJobDefinitionResponse& response) {
  absl::Status status = CheckDefinition(request);
  if (!status.ok()) return status;
  absl::StatusOr<JobDefinitionOptions> options =
      ReadDefinition(request, context.scope);
  if (!options.ok()) return options.status();
  auto definition = embatch::JobDefinition::Create(
      *std::move(options), context.scheduler.options().limits);
  if (!definition.ok()) return definition.status();
  const absl::StatusOr<int> revision = context.scheduler.RegisterJobDefinition(
      *std::move(definition), context.now);
  if (!revision.ok()) return revision.status();
  const std::string& name = request.job_definition_name();
  response.set_job_definition_name(name);
  response.set_job_definition_arn(
      DefinitionArn(context.scope, name, *revision));
  response.set_revision(*revision);
  return absl::OkStatus();
}

absl::Status DeregisterJobDefinition(
    const Context& context, const DeregisterJobDefinitionRequest& request,
    DeregisterJobDefinitionResponse& /*response*/) {
  const absl::StatusOr<std::string> name = ReadDefinitionName(
      "jobDefinition", request.job_definition(), context.scope);
  if (!name.ok()) return name.status();
  return context.scheduler.DeregisterJobDefinition(*name, context.now);
}

absl::Status DescribeJobDefinitions(
    const Context& context, const DescribeJobDefinitionsRequest& request,
    DescribeJobDefinitionsResponse& response) {
  response.mutable_job_definitions();
  // An empty list asks for nothing in particular.
  if (request.job_definitions().items_size() > 0) {
    return DescribeNamed(context, request, response);
  }
  const auto list = ReadFilters(context, request);
  if (!list.ok()) return list.status();
  absl::StatusOr<JobDefinitionPage> page =
      context.scheduler.ListJobDefinitions(*list);
  if (!page.ok()) return page.status();
  for (const JobDefinitionView& view : page->job_definitions) {
    PrintDefinition(context, view,
                    *response.mutable_job_definitions()->add_items());
  }
  if (!page->next_token.empty()) {
    response.set_next_token(std::move(page->next_token));
  }
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
