#include "services/cases/portal/store/portal_store.h"

#include "absl/strings/numbers.h"
#include "gatehouse/identity/v1/portals.pb.h"
#include "gatehouse/invitation/v1/portals.pb.h"

namespace gatehouse::cases {
namespace {

// Whoever closes a portal may rely on the answer: nobody is in any more.
constexpr absl::Duration kPatience = absl::Seconds(1);

constexpr char kUntold[] = R"sql(
  SELECT organisation_id FROM (
    SELECT organisation_id FROM settings_document WHERE kind = $1
    UNION SELECT organisation_id FROM terms) AS portal
  WHERE NOT EXISTS (
    SELECT FROM portal_told AS told WHERE told.organisation_id = portal.organisation_id)
  LIMIT 1000)sql";
constexpr char kTold[] =
    "INSERT INTO portal_told (organisation_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING 1";
constexpr char kTerms[] =
    "SELECT coalesce(max(version), 0) AS version FROM terms WHERE organisation_id = $1";
constexpr char kAccepted[] =
    "SELECT account_id FROM terms_acceptance WHERE organisation_id = $1 AND version = $2 "
    "ORDER BY number DESC LIMIT 10000";

void AddFollow(const PortalSettings& now, int64_t settings_version, int terms_version,
               OutboxCalls& calls) {
  identity::v1::FollowPortalRequest of_sessions;
  of_sessions.set_enabled(now.enabled());
  of_sessions.set_settings_version(settings_version);
  of_sessions.set_terms_version(terms_version);
  calls.Add(&identity::v1::PortalFollower_Stub::FollowPortal, of_sessions);
  if (settings_version == 0) return;
  invitation::v1::FollowPortalRequest of_links;
  of_links.set_enabled(now.enabled());
  of_links.set_settings_version(settings_version);
  *of_links.mutable_look() = LookOf(now);
  calls.Add(&invitation::v1::PortalFollower_Stub::FollowPortal, of_links);
}

}  // namespace

absl::StatusOr<PortalSettings> PortalStore::Update(const Call& call,
                                                   const v1::UpdatePortalSettingsRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  using Result = absl::StatusOr<PortalSettings>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    ASSIGN_OR_RETURN(
        const PortalSettings now,
        settings_.Update(request.portal_settings(), request.update_mask(), call, CheckPortal));
    int64_t version = 0;
    if (!absl::SimpleAtoi(now.etag(), &version) || version == 0) return now;
    OutboxCalls calls(organisation_id);
    AddFollow(now, version, 0, calls);
    outbox_.Add(tx, std::move(calls), kPatience);
    return now;
  });
}

absl::StatusOr<int> PortalStore::TellOld() {
  using Ids = absl::StatusOr<std::vector<std::string>>;
  std::vector<std::string> organisation_ids;
  ASSIGN_OR_RETURN(organisation_ids, postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Ids {
    std::vector<std::string> found;
    for (const auto& row : tx.Exec(kUntold, PortalSettings::descriptor()->full_name())) {
      found.emplace_back(row["organisation_id"].c_str());
    }
    return found;
  }));
  for (const std::string& id : organisation_ids) RETURN_IF_ERROR(TellOld(id));
  return static_cast<int>(organisation_ids.size());
}

absl::Status PortalStore::TellOld(const std::string& organisation_id) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    if (tx.Exec(kTold, organisation_id).empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const PortalSettings now, settings_.Get(organisation_id, ""));
    int64_t settings_version = 0;
    if (!absl::SimpleAtoi(now.etag(), &settings_version)) settings_version = 0;
    const int terms_version = tx.Exec(kTerms, organisation_id)[0]["version"].as<int>();
    OutboxCalls calls(organisation_id);
    for (const auto& row : tx.Exec(kAccepted, organisation_id, terms_version)) {
      identity::v1::FollowAcceptanceRequest follow;
      follow.set_account_id(row["account_id"].c_str());
      follow.set_terms_version(terms_version);
      calls.Add(&identity::v1::PortalFollower_Stub::FollowAcceptance, follow);
    }
    AddFollow(now, settings_version, terms_version, calls);
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::cases
