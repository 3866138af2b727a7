#include "services/identity/passkeys/store/postgres_passkeys.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/challenges.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/postgres/sql.h"
#include "services/identity/notice_job.h"
#include "services/identity/recovery/domain/recovery_store.h"
#include "services/identity/store/audit.h"
#include "services/identity/store/grants_of.h"
#include "services/identity/store/sessions_of.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

constexpr char kContext[] = "passkey subject";

constexpr char kPasskey[] = "passkey_id, display_name, host, backed_up, create_time, last_use_time";

absl::Status NoSuchPasskey() { return Refuse(common::v1::NOT_FOUND, "there is no such passkey"); }

Passkey PasskeyFrom(const pqxx::row& row) {
  Passkey passkey = {.passkey_id = row["passkey_id"].c_str(),
                     .display_name = row["display_name"].c_str(),
                     .host = row["host"].c_str(),
                     .is_backed_up = row["backed_up"].as<bool>(),
                     .create_time = TimeFromSql(row["create_time"])};
  if (!row["last_use_time"].is_null()) passkey.last_use_time = TimeFromSql(row["last_use_time"]);
  return passkey;
}

absl::StatusOr<Subject> Opened(const Secret& key, const std::string& organisation_id,
                               const pqxx::row& row) {
  ASSIGN_OR_RETURN(const std::string bytes,
                   Open(key, kContext, BytesFromSql(row["sealed_subject"])));
  v1::StartChallengeRequest request;
  if (!request.ParseFromString(bytes)) return absl::DataLossError("a passkey's subject is broken");
  Subject subject = SubjectFrom(organisation_id, request);
  // As the account is known now: the CRM may have corrected the address.
  subject.email = row["email"].c_str();
  subject.resets = row["resets"].as<int64_t>();
  return subject;
}

Job NoticeOf(NoticeKind kind, const Subject& subject) {
  return NoticeJob({kind, subject, subject.organisation_name});
}

}  // namespace

absl::StatusOr<PasskeyStore::Holder> PostgresPasskeyStore::FindHolder(
    const std::string& organisation_id, const std::string& account_id,
    const std::string& session_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Holder> {
    const auto found = tx.Exec(
        "SELECT s.factor_id, a.resets, "
        "s.create_time > clock_timestamp() - make_interval(secs => $4) AS fresh, "
        "(SELECT count(*) FROM passkey AS p WHERE p.organisation_id = $1 AND p.account_id = $2) "
        "AS passkeys FROM session AS s JOIN account AS a USING (organisation_id, account_id) "
        "WHERE s.organisation_id = $1 AND s.account_id = $2 AND s.session_id = $3 "
        "AND s.end_time IS NULL",
        organisation_id, account_id, session_id, absl::ToDoubleSeconds(kFreshSignIn));
    if (found.empty()) {
      return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
    }
    if (!found[0]["fresh"].as<bool>()) {
      return Refuse(v1::SIGN_IN_TOO_OLD, "the sign-in is too long ago for this: sign in again");
    }
    return Holder{found[0]["factor_id"].c_str(), found[0]["resets"].as<int64_t>(),
                  found[0]["passkeys"].as<int>()};
  });
}

absl::StatusOr<std::vector<std::string>> PostgresPasskeyStore::Add(const NewPasskey& added,
                                                                   const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  const StoredPasskey& passkey = added.passkey;
  const Subject& subject = passkey.subject;
  const std::string& id = subject.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> Result {
    // The account first: whoever resets it, corrects its address or adds another one waits, and
    // sees this one then. Who ends the session meanwhile does so after this.
    const auto known = tx.Exec(
        "SELECT FROM account AS a JOIN session AS s USING (organisation_id, account_id) "
        "WHERE a.organisation_id = $1 AND a.account_id = $2 AND a.resets = $3 "
        "AND s.session_id = $4 AND s.end_time IS NULL FOR UPDATE OF a, s",
        id, passkey.account_id, subject.resets, added.session_id);
    if (known.empty()) {
      return Refuse(v1::CHALLENGE_EXPIRED, "the session has ended meanwhile: sign in again");
    }
    // Counted once the lock is held.
    const auto counted = tx.Exec(
        "SELECT count(*) AS passkeys FROM passkey WHERE organisation_id = $1 AND account_id = $2",
        id, passkey.account_id);
    if (counted[0]["passkeys"].as<int>() >= kPasskeysMax) {
      return WithFact(Refuse(v1::TOO_MANY_PASSKEYS, "there are ten: remove one"), "most",
                      absl::StrCat(kPasskeysMax));
    }
    static constexpr auto kAdd =
        Sql("WITH subject AS (INSERT INTO passkey (organisation_id, account_id, passkey_id, host, "
            "credential_id, algorithm, public_key, counter, backed_up, display_name, proven_by, "
            "sealed_subject) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
            "ON CONFLICT (organisation_id, host, credential_id) DO NOTHING "
            "RETURNING organisation_id, passkey_id AS subject_id, $13::text AS case_id), ",
            Audit("$14", "passkey.added", "$2", "$15", "$16", "$17", "$18"),
            "SELECT subject_id FROM subject");
    const auto made =
        tx.Exec(kAdd.c_str(), id, passkey.account_id, passkey.shown.passkey_id, passkey.shown.host,
                Bytes(passkey.key.credential_id), passkey.key.algorithm, Bytes(passkey.key.key),
                static_cast<int64_t>(passkey.key.counter), passkey.shown.is_backed_up,
                passkey.shown.display_name, added.proven_by,
                Bytes(Seal(key_, kContext, ToProto(subject).SerializeAsString())),
                subject.access.case_id, NewId("aud"), call.caller.actor_name, call.client_address,
                call.request_id, call.client_request_id);
    if (made.empty()) {
      return Refuse(v1::PASSKEY_EXISTS, "this passkey is known already: sign in with it");
    }
    jobs_.Add(tx, {NoticeOf(NoticeKind::kPasskeyAdded, subject)});
    return EndSessionsOf(tx, id, {passkey.account_id}, added.session_id);
  });
}

absl::StatusOr<std::vector<Passkey>> PostgresPasskeyStore::List(const std::string& organisation_id,
                                                                const std::string& account_id) {
  using Result = absl::StatusOr<std::vector<Passkey>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Passkey> passkeys;
    static constexpr auto kList =
        Sql("SELECT ", kPasskey,
            " FROM passkey WHERE organisation_id = $1 AND account_id = $2 "
            "ORDER BY create_time, passkey_id LIMIT $3");
    for (const auto& row : tx.Exec(kList.c_str(), organisation_id, account_id, kPasskeysMax)) {
      passkeys.push_back(PasskeyFrom(row));
    }
    return passkeys;
  });
}

absl::StatusOr<Passkey> PostgresPasskeyStore::Rename(const std::string& passkey_id,
                                                     const std::string& display_name,
                                                     const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<Passkey> {
    static constexpr auto kRename =
        Sql("UPDATE passkey SET display_name = $4 WHERE organisation_id = $1 AND account_id = $2 "
            "AND passkey_id = $3 RETURNING ",
            kPasskey);
    const auto renamed =
        tx.Exec(kRename.c_str(), id, call.caller.actor_id, passkey_id, display_name);
    if (renamed.empty()) return NoSuchPasskey();
    return PasskeyFrom(renamed[0]);
  });
}

absl::StatusOr<std::vector<std::string>> PostgresPasskeyStore::Remove(const std::string& passkey_id,
                                                                      const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  const Caller& caller = call.caller;
  const std::string& id = caller.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> Result {
    static constexpr auto kRemove = Sql(
        "WITH gone AS (DELETE FROM passkey WHERE organisation_id = $1 AND account_id = $2 "
        "AND passkey_id = $3 RETURNING organisation_id, account_id, passkey_id, sealed_subject), "
        "subject AS (SELECT organisation_id, passkey_id AS subject_id, ''::text AS case_id "
        "FROM gone), ",
        Audit("$4", "passkey.removed", "$2", "$5", "$6", "$7", "$8"),
        "SELECT g.sealed_subject, a.email, a.resets FROM gone AS g "
        "JOIN account AS a USING (organisation_id, account_id)");
    const auto removed =
        tx.Exec(kRemove.c_str(), id, caller.actor_id, passkey_id, NewId("aud"), caller.actor_name,
                call.client_address, call.request_id, call.client_request_id);
    if (removed.empty()) return NoSuchPasskey();
    ASSIGN_OR_RETURN(const Subject subject, Opened(key_, id, removed[0]));
    jobs_.Add(tx, {NoticeOf(NoticeKind::kPasskeyRemoved, subject)});
    return EndSessionsOf(tx, id, {caller.actor_id}, caller.credential_id);
  });
}

absl::StatusOr<std::vector<std::string>> PostgresPasskeyStore::ListCredentials(
    const std::string& organisation_id, const std::string& account_id, const std::string& host,
    const std::string& proven_by) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<std::string> ids;
    for (const auto& row :
         tx.Exec("SELECT credential_id FROM passkey WHERE organisation_id = $1 "
                 "AND account_id = $2 AND host = $3 AND ($5 = '' OR proven_by = $5) "
                 "ORDER BY create_time LIMIT $4",
                 organisation_id, account_id, host, kPasskeysMax, proven_by)) {
      ids.push_back(BytesFromSql(row["credential_id"]));
    }
    return ids;
  });
}

absl::StatusOr<std::optional<StoredPasskey>> PostgresPasskeyStore::Find(
    const std::string& organisation_id, const std::string& host, const std::string& credential_id) {
  using Result = absl::StatusOr<std::optional<StoredPasskey>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    static constexpr auto kFind = Sql(
        "SELECT ", kPasskey,
        ", p.account_id, credential_id, algorithm, public_key, counter, proven_by, sealed_subject, "
        "a.email, a.resets FROM passkey AS p JOIN (SELECT organisation_id, account_id, email, "
        "resets "
        "FROM account) AS a USING (organisation_id, account_id) "
        "WHERE p.organisation_id = $1 AND p.host = $2 AND p.credential_id = $3");
    const auto rows = tx.Exec(kFind.c_str(), organisation_id, host, Bytes(credential_id));
    if (rows.empty()) return std::nullopt;
    const pqxx::row& row = rows[0];
    StoredPasskey passkey = {.shown = PasskeyFrom(row),
                             .account_id = row["account_id"].c_str(),
                             .key = {.credential_id = BytesFromSql(row["credential_id"]),
                                     .algorithm = row["algorithm"].as<int>(),
                                     .key = BytesFromSql(row["public_key"]),
                                     .counter = row["counter"].as<uint32_t>(),
                                     .is_backed_up = row["backed_up"].as<bool>()}};
    ASSIGN_OR_RETURN(passkey.subject, Opened(key_, organisation_id, row));
    passkey.proven_by = row["proven_by"].c_str();
    return passkey;
  });
}

absl::StatusOr<std::vector<CaseAccess>> PostgresPasskeyStore::ListGrants(
    const std::string& organisation_id, const std::string& account_id,
    const std::string& phone_id) {
  using Result = absl::StatusOr<std::vector<CaseAccess>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return GrantsOf(
        tx,
        {.organisation_id = organisation_id, .account_ids = {account_id}, .phone_id = phone_id});
  });
}

namespace {

// Holds the passkey's row: who removes it meanwhile waits for what the use leads to; of two uses at
// once the second sees the counter of the first.
absl::Status CountUse(Transaction& tx, const std::string& id, const PasskeyEntry& entry) {
  const auto held = tx.Exec(
      "SELECT counter FROM passkey WHERE organisation_id = $1 AND account_id = $2 "
      "AND passkey_id = $3 FOR UPDATE",
      id, entry.account_id, entry.passkey_id);
  if (held.empty()) return Refuse(v1::PASSKEY_UNKNOWN, "the passkey was removed just now");
  if (!CounterWentOn(held[0]["counter"].as<uint32_t>(), entry.counter)) {
    return Refuse(v1::PASSKEY_COUNTER_WENT_BACK,
                  "the authenticator counts fewer uses than before: there may be a copy of it");
  }
  tx.Exec(
      "UPDATE passkey SET counter = $4, last_use_time = clock_timestamp() "
      "WHERE organisation_id = $1 AND account_id = $2 AND passkey_id = $3",
      id, entry.account_id, entry.passkey_id, static_cast<int64_t>(entry.counter));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Session> PostgresPasskeyStore::EnterBy(Transaction& tx, const NewSession& session,
                                                      const PasskeyEntry& entry, const Call& call) {
  const std::string& id = session.factor.organisation_id;
  RETURN_IF_ERROR(CountUse(tx, id, entry));
  ASSIGN_OR_RETURN(Session made, access_.Enter(session, call));
  if (entry.enters_all) {
    AddGrantsTo(
        tx, made, session.subject.access.invitation_id,
        {.organisation_id = id, .account_ids = {entry.account_id}, .phone_id = session.phone_id});
  }
  return made;
}

absl::StatusOr<Session> PostgresPasskeyStore::Enter(const NewSession& session,
                                                    const PasskeyEntry& entry, const Call& call) {
  auto entered = postgres_.Write(Rows::Of(session.factor.organisation_id), [&](Transaction& tx) {
    return EnterBy(tx, session, entry, call);
  });
  if (ReasonOf(entered.status()) == "PASSKEY_COUNTER_WENT_BACK") {
    NoteWentBack(session.subject, entry, call);
  }
  return entered;
}

absl::Status PostgresPasskeyStore::Use(const Subject& subject, const PasskeyEntry& entry,
                                       const Call& call) {
  const std::string& id = subject.organisation_id;
  const absl::Status used =
      postgres_.Write(Rows::Of(id), [&](Transaction& tx) { return CountUse(tx, id, entry); });
  if (ReasonOf(used) == "PASSKEY_COUNTER_WENT_BACK") NoteWentBack(subject, entry, call);
  return used;
}

void PostgresPasskeyStore::NoteWentBack(const Subject& subject, const PasskeyEntry& entry,
                                        const Call& call) {
  const std::string& id = subject.organisation_id;
  (void)postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    static constexpr auto kNoteWentBack =
        Sql("WITH subject AS (SELECT $1::text AS organisation_id, $2::text AS subject_id, "
            "$3::text AS case_id), ",
            Audit("$4", "passkey.counterWentBack", "$5", "''", "$6", "$7", "$8"),
            "SELECT FROM subject");
    tx.Exec(kNoteWentBack.c_str(), id, entry.passkey_id, subject.access.case_id, NewId("aud"),
            entry.account_id, call.client_address, call.request_id, call.client_request_id);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::identity
