#include "services/common/rpc/page_cut.h"

#include <algorithm>

namespace gatehouse {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool HalvePage(const Message& answer, Message& request) {
  const FieldDescriptor* size = request.GetDescriptor()->FindFieldByName("page_size");
  if (size == nullptr || size->cpp_type() != FieldDescriptor::CPPTYPE_INT32) return false;
  if (answer.ByteSizeLong() <= kAnswerMax) return false;
  int rows = 0;
  for (int i = 0; i < answer.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = answer.GetDescriptor()->field(i);
    if (field->is_repeated()) {
      rows = std::max(rows, answer.GetReflection()->FieldSize(answer, field));
    }
  }
  if (rows < 2) return false;
  request.GetReflection()->SetInt32(&request, size, rows / 2);
  return true;
}

}  // namespace gatehouse
