#include "services/identity/store/organisation_store.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/common/text/origin.h"
#include "services/identity/store/audit.h"
#include "services/identity/store/audit_row.h"
#include "services/identity/store/key_store.h"

namespace gatehouse::identity {
namespace {

// URLs hold no spaces. A process of before this column may have made the row.
constexpr char kOrganisation[] =
    "organisation_id, display_name, region, time_zone, "
    "coalesce(nullif(array_to_string(portal_urls, ' '), ''), portal_url) AS portal_urls, "
    "version, idle_seconds, absolute_seconds, create_time, update_time";

Organisation OrganisationFrom(const pqxx::row& row) {
  Organisation organisation;
  organisation.organisation_id = row["organisation_id"].c_str();
  organisation.display_name = row["display_name"].c_str();
  organisation.region = row["region"].c_str();
  organisation.time_zone = row["time_zone"].c_str();
  organisation.portal_urls = absl::StrSplit(row["portal_urls"].c_str(), ' ', absl::SkipEmpty());
  organisation.etag = row["version"].c_str();
  organisation.idle_timeout = absl::Seconds(row["idle_seconds"].as<int64_t>());
  organisation.absolute_timeout = absl::Seconds(row["absolute_seconds"].as<int64_t>());
  organisation.create_time = TimeFromSql(row["create_time"]);
  organisation.update_time = TimeFromSql(row["update_time"]);
  return organisation;
}

// As parameters: both arrays in one text each, separated by spaces.
std::string Urls(const Organisation& organisation) {
  return absl::StrJoin(organisation.portal_urls, " ");
}
std::string Origins(const Organisation& organisation) {
  return absl::StrJoin(organisation.portal_urls, " ", [](std::string* out, const std::string& url) {
    out->append(OriginOf(url));
  });
}

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such thing here"); }

constexpr auto kCreate = Sql(
    "INSERT INTO organisation (organisation_id, display_name, region, time_zone, portal_urls, "
    "origins, idle_seconds, absolute_seconds, request_id, first_api_key_id, portal_url, origin) "
    "VALUES ($1, $2, $3, $4, string_to_array($5, ' '), string_to_array($6, ' '), $7, $8, '', $9, "
    "split_part($5, ' ', 1), split_part($6, ' ', 1)) "
    "ON CONFLICT DO NOTHING RETURNING ",
    kOrganisation);

constexpr auto AuditPage(const auto& of) {
  return Sql("SELECT ", kAuditEvent,
             " FROM audit_event WHERE organisation_id = $1 AND audit_event_id < $2 ", of,
             "ORDER BY audit_event_id DESC LIMIT $3");
}

// Two statements, so that each walks its own index.
constexpr auto kAudit = AuditPage("");
constexpr auto kAuditOfCase = AuditPage("AND case_id = $4 AND case_id <> '' ");

}  // namespace

absl::StatusOr<Organisation> PostgresOrganisationStore::Create(const Organisation& organisation,
                                                               const NewKey& key,
                                                               const Call& call) {
  const std::string& id = organisation.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<Organisation> {
    const auto created = tx.Exec(
        kCreate.c_str(), id, organisation.display_name, organisation.region, organisation.time_zone,
        Urls(organisation), Origins(organisation), absl::ToInt64Seconds(organisation.idle_timeout),
        absl::ToInt64Seconds(organisation.absolute_timeout), key.id);
    if (created.empty()) {
      return Refuse(v1::ORGANISATION_EXISTS, "there is an organisation of this id already");
    }
    const ApiKey first = {.api_key_id = key.id, .display_name = "First key", .scopes = {"*"}};
    InsertApiKey(tx, id, first, key.hash, call);
    return OrganisationFrom(created[0]);
  });
}

absl::StatusOr<Organisation> PostgresOrganisationStore::Get(const std::string& organisation_id) {
  return postgres_.Read(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Organisation> {
        static constexpr auto kGet =
            Sql("SELECT ", kOrganisation, " FROM organisation WHERE organisation_id = $1");
        const auto rows = tx.Exec(kGet.c_str(), organisation_id);
        if (rows.empty()) return NotFound();
        return OrganisationFrom(rows[0]);
      });
}

absl::StatusOr<Organisation> PostgresOrganisationStore::Update(const std::string& organisation_id,
                                                               const Change& change,
                                                               const Call& call) {
  return postgres_.Write(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Organisation> {
        static constexpr auto kFindToUpdate = Sql(
            "SELECT ", kOrganisation, " FROM organisation WHERE organisation_id = $1 FOR UPDATE");
        const auto rows = tx.Exec(kFindToUpdate.c_str(), organisation_id);
        if (rows.empty()) return NotFound();
        Organisation o = OrganisationFrom(rows[0]);
        RETURN_IF_ERROR(change(o));
        static constexpr auto kUpdate =
            Sql("WITH subject AS (UPDATE organisation SET display_name = $2, region = $3, "
                "time_zone = $4, portal_urls = string_to_array($5, ' '), "
                "origins = string_to_array($6, ' '), portal_url = split_part($5, ' ', 1), "
                "origin = split_part($6, ' ', 1), idle_seconds = $7, "
                "absolute_seconds = $8, version = version + 1, update_time = clock_timestamp() "
                "WHERE organisation_id = $1 "
                "RETURNING *, organisation_id AS subject_id, '' AS case_id), ",
                Audit("$9", "organisation.updated", "$10", "$11", "$12", "$13", "$14"), "SELECT ",
                kOrganisation, " FROM subject");
        const auto updated = tx.Exec(
            kUpdate.c_str(), organisation_id, o.display_name, o.region, o.time_zone, Urls(o),
            Origins(o), absl::ToInt64Seconds(o.idle_timeout),
            absl::ToInt64Seconds(o.absolute_timeout), NewId("aud"), call.caller.actor_id,
            call.caller.actor_name, call.client_address, call.request_id, call.client_request_id);
        return OrganisationFrom(updated.at(0));
      });
}

absl::StatusOr<bool> PostgresOrganisationStore::HasOrigin(const std::string& origin) {
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<bool> {
    const auto row = tx.Exec(
        "SELECT EXISTS (SELECT FROM organisation WHERE origins @> ARRAY[$1]) AS known", origin)[0];
    return row["known"].as<bool>();
  });
}

absl::StatusOr<std::vector<Organisation>> PostgresOrganisationStore::FindPortal(
    const std::string& portal_url) {
  using Result = absl::StatusOr<std::vector<Organisation>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    // By `=`, since row-level security lets an index be read by nothing that `@>` is.
    static constexpr auto kFind =
        Sql("SELECT ", kOrganisation,
            " FROM (SELECT organisation_id FROM organisation_portal WHERE url = $1 "
            "ORDER BY organisation_id LIMIT 2) AS found JOIN organisation USING (organisation_id) "
            "ORDER BY organisation_id");
    std::vector<Organisation> found;
    for (const pqxx::row& row : tx.Exec(kFind.c_str(), portal_url)) {
      found.push_back(OrganisationFrom(row));
    }
    return found;
  });
}

absl::Status PostgresOrganisationStore::RecordAudit(const std::string& organisation_id,
                                                    const std::vector<AuditEvent>& events) {
  std::vector<std::string> ids, types, actors, names, subjects, cases, addresses, requests,
      client_requests, times, data;
  for (const AuditEvent& event : events) {
    ids.push_back(event.audit_event_id);
    types.push_back(event.type);
    actors.push_back(event.actor_id);
    names.push_back(event.actor_name);
    subjects.push_back(event.subject_id);
    cases.push_back(event.case_id);
    addresses.push_back(event.client_address);
    requests.push_back(event.request_id);
    client_requests.push_back(event.client_request_id);
    times.push_back(ToSql(event.time));
    data.push_back(nlohmann::json(event.data).dump());
  }
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, actor_name, "
        "subject_id, case_id, client_address, request_id, client_request_id, time, data) "
        "SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], "
        "$7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::jsonb[]) "
        "ON CONFLICT DO NOTHING",
        organisation_id, SqlArray(ids), SqlArray(types), SqlArray(actors), SqlArray(names),
        SqlArray(subjects), SqlArray(cases), SqlArray(addresses), SqlArray(requests),
        SqlArray(client_requests), SqlArray(times), SqlArray(data));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<AuditEvent>> PostgresOrganisationStore::ListAudit(
    const std::string& organisation_id, const std::string& case_id, const Page& page) {
  using Result = absl::StatusOr<std::vector<AuditEvent>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<AuditEvent> events;
    const std::string below = page.Below("aud");
    const auto rows =
        case_id.empty()
            ? tx.Exec(kAudit.c_str(), organisation_id, below, page.limit())
            : tx.Exec(kAuditOfCase.c_str(), organisation_id, below, page.limit(), case_id);
    for (const auto& row : rows) {
      events.push_back(AuditEventFrom(row));
    }
    return events;
  });
}

}  // namespace gatehouse::identity
