#include "services/identity/store/organisation_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/common/base/random.h"
#include "services/identity/store/audit.h"

namespace gatehouse::identity {
namespace {

#define ORGANISATION                                                                      \
  "organisation_id, display_name, region, time_zone, portal_url, version, idle_seconds, " \
  "absolute_seconds, create_time, update_time"

Organisation OrganisationFrom(const pqxx::row& row) {
  return {row[0].c_str(),
          row[1].c_str(),
          row[2].c_str(),
          row[3].c_str(),
          row[4].c_str(),
          row[5].c_str(),
          absl::Seconds(row[6].as<int64_t>()),
          absl::Seconds(row[7].as<int64_t>()),
          TimeFromSql(row[8]),
          TimeFromSql(row[9])};
}

#define API_KEY                                                  \
  "api_key_id, display_name, scopes, create_time, expire_time, " \
  "coalesce(last_use_time, '-infinity'), coalesce(revoke_time, 'infinity')"

ApiKey ApiKeyFrom(const pqxx::row& row) {
  return {row[0].c_str(),
          row[1].c_str(),
          absl::StrSplit(row[2].c_str(), ' ', absl::SkipEmpty()),
          TimeFromSql(row[3]),
          TimeFromSql(row[4]),
          TimeFromSql(row[5]),
          TimeFromSql(row[6])};
}

absl::Status NotFound() {
  return Refuse(absl::StatusCode::kNotFound, "NOT_FOUND", "there is no such thing here");
}

constexpr char kCreate[] =
    "INSERT INTO organisation (organisation_id, display_name, region, time_zone, portal_url, "
    "origin, idle_seconds, absolute_seconds, request_id, first_api_key_id) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING "
    "RETURNING " ORGANISATION;

constexpr char kAddApiKey[] =
    "WITH subject AS (INSERT INTO api_key (organisation_id, api_key_id, display_name, scopes, "
    "secret_hash, expire_time) VALUES ($1, $2, $3, $4, $5, $6) "
    "RETURNING organisation_id, api_key_id AS subject_id, '' AS case_id), " AUDIT(
        "$7", "apiKey.created", "$8", "$9", "$10", "$11") "SELECT FROM subject";

constexpr char kAddStaffToken[] =
    "WITH subject AS (INSERT INTO staff_token (organisation_id, staff_token_id, api_key_id, "
    "actor_id, actor_name, scopes, secret_hash, expire_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
    "RETURNING organisation_id, staff_token_id AS subject_id, '' AS case_id), " AUDIT(
        "$9", "staffToken.created", "$10", "$11", "$12", "$13") "SELECT FROM subject";

// The use is noted once a minute at most.
constexpr char kFindApiKey[] = R"sql(
  WITH used AS (
    UPDATE api_key SET last_use_time = clock_timestamp()
    WHERE api_key_id = $1 AND secret_hash = $2
      AND coalesce(last_use_time, '-infinity') < clock_timestamp() - interval '1 minute')
  SELECT k.organisation_id, k.api_key_id, k.display_name, k.scopes, k.expire_time, o.region
  FROM api_key AS k JOIN organisation AS o USING (organisation_id)
  WHERE k.api_key_id = $1 AND k.secret_hash = $2 AND k.revoke_time IS NULL
    AND k.expire_time > clock_timestamp())sql";

constexpr char kFindStaffToken[] = R"sql(
  SELECT t.organisation_id, t.actor_id, t.actor_name, t.scopes,
         least(t.expire_time, k.expire_time), o.region, t.staff_token_id, t.api_key_id
  FROM staff_token AS t JOIN api_key AS k USING (organisation_id, api_key_id)
  JOIN organisation AS o USING (organisation_id)
  WHERE t.staff_token_id = $1 AND t.secret_hash = $2 AND t.revoke_time IS NULL
    AND k.revoke_time IS NULL AND least(t.expire_time, k.expire_time) > clock_timestamp())sql";

absl::Status InsertApiKey(Transaction& tx, const std::string& organisation_id, const ApiKey& key,
                          const std::string& hash, const Call& call) {
  tx.Exec(kAddApiKey, organisation_id, key.api_key_id, key.display_name,
          absl::StrJoin(key.scopes, " "), Bytes(hash), ToSql(key.expire_time), NewId("aud"),
          call.caller.actor_id, call.caller.actor_name, call.client_address, call.request_id);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OrganisationStore::Created> OrganisationStore::Create(
    const Organisation& organisation, const std::string& request_id, const NewKey& key,
    const Call& call) {
  const std::string& id = organisation.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<Created> {
    const auto created =
        tx.Exec(kCreate, id, organisation.display_name, organisation.region, organisation.time_zone,
                organisation.portal_url, OriginOf(organisation.portal_url),
                absl::ToInt64Seconds(organisation.idle_timeout),
                absl::ToInt64Seconds(organisation.absolute_timeout), request_id, key.id);
    if (created.empty()) {
      const auto first = tx.Exec("SELECT " ORGANISATION
                                 ", first_api_key_id FROM organisation "
                                 "WHERE organisation_id = $1 AND request_id = $2 AND $2 <> '' "
                                 "AND create_time > clock_timestamp() - interval '24 hours'",
                                 id, request_id);
      if (first.empty()) {
        return Refuse(absl::StatusCode::kAlreadyExists, "ORGANISATION_EXISTS",
                      "there is an organisation of this id already");
      }
      return Created{OrganisationFrom(first[0]), first[0][10].c_str()};
    }
    const ApiKey first = {.api_key_id = key.id, .display_name = "First key", .scopes = {"*"}};
    RETURN_IF_ERROR(InsertApiKey(tx, id, first, key.hash, call));
    return Created{OrganisationFrom(created[0]), key.id};
  });
}

absl::StatusOr<Organisation> OrganisationStore::Get(const std::string& organisation_id) {
  return postgres_.Read(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Organisation> {
        const auto rows =
            tx.Exec("SELECT " ORGANISATION " FROM organisation WHERE organisation_id = $1",
                    organisation_id);
        if (rows.empty()) return NotFound();
        return OrganisationFrom(rows[0]);
      });
}

absl::StatusOr<Organisation> OrganisationStore::Update(
    const std::string& organisation_id, const std::function<absl::Status(Organisation&)>& change,
    const Call& call) {
  return postgres_.Write(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Organisation> {
        const auto rows = tx.Exec("SELECT " ORGANISATION
                                  " FROM organisation WHERE organisation_id = $1 FOR UPDATE",
                                  organisation_id);
        if (rows.empty()) return NotFound();
        Organisation o = OrganisationFrom(rows[0]);
        RETURN_IF_ERROR(change(o));
        const auto updated = tx.Exec(
            "WITH subject AS (UPDATE organisation SET display_name = $2, region = $3, "
            "time_zone = $4, portal_url = $5, origin = $6, idle_seconds = $7, "
            "absolute_seconds = $8, version = version + 1, update_time = clock_timestamp() "
            "WHERE organisation_id = $1 RETURNING " ORGANISATION
            ", organisation_id AS subject_id, '' AS case_id), " AUDIT(
                "$9", "organisation.updated", "$10", "$11", "$12", "$13") "SELECT " ORGANISATION
                                                                          " FROM subject",
            organisation_id, o.display_name, o.region, o.time_zone, o.portal_url,
            OriginOf(o.portal_url), absl::ToInt64Seconds(o.idle_timeout),
            absl::ToInt64Seconds(o.absolute_timeout), NewId("aud"), call.caller.actor_id,
            call.caller.actor_name, call.client_address, call.request_id);
        return OrganisationFrom(updated.at(0));
      });
}

absl::StatusOr<bool> OrganisationStore::HasOrigin(const std::string& origin) {
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<bool> {
    return tx.Exec("SELECT EXISTS (SELECT FROM organisation WHERE origin = $1)", origin)[0][0]
        .as<bool>();
  });
}

absl::Status OrganisationStore::AddApiKey(const ApiKey& key, const std::string& secret_hash,
                                          const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.Read(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    return InsertApiKey(tx, id, key, secret_hash, call);
  });
}

absl::StatusOr<std::vector<ApiKey>> OrganisationStore::ListApiKeys(
    const std::string& organisation_id, const Page& page) {
  using Result = absl::StatusOr<std::vector<ApiKey>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<ApiKey> keys;
    for (const auto& row :
         tx.Exec("SELECT " API_KEY
                 " FROM api_key WHERE organisation_id = $1 AND ($2 = '' OR api_key_id < $2) "
                 "ORDER BY api_key_id DESC LIMIT $3",
                 organisation_id, page.after, page.limit())) {
      keys.push_back(ApiKeyFrom(row));
    }
    return keys;
  });
}

absl::StatusOr<ApiKey> OrganisationStore::RevokeApiKey(const std::string& api_key_id,
                                                       const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<ApiKey> {
    const auto rows = tx.Exec(
        "WITH subject AS (UPDATE api_key SET revoke_time = coalesce(revoke_time, "
        "clock_timestamp()) WHERE organisation_id = $1 AND api_key_id = $2 "
        "RETURNING *, api_key_id AS subject_id, '' AS case_id), " AUDIT(
            "$3", "apiKey.revoked", "$4", "$5", "$6", "$7") "SELECT " API_KEY " FROM subject",
        id, api_key_id, NewId("aud"), call.caller.actor_id, call.caller.actor_name,
        call.client_address, call.request_id);
    if (rows.empty()) return NotFound();
    return ApiKeyFrom(rows[0]);
  });
}

absl::Status OrganisationStore::AddStaffToken(const StaffToken& token,
                                              const std::string& secret_hash, const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kAddStaffToken, id, token.staff_token_id, token.api_key_id, token.actor_id,
            token.actor_name, absl::StrJoin(token.scopes, " "), Bytes(secret_hash),
            ToSql(token.expire_time), NewId("aud"), call.caller.actor_id, call.caller.actor_name,
            call.client_address, call.request_id);
    return absl::OkStatus();
  });
}

absl::Status OrganisationStore::RevokeStaffToken(const std::string& staff_token_id,
                                                 const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "WITH subject AS (UPDATE staff_token SET revoke_time = clock_timestamp() "
        "WHERE organisation_id = $1 AND staff_token_id = $2 AND revoke_time IS NULL "
        "RETURNING organisation_id, staff_token_id AS subject_id, '' AS case_id), " AUDIT(
            "$3", "staffToken.revoked", "$4", "$5", "$6", "$7") "SELECT FROM subject",
        id, staff_token_id, NewId("aud"), call.caller.actor_id, call.caller.actor_name,
        call.client_address, call.request_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<Credential>> OrganisationStore::FindKey(const ParsedKey& key) {
  using Result = absl::StatusOr<std::optional<Credential>>;
  const bool api_key = key.kind == KeyKind::kApiKey;
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(api_key ? kFindApiKey : kFindStaffToken, key.id, Bytes(key.hash));
    if (rows.empty()) return std::nullopt;
    const pqxx::row& row = rows[0];
    Credential credential;
    Caller& caller = credential.caller;
    caller.kind = CallerKind::kStaff;
    caller.organisation_id = row[0].c_str();
    caller.actor_id = row[1].c_str();
    caller.actor_name = row[2].c_str();
    caller.scopes = absl::StrSplit(row[3].c_str(), ' ', absl::SkipEmpty());
    credential.expires_at = TimeFromSql(row[4]);
    caller.region = row[5].c_str();
    caller.credential_id = api_key ? row[1].c_str() : row[6].c_str();
    if (!api_key) caller.parent_credential_id = row[7].c_str();
    return credential;
  });
}

absl::StatusOr<std::vector<AuditEvent>> OrganisationStore::ListAudit(
    const std::string& organisation_id, const std::string& case_id, const Page& page) {
  using Result = absl::StatusOr<std::vector<AuditEvent>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<AuditEvent> events;
    for (const auto& row :
         tx.Exec("SELECT audit_event_id, type, actor_id, actor_name, subject_id, case_id, "
                 "client_address, request_id, time FROM audit_event WHERE organisation_id = $1 "
                 "AND ($2 = '' OR case_id = $2) AND ($3 = '' OR audit_event_id < $3) "
                 "ORDER BY audit_event_id DESC LIMIT $4",
                 organisation_id, case_id, page.after, page.limit())) {
      events.push_back({row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str(),
                        row[4].c_str(), row[5].c_str(), row[6].c_str(), row[7].c_str(),
                        TimeFromSql(row[8])});
    }
    return events;
  });
}

}  // namespace gatehouse::identity
