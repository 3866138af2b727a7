#include "services/identity/recovery/store/postgres_recovery.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/identity/notice_job.h"
#include "services/identity/store/audit.h"
#include "services/identity/store/sessions_of.h"

namespace gatehouse::identity {

absl::Status PostgresRecoveryStore::Replace(const std::vector<std::string>& code_hashes,
                                            const Call& call) {
  const Caller& caller = call.caller;
  return postgres_.Write(Rows::Of(caller.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto whose = tx.Exec(
        "SELECT a.email, o.display_name, EXISTS (SELECT FROM session WHERE organisation_id = $1 "
        "AND session_id = $3 AND create_time > clock_timestamp() - make_interval(secs => $4)) "
        "AS fresh FROM account AS a JOIN organisation AS o "
        "USING (organisation_id) WHERE a.organisation_id = $1 AND a.account_id = $2 FOR UPDATE OF "
        "a",
        caller.organisation_id, caller.actor_id, caller.credential_id,
        absl::ToDoubleSeconds(kFreshSignIn));
    if (whose.empty()) {
      return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
    }
    if (!whose[0]["fresh"].as<bool>()) {
      return Refuse(v1::SIGN_IN_TOO_OLD, "the sign-in is too long ago for this: sign in again");
    }
    tx.Exec("DELETE FROM recovery_code WHERE organisation_id = $1 AND account_id = $2",
            caller.organisation_id, caller.actor_id);
    static constexpr auto kReplace = Sql(
        "WITH made AS (INSERT INTO recovery_code (organisation_id, account_id, code_hash) "
        "SELECT $1, $2, unnest($3::text[]) RETURNING organisation_id), "
        "subject AS (SELECT DISTINCT organisation_id, $2::text AS subject_id, ''::text AS case_id "
        "FROM made), ",
        Audit("$4", "recoveryCodes.created", "$2", "''", "$5", "$6", "$7"), "SELECT FROM subject");
    tx.Exec(kReplace.c_str(), caller.organisation_id, caller.actor_id, SqlArray(code_hashes),
            NewId("aud"), call.client_address, call.request_id, call.client_request_id);
    Subject subject = {.organisation_id = caller.organisation_id,
                       .email = whose[0]["email"].c_str(),
                       .contact_name = caller.actor_name};
    if (!caller.cases.empty()) subject.access = caller.cases.front();
    jobs_.Add(tx, {NoticeJob({NoticeKind::kRecoveryCodesMade, std::move(subject),
                              whose[0]["display_name"].c_str()})});
    return absl::OkStatus();
  });
}

absl::StatusOr<RecoveryStore::Left> PostgresRecoveryStore::Count(const std::string& organisation_id,
                                                                 const std::string& account_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Left> {
    const auto row = tx.Exec(
        "SELECT count(*) FILTER (WHERE use_time IS NULL) AS remaining, "
        "min(create_time) AS create_time FROM recovery_code "
        "WHERE organisation_id = $1 AND account_id = $2",
        organisation_id, account_id)[0];
    Left left = {.remaining = row["remaining"].as<int>()};
    if (!row["create_time"].is_null()) left.create_time = TimeFromSql(row["create_time"]);
    return left;
  });
}

absl::StatusOr<bool> PostgresRecoveryStore::Use(const Subject& subject,
                                                const std::string& account_id,
                                                const std::string& code_hash,
                                                const std::string& challenge_id, const Call& call) {
  const std::string& id = subject.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<bool> {
    static constexpr auto kUse = Sql(
        "WITH subject AS (UPDATE recovery_code SET use_time = clock_timestamp(), used_by = $4 "
        "WHERE organisation_id = $1 AND account_id = $2 AND code_hash = $3 AND use_time IS NULL "
        "RETURNING organisation_id, account_id AS subject_id, $5::text AS case_id), ",
        Audit("$6", "recoveryCode.used", "$2", "''", "$7", "$8", "$9"),
        "SELECT subject_id FROM subject");
    const auto used =
        tx.Exec(kUse.c_str(), id, account_id, code_hash, challenge_id, subject.access.case_id,
                NewId("aud"), call.client_address, call.request_id, call.client_request_id);
    if (!used.empty()) {
      jobs_.Add(tx,
                {NoticeJob({NoticeKind::kRecoveryCodeUsed, subject, subject.organisation_name})});
      return true;
    }
    const auto again = tx.Exec(
        "SELECT FROM recovery_code WHERE organisation_id = $1 AND account_id = $2 "
        "AND code_hash = $3 AND used_by = $4 "
        "AND use_time > clock_timestamp() - make_interval(secs => $5)",
        id, account_id, code_hash, challenge_id, absl::ToDoubleSeconds(kRecoveryRepeat));
    return !again.empty();
  });
}

absl::StatusOr<std::vector<std::string>> PostgresRecoveryStore::ResetFactors(
    const Subject& subject, const std::string& account_id, const Actor& actor, const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  const std::string& id = subject.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> Result {
    // One contact is several accounts where the number was another one once.
    std::vector<std::string> accounts = {account_id};
    for (const auto& row :
         tx.Exec("SELECT DISTINCT account_id FROM access_grant WHERE organisation_id = $1 "
                 "AND contact_id = $2 AND account_id NOT IN ('', $3)",
                 id, subject.access.contact_id, account_id)) {
      accounts.emplace_back(row["account_id"].c_str());
    }
    // The accounts first, then the passwords: an entry or a creation that is under way holds the
    // one or the other, and what it made is seen then.
    tx.Exec(
        "INSERT INTO account AS a (organisation_id, account_id, email, resets) "
        "SELECT $1, unnest($2::text[]), $3, 1 ON CONFLICT (organisation_id, account_id) "
        "DO UPDATE SET resets = a.resets + 1",
        id, SqlArray(accounts), subject.email);
    for (const char* table : {"password", "recovery_code", "passkey"}) {
      const std::string sql = absl::StrCat(
          "DELETE FROM ", table, " WHERE organisation_id = $1 AND account_id = ANY ($2::text[])");
      tx.Exec(sql.c_str(), id, SqlArray(accounts));
    }
    const std::vector<std::string> ended = EndSessionsOf(tx, id, accounts, "");
    static constexpr auto kResetFactors =
        Sql("WITH subject AS (SELECT $1::text AS organisation_id, $2::text AS subject_id, "
            "$3::text AS case_id), ",
            Audit("$4", "factors.reset", "$5", "$6", "$7", "$8", "$9"), "SELECT FROM subject");
    tx.Exec(kResetFactors.c_str(), id, account_id, subject.access.case_id, NewId("aud"), actor.id,
            actor.name, call.client_address, call.request_id, call.client_request_id);
    jobs_.Add(tx, {NoticeJob({NoticeKind::kFactorsReset, subject, subject.organisation_name})});
    return ended;
  });
}

}  // namespace gatehouse::identity
