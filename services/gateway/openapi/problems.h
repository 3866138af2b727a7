#pragma once

#include <map>
#include <set>
#include <string>

#include "services/gateway/openapi/comments.h"
#include "services/gateway/openapi/schemas.h"
#include "services/gateway/routes/route_table.h"

namespace gatehouse::gateway {

// Every answer of an operation that is not its success: by status, with the reasons that it may
// have, each a schema of its own, so that who reads `reason` knows which facts come with it.
class Problems {
 public:
  Problems(Schemas& schemas, const Comments& comments) : schemas_(schemas), comments_(comments) {}

  // Adds them to the operation's responses.
  void AddResponses(const Route& route, Json& responses);

  // `Problem`, and one for each reason that was referred to, such as `CodeWrongProblem`.
  Json All();
  // One body for each reason that was referred to, by its name, and for each fault, by its status:
  // once in the document, whatever refers to it.
  Json AllExamples() const;

 private:
  using Reasons = std::map<std::string, const google::protobuf::EnumValueDescriptor*>;
  static Reasons ReasonsOf(const Route& route);
  Json SchemaOf(const google::protobuf::EnumValueDescriptor& reason);

  Schemas& schemas_;
  const Comments& comments_;
  Reasons needed_;
};

}  // namespace gatehouse::gateway
