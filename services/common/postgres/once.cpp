#include "services/common/postgres/once.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/crypto.h"

namespace gatehouse {
namespace {

using google::protobuf::Message;

constexpr char kFind[] =
    "SELECT fingerprint, response FROM once "
    "WHERE organisation_id = $1 AND caller = $2 AND request_id = $3";

// Waits for another transaction that is writing the same row.
constexpr char kBegin[] =
    "INSERT INTO once (organisation_id, caller, request_id, fingerprint) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT DO NOTHING RETURNING 1";

constexpr char kEnd[] =
    "UPDATE once SET response = $4 "
    "WHERE organisation_id = $1 AND caller = $2 AND request_id = $3";

std::string TextOf(const Message& message, const char* name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return "";
  return message.GetReflection()->GetString(message, field);
}

std::string Deterministic(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

std::string FingerprintOf(const Message& request) {
  const std::unique_ptr<Message> content(request.New());
  content->CopyFrom(request);
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  content->GetReflection()->ClearField(content.get(), field);
  return Sha256(absl::StrCat(request.GetDescriptor()->full_name(), "\n", Deterministic(*content)));
}

// Binds a sealed answer to its row.
std::string ContextOf(const Once::Key& key) {
  return absl::StrCat(key.organisation_id, "\n", key.caller, "\n", key.request_id);
}

Rows RowsOf(const Once::Key& key) {
  return key.organisation_id.empty() ? Rows::OfAll() : Rows::Of(key.organisation_id);
}

absl::Status Take(const std::string& first, Message& response) {
  if (response.ParseFromString(first)) return absl::OkStatus();
  return absl::InternalError("the first answer to a request_id cannot be read");
}

}  // namespace

std::string Once::SpaceOf(const Caller& caller, const Message& request) {
  switch (caller.kind) {
    case CallerKind::kOperator:
      return "operator";
    case CallerKind::kStaff:
      if (caller.ancestors.empty() || caller.actor_id == caller.credential_id) {
        return absl::StrCat("staff/", caller.credential_id);
      }
      return absl::StrCat("staff/", caller.ancestors.front(), "/", caller.actor_id);
    case CallerKind::kClient: {
      const CaseAccess* const access = caller.AccessTo(TextOf(request, "case_id"));
      return absl::StrCat("client/", caller.actor_id, "/",
                          access == nullptr ? "" : access->contact_id);
    }
    case CallerKind::kService:
      return absl::StrCat("service/", caller.actor_id);
    default:
      return "anyone";
  }
}

Once::Key Once::KeyOf(const Call& call, const Message& request) {
  return {call.caller.organisation_id, SpaceOf(call.caller, request), TextOf(request, "request_id"),
          FingerprintOf(request)};
}

absl::StatusOr<std::optional<std::string>> Once::Find(Transaction& transaction, const Key& key) {
  const auto rows = transaction.Exec(kFind, key.organisation_id, key.caller, key.request_id);
  if (rows.empty()) return std::nullopt;
  if (BytesFromSql(rows[0]["fingerprint"]) != key.fingerprint) {
    return Refuse(common::v1::REQUEST_ID_REUSED,
                  "this request id stands for another request: use a new one");
  }
  return Open(key_, ContextOf(key), BytesFromSql(rows[0]["response"]));
}

absl::StatusOr<std::optional<std::string>> Once::Find(const Key& key) {
  return postgres_.Read(RowsOf(key),
                        [&](Transaction& transaction) { return Find(transaction, key); });
}

absl::Status Once::RunUntyped(const Key& key, Message& response,
                              const std::function<absl::Status()>& f) {
  ASSIGN_OR_RETURN(const std::optional<std::string> known, Find(key));
  if (known.has_value()) return Take(*known, response);
  // What another one, that ran at the same time, was answered; or why this one may not run.
  absl::StatusOr<std::optional<std::string>> other = std::nullopt;
  const auto begin = [&](Transaction& transaction) -> absl::Status {
    const auto rows = transaction.Exec(kBegin, key.organisation_id, key.caller, key.request_id,
                                       Bytes(key.fingerprint));
    if (!rows.empty()) return absl::OkStatus();
    other = Find(transaction, key);
    return absl::AbortedError("the request is being answered already");
  };
  const auto end = [&](Transaction& transaction) -> absl::Status {
    const std::string sealed = Seal(key_, ContextOf(key), response.SerializeAsString());
    transaction.Exec(kEnd, key.organisation_id, key.caller, key.request_id, Bytes(sealed));
    return absl::OkStatus();
  };
  const absl::Status status = postgres_.Together({RowsOf(key), begin, end}, f);
  RETURN_IF_ERROR(other.status());
  if (other->has_value()) return Take(**other, response);
  return status;
}

}  // namespace gatehouse
