#include "services/cases/portal/store/portal_store.h"

#include "absl/strings/numbers.h"
#include "gatehouse/identity/v1/portals.pb.h"
#include "gatehouse/invitation/v1/portals.pb.h"

namespace gatehouse::cases {
namespace {

// Whoever closes a portal may rely on the answer: nobody is in any more.
constexpr absl::Duration kPatience = absl::Seconds(1);

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
    identity::v1::FollowPortalRequest of_sessions;
    of_sessions.set_enabled(now.enabled());
    of_sessions.set_settings_version(version);
    invitation::v1::FollowPortalRequest of_links;
    of_links.set_enabled(now.enabled());
    of_links.set_settings_version(version);
    OutboxCalls calls(organisation_id);
    calls.Add(&identity::v1::PortalFollower_Stub::FollowPortal, of_sessions);
    calls.Add(&invitation::v1::PortalFollower_Stub::FollowPortal, of_links);
    outbox_.Add(tx, std::move(calls), kPatience);
    return now;
  });
}

}  // namespace gatehouse::cases
