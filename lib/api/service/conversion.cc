// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/conversion.h"

#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "embatch/api/json.h"
#include "lib/api/json_text.h"

namespace embatch {
namespace api {

void SetStrings(const std::vector<std::string>& strings, StringList& list) {
  list.mutable_items()->Assign(strings.begin(), strings.end());
}

std::map<std::string, std::string> TagsOf(const TagrisTagsMap& tags) {
  return {tags.entries().begin(), tags.entries().end()};
}

void SetTags(const std::map<std::string, std::string>& tags,
             TagrisTagsMap& out) {
  auto& entries = *out.mutable_entries();
  for (const auto& [key, value] : tags) entries[key] = value;
}

Document DocumentOf(const google::protobuf::Message& message) {
  std::string text = PrintJson(message);
  return text == "{}" ? Document() : Document(std::move(text));
}

void ReadDocument(const Document& document, google::protobuf::Message& out) {
  out.Clear();
  if (!document.has_value()) return;
  JsonLimits limits;
  limits.bytes_max = std::numeric_limits<size_t>::max();
  if (!ParseJson(document.text(), limits, out).ok()) out.Clear();
}

int64_t Millis(absl::Time time) { return absl::ToUnixMillis(time); }

absl::StatusOr<std::string> NameOf(const Context& context,
                                   absl::string_view member,
                                   absl::string_view text, ArnKind kind) {
  return NameOrArn(member, text, kind, context.scope);
}

absl::StatusOr<Arn> ArnIn(const Context& context, absl::string_view member,
                          absl::string_view text, ArnKind kind) {
  if (!absl::StartsWith(text, "arn:")) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, " is ", Quote(text), "; must be an ARN"));
  }
  const absl::StatusOr<std::string> name = NameOf(context, member, text, kind);
  if (!name.ok()) return name.status();
  return ParseArn(text);
}

absl::Status WithJobId(const absl::Status& status) {
  if (!absl::StartsWith(status.message(), "job is ")) return status;
  return absl::Status(status.code(),
                      absl::StrCat("jobId", status.message().substr(3)));
}

absl::Status WithArn(const absl::Status& status, absl::string_view core_member,
                     absl::string_view member, absl::string_view arn) {
  absl::string_view rest = status.message();
  if (!absl::ConsumePrefix(&rest, core_member)) return status;
  if (absl::ConsumePrefix(&rest, " is \"")) {
    // No name holds a quotation mark.
    rest.remove_prefix(std::min(rest.find('"') + 1, rest.size()));
    return absl::Status(status.code(),
                        absl::StrCat(member, " is ", Quote(arn, 512), rest));
  }
  if (!absl::StartsWith(rest, ":")) return status;
  return absl::Status(status.code(), absl::StrCat(member, rest));
}

absl::Status CheckAtMost(absl::string_view member, size_t count, size_t most) {
  if (count <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(member, " has ", count, " items; must have at most ", most));
}

absl::Status CheckNotEmpty(absl::string_view member, int count) {
  if (count > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(member, " is empty; must have at least 1 item"));
}

}  // namespace api
}  // namespace embatch
