// SPDX-License-Identifier: Apache-2.0
//
// A host program for tests to kill: runs a shell script as a container until
// somebody does. Writes a line to stdout when it runs, saying how it is
// limited.
//
//   local_test_host LOG_FOLDER off|auto [outlive] SCRIPT
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "embatch/local/local_runtime.h"
#include "embatch/local/waker.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  auto waker = embatch::Waker::Create();
  if (!waker.ok()) return 3;
  embatch::LocalRuntimeOptions options;
  options.log_folder = argv[1];
  options.waker = waker->get();
  options.limits = std::strcmp(argv[2], "off") == 0
                       ? embatch::LocalRuntimeOptions::Limits::kOff
                       : embatch::LocalRuntimeOptions::Limits::kAuto;
  options.children_outlive_host = std::strcmp(argv[3], "outlive") == 0;
  auto runtime = embatch::LocalRuntime::Create(options);
  if (!runtime.ok()) {
    std::cerr << runtime.status() << "\n";
    return 4;
  }

  const std::vector<std::string> command = {"/bin/sh", "-c", argv[argc - 1]};
  embatch::ContainerSpec spec;
  spec.container.attempt = {{1, 1, -1}, 1};
  spec.command = command;
  spec.resources = embatch::Resources::Of(1, 64);
  spec.job_definition = "definition";
  (*runtime)->Start(spec);
  std::cout << (*runtime)->LimitsText() << std::endl;
  std::vector<embatch::ContainerReport> reports;
  for (;;) {
    (*waker)->WaitUntil(absl::InfiniteFuture());
    (*runtime)->Poll(absl::Now(), 1000, reports);
  }
}
