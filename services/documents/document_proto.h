#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

namespace pb = v1;

pb::Document ToProto(const Document& document);

}  // namespace gatehouse::documents
