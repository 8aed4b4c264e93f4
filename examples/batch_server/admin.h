// SPDX-License-Identifier: Apache-2.0
//
// What the server answers beside AWS Batch's own operations, below /_embatch/:
//
//   GET  /_embatch/health         what it is, and its time
//   GET  /_embatch/logs/<stream>  the output of a container
//   POST /_embatch/advance        moves stepped time
//   POST /_embatch/reset          forgets everything
//
// Errors have the form of AWS's.
//
// Threads: Answer() from any.
#ifndef BATCH_SERVER_ADMIN_H_
#define BATCH_SERVER_ADMIN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "cloud.h"
#include "embatch/api/http.h"
#include "handover.h"

namespace batch_server {

class Admin {
 public:
  // Borrows both.
  Admin(Cloud* cloud, Handover* handover)
      : cloud_(*cloud), handover_(*handover) {}

  static bool Serves(absl::string_view target);

  // Without the id of the request, which is the server's to add.
  embatch::api::HttpResponse Answer(const embatch::api::HttpRequest& request);

 private:
  embatch::api::HttpResponse Health();
  embatch::api::HttpResponse Log(absl::string_view stream);
  embatch::api::HttpResponse Advance(absl::string_view body);
  embatch::api::HttpResponse Reset();
  absl::StatusOr<std::string> AdvanceAndTell(absl::string_view body);

  Cloud& cloud_;
  Handover& handover_;
};

// What a request is answered when the server is about to end.
embatch::api::HttpResponse Ending(absl::string_view request_id);

}  // namespace batch_server

#endif  // BATCH_SERVER_ADMIN_H_
