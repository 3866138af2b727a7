#pragma once

#include "gatehouse/identity/v1/organisations.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/domain/keys.h"
#include "services/identity/domain/organisation_store.h"

namespace gatehouse::identity {

namespace pb = v1;

// The RPCs of proto/gatehouse/identity/v1/organisations.proto.
class OrganisationsHandler {
 public:
  OrganisationsHandler(OrganisationStore& store, KeyStore& key_store, Keys& keys, Once& once,
                       Redis& redis)
      : store_(store), key_store_(key_store), keys_(keys), once_(once), redis_(redis) {}
  void Register(Server& server);

  absl::StatusOr<pb::CreateOrganisationResponse> CreateOrganisation(
      const Call& call, const pb::CreateOrganisationRequest& request);
  absl::StatusOr<pb::Organisation> GetOrganisation(const Call& call,
                                                   const pb::GetOrganisationRequest& request);
  absl::StatusOr<pb::Organisation> UpdateOrganisation(const Call& call,
                                                      const pb::UpdateOrganisationRequest& request);
  absl::StatusOr<pb::FindPortalResponse> FindPortal(const Call& call,
                                                    const pb::FindPortalRequest& request);
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
  absl::StatusOr<pb::RotateApiKeyResponse> RotateApiKey(const Call& call,
                                                        const pb::RotateApiKeyRequest& request);
  absl::StatusOr<pb::ApiKey> RevokeApiKey(const Call& call, const pb::RevokeApiKeyRequest& request);
  absl::StatusOr<pb::ListAuditEventsResponse> ListAuditEvents(
      const Call& call, const pb::ListAuditEventsRequest& request);
  absl::StatusOr<pb::RecordAuditEventResponse> RecordAuditEvent(
      const Call& call, const pb::RecordAuditEventRequest& request);
  absl::StatusOr<pb::RecordAuditEventsResponse> RecordAuditEvents(
      const Call& call, const pb::RecordAuditEventsRequest& request);

 private:
  absl::StatusOr<pb::CreateOrganisationResponse> Create(
      const Call& call, const pb::CreateOrganisationRequest& request);

  OrganisationStore& store_;
  KeyStore& key_store_;
  Keys& keys_;
  Once& once_;
  Redis& redis_;
};

}  // namespace gatehouse::identity
