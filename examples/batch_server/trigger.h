// SPDX-License-Identifier: Apache-2.0
//
// A Trigger submits jobs when an object is put into a bucket, as a function
// does that a bucket's event starts. Which jobs stands in a file:
//
//   [{"object": "color.txt",
//     "jobs": [{"jobName": "color", "jobQueue": "q", "jobDefinition": "d",
//               "arrayProperties": {"size": "{lines}"},
//               "parameters": {"key": "{object}"}},
//              {"jobName": "mycolor", "jobQueue": "q", "jobDefinition": "e",
//               "dependsOn": [{"jobId": "{job.color}"}]}]}]
//
// A job is a request of SubmitJob, in whose texts stand
//   {object}     the object's name
//   {bucket}     the bucket's folder
//   {lines}      how many of the object's lines are not blank; alone in a text
//                it is a number
//   {job.<name>} the id of a job that was submitted before, by its jobName
// An array of one is submitted as a single job, as AWS knows no array of one.
// "object" may hold one '*', which stands for anything.
//
// Threads: one call at a time.
#ifndef BATCH_SERVER_TRIGGER_H_
#define BATCH_SERVER_TRIGGER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "../bucket/bucket.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "embatch/api/http.h"
#include "nlohmann/json.hpp"

namespace batch_server {

class Trigger {
 public:
  // Takes the body of a SubmitJob.
  using Submit = std::function<embatch::api::HttpResponse(const std::string&)>;

  // kInvalidArgument, kNotFound: the message names folder or file.
  static absl::StatusOr<std::unique_ptr<Trigger>> Create(
      const std::string& bucket_folder, const std::string& file);

  // Readable when something was put.
  int event_fd() const { return bucket_->event_fd(); }

  // Submits jobs for what was put since the last call, and prints their ids.
  // What can't be submitted is printed too, and the rest of its jobs left out.
  // The status is not OK when the bucket is gone.
  absl::Status Check(const Submit& submit);

 private:
  // What placeholders stand for, by name.
  using Values = std::map<std::string, nlohmann::json>;

  Trigger(std::unique_ptr<examples::Bucket> bucket, nlohmann::json rules)
      : bucket_(std::move(bucket)), rules_(std::move(rules)) {}

  absl::Status SubmitAll(const nlohmann::json& jobs, Values values,
                         const Submit& submit);

  const std::unique_ptr<examples::Bucket> bucket_;
  const nlohmann::json rules_;
};

}  // namespace batch_server

#endif  // BATCH_SERVER_TRIGGER_H_
