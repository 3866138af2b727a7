#include "services/cases/portal/store/terms_store.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/portals.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {
namespace {

// Until identity has heard: who accepts the terms is in by then, who has not is out.
constexpr absl::Duration kPatience = absl::Seconds(1);

// Two at once are one after the other by the lock that Publish takes.
constexpr char kPublish[] = R"sql(
  INSERT INTO terms (organisation_id, version, texts, publisher)
  SELECT $1, coalesce(max(version), 0) + 1, $2, $3 FROM terms WHERE organisation_id = $1
  RETURNING version, texts, publisher, create_time)sql";

constexpr char kGet[] = R"sql(
  SELECT version, texts, publisher, create_time FROM terms
  WHERE organisation_id = $1 AND version = CASE WHEN $2::integer > 0 THEN $2::integer
    ELSE (SELECT max(version) FROM terms WHERE organisation_id = $1) END)sql";

constexpr char kAccept[] = R"sql(
  INSERT INTO terms_acceptance (organisation_id, account_id, version, contact_id, case_id,
                                client_address, user_agent, language)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (organisation_id, account_id, version) DO NOTHING RETURNING create_time)sql";

constexpr char kList[] =
    "SELECT * FROM terms_acceptance WHERE organisation_id = $1 AND number < $2 "
    "ORDER BY number DESC LIMIT $3";

constexpr char kStanding[] = R"sql(
  SELECT coalesce(t.version, 0) AS version, a.create_time AS accepted,
         EXISTS (SELECT FROM welcome WHERE organisation_id = $1 AND account_id = $2) AS welcomed
  FROM (SELECT max(version) AS version FROM terms WHERE organisation_id = $1) AS t
  LEFT JOIN terms_acceptance AS a
    ON a.organisation_id = $1 AND a.account_id = $2 AND a.version = t.version)sql";

constexpr char kWelcome[] =
    "INSERT INTO welcome (organisation_id, account_id) VALUES ($1, $2) "
    "ON CONFLICT (organisation_id, account_id) DO NOTHING";

// What is kept of the texts.
std::string Kept(const v1::PublishTermsRequest& request) {
  v1::Terms terms;
  *terms.mutable_texts() = request.texts();
  return terms.SerializeAsString();
}

v1::Terms TermsFrom(const pqxx::row& row) {
  v1::Terms terms;
  terms.ParseFromString(BytesFromSql(row["texts"]));
  terms.set_version(row["version"].as<int>());
  terms.set_publisher(row["publisher"].c_str());
  *terms.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  return terms;
}

v1::TermsAcceptance AcceptanceFrom(const pqxx::row& row) {
  v1::TermsAcceptance acceptance;
  acceptance.set_version(row["version"].as<int>());
  acceptance.set_contact_id(row["contact_id"].c_str());
  acceptance.set_case_id(row["case_id"].c_str());
  acceptance.set_account_id(row["account_id"].c_str());
  acceptance.set_client_address(row["client_address"].c_str());
  acceptance.set_user_agent(row["user_agent"].c_str());
  acceptance.set_language(row["language"].c_str());
  *acceptance.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  return acceptance;
}

absl::Status NoTerms() { return Refuse(common::v1::NOT_FOUND, "there are no such terms"); }

// As whom the client is here: by the first case of its session.
CaseAccess FirstAccess(const Caller& caller) {
  return caller.cases.empty() ? CaseAccess() : caller.cases.front();
}

}  // namespace

absl::StatusOr<v1::Terms> TermsStore::Publish(const Caller& caller,
                                              const v1::PublishTermsRequest& request) {
  const std::string& organisation_id = caller.organisation_id;
  using Result = absl::StatusOr<v1::Terms>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('terms:' || $1, 0))", organisation_id);
    const auto kept = tx.Exec(kPublish, organisation_id, Bytes(Kept(request)), caller.actor_name);
    v1::Terms terms = TermsFrom(kept[0]);
    v1::TermsPublished event;
    event.set_version(absl::StrCat(terms.version()));
    identity::v1::FollowPortalRequest follow;
    follow.set_terms_version(terms.version());
    OutboxCalls calls(organisation_id);
    calls.Add(&identity::v1::PortalFollower_Stub::FollowPortal, follow);
    AddEvent(event,
             {.case_id = "",
              .time = TimeFromSql(kept[0]["create_time"]),
              .order_key = "terms",
              .once = ""},
             calls);
    outbox_.Add(tx, std::move(calls), kPatience);
    return terms;
  });
}

absl::StatusOr<v1::Terms> TermsStore::Get(const std::string& organisation_id, int version) {
  using Result = absl::StatusOr<v1::Terms>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kGet, organisation_id, version);
    if (found.empty()) return NoTerms();
    return TermsFrom(found[0]);
  });
}

absl::Status TermsStore::Accept(const Call& call, const v1::AcceptTermsRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const v1::Terms current, Get(organisation_id, 0));
    if (request.version() != current.version()) {
      return Refuse(v1::TERMS_OUTDATED, "other terms hold now: read them again");
    }
    const CaseAccess access = FirstAccess(call.caller);
    const auto kept = tx.Exec(kAccept, organisation_id, call.caller.actor_id, request.version(),
                              access.contact_id, access.case_id, call.client_address,
                              call.user_agent, request.language());
    if (kept.empty()) return absl::OkStatus();
    v1::TermsAccepted event;
    event.set_version(absl::StrCat(request.version()));
    event.set_contact_id(access.contact_id);
    identity::v1::FollowAcceptanceRequest follow;
    follow.set_account_id(call.caller.actor_id);
    follow.set_terms_version(request.version());
    OutboxCalls calls(organisation_id);
    calls.Add(&identity::v1::PortalFollower_Stub::FollowAcceptance, follow);
    AddEvent(event,
             {.case_id = access.case_id,
              .time = TimeFromSql(kept[0]["create_time"]),
              .order_key = "",
              .once = ""},
             calls);
    outbox_.Add(tx, std::move(calls), kPatience);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<TermsStore::Acceptance>> TermsStore::ListAcceptances(
    const std::string& organisation_id, const Page& page) {
  using Result = absl::StatusOr<std::vector<Acceptance>>;
  ASSIGN_OR_RETURN(const int64_t below, page.Below());
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Acceptance> acceptances;
    for (const pqxx::row& row : tx.Exec(kList, organisation_id, below, page.limit())) {
      acceptances.push_back({row["number"].as<int64_t>(), AcceptanceFrom(row)});
    }
    return acceptances;
  });
}

absl::StatusOr<TermsStore::Standing> TermsStore::StandingOf(const Caller& caller) {
  using Result = absl::StatusOr<Standing>;
  return postgres_.Read(Rows::Of(caller.organisation_id), [&](Transaction& tx) -> Result {
    const pqxx::row row = tx.Exec(kStanding, caller.organisation_id, caller.actor_id)[0];
    Standing standing = {.version = row["version"].as<int>(),
                         .accepted = std::nullopt,
                         .welcomed = row["welcomed"].as<bool>()};
    if (!row["accepted"].is_null()) standing.accepted = TimeFromSql(row["accepted"]);
    return standing;
  });
}

absl::Status TermsStore::FinishWelcome(const Caller& caller) {
  return postgres_.WriteOne(Rows::Of(caller.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kWelcome, caller.organisation_id, caller.actor_id);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::cases
