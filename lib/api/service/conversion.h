// SPDX-License-Identifier: Apache-2.0
// What the conversions of many operations need: words of enumerations, tags,
// documents, names and ARNs, pages.
#ifndef EMBATCH_LIB_API_SERVICE_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_CONVERSION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/api/common.pb.h"
#include "embatch/job_definition.h"
#include "embatch/scheduler.h"
#include "google/protobuf/message.h"
#include "lib/api/service/context.h"
#include "lib/api/service/limits.h"

namespace embatch {
namespace api {

// An enum of the schema begins with ..._UNSPECIFIED. Where the core's has the
// same values in the same order, these two lead from one to the other; whoever
// uses them asserts that it is so.
template <typename Core, typename Wire>
constexpr Core CoreEnum(Wire value) {
  return static_cast<Core>(static_cast<int>(value) - 1);
}
template <typename Wire, typename Core>
constexpr Wire WireEnum(Core value) {
  return static_cast<Wire>(static_cast<int>(value) + 1);
}

// `list` of any list's message.
template <typename List>
std::vector<std::string> Strings(const List& list) {
  return {list.items().begin(), list.items().end()};
}
void SetStrings(const std::vector<std::string>& strings, StringList& list);

std::map<std::string, std::string> TagsOf(const TagrisTagsMap& tags);
void SetTags(const std::map<std::string, std::string>& tags,
             TagrisTagsMap& out);

// What the core does not read, as a document; none of a message without
// members.
Document DocumentOf(const google::protobuf::Message& message);

// The message that a document holds; empty when it holds none, since a value
// that was made without this API may have another document.
void ReadDocument(const Document& document, google::protobuf::Message& out);

// Milliseconds since the Unix epoch.
int64_t Millis(absl::Time time);

// The name that a member gives by name or ARN.
absl::StatusOr<std::string> NameOf(const Context& context,
                                   absl::string_view member,
                                   absl::string_view text, ArnKind kind);
// The same of a member that must be an ARN. Source: §2.1.
absl::StatusOr<Arn> ArnIn(const Context& context, absl::string_view member,
                          absl::string_view text, ArnKind kind);

// `status` of a command on one job: the scheduler's member is `job`.
absl::Status WithJobId(const absl::Status& status);

// `status` of a command on what the ARN in `member` names: the scheduler's
// member is `core_member`, and its value the name.
absl::Status WithArn(const absl::Status& status, absl::string_view core_member,
                     absl::string_view member, absl::string_view arn);

absl::Status CheckAtMost(absl::string_view member, size_t count, size_t most);
absl::Status CheckNotEmpty(absl::string_view member, int count);

// The page that a request asks for; its bounds are the core's to check.
// Source: §20.1.
template <typename Request>
PageRequest PageOf(const Request& request) {
  PageRequest page;
  if (request.has_max_results()) page.max_results = request.max_results();
  page.next_token = request.next_token();
  return page;
}

// What an operation that describes by name is to answer: those it names, else
// a page of all, from `list_page(PageRequest)`.
// Source: API DescribeJobQueues and its kin ("up to 100"); §20.5.
template <typename Request, typename ListPage>
absl::StatusOr<NamePage> NamesToDescribe(const Context& context,
                                         absl::string_view member,
                                         const StringList& names, ArnKind kind,
                                         const Request& request,
                                         ListPage list_page) {
  if (names.items().empty()) return list_page(PageOf(request));
  const absl::Status status = CheckAtMost(
      member, static_cast<size_t>(names.items_size()), kDescribedNamesMax);
  if (!status.ok()) return status;
  NamePage page;
  for (const std::string& text : names.items()) {
    absl::StatusOr<std::string> name = NameOf(context, member, text, kind);
    if (!name.ok()) return name.status();
    page.names.push_back(*std::move(name));
  }
  return page;
}

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_CONVERSION_H_
