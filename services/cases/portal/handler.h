#pragma once

#include "gatehouse/cases/v1/portal.pb.h"
#include "services/cases/domain/store.h"
#include "services/cases/pipelines/store/place_store.h"
#include "services/cases/portal/gate.h"
#include "services/cases/portal/store/portal_store.h"
#include "services/cases/portal/store/terms_store.h"
#include "services/cases/portal/store/upload_limits_store.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/portal.proto and upload_limits.proto, translated into calls
// of the stores and the rules.
class PortalHandler {
 public:
  struct Parts {
    Settings<PortalSettings>& settings;
    PortalStore& portals;
    TermsStore& terms;
    UploadLimitsStore& upload_limits;
    Store& cases;
    PlaceStore& places;
    Once& once;
  };
  explicit PortalHandler(const Parts& parts) : parts_(parts), gate_(parts.settings) {}
  void Register(Server& server);

  absl::StatusOr<PortalSettings> GetPortalSettings(const Call& call,
                                                   const v1::GetPortalSettingsRequest& request);
  absl::StatusOr<PortalSettings> UpdatePortalSettings(
      const Call& call, const v1::UpdatePortalSettingsRequest& request);
  absl::StatusOr<v1::Terms> PublishTerms(const Call& call, const v1::PublishTermsRequest& request);
  absl::StatusOr<v1::Terms> GetTerms(const Call& call, const v1::GetTermsRequest& request);
  absl::StatusOr<v1::ListTermsAcceptancesResponse> ListTermsAcceptances(
      const Call& call, const v1::ListTermsAcceptancesRequest& request);

  absl::StatusOr<v1::FollowUploadLimitsResponse> FollowUploadLimits(
      const Call& call, const v1::FollowUploadLimitsRequest& request);

  absl::StatusOr<v1::PortalHome> GetHome(const Call& call, const v1::GetHomeRequest& request);
  absl::StatusOr<v1::FinishWelcomeResponse> FinishWelcome(const Call& call,
                                                          const v1::FinishWelcomeRequest& request);
  absl::StatusOr<v1::PortalTerms> GetPortalTerms(const Call& call,
                                                 const v1::GetPortalTermsRequest& request);
  absl::StatusOr<v1::AcceptTermsResponse> AcceptTerms(const Call& call,
                                                      const v1::AcceptTermsRequest& request);

 private:
  absl::StatusOr<v1::HomeCase> HomeCaseOf(const Call& call, const Case& mirrored,
                                          const PortalSettings& settings,
                                          const std::string& language);

  const Parts parts_;
  const PortalGate gate_;
};

}  // namespace gatehouse::cases
