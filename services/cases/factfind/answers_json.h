#pragma once

#include <google/protobuf/struct.pb.h>

#include "services/cases/factfind/domain/progress.h"

namespace gatehouse::cases {

// Answers as JSON, for CRMs that map them: by section, then by field, without what is not shown or
// not answered. No number is one of JSON's, which are floats: decimals, and the minor units of
// money, are strings.
google::protobuf::Struct AnswersJson(const Flow& flow, const Answers& answers);

// The JSON Schema (2020-12) of that. It has no pattern but our own.
google::protobuf::Struct SchemaJson(const Flow& flow);

}  // namespace gatehouse::cases
