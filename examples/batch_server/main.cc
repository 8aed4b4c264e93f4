// SPDX-License-Identifier: Apache-2.0
//
// AWS Batch on this machine: an HTTP endpoint for the AWS CLI and SDKs, with a
// scheduler behind it, and real processes or a simulation behind that.
#include <atomic>
#include <csignal>
#include <iostream>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "options.h"
#include "server.h"

namespace batch_server {
namespace {

std::atomic<Server*> server_of_signals{nullptr};

// The first signal asks for a clean end. A second one ends the program at once;
// jobs are killed with it.
void CatchSignals(Server* server) {
  server_of_signals = server;
  struct sigaction action = {};
  action.sa_handler = [](int) { server_of_signals.load()->Stop(); };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void UncatchSignals() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool IsLoopback(absl::string_view address) {
  return absl::StartsWith(address, "127.") || address == "::1" ||
         address == "localhost";
}

void ShowBeginning(const Options& options, int port) {
  const bool bare = !absl::StrContains(options.bind, ':');
  std::cout << "AWS Batch at http://"
            << (bare ? options.bind : absl::StrCat("[", options.bind, "]"))
            << ":" << port << std::endl;
  if (options.simulated) return;
  std::cout << "Logs in " << options.logs << std::endl;
  if (!IsLoopback(options.bind)) {
    std::cout << "Whoever reaches this address can run commands here."
              << std::endl;
  }
}

absl::Status RunServer(int argc, char** argv) {
  const absl::StatusOr<Options> options = ReadCommandLine(argc, argv);
  if (!options.ok()) return options.status();
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*options);
  if (!server.ok()) return server.status();
  CatchSignals(server->get());
  ShowBeginning(*options, (*server)->port());
  const absl::Status status = (*server)->Run();
  UncatchSignals();  // the server is about to go
  return status;
}

}  // namespace
}  // namespace batch_server

int main(int argc, char** argv) {
  const absl::Status status = batch_server::RunServer(argc, argv);
  if (status.ok()) return 0;
  std::cerr << "batch_server: " << status.message() << std::endl;
  return 1;
}
