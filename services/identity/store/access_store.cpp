#include "services/identity/store/access_store.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/identity/domain/lockout.h"
#include "services/identity/store/audit.h"

namespace gatehouse::identity {
namespace {

absl::Status AccessRevoked() {
  return Refuse(absl::StatusCode::kFailedPrecondition, "ACCESS_REVOKED",
                "this access has been withdrawn");
}

constexpr char kFindFactor[] = R"sql(
  SELECT coalesce((SELECT locked_until FROM factor
                   WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3), '-infinity'),
         coalesce((SELECT disabled FROM factor
                   WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3), false),
         EXISTS (SELECT FROM access_grant WHERE organisation_id = $1 AND invitation_id = $4
                 AND revoke_time IS NOT NULL))sql";

// Everything that an entry changes, in one statement. A CTE that finds its condition broken has no
// row, and then neither have those that stand on it. A session that was made before is found.
constexpr char kEnter[] = R"sql(
  WITH proven AS (
    INSERT INTO factor AS f (organisation_id, account_id, factor_id, failures)
    VALUES ($1, $2, $3, 0)
    ON CONFLICT (organisation_id, account_id, factor_id) DO UPDATE SET failures = 0
    WHERE NOT f.disabled AND f.locked_until <= clock_timestamp()
    RETURNING organisation_id),
  known AS (
    INSERT INTO account (organisation_id, account_id, email)
    SELECT organisation_id, $2, $4 FROM proven ON CONFLICT DO NOTHING),
  granted AS (
    INSERT INTO access_grant AS g (organisation_id, invitation_id, account_id, case_id, contact_id,
                                   sees_all, document_request_ids)
    SELECT organisation_id, $5, $2, $6, $7, $8, $9 FROM proven
    ON CONFLICT (organisation_id, invitation_id) DO UPDATE SET account_id = $2, sees_all = $8,
      document_request_ids = $9
    WHERE g.revoke_time IS NULL
    RETURNING organisation_id),
  made AS (
    INSERT INTO session (organisation_id, session_id, token_hash, account_id, invitation_id,
                         client_name, user_agent, client_address, idle_seconds, expire_time)
    SELECT organisation_id, $10, $11, $2, $5, $12, $13, $14, o.idle_seconds,
           clock_timestamp() + make_interval(secs => o.absolute_seconds)
    FROM granted JOIN organisation AS o USING (organisation_id)
    ON CONFLICT (organisation_id, session_id) DO UPDATE SET session_id = excluded.session_id
    WHERE session.end_time IS NULL
    RETURNING organisation_id, create_time, expire_time, idle_seconds, xmax = 0 AS fresh),
  subject AS (SELECT organisation_id, $10::text AS subject_id, $6::text AS case_id FROM made
              WHERE fresh), )sql" AUDIT("$15", "session.started", "$2", "$12", "$14", "$16") R"sql(
  SELECT (SELECT count(*) FROM proven), (SELECT count(*) FROM granted),
         made.create_time,
         least(made.expire_time, made.create_time + make_interval(secs => made.idle_seconds))
  FROM (SELECT 1) AS one LEFT JOIN made ON true)sql";

constexpr char kUseSession[] = R"sql(
  WITH used AS (
    UPDATE session SET last_use_time = clock_timestamp()
    WHERE token_hash = $1 AND end_time IS NULL AND expire_time > clock_timestamp()
      AND last_use_time + make_interval(secs => idle_seconds) > clock_timestamp()
    RETURNING organisation_id, session_id, account_id, invitation_id, client_name,
              least(expire_time, last_use_time + make_interval(secs => idle_seconds)) AS until)
  SELECT u.organisation_id, u.session_id, u.account_id, u.client_name, u.until, o.region, o.origin,
         g.case_id, g.contact_id, g.invitation_id, g.sees_all, g.document_request_ids
  FROM used AS u JOIN organisation AS o USING (organisation_id)
  JOIN access_grant AS g USING (organisation_id, invitation_id)
  WHERE g.revoke_time IS NULL)sql";

Session SessionFrom(const pqxx::row& row) {
  Session session;
  session.session_id = row[0].c_str();
  session.user_agent = row[1].c_str();
  session.client_address = row[2].c_str();
  session.case_ids = {row[3].c_str()};
  session.create_time = TimeFromSql(row[4]);
  session.last_use_time = TimeFromSql(row[5]);
  session.expire_time = TimeFromSql(row[6]);
  return session;
}

}  // namespace

absl::StatusOr<Factor> PostgresAccessStore::FindFactor(const FactorKey& key,
                                                       const std::string& invitation_id) {
  return postgres_.Read(Rows::Of(key.organisation_id),
                        [&](Transaction& tx) -> absl::StatusOr<Factor> {
                          const auto row = tx.Exec(kFindFactor, key.organisation_id, key.account_id,
                                                   key.factor_id, invitation_id)[0];
                          if (row[2].as<bool>()) return AccessRevoked();
                          return Factor{TimeFromSql(row[0]), row[1].as<bool>()};
                        });
}

absl::Status PostgresAccessStore::CountFailure(const FactorKey& key) {
  return postgres_.Write(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto counted = tx.Exec(
        "INSERT INTO factor AS f (organisation_id, account_id, factor_id, failures) "
        "VALUES ($1, $2, $3, 1) ON CONFLICT (organisation_id, account_id, factor_id) "
        "DO UPDATE SET failures = f.failures + 1 RETURNING failures",
        key.organisation_id, key.account_id, key.factor_id);
    const Lockout lockout = LockoutAfter(counted[0][0].as<int>());
    if (!lockout.disabled && lockout.wait == absl::ZeroDuration()) return absl::OkStatus();
    tx.Exec(
        "UPDATE factor SET disabled = disabled OR $4, "
        "locked_until = clock_timestamp() + make_interval(secs => $5) "
        "WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3",
        key.organisation_id, key.account_id, key.factor_id, lockout.disabled,
        absl::ToDoubleSeconds(lockout.wait));
    return absl::OkStatus();
  });
}

absl::StatusOr<Session> PostgresAccessStore::Enter(const NewSession& session, const Call& call) {
  const Subject& subject = session.subject;
  const CaseAccess& access = subject.access;
  const FactorKey& factor = session.factor;
  bool proven = true, granted = true;
  auto entered = postgres_.WriteOne(
      Rows::Of(factor.organisation_id), [&](Transaction& tx) -> absl::StatusOr<Session> {
        const auto row = tx.Exec(
            kEnter, factor.organisation_id, factor.account_id, factor.factor_id, subject.email,
            access.invitation_id, access.case_id, access.contact_id,
            access.visibility == Visibility::kAll, absl::StrJoin(access.document_request_ids, " "),
            session.session_id, Bytes(session.token_hash), subject.contact_name, call.user_agent,
            call.client_address, NewId("aud"), call.request_id)[0];
        proven = row[0].as<int>() > 0;
        granted = row[1].as<int>() > 0;
        if (!granted || row[2].is_null()) return AccessRevoked();
        Session made;
        made.session_id = session.session_id;
        made.case_ids = {access.case_id};
        made.user_agent = call.user_agent;
        made.client_address = call.client_address;
        made.create_time = made.last_use_time = TimeFromSql(row[2]);
        made.expire_time = TimeFromSql(row[3]);
        return made;
      });
  if (proven) return entered;
  ASSIGN_OR_RETURN(const Factor found, FindFactor(factor, access.invitation_id));
  RETURN_IF_ERROR(LockedUntil(found, absl::Now()));
  return absl::AbortedError("the lock ended just now");
}

absl::Status PostgresAccessStore::Unlock(const FactorKey& key, const std::string& actor_id,
                                         const Call& call) {
  return postgres_.WriteOne(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "WITH subject AS (UPDATE factor SET failures = 0, disabled = false, "
        "locked_until = '-infinity' WHERE organisation_id = $1 AND account_id = $2 "
        "AND factor_id = $3 RETURNING organisation_id, account_id AS subject_id, "
        "'' AS case_id), " AUDIT("$4", "signIn.unlocked", "$5", "''", "$6",
                                 "$7") "SELECT FROM subject",
        key.organisation_id, key.account_id, key.factor_id, NewId("aud"), actor_id,
        call.client_address, call.request_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> PostgresAccessStore::RevokeGrant(
    const std::string& organisation_id, const std::string& invitation_id,
    const std::string& case_id, const std::string& actor_id, const std::string& actor_name,
    const Call& call) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    // The grant first: an entry that is under way holds its row, and the second statement then
    // sees the session that it made.
    tx.Exec(
        "WITH subject AS (INSERT INTO access_grant AS g (organisation_id, invitation_id, "
        "account_id, case_id, contact_id, sees_all, document_request_ids, revoke_time) "
        "VALUES ($1, $2, '', $3, '', false, '', clock_timestamp()) "
        "ON CONFLICT (organisation_id, invitation_id) DO UPDATE "
        "SET revoke_time = clock_timestamp() WHERE g.revoke_time IS NULL "
        "RETURNING organisation_id, invitation_id AS subject_id, case_id), " AUDIT(
            "$4", "grant.revoked", "$5", "$6", "$7", "$8") "SELECT FROM subject",
        organisation_id, invitation_id, case_id, NewId("aud"), actor_id, actor_name,
        call.client_address, call.request_id);
    std::vector<std::string> ended;
    for (const auto& row :
         tx.Exec("UPDATE session SET end_time = clock_timestamp() WHERE organisation_id = $1 "
                 "AND invitation_id = $2 AND end_time IS NULL RETURNING session_id",
                 organisation_id, invitation_id)) {
      ended.emplace_back(row[0].c_str());
    }
    return ended;
  });
}

absl::StatusOr<std::optional<Credential>> PostgresAccessStore::UseSession(
    const std::string& token_hash) {
  using Result = absl::StatusOr<std::optional<Credential>>;
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kUseSession, Bytes(token_hash));
    if (rows.empty()) return std::nullopt;
    const pqxx::row& row = rows[0];
    Credential credential;
    Caller& caller = credential.caller;
    caller.kind = CallerKind::kClient;
    caller.organisation_id = row[0].c_str();
    caller.credential_id = row[1].c_str();
    caller.actor_id = row[2].c_str();
    caller.actor_name = row[3].c_str();
    credential.expires_at = TimeFromSql(row[4]);
    caller.region = row[5].c_str();
    caller.origins = {row[6].c_str()};
    caller.cases = {{row[7].c_str(), row[8].c_str(), row[9].c_str(),
                     row[10].as<bool>() ? Visibility::kAll : Visibility::kOwn,
                     absl::StrSplit(row[11].c_str(), ' ', absl::SkipEmpty())}};
    return credential;
  });
}

absl::StatusOr<std::vector<Session>> PostgresAccessStore::ListSessions(
    const std::string& organisation_id, const std::string& account_id) {
  using Result = absl::StatusOr<std::vector<Session>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Session> sessions;
    for (const auto& row :
         tx.Exec("SELECT s.session_id, s.user_agent, s.client_address, g.case_id, s.create_time, "
                 "s.last_use_time, least(s.expire_time, "
                 "  s.last_use_time + make_interval(secs => s.idle_seconds)) AS until "
                 "FROM session AS s JOIN access_grant AS g USING (organisation_id, invitation_id) "
                 "WHERE s.organisation_id = $1 AND s.account_id = $2 AND s.end_time IS NULL "
                 "AND g.revoke_time IS NULL AND s.expire_time > clock_timestamp() AND "
                 "s.last_use_time + make_interval(secs => s.idle_seconds) > clock_timestamp() "
                 "ORDER BY s.last_use_time DESC LIMIT 100",
                 organisation_id, account_id)) {
      sessions.push_back(SessionFrom(row));
    }
    return sessions;
  });
}

absl::Status PostgresAccessStore::EndSession(const std::string& session_id, const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    const auto ended = tx.Exec(
        "WITH subject AS (UPDATE session SET end_time = clock_timestamp() "
        "WHERE organisation_id = $1 AND session_id = $2 AND account_id = $3 AND end_time IS NULL "
        "RETURNING organisation_id, session_id AS subject_id, '' AS case_id), " AUDIT(
            "$4", "session.ended", "$3", "$5", "$6", "$7") "SELECT subject_id FROM subject",
        id, session_id, call.caller.actor_id, NewId("aud"), call.caller.actor_name,
        call.client_address, call.request_id);
    if (!ended.empty()) return absl::OkStatus();
    return Refuse(absl::StatusCode::kNotFound, "NOT_FOUND", "there is no such session");
  });
}

}  // namespace gatehouse::identity
