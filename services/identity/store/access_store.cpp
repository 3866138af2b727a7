#include "services/identity/store/access_store.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/portals/store/portal_store.h"
#include "services/identity/store/audit.h"
#include "services/identity/store/failures.h"
#include "services/identity/store/grants_of.h"

namespace gatehouse::identity {
namespace {

absl::Status AccessRevoked() {
  return Refuse(v1::ACCESS_REVOKED, "this access has been withdrawn");
}

constexpr char kFindFactor[] = R"sql(
  SELECT coalesce((SELECT locked_until FROM factor
                   WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3), '-infinity')
           AS locked_until,
         coalesce((SELECT disabled FROM factor
                   WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3), false)
           AS disabled,
         coalesce((SELECT resets FROM account WHERE organisation_id = $1 AND account_id = $2), 0)
           AS resets,
         EXISTS (SELECT FROM access_grant WHERE organisation_id = $1 AND invitation_id = $4
                 AND revoke_time IS NOT NULL) AS revoked)sql";

// A session `s` that may be used. It says `end_time IS NULL` in other words, lest an index of those
// that have no end, which a planner without statistics takes for small, is read from end to end
// where the token's own would find the one row.
constexpr char kSessionLives[] =
    " coalesce(s.end_time, 'infinity') = 'infinity' AND "
    "least(s.expire_time, s.last_use_time + make_interval(secs => s.unused_seconds)) "
    "  > clock_timestamp() ";

// The invitations whose grants a session `s` holds. One that a process of before session_grant made
// holds the grant that it began with.
constexpr char kGrantsHeld[] =
    " array(SELECT h.invitation_id FROM session_grant AS h WHERE h.organisation_id = "
    "s.organisation_id AND h.session_id = s.session_id) || "
    "CASE WHEN s.factor_id = '' THEN ARRAY[s.invitation_id] ELSE '{}' END ";

// Everything that an entry changes, in one statement. A CTE that finds its condition broken has no
// row, and then neither have those that stand on it. A session that was made before is found.
constexpr char kEntered[] = R"sql(
  WITH proven AS (
    INSERT INTO factor AS f (organisation_id, account_id, factor_id, failures)
    VALUES ($1, $2, $3, 0)
    ON CONFLICT (organisation_id, account_id, factor_id) DO UPDATE SET failures = 0
    WHERE NOT f.disabled AND f.locked_until <= clock_timestamp()
    RETURNING organisation_id),
  known AS (
    INSERT INTO account AS a (organisation_id, account_id, email)
    SELECT organisation_id, $2, $4 FROM proven
    ON CONFLICT (organisation_id, account_id) DO UPDATE SET email = $4 WHERE a.resets = $19
    RETURNING organisation_id),
  granted AS (
    INSERT INTO access_grant AS g (organisation_id, invitation_id, account_id, case_id, contact_id,
                                   sees_all, document_request_ids)
    SELECT organisation_id, $5, $2, $6, $7, $8, $9 FROM known
    ON CONFLICT (organisation_id, invitation_id) DO UPDATE SET account_id = $2, sees_all = $8,
      document_request_ids = $9
    WHERE g.revoke_time IS NULL AND (g.factor_id IN ('', $3, $18) OR starts_with($3, 'eml_'))
      AND ($20 = '' OR g.email_key IN ('', $20))
    RETURNING organisation_id),
  made AS (
    INSERT INTO session (organisation_id, session_id, token_hash, account_id, factor_id,
                         invitation_id, client_name, user_agent, client_address, idle_seconds,
                         expire_time)
    SELECT organisation_id, $10, $11, $2, $3, $5, $12, $13, $14, o.idle_seconds,
           clock_timestamp() + make_interval(secs => o.absolute_seconds)
    FROM granted JOIN organisation AS o USING (organisation_id)
    ON CONFLICT (organisation_id, session_id) DO UPDATE SET session_id = excluded.session_id
    WHERE session.end_time IS NULL
    RETURNING organisation_id, create_time, expire_time, unused_seconds, xmax = 0 AS fresh),)sql";

constexpr auto kEntryTold =
    Sql(R"sql(
  subject AS (SELECT organisation_id, $10::text AS subject_id, $6::text AS case_id FROM made
              WHERE fresh), )sql",
        Audit("$15", "session.started", "$2", "''", "$14", "$16", "$17"), R"sql(
  SELECT (SELECT count(*) FROM proven) AS proven, (SELECT count(*) FROM known) AS known,
         (SELECT count(*) FROM granted) AS granted,
         made.create_time,
         least(made.expire_time, made.create_time + make_interval(secs => made.unused_seconds))
           AS until,)sql");

// The cases of a session that was made before: grant by grant, each by its own key.
constexpr char kCasesHeld[] = R"sql(
  $6::text || array(
    SELECT (SELECT g.case_id FROM access_grant AS g WHERE g.organisation_id = $1
            AND g.invitation_id = h.invitation_id AND g.revoke_time IS NULL)
    FROM session_grant AS h
    WHERE h.organisation_id = $1 AND h.session_id = $10 AND h.invitation_id <> $5))sql";

constexpr char kEntry[] = " FROM (SELECT 1) AS one LEFT JOIN made ON true";

// Of who brings no session.
constexpr auto kEnter =
    Sql(kEntered, R"sql(
  held AS (
    INSERT INTO session_grant (organisation_id, session_id, invitation_id, create_time)
    SELECT organisation_id, $10, $5, clock_timestamp() FROM made WHERE fresh),)sql",
        kEntryTold, " '' AS earlier, array_to_string(", kCasesHeld, ", ' ') AS case_ids", kEntry);

// The client's session of before ($21) ends, and what it could enter is the new one's too, where it
// was proven by the same phone: seven grants, the latest.
constexpr auto kEnterWithSession = Sql(
    kEntered,
    R"sql(
  earlier AS (
    UPDATE session AS s SET end_time = clock_timestamp() FROM made
    WHERE made.fresh AND s.organisation_id = made.organisation_id AND s.token_hash = $21
      AND s.factor_id = $3 AND)sql",
    kSessionLives, R"sql(
    RETURNING s.organisation_id, s.session_id),
  kept AS (
    SELECT organisation_id, invitation_id, g.case_id, h.create_time
    FROM earlier JOIN session_grant AS h USING (organisation_id, session_id)
    JOIN access_grant AS g USING (organisation_id, invitation_id)
    WHERE g.revoke_time IS NULL AND invitation_id <> $5
    ORDER BY h.create_time DESC LIMIT 7 FOR SHARE OF g),
  held AS (
    INSERT INTO session_grant (organisation_id, session_id, invitation_id, create_time)
    SELECT organisation_id, $10, $5, clock_timestamp() FROM made WHERE fresh
    UNION ALL SELECT organisation_id, $10, invitation_id, create_time FROM kept),)sql",
    kEntryTold, " coalesce((SELECT session_id FROM earlier), '') AS earlier, ", "array_to_string(",
    kCasesHeld, " || array(SELECT case_id FROM kept), ' ')", " AS case_ids", kEntry);

constexpr auto kUseSession = Sql(R"sql(
  WITH used AS (
    UPDATE session AS s SET last_use_time = clock_timestamp()
    WHERE token_hash = $1 AND)sql",
                                 kSessionLives, R"sql(
    RETURNING organisation_id, session_id, account_id, client_name,
              least(expire_time, last_use_time + make_interval(secs => unused_seconds)) AS until,
              unused_seconds - idle_seconds AS note_use_after,)sql",
                                 kGrantsHeld, R"sql( AS held)
  SELECT u.organisation_id, u.session_id, u.account_id, u.client_name, u.until, u.note_use_after,
         o.region, array_to_string(o.origins, ' ') AS origins,
         g.case_id, g.contact_id, g.invitation_id, g.sees_all,
         g.document_request_ids <> '' AS chose_requests,)sql",
                                 kPortalOfU, R"sql(
  FROM used AS u JOIN organisation AS o USING (organisation_id)
  CROSS JOIN LATERAL (SELECT DISTINCT unnest(u.held) AS invitation_id) AS holds
  CROSS JOIN LATERAL (
    SELECT * FROM access_grant AS one WHERE one.organisation_id = u.organisation_id
      AND one.invitation_id = holds.invitation_id AND one.revoke_time IS NULL
    OFFSET 0) AS g
  LEFT JOIN portal_standing AS p ON p.organisation_id = u.organisation_id
  ORDER BY g.case_id LIMIT 8)sql");

// The live ones. Grants are asked for one by one, each by its own key, here and above: a list of
// them might be looked up among all of the organisation's.
constexpr auto kSessions =
    Sql("SELECT s.session_id, s.user_agent, s.client_address, s.create_time, s.last_use_time, "
        "least(s.expire_time, s.last_use_time + make_interval(secs => s.unused_seconds)) AS until, "
        "array_to_string(array(SELECT (SELECT g.case_id FROM access_grant AS g "
        " WHERE g.organisation_id = s.organisation_id AND g.invitation_id = holds.invitation_id "
        " AND g.revoke_time IS NULL) FROM (SELECT DISTINCT unnest(",
        kGrantsHeld,
        ") AS invitation_id) AS holds ORDER BY 1), ' ') AS case_ids "
        "FROM session AS s WHERE s.organisation_id = $1 AND",
        kSessionLives);

absl::Status NoSuchSession() { return Refuse(common::v1::NOT_FOUND, "there is no such session"); }

std::vector<std::string> Words(const pqxx::field& field) {
  return absl::StrSplit(field.c_str(), ' ', absl::SkipEmpty());
}

CaseAccess AccessFrom(const pqxx::row& row) {
  return {row["case_id"].c_str(), row["contact_id"].c_str(), row["invitation_id"].c_str(),
          row["sees_all"].as<bool>() ? Visibility::kAll : Visibility::kOwn,
          row["chose_requests"].as<bool>()};
}

// Takes a grant out of every session, and ends those that are left with none, whose ids it returns.
std::vector<std::string> TakeOut(Transaction& tx, const std::string& organisation_id,
                                 const std::string& invitation_id) {
  std::vector<std::string> held, ended;
  for (const auto& row : tx.Exec("DELETE FROM session_grant WHERE organisation_id = $1 "
                                 "AND invitation_id = $2 RETURNING session_id",
                                 organisation_id, invitation_id)) {
    held.emplace_back(row["session_id"].c_str());
  }
  for (const auto& row :
       tx.Exec("UPDATE session AS s SET end_time = clock_timestamp() WHERE organisation_id = $1 "
               "AND (invitation_id = $2 OR session_id = ANY (string_to_array($3, ' '))) "
               "AND end_time IS NULL AND NOT EXISTS (SELECT FROM session_grant AS h WHERE "
               "h.organisation_id = s.organisation_id AND h.session_id = s.session_id) "
               "RETURNING session_id",
               organisation_id, invitation_id, absl::StrJoin(held, " "))) {
    ended.emplace_back(row["session_id"].c_str());
  }
  return ended;
}

Session SessionFrom(const pqxx::row& row) {
  Session session;
  session.session_id = row["session_id"].c_str();
  session.user_agent = row["user_agent"].c_str();
  session.client_address = row["client_address"].c_str();
  session.case_ids = Words(row["case_ids"]);
  session.create_time = TimeFromSql(row["create_time"]);
  session.last_use_time = TimeFromSql(row["last_use_time"]);
  session.expire_time = TimeFromSql(row["until"]);
  return session;
}

}  // namespace

absl::StatusOr<FactorState> PostgresAccessStore::FindFactor(const FactorKey& key,
                                                            const std::string& invitation_id) {
  return postgres_.Read(
      Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::StatusOr<FactorState> {
        const auto row = tx.Exec(kFindFactor, key.organisation_id, key.account_id, key.factor_id,
                                 invitation_id)[0];
        if (row["revoked"].as<bool>()) return AccessRevoked();
        return FactorState{TimeFromSql(row["locked_until"]), row["disabled"].as<bool>(),
                           row["resets"].as<int64_t>()};
      });
}

absl::Status PostgresAccessStore::CountFailure(const FactorKey& key) {
  return postgres_.Write(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    identity::CountFailure(tx, key);
    return absl::OkStatus();
  });
}

absl::Status PostgresAccessStore::CountTry(const FactorKey& key) {
  return postgres_.Write(Rows::Of(key.organisation_id),
                         [&](Transaction& tx) { return identity::CountTry(tx, key); });
}

absl::StatusOr<Session> PostgresAccessStore::Enter(const NewSession& session, const Call& call) {
  const Subject& subject = session.subject;
  const CaseAccess& access = subject.access;
  const FactorKey& factor = session.factor;
  bool proven = true, granted = true;
  const auto make = [&](Transaction& tx) -> absl::StatusOr<Session> {
    const auto enter = [&](const char* sql, const auto&... more) {
      return tx.Exec(sql, factor.organisation_id, factor.account_id, factor.factor_id,
                     subject.email, access.invitation_id, access.case_id, access.contact_id,
                     access.visibility == Visibility::kAll,
                     absl::StrJoin(access.document_request_ids, " "), session.session_id,
                     Bytes(session.token_hash), subject.contact_name, call.user_agent,
                     call.client_address, NewId("aud"), call.request_id, call.client_request_id,
                     session.phone_id, subject.resets,
                     subject.password.has_value() ? subject.password->email_key : "", more...)[0];
    };
    const auto row = session.earlier_token_hash.empty()
                         ? enter(kEnter.c_str())
                         : enter(kEnterWithSession.c_str(), Bytes(session.earlier_token_hash));
    proven = row["proven"].as<int>() > 0;
    if (proven && row["known"].as<int>() == 0) {
      return Refuse(v1::CHALLENGE_EXPIRED, "staff have reset this sign-in: begin again");
    }
    granted = row["granted"].as<int>() > 0;
    if (!granted || row["create_time"].is_null()) return AccessRevoked();
    Session made;
    made.session_id = session.session_id;
    made.case_ids = Words(row["case_ids"]);
    made.user_agent = call.user_agent;
    made.client_address = call.client_address;
    made.create_time = made.last_use_time = TimeFromSql(row["create_time"]);
    made.expire_time = TimeFromSql(row["until"]);
    made.replaces = row["earlier"].c_str();
    return made;
  };
  const auto entered = subject.password.has_value()
                           ? EnterAfterPassword(session, make)
                           : postgres_.WriteOne(Rows::Of(factor.organisation_id), make);
  if (proven) return entered;
  ASSIGN_OR_RETURN(const FactorState found, FindFactor(factor, access.invitation_id));
  RETURN_IF_ERROR(LockedUntil(found, postgres_.clock().Now()));
  return absl::AbortedError("the lock ended just now");
}

// The password's row first: who changes it meanwhile waits for the session, and ends it then.
absl::StatusOr<Session> PostgresAccessStore::EnterAfterPassword(
    const NewSession& session, const std::function<absl::StatusOr<Session>(Transaction&)>& make) {
  const PasswordProof& proof = *session.subject.password;
  const std::string& id = session.factor.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<Session> {
    const auto still = tx.Exec(
        "SELECT FROM password WHERE organisation_id = $1 AND email_key = $2 AND account_id = $3 "
        "AND version = $4 FOR SHARE",
        id, proof.email_key, session.factor.account_id, proof.version);
    if (still.empty()) {
      return Refuse(v1::PASSWORD_WRONG, "the password was changed just now: sign in again");
    }
    ASSIGN_OR_RETURN(Session made, make(tx));
    AddGrantsTo(tx, made, session.subject.access.invitation_id,
                {.organisation_id = id,
                 .account_ids = proof.account_ids,
                 .phone_id = session.phone_id.empty() ? session.factor.factor_id : session.phone_id,
                 .email_key = proof.email_key});
    return made;
  });
}

absl::Status PostgresAccessStore::Unlock(const FactorKey& key, const std::string& case_id,
                                         const Actor& actor, const Call& call) {
  return postgres_.WriteOne(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    static constexpr auto kUnlock = Sql(
        "WITH unlocked AS (UPDATE factor SET failures = 0, disabled = false, "
        "locked_until = '-infinity' WHERE organisation_id = $1 AND (account_id = $2 OR account_id "
        "IN (SELECT 'adr_' || email_key FROM password WHERE organisation_id = $1 "
        "AND account_id = $2)) "
        "RETURNING organisation_id), "
        "subject AS (SELECT DISTINCT organisation_id, $2::text AS subject_id, "
        "$3::text AS case_id FROM unlocked), ",
        Audit("$4", "signIn.unlocked", "$5", "$6", "$7", "$8", "$9"), "SELECT FROM subject");
    tx.Exec(kUnlock.c_str(), key.organisation_id, key.account_id, case_id, NewId("aud"), actor.id,
            actor.name, call.client_address, call.request_id, call.client_request_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> PostgresAccessStore::RevokeGrant(
    const std::string& organisation_id, const std::string& invitation_id,
    const std::string& case_id, const Actor& actor, const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    // The grant first: an entry that is under way holds its row, and the second statement then
    // sees the session that it made.
    static constexpr auto kRevokeGrant =
        Sql("WITH subject AS (INSERT INTO access_grant AS g (organisation_id, invitation_id, "
            "account_id, case_id, contact_id, sees_all, document_request_ids, revoke_time) "
            "VALUES ($1, $2, '', $3, '', false, '', clock_timestamp()) "
            "ON CONFLICT (organisation_id, invitation_id) DO UPDATE "
            "SET revoke_time = clock_timestamp() WHERE g.revoke_time IS NULL "
            "RETURNING organisation_id, invitation_id AS subject_id, case_id), ",
            Audit("$4", "grant.revoked", "$5", "$6", "$7", "$8", "$9"), "SELECT FROM subject");
    tx.Exec(kRevokeGrant.c_str(), organisation_id, invitation_id, case_id, NewId("aud"), actor.id,
            actor.name, call.client_address, call.request_id, call.client_request_id);
    // The password of who may enter nothing any more goes with it, the recovery codes and passkeys.
    tx.Exec(
        "WITH gone AS (SELECT account_id FROM access_grant AS g WHERE organisation_id = $1 "
        "AND invitation_id = $2 AND NOT EXISTS (SELECT FROM access_grant AS other WHERE "
        "other.organisation_id = $1 AND other.account_id = g.account_id "
        "AND other.revoke_time IS NULL)), codes AS (DELETE FROM recovery_code "
        "WHERE organisation_id = $1 AND account_id IN (SELECT account_id FROM gone)), "
        "passkeys AS (DELETE FROM passkey "
        "WHERE organisation_id = $1 AND account_id IN (SELECT account_id FROM gone)) "
        "DELETE FROM password WHERE organisation_id = $1 "
        "AND account_id IN (SELECT account_id FROM gone)",
        organisation_id, invitation_id);
    return TakeOut(tx, organisation_id, invitation_id);
  });
}

absl::StatusOr<std::vector<std::string>> PostgresAccessStore::RebindGrant(
    const std::string& organisation_id, const CaseAccess& access, const std::string& factor_id,
    const std::string& actor_name, const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    // As in RevokeGrant: the grant first. Said twice, it changes nothing.
    static constexpr auto kRebindGrant =
        Sql("WITH subject AS (INSERT INTO access_grant AS g (organisation_id, invitation_id, "
            "account_id, case_id, contact_id, sees_all, document_request_ids, factor_id) "
            "VALUES ($1, $2, '', $3, $9, false, '', $4) "
            "ON CONFLICT (organisation_id, invitation_id) DO UPDATE SET factor_id = $4 "
            "WHERE g.factor_id <> $4 RETURNING organisation_id, invitation_id AS subject_id, "
            "case_id), ",
            Audit("$5", "grant.rebound", "''", "$6", "$7", "$8", "$10"), "SELECT FROM subject");
    const auto bound =
        tx.Exec(kRebindGrant.c_str(), organisation_id, access.invitation_id, access.case_id,
                factor_id, NewId("aud"), actor_name, call.client_address, call.request_id,
                access.contact_id, call.client_request_id);
    std::vector<std::string> ended;
    if (bound.empty()) return ended;
    for (const auto& row :
         tx.Exec("UPDATE session SET end_time = clock_timestamp() WHERE organisation_id = $1 "
                 "AND session_id IN (SELECT session_id FROM session_grant "
                 "WHERE organisation_id = $1 AND invitation_id = $2) "
                 "AND factor_id <> $3 AND end_time IS NULL RETURNING session_id",
                 organisation_id, access.invitation_id, factor_id)) {
      ended.emplace_back(row["session_id"].c_str());
    }
    return ended;
  });
}

absl::StatusOr<std::optional<Credential>> PostgresAccessStore::UseSession(
    const std::string& token_hash) {
  using Result = absl::StatusOr<std::optional<Credential>>;
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kUseSession.c_str(), Bytes(token_hash));
    if (rows.empty()) return std::nullopt;
    const pqxx::row& row = rows[0];
    Credential credential;
    Caller& caller = credential.caller;
    caller.kind = CallerKind::kClient;
    caller.organisation_id = row["organisation_id"].c_str();
    caller.credential_id = row["session_id"].c_str();
    caller.actor_id = row["account_id"].c_str();
    caller.actor_name = row["client_name"].c_str();
    caller.region = row["region"].c_str();
    caller.origins = Words(row["origins"]);
    for (const auto& grant : rows) caller.cases.push_back(AccessFrom(grant));
    credential.expires_at = TimeFromSql(row["until"]);
    credential.note_use_after = absl::Seconds(row["note_use_after"].as<int64_t>());
    NotePortal(row, credential);
    return credential;
  });
}

absl::StatusOr<std::vector<std::string>> PostgresAccessStore::ListChosenRequests(
    const std::string& organisation_id, const std::string& invitation_id) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(
        "SELECT document_request_ids FROM access_grant "
        "WHERE organisation_id = $1 AND invitation_id = $2",
        organisation_id, invitation_id);
    if (rows.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such access");
    return Words(rows[0]["document_request_ids"]);
  });
}

absl::StatusOr<std::vector<CaseGrant>> PostgresAccessStore::ListCaseGrants(
    const std::string& organisation_id, const std::string& case_id) {
  using Result = absl::StatusOr<std::vector<CaseGrant>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<CaseGrant> grants;
    for (const auto& row :
         tx.Exec("SELECT contact_id, invitation_id, sees_all, document_request_ids, create_time "
                 "FROM access_grant WHERE organisation_id = $1 AND case_id = $2 "
                 "AND account_id <> '' AND revoke_time IS NULL ORDER BY create_time LIMIT 200",
                 organisation_id, case_id)) {
      CaseAccess access = {
          .case_id = case_id,
          .contact_id = row["contact_id"].c_str(),
          .invitation_id = row["invitation_id"].c_str(),
          .visibility = row["sees_all"].as<bool>() ? Visibility::kAll : Visibility::kOwn,
          .document_request_ids = Words(row["document_request_ids"])};
      access.chose_requests = !access.document_request_ids.empty();
      grants.push_back({std::move(access), TimeFromSql(row["create_time"])});
    }
    return grants;
  });
}

absl::StatusOr<std::vector<Session>> PostgresAccessStore::ListSessions(
    const std::string& organisation_id, const std::string& account_id) {
  using Result = absl::StatusOr<std::vector<Session>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Session> sessions;
    static constexpr auto kListSessions =
        Sql(kSessions,
            "AND s.end_time IS NULL AND s.account_id = $2 ORDER BY s.last_use_time DESC LIMIT 100");
    for (const auto& row : tx.Exec(kListSessions.c_str(), organisation_id, account_id)) {
      sessions.push_back(SessionFrom(row));
    }
    return sessions;
  });
}

absl::StatusOr<Session> PostgresAccessStore::FindSession(const std::string& organisation_id,
                                                         const std::string& session_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Session> {
    static constexpr auto kFindSession = Sql(kSessions, "AND s.session_id = $2");
    const auto rows = tx.Exec(kFindSession.c_str(), organisation_id, session_id);
    if (rows.empty()) return NoSuchSession();
    return SessionFrom(rows[0]);
  });
}

absl::Status PostgresAccessStore::EndSession(const std::string& session_id, const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    static constexpr auto kEndSession = Sql(
        "WITH subject AS (UPDATE session SET end_time = clock_timestamp() "
        "WHERE organisation_id = $1 AND session_id = $2 AND account_id = $3 AND end_time IS NULL "
        "RETURNING organisation_id, session_id AS subject_id, '' AS case_id), ",
        Audit("$4", "session.ended", "$3", "''", "$5", "$6", "$7"),
        "SELECT subject_id FROM subject");
    const auto ended =
        tx.Exec(kEndSession.c_str(), id, session_id, call.caller.actor_id, NewId("aud"),
                call.client_address, call.request_id, call.client_request_id);
    if (!ended.empty()) return absl::OkStatus();
    return NoSuchSession();
  });
}

}  // namespace gatehouse::identity
