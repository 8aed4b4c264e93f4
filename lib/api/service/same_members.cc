// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/same_members.h"

#include <vector>

#include "google/protobuf/descriptor.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool AreAlike(const FieldDescriptor& a, const FieldDescriptor& b) {
  return a.cpp_type() == b.cpp_type() && a.message_type() == b.message_type() &&
         a.enum_type() == b.enum_type() && !a.is_repeated() && !b.is_repeated();
}

// Of the types that members of AWS's structures have.
void Copy(const Message& from, const FieldDescriptor& source, Message& to,
          const FieldDescriptor& target) {
  const Reflection& reader = *from.GetReflection();
  const Reflection& writer = *to.GetReflection();
  switch (source.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return writer.SetInt32(&to, &target, reader.GetInt32(from, &source));
    case FieldDescriptor::CPPTYPE_INT64:
      return writer.SetInt64(&to, &target, reader.GetInt64(from, &source));
    case FieldDescriptor::CPPTYPE_BOOL:
      return writer.SetBool(&to, &target, reader.GetBool(from, &source));
    case FieldDescriptor::CPPTYPE_ENUM:
      return writer.SetEnumValue(&to, &target,
                                 reader.GetEnumValue(from, &source));
    case FieldDescriptor::CPPTYPE_STRING:
      return writer.SetString(&to, &target, reader.GetString(from, &source));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return writer.SetFloat(&to, &target, reader.GetFloat(from, &source));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return writer.SetDouble(&to, &target, reader.GetDouble(from, &source));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      writer.MutableMessage(&to, &target)
          ->CopyFrom(reader.GetMessage(from, &source));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return;
  }
}

}  // namespace

void CopySameMembers(const Message& from, Message& to) {
  // Few of the members are set, and to look one up by its name is dear.
  std::vector<const FieldDescriptor*> given;
  from.GetReflection()->ListFields(from, &given);
  for (const FieldDescriptor* source : given) {
    const FieldDescriptor* target =
        to.GetDescriptor()->FindFieldByName(source->name());
    if (target != nullptr && AreAlike(*source, *target)) {
      Copy(from, *source, to, *target);
    }
  }
}

}  // namespace api
}  // namespace embatch
