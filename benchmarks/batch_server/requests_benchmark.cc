// SPDX-License-Identifier: Apache-2.0
//
// Requests to the example batch_server over loopback HTTP, on connections that
// are kept: what a client sees, from its first byte out to the last byte in.
//
// Why: a workflow engine submits its jobs one by one, and a mock that takes
// 10 ms for each makes its tests slow.
//
// Compared with: Moto, the usual mock of AWS Batch in Python: about 90
// SubmitJob a second.
//
// Clients and server share the machine, and all times are of the wall clock.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "embatch/sim/simulated_provider.h"
#include "options.h"
#include "server.h"

namespace batch_server {
namespace {

void Must(bool succeeds, absl::string_view what) {
  if (succeeds) return;
  std::cerr << "a benchmark's own call failed: " << what << "\n";
  std::abort();
}

// A connection that asks and waits, as an SDK does.
class Client {
 public:
  explicit Client(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Must(connect(socket_, reinterpret_cast<sockaddr*>(&address),
                 sizeof(address)) == 0,
         "connect");
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The response, head and body.
  const std::string& Ask(absl::string_view operation, absl::string_view body) {
    const std::string request = absl::StrCat(
        "POST /v1/", operation, " HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        "Content-Type: application/json\r\nAuthorization: AWS4-HMAC-SHA256 "
        "Credential=A/20260101/us-east-1/batch/aws4_request\r\n",
        "Content-Length: ", body.size(), "\r\n\r\n", body);
    Must(send(socket_, request.data(), request.size(), 0) ==
             static_cast<ssize_t>(request.size()),
         "send");
    response_.clear();
    while (!IsWhole()) {
      char piece[1 << 14];
      const ssize_t size = recv(socket_, piece, sizeof(piece), 0);
      Must(size > 0, "recv");
      response_.append(piece, static_cast<size_t>(size));
    }
    return response_;
  }

  void MustAsk(absl::string_view operation, absl::string_view body) {
    const std::string& response = Ask(operation, body);
    Must(absl::string_view(response).substr(0, 12) == "HTTP/1.1 200", response);
  }

 private:
  bool IsWhole() const {
    constexpr absl::string_view kLength = "Content-Length: ";
    const absl::string_view all = response_;
    const size_t end = all.find("\r\n\r\n");
    const size_t length = all.find(kLength);
    if (end == absl::string_view::npos || length > end) return false;
    const absl::string_view digits = all.substr(length + kLength.size());
    size_t bytes = 0;
    Must(absl::SimpleAtoi(digits.substr(0, digits.find('\r')), &bytes),
         "Content-Length");
    return all.size() == end + 4 + bytes;
  }

  const int socket_;
  std::string response_;
};

// A simulated server with a queue, and a thread that owns its schedulers.
class World {
 public:
  World() {
    Options options;
    options.bind = "127.0.0.1";
    options.regions = {"us-east-1"};
    options.account = "000000000000";
    options.simulated = true;
    options.instance_types = embatch::SimulatedInstanceTypes();
    auto server = Server::Create(options);
    Must(server.ok(), "Server::Create");
    server_ = *std::move(server);
    thread_ = std::thread([this] { Must(server_->Run().ok(), "Run"); });
    Client client(server_->port());
    client.MustAsk(
        "createcomputeenvironment",
        R"({"computeEnvironmentName":"machines","type":"MANAGED",)"
        R"("computeResources":{"type":"EC2","minvCpus":0,"maxvCpus":64,)"
        R"("instanceTypes":["optimal"],"subnets":["s"],"instanceRole":"r",)"
        R"("securityGroupIds":["g"]}})");
    client.MustAsk("createjobqueue", R"({"jobQueueName":"queue","priority":1,)"
                                     R"("computeEnvironmentOrder":[{"order":1,)"
                                     R"("computeEnvironment":"machines"}]})");
    client.MustAsk("registerjobdefinition",
                   R"({"jobDefinitionName":"convert","type":"container",)"
                   R"("containerProperties":{"image":"convert",)"
                   R"("command":["convert","Ref::file"],"vcpus":1,)"
                   R"("memory":512},"parameters":{"file":"none"}})");
  }
  ~World() {
    server_->Stop();
    thread_.join();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  int port() const { return server_->port(); }

 private:
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

constexpr char kSubmit[] =
    R"({"jobName":"convert-17","jobQueue":"queue","jobDefinition":"convert",)"
    R"("parameters":{"file":"s3://bucket/17.png"}})";

void BM_HttpSubmitJob(benchmark::State& state) {
  const auto clients = static_cast<size_t>(state.range(0));
  const int64_t requests = state.range(1);
  World world;
  int64_t items = 0;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < clients; ++i) {
      threads.emplace_back([&world, requests, clients] {
        Client client(world.port());
        const auto share = requests / static_cast<int64_t>(clients);
        for (int64_t n = 0; n < share; ++n)
          client.MustAsk("submitjob", kSubmit);
      });
    }
    for (std::thread& thread : threads) thread.join();
    items += requests;
  }
  state.SetItemsProcessed(items);
  state.counters["ns_a_request"] = benchmark::Counter(
      static_cast<double>(items) * 1e-9,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_HttpSubmitJob)
    ->ArgNames({"clients", "requests"})
    ->Args({8, 400})
    ->Args({1, 20000})
    ->Args({8, 40000})
    ->Args({64, 40000})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->UseRealTime();

}  // namespace
}  // namespace batch_server
