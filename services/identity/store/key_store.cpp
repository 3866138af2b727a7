#include "services/identity/store/key_store.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/postgres/sql.h"
#include "services/identity/store/audit.h"

namespace gatehouse::identity {
namespace {

// Ids of credentials and scopes hold neither spaces nor commas.
constexpr char kApiKey[] =
    "api_key_id, display_name, scopes, array_to_string(ancestors, ' ') AS ancestors, actor_id, "
    "actor_name, generation, create_time, expire_time, "
    "coalesce(last_use_time, '-infinity') AS last_use_time, "
    "coalesce(revoke_time, 'infinity') AS revoke_time";

std::vector<std::string> Words(const pqxx::field& field) {
  return absl::StrSplit(field.c_str(), ' ', absl::SkipEmpty());
}

std::string ArrayOf(const std::vector<std::string>& ids) {
  return absl::StrCat("{", absl::StrJoin(ids, ","), "}");
}

ApiKey ApiKeyFrom(const pqxx::row& row) {
  ApiKey key;
  key.api_key_id = row["api_key_id"].c_str();
  key.display_name = row["display_name"].c_str();
  key.scopes = Words(row["scopes"]);
  key.ancestors = Words(row["ancestors"]);
  key.actor = {row["actor_id"].c_str(), row["actor_name"].c_str()};
  key.generation = row["generation"].as<int64_t>();
  key.create_time = TimeFromSql(row["create_time"]);
  key.expire_time = TimeFromSql(row["expire_time"]);
  key.last_use_time = TimeFromSql(row["last_use_time"]);
  key.revoke_time = TimeFromSql(row["revoke_time"]);
  return key;
}

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such thing here"); }

constexpr auto kAddApiKey =
    Sql("WITH subject AS (INSERT INTO api_key (organisation_id, api_key_id, display_name, scopes, "
        "secret_hash, expire_time, ancestors, actor_id, actor_name) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "RETURNING organisation_id, api_key_id AS subject_id, '' AS case_id), ",
        Audit("$10", "apiKey.created", "$11", "$12", "$13", "$14", "$15"), "SELECT FROM subject");

constexpr auto kAddStaffToken = Sql(
    "WITH subject AS (INSERT INTO staff_token (organisation_id, staff_token_id, api_key_id, "
    "ancestors, actor_id, actor_name, scopes, secret_hash, expire_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
    "RETURNING organisation_id, staff_token_id AS subject_id, '' AS case_id), ",
    Audit("$10", "staffToken.created", "$11", "$12", "$13", "$14", "$15"), "SELECT FROM subject");

// All that a credential `c` was minted by is there and lives. One that is gone from the tables has
// ended too.
constexpr char kAncestorsLive[] =
    " AND cardinality(c.ancestors) = "
    "(SELECT count(*) FROM api_key AS a WHERE a.organisation_id = c.organisation_id "
    " AND a.api_key_id = ANY (c.ancestors) AND a.revoke_time IS NULL "
    " AND a.expire_time > clock_timestamp()) + "
    "(SELECT count(*) FROM staff_token AS a WHERE a.organisation_id = c.organisation_id "
    " AND a.staff_token_id = ANY (c.ancestors) AND a.revoke_time IS NULL "
    " AND a.expire_time > clock_timestamp())";

// The use is noted once a minute at most.
constexpr auto kFindApiKey =
    Sql("WITH used AS ("
        "  UPDATE api_key SET last_use_time = clock_timestamp() "
        "  WHERE api_key_id = $1 AND $2 IN (secret_hash, earlier_secret_hash) "
        "    AND coalesce(last_use_time, '-infinity') < clock_timestamp() - interval '1 minute') "
        "SELECT c.organisation_id, c.api_key_id AS credential_id, c.scopes, o.region, "
        "  array_to_string(c.ancestors, ' ') AS ancestors, "
        "  coalesce(nullif(c.actor_id, ''), c.api_key_id) AS actor_id, "
        "  CASE c.actor_id WHEN '' THEN c.display_name ELSE c.actor_name END AS actor_name, "
        "  CASE WHEN c.secret_hash = $2 THEN c.expire_time "
        "       ELSE least(c.expire_time, c.earlier_expire_time) END AS expire_time "
        "FROM api_key AS c JOIN organisation AS o USING (organisation_id) "
        "WHERE c.api_key_id = $1 AND c.revoke_time IS NULL AND c.expire_time > clock_timestamp() "
        "  AND (c.secret_hash = $2 OR "
        "       c.earlier_secret_hash = $2 AND c.earlier_expire_time > "
        "clock_timestamp())",
        kAncestorsLive);

constexpr auto kFindStaffToken =
    Sql("SELECT c.organisation_id, c.staff_token_id AS credential_id, c.scopes, o.region, "
        "  array_to_string(c.ancestors, ' ') AS ancestors, c.actor_id, c.actor_name, "
        "  least(c.expire_time, k.expire_time) AS expire_time "
        "FROM staff_token AS c JOIN api_key AS k USING (organisation_id, api_key_id) "
        "JOIN organisation AS o USING (organisation_id) "
        "WHERE c.staff_token_id = $1 AND c.secret_hash = $2 AND c.revoke_time IS NULL "
        "  AND k.revoke_time IS NULL "
        "  AND least(c.expire_time, k.expire_time) > clock_timestamp()",
        kAncestorsLive);

}  // namespace

void InsertApiKey(Transaction& tx, const std::string& organisation_id, const ApiKey& key,
                  const std::string& secret_hash, const Call& call) {
  tx.Exec(kAddApiKey.c_str(), organisation_id, key.api_key_id, key.display_name,
          absl::StrJoin(key.scopes, " "), Bytes(secret_hash), ToSql(key.expire_time),
          ArrayOf(key.ancestors), key.actor.id, key.actor.name, NewId("aud"), call.caller.actor_id,
          call.caller.actor_name, call.client_address, call.request_id, call.client_request_id);
}

absl::Status PostgresKeyStore::AddApiKey(const ApiKey& key, const std::string& secret_hash,
                                         const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    InsertApiKey(tx, id, key, secret_hash, call);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<ApiKey>> PostgresKeyStore::ListApiKeys(
    const std::string& organisation_id, const Page& page) {
  using Result = absl::StatusOr<std::vector<ApiKey>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<ApiKey> keys;
    static constexpr auto kListApiKeys =
        Sql("SELECT ", kApiKey,
            " FROM api_key WHERE organisation_id = $1 AND api_key_id < $2 "
            "ORDER BY api_key_id DESC LIMIT $3");
    for (const auto& row :
         tx.Exec(kListApiKeys.c_str(), organisation_id, page.Below("key"), page.limit())) {
      keys.push_back(ApiKeyFrom(row));
    }
    return keys;
  });
}

absl::StatusOr<ApiKey> PostgresKeyStore::RevokeApiKey(const std::string& api_key_id,
                                                      const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<ApiKey> {
    static constexpr auto kRevokeApiKey =
        Sql("WITH subject AS (UPDATE api_key SET revoke_time = coalesce(revoke_time, "
            "clock_timestamp()) WHERE organisation_id = $1 AND api_key_id = $2 "
            "RETURNING *, api_key_id AS subject_id, '' AS case_id), ",
            Audit("$3", "apiKey.revoked", "$4", "$5", "$6", "$7", "$8"), "SELECT ", kApiKey,
            " FROM subject");
    const auto rows = tx.Exec(kRevokeApiKey.c_str(), id, api_key_id, NewId("aud"),
                              call.caller.actor_id, call.caller.actor_name, call.client_address,
                              call.request_id, call.client_request_id);
    if (rows.empty()) return NotFound();
    return ApiKeyFrom(rows[0]);
  });
}

absl::StatusOr<ApiKey> PostgresKeyStore::RotateApiKey(const std::string& api_key_id,
                                                      const Decide& decide, const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<ApiKey> {
    static constexpr auto kFindToRotate =
        Sql("SELECT ", kApiKey,
            " FROM api_key WHERE organisation_id = $1 AND api_key_id = $2 "
            "AND revoke_time IS NULL AND expire_time > clock_timestamp() "
            "FOR UPDATE");
    const auto found = tx.Exec(kFindToRotate.c_str(), id, api_key_id);
    if (found.empty()) return NotFound();
    ASSIGN_OR_RETURN(const Rotation rotation, decide(ApiKeyFrom(found[0])));
    static constexpr auto kRotate =
        Sql("WITH subject AS (UPDATE api_key SET generation = generation + 1, secret_hash = $3, "
            "earlier_secret_hash = secret_hash, earlier_expire_time = $4 "
            "WHERE organisation_id = $1 AND api_key_id = $2 "
            "RETURNING *, api_key_id AS subject_id, '' AS case_id), ",
            Audit("$5", "apiKey.rotated", "$6", "$7", "$8", "$9", "$10"), "SELECT ", kApiKey,
            " FROM subject");
    const auto rotated = tx.Exec(kRotate.c_str(), id, api_key_id, Bytes(rotation.secret_hash),
                                 ToSql(rotation.earlier_expire_time), NewId("aud"),
                                 call.caller.actor_id, call.caller.actor_name, call.client_address,
                                 call.request_id, call.client_request_id);
    return ApiKeyFrom(rotated.at(0));
  });
}

absl::Status PostgresKeyStore::AddStaffToken(const StaffToken& token,
                                             const std::string& secret_hash, const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kAddStaffToken.c_str(), id, token.staff_token_id, token.ancestors.front(),
            ArrayOf(token.ancestors), token.actor.id, token.actor.name,
            absl::StrJoin(token.scopes, " "), Bytes(secret_hash), ToSql(token.expire_time),
            NewId("aud"), call.caller.actor_id, call.caller.actor_name, call.client_address,
            call.request_id, call.client_request_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> PostgresKeyStore::RevokeStaffToken(const std::string& staff_token_id,
                                                        const Call& call) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.WriteOne(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<bool> {
    static constexpr auto kRevokeStaffToken =
        Sql("WITH subject AS (UPDATE staff_token SET revoke_time = clock_timestamp() "
            "WHERE organisation_id = $1 AND staff_token_id = $2 AND revoke_time IS NULL "
            "RETURNING organisation_id, staff_token_id AS subject_id, '' AS case_id), ",
            Audit("$3", "staffToken.revoked", "$4", "$5", "$6", "$7", "$8"),
            "SELECT FROM staff_token WHERE organisation_id = $1 AND staff_token_id = $2");
    const auto rows = tx.Exec(kRevokeStaffToken.c_str(), id, staff_token_id, NewId("aud"),
                              call.caller.actor_id, call.caller.actor_name, call.client_address,
                              call.request_id, call.client_request_id);
    return !rows.empty();
  });
}

absl::StatusOr<std::optional<Credential>> PostgresKeyStore::FindKey(const ParsedKey& key) {
  using Result = absl::StatusOr<std::optional<Credential>>;
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& tx) -> Result {
    const auto rows =
        tx.Exec(key.kind == KeyKind::kApiKey ? kFindApiKey.c_str() : kFindStaffToken.c_str(),
                key.id, Bytes(key.hash));
    if (rows.empty()) return std::nullopt;
    const pqxx::row& row = rows[0];
    Credential credential;
    Caller& caller = credential.caller;
    caller.kind = CallerKind::kStaff;
    caller.organisation_id = row["organisation_id"].c_str();
    caller.actor_id = row["actor_id"].c_str();
    caller.actor_name = row["actor_name"].c_str();
    caller.scopes = Words(row["scopes"]);
    caller.region = row["region"].c_str();
    caller.credential_id = row["credential_id"].c_str();
    caller.ancestors = Words(row["ancestors"]);
    credential.expires_at = TimeFromSql(row["expire_time"]);
    return credential;
  });
}

}  // namespace gatehouse::identity
