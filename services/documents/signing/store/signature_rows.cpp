#include "services/documents/signing/store/signature_rows.h"

#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "services/common/postgres/arrays.h"
#include "services/documents/signing/store/field_rows.h"

namespace gatehouse::documents {
namespace {

constexpr char kColumns[] =
    "signature_request_id, case_id, document_id, title, filename, content_type, size_bytes, "
    "sha256, method, state, in_order, countersign, message, sender_name, countersigned_name, "
    "end_reason, create_time, expire_time, end_time, next_look, sealed_document_id, sealed_sha256, "
    "seal_refusal";

// A client ($3) finds what it has been asked to sign.
constexpr char kVisible[] =
    " organisation_id = $1 AND case_id = $2 AND ($3 = '' OR EXISTS (SELECT FROM signer s "
    "WHERE s.organisation_id = r.organisation_id "
    "AND s.signature_request_id = r.signature_request_id AND s.contact_id = $3 AND s.state > 1)) ";

const char* OneSql() {
  static const std::string sql =
      absl::StrCat("SELECT ", kColumns, " FROM signature_request r WHERE", kVisible,
                   "AND signature_request_id = $4");
  return sql.c_str();
}
const char* PageSql() {
  static const std::string sql =
      absl::StrCat("SELECT ", kColumns, " FROM signature_request r WHERE", kVisible,
                   "AND signature_request_id < $4 ORDER BY signature_request_id DESC LIMIT $5");
  return sql.c_str();
}

absl::Time TimeOf(const pqxx::field& field) {
  return field.is_null() ? absl::InfinitePast() : TimeFromSql(field);
}
std::optional<std::string> TimeToSql(absl::Time time) {
  if (time == absl::InfinitePast()) return std::nullopt;
  return ToSql(time);
}

SignatureRequest RequestFrom(const std::string& organisation_id, const pqxx::row& row) {
  return {.organisation_id = organisation_id,
          .signature_request_id = row["signature_request_id"].c_str(),
          .case_id = row["case_id"].c_str(),
          .document_id = row["document_id"].c_str(),
          .title = row["title"].c_str(),
          .filename = row["filename"].c_str(),
          .content_type = row["content_type"].c_str(),
          .size_bytes = row["size_bytes"].as<int64_t>(),
          .sha256 = row["sha256"].c_str(),
          .method = static_cast<SignatureMethod>(row["method"].as<int>()),
          .state = static_cast<SignatureState>(row["state"].as<int>()),
          .in_order = row["in_order"].as<bool>(),
          .countersign = row["countersign"].as<bool>(),
          .message = row["message"].c_str(),
          .sender_name = row["sender_name"].c_str(),
          .countersigned_name = row["countersigned_name"].c_str(),
          .end_reason = row["end_reason"].c_str(),
          .create_time = TimeFromSql(row["create_time"]),
          .expire_time = TimeFromSql(row["expire_time"]),
          .end_time = TimeOf(row["end_time"]),
          .next_look = TimeFromSql(row["next_look"]),
          .sealed_document_id = row["sealed_document_id"].c_str(),
          .sealed_sha256 = row["sealed_sha256"].c_str(),
          .seal_refusal = row["seal_refusal"].c_str()};
}

Signer SignerFrom(const pqxx::row& row) {
  return {.contact_id = row["contact_id"].c_str(),
          .name = row["name"].c_str(),
          .state = static_cast<SignerState>(row["state"].as<int>()),
          .ask_time = TimeOf(row["ask_time"]),
          .see_time = TimeOf(row["see_time"]),
          .consent_time = TimeOf(row["consent_time"]),
          .sign_time = TimeOf(row["sign_time"]),
          .typed_name = row["typed_name"].c_str(),
          .drawn_png = BytesFromSql(row["drawn_png"]),
          .masked_mobile = row["masked_mobile"].c_str(),
          .signed_document_id = row["signed_document_id"].c_str(),
          .return_reason = row["return_reason"].c_str(),
          .reminders = row["reminders"].as<int>(),
          .passkey_id = row["passkey_id"].c_str(),
          .passkey_name = row["passkey_name"].c_str()};
}

std::vector<SignatureRequest> WithSigners(Transaction& transaction,
                                          const std::string& organisation_id,
                                          const pqxx::result& rows) {
  std::vector<SignatureRequest> requests;
  std::vector<std::string> ids;
  std::map<std::string, size_t> places;
  for (const auto& row : rows) {
    requests.push_back(RequestFrom(organisation_id, row));
    ids.push_back(requests.back().signature_request_id);
    places[ids.back()] = requests.size() - 1;
  }
  if (ids.empty()) return requests;
  for (const auto& row : transaction.Exec(
           "SELECT * FROM signer WHERE organisation_id = $1 "
           "AND signature_request_id = ANY ($2::text[]) ORDER BY signature_request_id, position",
           organisation_id, SqlArray(ids))) {
    requests[places.at(row["signature_request_id"].c_str())].signers.push_back(SignerFrom(row));
  }
  LoadSignatureFields(transaction, requests);
  return requests;
}

}  // namespace

std::vector<SignatureRequest> LoadSignatureRequest(Transaction& transaction,
                                                   const SignatureName& name,
                                                   const std::string& contact_id) {
  return WithSigners(transaction, name.organisation_id,
                     transaction.Exec(OneSql(), name.organisation_id, name.case_id, contact_id,
                                      name.signature_request_id));
}

std::vector<SignatureRequest> LoadSignatureRequests(Transaction& transaction,
                                                    const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const std::string& contact_id,
                                                    const Page& page) {
  return WithSigners(transaction, organisation_id,
                     transaction.Exec(PageSql(), organisation_id, case_id, contact_id,
                                      page.Below("sig"), page.limit()));
}

void InsertSignatureRequest(Transaction& transaction, const SignatureRequest& request) {
  const SignatureRequest& r = request;
  transaction.Exec(
      "INSERT INTO signature_request (organisation_id, signature_request_id, case_id, document_id, "
      "title, filename, content_type, size_bytes, sha256, method, state, in_order, countersign, "
      "message, sender_name, create_time, expire_time, next_look) VALUES ($1, $2, $3, $4, $5, $6, "
      "$7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
      r.organisation_id, r.signature_request_id, r.case_id, r.document_id, r.title, r.filename,
      r.content_type, r.size_bytes, r.sha256, static_cast<int>(r.method), static_cast<int>(r.state),
      r.in_order, r.countersign, r.message, r.sender_name, ToSql(r.create_time),
      ToSql(r.expire_time), ToSql(r.next_look));
  for (size_t i = 0; i < r.signers.size(); ++i) {
    const Signer& signer = r.signers[i];
    transaction.Exec(
        "INSERT INTO signer (organisation_id, signature_request_id, position, contact_id, name, "
        "state, ask_time) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        r.organisation_id, r.signature_request_id, static_cast<int>(i), signer.contact_id,
        signer.name, static_cast<int>(signer.state), TimeToSql(signer.ask_time));
  }
  InsertSignatureFields(transaction, r);
}

void SaveSignatureRequest(Transaction& transaction, const SignatureRequest& request) {
  const SignatureRequest& r = request;
  transaction.Exec(
      "UPDATE signature_request SET state = $3, countersigned_name = $4, end_reason = $5, "
      "end_time = $6, next_look = $7 WHERE organisation_id = $1 AND signature_request_id = $2",
      r.organisation_id, r.signature_request_id, static_cast<int>(r.state), r.countersigned_name,
      r.end_reason, TimeToSql(r.end_time), ToSql(r.next_look));
  for (size_t i = 0; i < r.signers.size(); ++i) {
    const Signer& s = r.signers[i];
    transaction.Exec(
        "UPDATE signer SET state = $4, ask_time = $5, see_time = $6, consent_time = $7, "
        "sign_time = $8, typed_name = $9, drawn_png = $10, masked_mobile = $11, "
        "signed_document_id = $12, return_reason = $13, reminders = $14, passkey_id = $15, "
        "passkey_name = $16 WHERE organisation_id = $1 AND signature_request_id = $2 AND position "
        "= $3",
        r.organisation_id, r.signature_request_id, static_cast<int>(i), static_cast<int>(s.state),
        TimeToSql(s.ask_time), TimeToSql(s.see_time), TimeToSql(s.consent_time),
        TimeToSql(s.sign_time), s.typed_name, Bytes(s.drawn_png), s.masked_mobile,
        s.signed_document_id, s.return_reason, s.reminders, s.passkey_id, s.passkey_name);
  }
  SaveSignatureFields(transaction, r);
}

void InsertSignatureEvents(Transaction& transaction, const SignatureChange& change) {
  for (const SignatureEvent& event : change.events) {
    transaction.Exec(
        "INSERT INTO signature_event (organisation_id, signature_request_id, time, type, "
        "contact_id, actor_name, client_address, user_agent) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        change.request.organisation_id, change.request.signature_request_id, ToSql(event.time),
        event.type, event.contact_id, event.actor_name, event.device.client_address,
        event.device.user_agent);
  }
}

SignatureEvent SignatureEventFrom(const pqxx::row& row) {
  return {.time = TimeFromSql(row["time"]),
          .type = row["type"].c_str(),
          .contact_id = row["contact_id"].c_str(),
          .actor_name = row["actor_name"].c_str(),
          .device = {row["client_address"].c_str(), row["user_agent"].c_str()}};
}

}  // namespace gatehouse::documents
