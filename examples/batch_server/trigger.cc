// SPDX-License-Identifier: Apache-2.0
#include "trigger.h"

#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace batch_server {
namespace {

using examples::Bucket;
using nlohmann::json;

constexpr int64_t kObjectBytesMax = int64_t{64} << 20;

// Whether an object's name is as `pattern` says, which may hold one '*'.
bool Matches(absl::string_view pattern, absl::string_view object) {
  const size_t star = pattern.find('*');
  if (star == absl::string_view::npos) return pattern == object;
  return object.size() + 1 >= pattern.size() &&
         absl::StartsWith(object, pattern.substr(0, star)) &&
         absl::EndsWith(object, pattern.substr(star + 1));
}

int64_t CountLines(absl::string_view content) {
  int64_t lines = 0;
  for (const absl::string_view line : absl::StrSplit(content, '\n')) {
    if (!absl::StripAsciiWhitespace(line).empty()) ++lines;
  }
  return lines;
}

using Values = std::map<std::string, json>;

json FillText(std::string text, const Values& values) {
  for (const auto& [name, value] : values) {
    const std::string placeholder = absl::StrCat("{", name, "}");
    if (text == placeholder) return value;
    const std::string shown =
        value.is_string() ? value.get<std::string>() : value.dump();
    absl::StrReplaceAll({{placeholder, shown}}, &text);
  }
  return text;
}

// Puts values for placeholders in all texts within `item`.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the file, which is our user's.
void Fill(json& item, const Values& values) {
  if (item.is_string()) {
    item = FillText(item.get<std::string>(), values);
  } else if (item.is_structured()) {
    for (json& part : item) Fill(part, values);
  }
}

json RequestFor(json job, const Values& values) {
  Fill(job, values);
  const auto array = job.find("arrayProperties");
  if (array != job.end() && array->is_object() &&
      array->value("size", json()) == 1) {
    job.erase(array);
  }
  return job;
}

absl::Status CheckRules(const json& rules, const std::string& file) {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", what));
  };
  if (!rules.is_array() || rules.empty()) {
    return wrong("must be a JSON list of {object, jobs}");
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    const json& rule = rules[i];
    const std::string where = absl::StrCat("[", i, "]");
    if (!rule.is_object() || !rule.contains("object") ||
        !rule["object"].is_string()) {
      return wrong(where + ".object must be the name of an object");
    }
    if (!rule.contains("jobs") || !rule["jobs"].is_array()) {
      return wrong(where + ".jobs must be a list of SubmitJob's requests");
    }
    for (const json& job : rule["jobs"]) {
      if (!job.is_object() || !job.contains("jobName") ||
          !job["jobName"].is_string()) {
        return wrong(where + ".jobs: each must have a jobName");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Trigger>> Trigger::Create(
    const std::string& bucket_folder, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat(file, ": can't be read"));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  json rules = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const absl::Status status = CheckRules(rules, file);
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Bucket>> bucket = Bucket::Open(bucket_folder);
  if (!bucket.ok()) return bucket.status();
  return std::unique_ptr<Trigger>(
      new Trigger(*std::move(bucket), std::move(rules)));
}

absl::Status Trigger::Check(const Submit& submit) {
  const absl::StatusOr<std::set<std::string>> puts = bucket_->TakePuts();
  if (!puts.ok()) return puts.status();
  for (const std::string& object : *puts) {
    for (const json& rule : rules_) {
      if (!Matches(rule["object"].get<std::string>(), object)) continue;
      const absl::StatusOr<std::string> content =
          bucket_->Get(object, kObjectBytesMax);
      absl::Status status = content.status();
      if (status.ok()) {
        status = SubmitAll(rule["jobs"],
                           {{"object", object},
                            {"bucket", bucket_->folder()},
                            {"lines", CountLines(*content)}},
                           submit);
      }
      if (!status.ok()) {
        std::cerr << "bucket: " << object << ": " << status.message()
                  << std::endl;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Trigger::SubmitAll(const json& jobs, Values values,
                                const Submit& submit) {
  for (const json& job : jobs) {
    const std::string request =
        RequestFor(job, values)
            .dump(-1, ' ', true, json::error_handler_t::replace);
    const embatch::api::HttpResponse response = submit(request);
    const json answer = json::parse(response.body, nullptr, false);
    const auto member = [&](const char* name) {
      return answer.is_object() ? answer.value(name, "") : "";
    };
    const std::string name = job["jobName"].get<std::string>();
    if (response.status != 200) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": ", member("message")));
    }
    values[absl::StrCat("job.", name)] = member("jobId");
    std::cout << "bucket: " << values["object"].get<std::string>() << ": "
              << name << " is " << member("jobId") << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace batch_server
