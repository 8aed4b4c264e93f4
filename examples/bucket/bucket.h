// SPDX-License-Identifier: Apache-2.0
//
// A Bucket is a folder used as a bucket of an object store: an object is a
// file, a prefix is a folder, and putting an object is an event.
//
// Threads: one at a time. Errors: the system's, with the path.
#ifndef BUCKET_BUCKET_H_
#define BUCKET_BUCKET_H_

#include <cstdint>
#include <ctime>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace examples {

class Bucket {
 public:
  // Begins to watch `folder`, which must exist.
  static absl::StatusOr<std::unique_ptr<Bucket>> Open(
      const std::string& folder);
  ~Bucket();
  Bucket(const Bucket&) = delete;
  Bucket& operator=(const Bucket&) = delete;

  const std::string& folder() const { return folder_; }  // absolute

  // Readable when something was put, or the folder is gone.
  int event_fd() const { return event_fd_; }

  // What was put since the last call: written and closed, or moved here.
  // Several puts of an object count as one. Does not wait for any.
  //
  // The system keeps a limited number of puts for us. When it has dropped some,
  // every object counts that changed since the last call, even one that is not
  // written to its end yet; that takes some milliseconds.
  absl::StatusOr<std::set<std::string>> TakePuts();

  // Whether `object` was put since the last call, of either kind.
  absl::StatusOr<bool> TakePut(const std::string& object);

  bool Has(const std::string& object) const;
  // Whether `object` is there and `other` is not, or is older.
  bool IsNewer(const std::string& object, const std::string& other) const;

  // kNotFound: there is no such object. kFailedPrecondition: it is no regular
  // file. kResourceExhausted: it is larger than `bytes_max`.
  absl::StatusOr<std::string> Get(const std::string& object,
                                  int64_t bytes_max) const;

  // The object appears whole or not at all.
  absl::Status Put(const std::string& object, absl::string_view content) const;

  // Makes a prefix that is nobody's: "run-1", or the next that is free.
  absl::StatusOr<std::string> MakePrefix() const;
  // Removes a prefix and the objects below it.
  void RemovePrefix(const std::string& prefix) const;

 private:
  Bucket(std::string folder, int event_fd);
  std::string PathOf(const std::string& object) const;
  // Adds what the system's events name. Answers whether it has dropped some.
  absl::StatusOr<bool> TakeEvents(std::set<std::string>& objects);
  // Adds what changed after `since`, and not after `until`.
  void AddChanged(const timespec& since, const timespec& until,
                  std::set<std::string>& objects) const;

  const std::string folder_;
  const int event_fd_;
  timespec last_taken_;
};

}  // namespace examples

#endif  // BUCKET_BUCKET_H_
