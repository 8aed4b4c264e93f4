// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/operation.h"

#include <algorithm>
#include <vector>

#include "embatch/api/batch.pb.h"
#include "embatch/api/options.pb.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

std::vector<Operation> ReadOperations() {
  // By way of a message of batch.proto, so that a linker which takes only what
  // is named takes that file too.
  const ServiceDescriptor* service =
      ClientException::descriptor()->file()->service(0);
  MessageFactory* factory = MessageFactory::generated_factory();
  std::vector<Operation> operations;
  for (int i = 0; i < service->method_count(); ++i) {
    const MethodDescriptor* method = service->method(i);
    const model::Http& http = method->options().GetExtension(model::http);
    operations.push_back({method->name(), http.method(), http.path(),
                          factory->GetPrototype(method->input_type()),
                          factory->GetPrototype(method->output_type())});
  }
  std::sort(
      operations.begin(), operations.end(),
      [](const Operation& a, const Operation& b) { return a.name < b.name; });
  return operations;
}

}  // namespace

absl::Span<const Operation> Operations() {
  static const auto* const operations =
      new std::vector<Operation>(ReadOperations());
  return *operations;
}

const Operation* FindOperation(absl::string_view name) {
  const absl::Span<const Operation> all = Operations();
  const auto* found = std::lower_bound(
      all.begin(), all.end(), name,
      [](const Operation& operation, absl::string_view wanted) {
        return operation.name < wanted;
      });
  return found != all.end() && found->name == name ? found : nullptr;
}

}  // namespace api
}  // namespace embatch
