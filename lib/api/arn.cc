// SPDX-License-Identifier: Apache-2.0
#include "lib/api/arn.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/api/json_text.h"

namespace embatch {
namespace api {
namespace {

struct KindWords {
  ArnKind kind;
  absl::string_view type;   // as in the ARN
  absl::string_view words;  // as in a message
};

// A quota share's ARN has the type of its queue's.
constexpr KindWords kKinds[] = {
    {ArnKind::kComputeEnvironment, "compute-environment",
     "a compute environment"},
    {ArnKind::kJobQueue, "job-queue", "a job queue"},
    {ArnKind::kJobDefinition, "job-definition", "a job definition"},
    {ArnKind::kJob, "job", "a job"},
    {ArnKind::kSchedulingPolicy, "scheduling-policy", "a scheduling policy"},
    {ArnKind::kConsumableResource, "consumable-resource",
     "a consumable resource"},
    {ArnKind::kServiceEnvironment, "service-environment",
     "a service environment"},
    {ArnKind::kServiceJob, "service-job", "a service job"},
    {ArnKind::kQuotaShare, "job-queue", "a quota share"},
};
constexpr absl::string_view kQuotaShareInfix = "/quota-share/";

const KindWords& WordsOf(ArnKind kind) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds),
                       [&](const KindWords& k) { return k.kind == kind; });
}

bool IsLowerWord(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool IsAccount(absl::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// How long a name may be is for those to say who give it.
bool IsName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
}

// A job's id, which has ':' or '#' before the index of a child or node. Whether
// there is such a job is not asked here.
bool IsJobId(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == ':' || c == '#';
  });
}

// "name:7" or "name". A revision has one form, so that texts are equal when
// what they name is.
bool ReadDefinition(absl::string_view text, Arn& arn) {
  const size_t colon = text.find(':');
  arn.name = std::string(text.substr(0, colon));
  if (!IsName(arn.name)) return false;
  if (colon == absl::string_view::npos) return true;
  const absl::string_view revision = text.substr(colon + 1);
  return absl::SimpleAtoi(revision, &arn.revision) && arn.revision > 0 &&
         absl::StrCat(arn.revision) == revision;
}

bool ReadQuotaShare(absl::string_view text, Arn& arn) {
  const size_t infix = text.find(kQuotaShareInfix);
  arn.kind = ArnKind::kQuotaShare;
  arn.queue = std::string(text.substr(0, infix));
  arn.name = std::string(text.substr(infix + kQuotaShareInfix.size()));
  return IsName(arn.queue) && IsName(arn.name);
}

// What stands behind the type and '/'.
bool ReadResource(absl::string_view text, Arn& arn) {
  switch (arn.kind) {
    case ArnKind::kJobDefinition:
      return ReadDefinition(text, arn);
    case ArnKind::kJob:
    case ArnKind::kServiceJob:
      arn.name = std::string(text);
      return IsJobId(text);
    case ArnKind::kJobQueue:
    case ArnKind::kQuotaShare:
      if (absl::StrContains(text, kQuotaShareInfix)) {
        return ReadQuotaShare(text, arn);
      }
      arn.kind = ArnKind::kJobQueue;
      arn.name = std::string(text);
      return IsName(text);
    case ArnKind::kComputeEnvironment:
    case ArnKind::kSchedulingPolicy:
    case ArnKind::kConsumableResource:
    case ArnKind::kServiceEnvironment:
      arn.name = std::string(text);
      return IsName(text);
  }
  return false;
}

// ARNs are long, and their ends tell them apart.
std::string QuoteArn(absl::string_view text) { return Quote(text, 512); }

absl::Status Malformed(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(QuoteArn(text), " is not an ARN of AWS Batch: ", why));
}

}  // namespace

bool operator==(const ArnScope& a, const ArnScope& b) {
  return a.partition == b.partition && a.region == b.region &&
         a.account == b.account;
}

bool operator==(const Arn& a, const Arn& b) {
  return a.scope == b.scope && a.kind == b.kind && a.name == b.name &&
         a.queue == b.queue && a.revision == b.revision;
}

absl::string_view PartitionOf(absl::string_view region) {
  if (absl::StartsWith(region, "cn-")) return "aws-cn";
  if (absl::StartsWith(region, "us-gov-")) return "aws-us-gov";
  return "aws";
}

absl::StatusOr<ArnScope> MakeArnScope(absl::string_view region,
                                      absl::string_view account) {
  if (!IsLowerWord(region)) {
    return absl::InvalidArgumentError(
        absl::StrCat("region is ", Quote(region),
                     "; must be lower-case letters, digits and '-'"));
  }
  if (!IsAccount(account)) {
    return absl::InvalidArgumentError(
        absl::StrCat("account is ", Quote(account), "; must be 12 digits"));
  }
  return ArnScope{std::string(PartitionOf(region)), std::string(region),
                  std::string(account)};
}

std::string PrintArn(const Arn& arn) {
  std::string text =
      absl::StrCat("arn:", arn.scope.partition, ":batch:", arn.scope.region,
                   ":", arn.scope.account, ":", WordsOf(arn.kind).type, "/");
  if (arn.kind == ArnKind::kQuotaShare) {
    absl::StrAppend(&text, arn.queue, kQuotaShareInfix);
  }
  text += arn.name;
  if (arn.revision > 0) absl::StrAppend(&text, ":", arn.revision);
  return text;
}

absl::StatusOr<Arn> ParseArn(absl::string_view text) {
  // The sixth part is the rest, colons and all.
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 5));
  if (parts.size() != 6 || parts[0] != "arn") {
    return Malformed(text, "it has not the form arn:...:...:...:...:...");
  }
  if (parts[2] != "batch") return Malformed(text, "its service is not batch");
  absl::StatusOr<ArnScope> scope = MakeArnScope(parts[3], parts[4]);
  if (!scope.ok()) return Malformed(text, scope.status().message());
  if (parts[1] != scope->partition) {
    return Malformed(text, absl::StrCat("the partition of its region is ",
                                        scope->partition));
  }
  const size_t slash = parts[5].find('/');
  for (const KindWords& kind : kKinds) {
    if (parts[5].substr(0, slash) != kind.type) continue;
    Arn arn;
    arn.scope = *std::move(scope);
    arn.kind = kind.kind;
    if (slash == absl::string_view::npos ||
        !ReadResource(parts[5].substr(slash + 1), arn)) {
      return Malformed(text, absl::StrCat("it does not name ", kind.words));
    }
    return arn;
  }
  return Malformed(text, "it has no resource that AWS Batch knows");
}

absl::StatusOr<std::string> NameOrArn(absl::string_view member,
                                      absl::string_view text, ArnKind kind,
                                      const ArnScope& scope) {
  if (!absl::StartsWith(text, "arn:")) return std::string(text);
  absl::StatusOr<Arn> arn = ParseArn(text);
  if (!arn.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, ": ", arn.status().message()));
  }
  if (arn->kind != kind || !(arn->scope == scope)) {
    return absl::InvalidArgumentError(absl::StrCat(
        member, " is ", QuoteArn(text), "; must be ", WordsOf(kind).words,
        " of ", scope.account, " in ", scope.region));
  }
  return std::move(arn->name);
}

}  // namespace api
}  // namespace embatch
