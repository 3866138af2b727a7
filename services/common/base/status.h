#pragma once

// Refusals and faults. A refusal is for the caller: a canonical code, a stable reason and a
// sentence that says what to do. Any other error is a fault: it is logged, and the caller reads
// "internal error". Unavailable, Aborted and DeadlineExceeded keep their code without a reason,
// under a fixed text; the first and the last say when to come back, in a second where nobody knows
// better.
//
// A reason is a value of the enum `Reason` in some package's reasons.proto, where its code stands
// beside it, and what it means. On the wire it is its name.

#include <google/protobuf/generated_enum_reflection.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace google::protobuf {
class EnumValueDescriptor;
}
namespace google::rpc {
class Status;
}

namespace gatehouse {

// One field of the request that is wrong; `field` is its path in proto names (`contacts[0].email`).
struct FieldViolation {
  std::string field;
  std::string description;
};

// One condition that is not met, by its UPPER_SNAKE type and the thing that it is about.
struct Violation {
  std::string type;
  std::string subject;
  std::string description;
};

// Refuse(identity::v1::CODE_WRONG, "the code is not right")
absl::Status RefuseBy(const google::protobuf::EnumValueDescriptor& reason,
                      const std::string& message);
template <typename Reason>
absl::Status Refuse(Reason reason, const std::string& message) {
  return RefuseBy(*google::protobuf::GetEnumDescriptor<Reason>()->FindValueByNumber(reason),
                  message);
}

// INVALID_ARGUMENT, reason INVALID_REQUEST.
absl::Status RefuseFields(const std::vector<FieldViolation>& violations);
absl::Status RefuseField(const std::string& field, const std::string& description);

// The refusal with every unmet condition at once.
absl::Status WithViolations(absl::Status refusal, const std::vector<Violation>& violations);

// The refusal that says when to come back; in whole seconds, one at least.
absl::Status WithWait(absl::Status refusal, absl::Duration wait);
template <typename Reason>
absl::Status RefuseUntil(Reason reason, const std::string& message, absl::Duration wait) {
  return WithWait(Refuse(reason, message), wait);
}

// Adds a machine-readable fact to a refusal, such as attemptsLeft=3. REST shows it as a member. The
// reason declares it.
absl::Status WithFact(absl::Status refusal, const std::string& name, const std::string& value);

// The reason of a refusal; empty for OK and for faults.
std::string ReasonOf(const absl::Status& status);
// The facts, wait and violations of a refusal, for tests and the gateway.
std::map<std::string, std::string> FactsOf(const absl::Status& status);

// The wire form (google.rpc.Status). A fault loses its text here: see the head of this file.
google::rpc::Status ToRpcStatus(const absl::Status& status);
absl::Status FromRpcStatus(const google::rpc::Status& status);

}  // namespace gatehouse

#define GATEHOUSE_CONCAT_(a, b) a##b
#define GATEHOUSE_CONCAT(a, b) GATEHOUSE_CONCAT_(a, b)

#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_(GATEHOUSE_CONCAT(status_or_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_(result, declaration, expression) \
  auto result = (expression);                              \
  if (!result.ok()) return std::move(result).status();     \
  declaration = *std::move(result)
