#include "services/documents/signing/store/postgres_signatures.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"
#include "services/documents/requests/store/request_rows.h"
#include "services/documents/signing/store/signature_rows.h"

namespace gatehouse::documents {
namespace {

absl::Status NotFound() {
  return Refuse(common::v1::NOT_FOUND, "there is no such signature request");
}

absl::Status CheckLimit(Transaction& tx, const SignatureRequest& request, int max) {
  const auto counted = tx.Exec(
      "SELECT count(*) AS requests FROM signature_request WHERE organisation_id = $1 "
      "AND case_id = $2",
      request.organisation_id, request.case_id);
  if (counted[0]["requests"].as<int64_t>() < max) return absl::OkStatus();
  return WithFact(Refuse(v1::SIGNATURE_REQUEST_LIMIT_REACHED,
                         "the case has as many signature requests as it may have"),
                  "max", absl::StrCat(max));
}

}  // namespace

absl::Status PostgresSignatures::Add(const SignatureChange& change,
                                     const std::vector<SignatureNotice>& notices, int max) {
  const SignatureRequest& request = change.request;
  return postgres_.Write(Rows::Of(request.organisation_id), [&](Transaction& tx) -> absl::Status {
    LockCase(tx, request.organisation_id, request.case_id);
    const auto noted = tx.Exec(
        "DELETE FROM loose_blob WHERE organisation_id = $1 AND document_id = $2 RETURNING 1",
        request.organisation_id, request.signature_request_id);
    if (noted.empty()) return absl::AbortedError("the bytes to sign may be gone");
    RETURN_IF_ERROR(CheckLimit(tx, request, max));
    InsertSignatureRequest(tx, request);
    InsertSignatureEvents(tx, change);
    effects_.Follow(tx, change, notices);
    effects_.LookAt(tx, request);
    return absl::OkStatus();
  });
}

absl::StatusOr<SignatureRequest> PostgresSignatures::Change(const SignatureName& name,
                                                            const Step& step) {
  using Result = absl::StatusOr<SignatureRequest>;
  return postgres_.Write(Rows::Of(name.organisation_id), [&](Transaction& tx) -> Result {
    LockCase(tx, name.organisation_id, name.case_id);
    const auto found = LoadSignatureRequest(tx, name, "");
    if (found.empty()) return NotFound();
    ASSIGN_OR_RETURN(const Followed followed, step(found[0]));
    const SignatureRequest& changed = followed.change.request;
    const bool looks = changed.next_look != found[0].next_look;
    if (followed.change.events.empty() && !looks) return changed;
    SaveSignatureRequest(tx, changed);
    InsertSignatureEvents(tx, followed.change);
    effects_.Follow(tx, followed.change, followed.notices);
    if (looks) effects_.LookAt(tx, changed);
    if (effects_.seals()) AskForSeal(tx, changed);
    return changed;
  });
}

// In the transaction of who signs last. Where nothing is to be sealed it changes nothing.
void PostgresSignatures::AskForSeal(Transaction& tx, const SignatureRequest& request) {
  const auto asked = tx.Exec(
      "UPDATE signature_request SET seal_asked = true WHERE organisation_id = $1 "
      "AND signature_request_id = $2 AND state = 3 AND method = 1 AND NOT seal_asked RETURNING 1",
      request.organisation_id, request.signature_request_id);
  if (asked.empty()) return;
  effects_.SealLater(tx, {request.organisation_id, request.case_id, request.signature_request_id});
}

absl::StatusOr<int> PostgresSignatures::AskForSeals(int max) {
  return postgres_.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<int> {
    // What another replica asks for is left to it.
    const auto asked = tx.Exec(
        "UPDATE signature_request r SET seal_asked = true FROM (SELECT organisation_id, "
        "signature_request_id FROM signature_request WHERE state = 3 AND method = 1 "
        "AND NOT seal_asked LIMIT $1 FOR UPDATE SKIP LOCKED) AS signed "
        "WHERE r.organisation_id = signed.organisation_id "
        "AND r.signature_request_id = signed.signature_request_id "
        "RETURNING r.organisation_id, r.case_id, r.signature_request_id",
        max);
    for (const auto& row : asked) {
      effects_.SealLater(tx, {row["organisation_id"].c_str(), row["case_id"].c_str(),
                              row["signature_request_id"].c_str()});
    }
    return static_cast<int>(asked.size());
  });
}

absl::StatusOr<SignatureRequest> PostgresSignatures::Get(const SignatureName& name,
                                                         const std::string& contact_id) {
  using Result = absl::StatusOr<SignatureRequest>;
  return postgres_.Read(Rows::Of(name.organisation_id), [&](Transaction& tx) -> Result {
    auto found = LoadSignatureRequest(tx, name, contact_id);
    if (found.empty()) return NotFound();
    return std::move(found[0]);
  });
}

absl::StatusOr<std::vector<SignatureRequest>> PostgresSignatures::List(
    const std::string& organisation_id, const std::string& case_id, const std::string& contact_id,
    const Page& page) {
  using Result = absl::StatusOr<std::vector<SignatureRequest>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return LoadSignatureRequests(tx, organisation_id, case_id, contact_id, page);
  });
}

absl::StatusOr<std::vector<SignatureEvent>> PostgresSignatures::Events(const SignatureName& name) {
  using Result = absl::StatusOr<std::vector<SignatureEvent>>;
  return postgres_.Read(Rows::Of(name.organisation_id), [&](Transaction& tx) -> Result {
    std::vector<SignatureEvent> events;
    for (const auto& row : tx.Exec("SELECT * FROM signature_event WHERE organisation_id = $1 "
                                   "AND signature_request_id = $2 ORDER BY number LIMIT 1000",
                                   name.organisation_id, name.signature_request_id)) {
      events.push_back(SignatureEventFrom(row));
    }
    return events;
  });
}

absl::StatusOr<std::string> PostgresSignatures::KeepSealed(const SignatureName& name,
                                                           const KeepDocument& keep) {
  using Result = absl::StatusOr<std::string>;
  return postgres_.Write(Rows::Of(name.organisation_id), [&](Transaction& tx) -> Result {
    // It joins this transaction, and comes first: it locks the organisation's usage before the
    // case's, as all do.
    ASSIGN_OR_RETURN(const Document document, keep());
    const auto noted = tx.Exec(
        "UPDATE signature_request SET sealed_document_id = $4, sealed_sha256 = $5 "
        "WHERE organisation_id = $1 AND case_id = $2 AND signature_request_id = $3 "
        "AND sealed_document_id = '' AND seal_refusal = '' RETURNING document_id",
        name.organisation_id, name.case_id, name.signature_request_id, document.document_id,
        document.sha256);
    if (noted.empty()) return absl::AbortedError("another one sealed it meanwhile");
    effects_.Sealed(tx, name, noted[0]["document_id"].c_str(), document.document_id);
    return document.document_id;
  });
}

absl::Status PostgresSignatures::NoteUnsealed(const SignatureName& name,
                                              const std::string& refusal) {
  return postgres_.WriteOne(Rows::Of(name.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "UPDATE signature_request SET seal_refusal = $4 WHERE organisation_id = $1 "
        "AND case_id = $2 AND signature_request_id = $3 AND sealed_document_id = ''",
        name.organisation_id, name.case_id, name.signature_request_id, refusal);
    return absl::OkStatus();
  });
}

absl::StatusOr<SignatureRequest> PostgresSignatures::FindSealed(const std::string& sha256) {
  using Result = absl::StatusOr<SignatureRequest>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(
        "SELECT organisation_id, case_id, signature_request_id FROM signature_request "
        "WHERE sealed_sha256 = $1 LIMIT 1",
        sha256);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "no such file was sealed here");
    const SignatureName name = {found[0]["organisation_id"].c_str(), found[0]["case_id"].c_str(),
                                found[0]["signature_request_id"].c_str()};
    auto requests = LoadSignatureRequest(tx, name, "");
    if (requests.empty()) return NotFound();
    return std::move(requests[0]);
  });
}

absl::StatusOr<SignatureStates> PostgresSignatures::StatesOf(
    const std::string& organisation_id, const std::string& contact_id,
    const std::vector<std::string>& document_ids) {
  if (document_ids.empty()) return SignatureStates();
  using Result = absl::StatusOr<SignatureStates>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    SignatureStates states;
    for (const auto& row :
         tx.Exec("SELECT asked.id, latest.state FROM unnest($3::text[]) AS asked(id), LATERAL ("
                 "SELECT state FROM signature_request r WHERE organisation_id = $1 "
                 "AND document_id = asked.id AND ($2 = '' OR EXISTS (SELECT FROM signer s "
                 "WHERE s.organisation_id = r.organisation_id "
                 "AND s.signature_request_id = r.signature_request_id AND s.contact_id = $2 "
                 "AND s.state > 1)) ORDER BY signature_request_id DESC LIMIT 1) AS latest",
                 organisation_id, contact_id, SqlArray(document_ids))) {
      states[row["id"].c_str()] = static_cast<SignatureState>(row["state"].as<int>());
    }
    return states;
  });
}

}  // namespace gatehouse::documents
