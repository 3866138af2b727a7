#include "services/identity/passwords/store/postgres_passwords.h"

#include "gatehouse/identity/v1/challenges.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/identity/notice_job.h"
#include "services/identity/store/audit.h"
#include "services/identity/store/grants_of.h"
#include "services/identity/store/sessions_of.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

constexpr char kContext[] = "password subject";

std::string Sealed(const Secret& key, const Subject& subject) {
  return Seal(key, kContext, ToProto(subject).SerializeAsString());
}

absl::StatusOr<Subject> Opened(const Secret& key, const std::string& organisation_id,
                               const std::string& sealed) {
  ASSIGN_OR_RETURN(const std::string bytes, Open(key, kContext, sealed));
  v1::StartChallengeRequest request;
  if (!request.ParseFromString(bytes)) return absl::DataLossError("a password's subject is broken");
  return SubjectFrom(organisation_id, request);
}

// What the account of a password `p` may enter, or could.
constexpr char kEntered[] =
    "SELECT FROM access_grant AS g WHERE g.account_id = p.account_id "
    "AND g.organisation_id = p.organisation_id";

StoredPassword PasswordFrom(const pqxx::row& row) {
  return {
      .key = {row["organisation_id"].c_str(), row["email_key"].c_str(), row["account_id"].c_str()},
      .verifier = row["verifier"].c_str(),
      .version = row["version"].as<int64_t>()};
}

}  // namespace

absl::StatusOr<std::vector<StoredPassword>> PostgresPasswordStore::Find(
    const std::string& organisation_id, const std::string& email_key) {
  using Result = absl::StatusOr<std::vector<StoredPassword>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<StoredPassword> found;
    for (const auto& row :
         tx.Exec("SELECT organisation_id, email_key, account_id, verifier, version, "
                 "sealed_subject FROM password WHERE organisation_id = $1 AND email_key = $2 "
                 "ORDER BY create_time LIMIT 4",
                 organisation_id, email_key)) {
      StoredPassword password = PasswordFrom(row);
      ASSIGN_OR_RETURN(password.subject,
                       Opened(key_, organisation_id, BytesFromSql(row["sealed_subject"])));
      found.push_back(std::move(password));
    }
    return found;
  });
}

absl::StatusOr<StoredPassword> PostgresPasswordStore::FindOf(const std::string& organisation_id,
                                                             const std::string& account_id) {
  return postgres_.Read(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<StoredPassword> {
        const auto rows = tx.Exec(
            "SELECT organisation_id, email_key, account_id, verifier, version, sealed_subject "
            "FROM password WHERE organisation_id = $1 AND account_id = $2 LIMIT 1",
            organisation_id, account_id);
        if (rows.empty()) return Refuse(v1::CURRENT_PASSWORD_WRONG, "there is no password here");
        StoredPassword password = PasswordFrom(rows[0]);
        ASSIGN_OR_RETURN(password.subject,
                         Opened(key_, organisation_id, BytesFromSql(rows[0]["sealed_subject"])));
        return password;
      });
}

absl::StatusOr<std::vector<StoredPassword>> PostgresPasswordStore::FindAnywhere(
    const std::string& email_key) {
  using Result = absl::StatusOr<std::vector<StoredPassword>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    std::vector<StoredPassword> found;
    static constexpr auto kFindAnywhere =
        Sql("SELECT organisation_id, email_key, account_id, verifier, version, "
            "EXISTS (",
            kEntered,
            ") AS entered FROM password AS p "
            "WHERE email_key = $1 ORDER BY create_time DESC LIMIT 8");
    for (const auto& row : tx.Exec(kFindAnywhere.c_str(), email_key)) {
      found.push_back(PasswordFrom(row));
      found.back().entered = row["entered"].as<bool>();
    }
    return found;
  });
}

absl::StatusOr<StoredPassword> PostgresPasswordStore::Add(const StoredPassword& password,
                                                          const Call& call) {
  const PasswordKey& key = password.key;
  return postgres_.Write(
      Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::StatusOr<StoredPassword> {
        // Who resets the account meanwhile waits for its row, and then finds the password.
        const auto known = tx.Exec(
            "INSERT INTO account AS a (organisation_id, account_id, email) VALUES ($1, $2, $3) "
            "ON CONFLICT (organisation_id, account_id) DO UPDATE SET email = a.email "
            "WHERE a.resets = $4 RETURNING account_id",
            key.organisation_id, key.account_id, password.subject.email, password.subject.resets);
        if (known.empty()) return absl::AbortedError("staff have reset this sign-in just now");
        static constexpr auto kAdd = Sql(
            "WITH subject AS (INSERT INTO password AS p (organisation_id, email_key, account_id, "
            "verifier, sealed_subject) VALUES ($1, $2, $3, $4, $5) "
            "ON CONFLICT (email_key, organisation_id, account_id) DO UPDATE "
            "SET verifier = $4, sealed_subject = $5, version = nextval('password_version'), "
            "update_time = clock_timestamp() "
            "WHERE p.verifier <> $4 AND NOT EXISTS (",
            kEntered,
            ") RETURNING organisation_id, account_id AS subject_id, $6::text AS case_id), ",
            Audit("$7", "password.created", "$3", "''", "$8", "$9", "$10"),
            "SELECT subject_id FROM subject");
        const auto made = tx.Exec(kAdd.c_str(), key.organisation_id, key.email_key, key.account_id,
                                  password.verifier, Bytes(Sealed(key_, password.subject)),
                                  password.subject.access.case_id, NewId("aud"),
                                  call.client_address, call.request_id, call.client_request_id);
        if (!made.empty() && !password.told && !password.subject.mobile.empty()) {
          jobs_.Add(tx, {NoticeJob({NoticeKind::kPasswordCreated, password.subject,
                                    password.subject.organisation_name})});
        }
        tx.Exec(
            "DELETE FROM password WHERE organisation_id = $1 AND account_id = $2 "
            "AND email_key <> $3",
            key.organisation_id, key.account_id, key.email_key);
        const auto kept = tx.Exec(
            "SELECT organisation_id, email_key, account_id, verifier, version FROM password "
            "WHERE organisation_id = $1 AND email_key = $2 AND account_id = $3",
            key.organisation_id, key.email_key, key.account_id);
        if (kept.empty()) return absl::AbortedError("the password was taken away just now");
        StoredPassword found = PasswordFrom(kept[0]);
        found.subject = password.subject;
        return found;
      });
}

absl::StatusOr<std::vector<std::string>> PostgresPasswordStore::Replace(
    const StoredPassword& password, const std::string& kept_session,
    const std::string& organisation_name, const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  const PasswordKey& key = password.key;
  return postgres_.Write(Rows::Of(key.organisation_id), [&](Transaction& tx) -> Result {
    static constexpr auto kReplace =
        Sql("WITH subject AS (UPDATE password SET verifier = $5, version = "
            "nextval('password_version'), "
            "update_time = clock_timestamp() WHERE organisation_id = $1 AND email_key = $2 "
            "AND account_id = $3 AND version = $4 "
            "RETURNING organisation_id, account_id AS subject_id, $6::text AS case_id), ",
            Audit("$7", "password.changed", "$3", "''", "$8", "$9", "$10"),
            "SELECT subject_id FROM subject");
    const auto replaced =
        tx.Exec(kReplace.c_str(), key.organisation_id, key.email_key, key.account_id,
                password.version, password.verifier, password.subject.access.case_id, NewId("aud"),
                call.client_address, call.request_id, call.client_request_id);
    if (replaced.empty()) {
      // Said again, after an answer that was lost.
      const auto same = tx.Exec(
          "SELECT FROM password WHERE organisation_id = $1 AND email_key = $2 AND account_id = $3 "
          "AND version > $4 AND verifier = $5",
          key.organisation_id, key.email_key, key.account_id, password.version, password.verifier);
      if (!same.empty()) return std::vector<std::string>();
      return Refuse(v1::PASSWORD_RESET_EXPIRED, "the link has served: ask for another");
    }
    const std::vector<std::string> ended =
        EndSessionsOf(tx, key.organisation_id, {key.account_id}, kept_session);
    jobs_.Add(tx, {NoticeJob({NoticeKind::kPasswordChanged, password.subject, organisation_name})});
    return ended;
  });
}

absl::StatusOr<std::vector<CaseAccess>> PostgresPasswordStore::ListGrants(
    const PasswordKey& key, const std::string& phone_id) {
  using Result = absl::StatusOr<std::vector<CaseAccess>>;
  return postgres_.Read(Rows::Of(key.organisation_id), [&](Transaction& tx) -> Result {
    return GrantsOf(tx, {.organisation_id = key.organisation_id,
                         .account_ids = {key.account_id},
                         .phone_id = phone_id,
                         .email_key = key.email_key});
  });
}

absl::StatusOr<std::vector<std::string>> PostgresPasswordStore::RebindAddress(
    const PasswordKey& key, const Subject& subject, const std::string& actor_name,
    const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  const std::string& id = key.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> Result {
    // The grant first: an entry that is under way holds its row, and its session is seen then.
    static constexpr auto kRebindAddress =
        Sql("WITH subject AS (INSERT INTO access_grant AS g (organisation_id, invitation_id, "
            "account_id, case_id, contact_id, sees_all, document_request_ids, email_key) "
            "VALUES ($1, $2, '', $3, $4, false, '', $5) "
            "ON CONFLICT (organisation_id, invitation_id) DO UPDATE SET email_key = $5 "
            "WHERE g.email_key <> $5 RETURNING organisation_id, invitation_id AS subject_id, "
            "case_id, account_id), ",
            Audit("$6", "grant.addressRebound", "''", "$7", "$8", "$9", "$10"),
            "SELECT account_id FROM subject");
    const auto bound =
        tx.Exec(kRebindAddress.c_str(), id, subject.access.invitation_id, subject.access.case_id,
                subject.access.contact_id, key.email_key, NewId("aud"), actor_name,
                call.client_address, call.request_id, call.client_request_id);
    std::vector<std::string> ended;
    if (bound.empty()) return ended;
    std::vector<std::string> accounts = {key.account_id};
    const std::string granted = bound[0]["account_id"].c_str();
    if (!granted.empty() && granted != key.account_id) accounts.push_back(granted);
    tx.Exec(
        "INSERT INTO account AS a (organisation_id, account_id, email, resets) "
        "SELECT $1, unnest($2::text[]), $3, 1 ON CONFLICT (organisation_id, account_id) "
        "DO UPDATE SET email = $3, resets = a.resets + 1",
        id, SqlArray(accounts), subject.email);
    static constexpr auto kForgetOtherPasswords = Sql(
        "DELETE FROM password AS p WHERE organisation_id = $1 AND account_id = ANY ($2::text[]) "
        "AND email_key <> $3 AND NOT EXISTS (",
        kEntered, " AND g.revoke_time IS NULL AND g.email_key IN ('', p.email_key))");
    tx.Exec(kForgetOtherPasswords.c_str(), id, SqlArray(accounts), key.email_key);
    // What was registered in a session that no phone had proven is whoever's read the old mailbox.
    tx.Exec(
        "DELETE FROM passkey WHERE organisation_id = $1 AND account_id = ANY ($2::text[]) "
        "AND NOT starts_with(proven_by, 'sms_')",
        id, SqlArray(accounts));
    for (const auto& row :
         tx.Exec("UPDATE session SET end_time = clock_timestamp() WHERE organisation_id = $1 "
                 "AND session_id IN (SELECT session_id FROM session_grant "
                 "WHERE organisation_id = $1 AND invitation_id = $2) "
                 "AND NOT starts_with(factor_id, 'sms_') AND end_time IS NULL "
                 "RETURNING session_id",
                 id, subject.access.invitation_id)) {
      ended.emplace_back(row["session_id"].c_str());
    }
    return ended;
  });
}

absl::Status PostgresPasswordStore::Forgive(const FactorKey& key) {
  return postgres_.WriteOne(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "UPDATE factor SET failures = 0, disabled = false, locked_until = '-infinity' "
        "WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3 AND failures > 0",
        key.organisation_id, key.account_id, key.factor_id);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::identity
