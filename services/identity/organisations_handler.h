#pragma once

#include "gatehouse/identity/v1/organisations.pb.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/store/organisation_store.h"

namespace gatehouse::identity {

namespace pb = v1;

// The RPCs of proto/gatehouse/identity/v1/organisations.proto.
class OrganisationsHandler {
 public:
  // `derivation_key` is what the secrets of keys and tokens are derived from.
  OrganisationsHandler(OrganisationStore& store, Redis& redis, Secret derivation_key)
      : store_(store), redis_(redis), key_(std::move(derivation_key)) {}
  void Register(Server& server);

  absl::StatusOr<pb::CreateOrganisationResponse> CreateOrganisation(
      const Call& call, const pb::CreateOrganisationRequest& request);
  absl::StatusOr<pb::Organisation> GetOrganisation(const Call& call,
                                                   const pb::GetOrganisationRequest& request);
  absl::StatusOr<pb::Organisation> UpdateOrganisation(const Call& call,
                                                      const pb::UpdateOrganisationRequest& request);
  absl::StatusOr<pb::Organisation> LookUpOrganisation(const Call& call,
                                                      const pb::LookUpOrganisationRequest& request);
  absl::StatusOr<pb::CreateStaffTokenResponse> CreateStaffToken(
      const Call& call, const pb::CreateStaffTokenRequest& request);
  absl::StatusOr<pb::RevokeStaffTokenResponse> RevokeStaffToken(
      const Call& call, const pb::RevokeStaffTokenRequest& request);
  absl::StatusOr<pb::CreateApiKeyResponse> CreateApiKey(const Call& call,
                                                        const pb::CreateApiKeyRequest& request);
  absl::StatusOr<pb::ListApiKeysResponse> ListApiKeys(const Call& call,
                                                      const pb::ListApiKeysRequest& request);
  absl::StatusOr<pb::ApiKey> RevokeApiKey(const Call& call, const pb::RevokeApiKeyRequest& request);
  absl::StatusOr<pb::ListAuditEventsResponse> ListAuditEvents(
      const Call& call, const pb::ListAuditEventsRequest& request);

 private:
  OrganisationStore& store_;
  Redis& redis_;
  const Secret key_;
};

}  // namespace gatehouse::identity
