#include "services/identity/organisations_handler.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/base/proto_time.h"
#include "services/common/rpc/method_rules.h"
#include "services/common/settings/fields.h"
#include "services/common/text/sandbox.h"
#include "services/identity/domain/scopes.h"

namespace gatehouse::identity {
namespace {

pb::Organisation ToProto(const Organisation& organisation) {
  pb::Organisation proto;
  proto.set_organisation_id(organisation.organisation_id);
  proto.set_display_name(organisation.display_name);
  proto.set_region(organisation.region);
  proto.set_time_zone(organisation.time_zone);
  proto.set_portal_url(organisation.portal_urls.front());
  for (const std::string& url : organisation.portal_urls) proto.add_portal_urls(url);
  proto.set_etag(organisation.etag);
  proto.set_sandbox(IsSandbox(organisation.organisation_id));
  *proto.mutable_create_time() = gatehouse::ToProto(organisation.create_time);
  *proto.mutable_update_time() = gatehouse::ToProto(organisation.update_time);
  auto& policy = *proto.mutable_session_policy();
  *policy.mutable_idle_timeout() = gatehouse::ToProto(organisation.idle_timeout);
  *policy.mutable_absolute_timeout() = gatehouse::ToProto(organisation.absolute_timeout);
  return proto;
}

pb::ApiKey ToProto(const ApiKey& key) {
  pb::ApiKey proto;
  proto.set_api_key_id(key.api_key_id);
  proto.set_display_name(key.display_name);
  for (const std::string& scope : key.scopes) proto.add_scopes(scope);
  *proto.mutable_create_time() = gatehouse::ToProto(key.create_time);
  if (key.expire_time != absl::InfiniteFuture()) {
    *proto.mutable_expire_time() = gatehouse::ToProto(key.expire_time);
  }
  if (key.last_use_time != absl::InfinitePast()) {
    *proto.mutable_last_use_time() = gatehouse::ToProto(key.last_use_time);
  }
  if (key.revoke_time != absl::InfiniteFuture()) {
    *proto.mutable_revoke_time() = gatehouse::ToProto(key.revoke_time);
  }
  return proto;
}

// The fields, within the session policy too, that the mask names or, without a mask, that are set.
absl::StatusOr<Paths> FieldsNamed(const pb::UpdateOrganisationRequest& request) {
  for (const std::string& path : request.update_mask().paths()) {
    const bool known = path == "display_name" || path == "region" || path == "time_zone" ||
                       path == "portal_url" || path == "portal_urls" || path == "session_policy" ||
                       absl::StartsWith(path, "session_policy.");
    if (!known) return RefuseField("update_mask", "names a field that cannot be changed");
  }
  return LeavesNamed(request, request.update_mask());
}

// A part of the session policy that is named goes back to its default where it is not set.
absl::StatusOr<OrganisationChange> ChangeOf(const pb::UpdateOrganisationRequest& request) {
  ASSIGN_OR_RETURN(const Paths named, FieldsNamed(request));
  OrganisationChange change = {.etag = request.etag()};
  const auto text = [&](const char* field, const std::string& from,
                        std::optional<std::string>& to) {
    if (named.count(field) != 0) to = from;
  };
  text("display_name", request.display_name(), change.display_name);
  text("region", request.region(), change.region);
  text("time_zone", request.time_zone(), change.time_zone);
  text("portal_url", request.portal_url(), change.portal_url);
  if (named.count("portal_urls") != 0) {
    change.portal_urls.emplace(request.portal_urls().begin(), request.portal_urls().end());
  }
  const Organisation by_default;
  const auto& policy = request.session_policy();
  if (named.count("session_policy.idle_timeout") != 0) {
    change.idle_timeout =
        policy.has_idle_timeout() ? FromProto(policy.idle_timeout()) : by_default.idle_timeout;
  }
  if (named.count("session_policy.absolute_timeout") != 0) {
    change.absolute_timeout = policy.has_absolute_timeout() ? FromProto(policy.absolute_timeout())
                                                            : by_default.absolute_timeout;
  }
  return change;
}

pb::AuditEvent ToProto(const AuditEvent& event) {
  pb::AuditEvent proto;
  proto.set_audit_event_id(event.audit_event_id);
  proto.set_type(event.type);
  proto.set_actor_id(event.actor_id);
  proto.set_actor_name(event.actor_name);
  proto.set_subject_id(event.subject_id);
  proto.set_case_id(event.case_id);
  proto.set_client_address(event.client_address);
  proto.set_request_id(event.request_id);
  proto.set_client_request_id(event.client_request_id);
  *proto.mutable_time() = gatehouse::ToProto(event.time);
  proto.mutable_data()->insert(event.data.begin(), event.data.end());
  return proto;
}

// The row's id is made of the delivery's: a second delivery finds it, and the trail has the order
// in which things were done.
AuditEvent RowFrom(const pb::RecordAuditEventRequest& request) {
  const pb::AuditEvent& row = request.audit_event();
  const std::string& id = request.request_id();
  return {.audit_event_id = absl::StrCat("aud", id.substr(id.find('_'))),
          .type = row.type(),
          .actor_id = row.actor_id(),
          .actor_name = row.actor_name(),
          .subject_id = row.subject_id(),
          .case_id = row.case_id(),
          .client_address = row.client_address(),
          .request_id = row.request_id(),
          .client_request_id = row.client_request_id(),
          .time = gatehouse::FromProto(row.time()),
          .data = {row.data().begin(), row.data().end()}};
}

}  // namespace

void OrganisationsHandler::Register(Server& server) {
  using Self = OrganisationsHandler;
  server.Service("gatehouse.identity.v1.Organisations")
      .Unary("CreateOrganisation", *this, &Self::CreateOrganisation)
      .Unary("GetOrganisation", *this, &Self::GetOrganisation)
      .Unary("UpdateOrganisation", *this, &Self::UpdateOrganisation)
      .Unary("CreateStaffToken", *this, &Self::CreateStaffToken)
      .Unary("RevokeStaffToken", *this, &Self::RevokeStaffToken)
      .Unary("CreateApiKey", *this, &Self::CreateApiKey)
      .Unary("ListApiKeys", *this, &Self::ListApiKeys)
      .Unary("RotateApiKey", *this, &Self::RotateApiKey)
      .Unary("RevokeApiKey", *this, &Self::RevokeApiKey)
      .Unary("ListAuditEvents", *this, &Self::ListAuditEvents);
  server.Service("gatehouse.identity.v1.OrganisationDirectory")
      .Unary("LookUpOrganisation", *this, &Self::LookUpOrganisation)
      .Unary("FindPortal", *this, &Self::FindPortal);
  server.Service("gatehouse.identity.v1.AuditIntake")
      .Unary("RecordAuditEvent", *this, &Self::RecordAuditEvent)
      .Unary("RecordAuditEvents", *this, &Self::RecordAuditEvents);
}

absl::StatusOr<pb::CreateOrganisationResponse> OrganisationsHandler::CreateOrganisation(
    const Call& call, const pb::CreateOrganisationRequest& request) {
  if (request.sandbox() != IsSandbox(request.organisation_id())) {
    return RefuseField("organisation_id",
                       "must begin with sandbox- where, and only where, it is one");
  }
  return once_.Run(call, request, [&] { return Create(call, request); });
}

absl::StatusOr<pb::CreateOrganisationResponse> OrganisationsHandler::Create(
    const Call& call, const pb::CreateOrganisationRequest& request) {
  Organisation organisation;
  std::vector<std::string> urls = {request.portal_url()};
  urls.insert(urls.end(), request.portal_urls().begin(), request.portal_urls().end());
  ASSIGN_OR_RETURN(organisation.portal_urls, PortalUrls(urls));
  RETURN_IF_ERROR(CheckRegion(request.region()));
  organisation.organisation_id = request.organisation_id();
  organisation.display_name = request.display_name();
  organisation.region = request.region();
  organisation.time_zone = request.time_zone();
  const NewKey key = keys_.First();
  ASSIGN_OR_RETURN(const Organisation created, store_.Create(organisation, key, call));
  pb::CreateOrganisationResponse response;
  *response.mutable_organisation() = ToProto(created);
  response.set_api_key(key.text.Reveal());
  return response;
}

absl::StatusOr<pb::Organisation> OrganisationsHandler::GetOrganisation(
    const Call& call, const pb::GetOrganisationRequest&) {
  ASSIGN_OR_RETURN(const Organisation found, store_.Get(call.caller.organisation_id));
  return ToProto(found);
}

absl::StatusOr<pb::FindPortalResponse> OrganisationsHandler::FindPortal(
    const Call&, const pb::FindPortalRequest& request) {
  ASSIGN_OR_RETURN(const auto found, store_.FindPortal(request.portal_url()));
  pb::FindPortalResponse response;
  for (const Organisation& organisation : found) {
    *response.add_organisations() = ToProto(organisation);
  }
  return response;
}

absl::StatusOr<pb::Organisation> OrganisationsHandler::LookUpOrganisation(
    const Call& call, const pb::LookUpOrganisationRequest&) {
  ASSIGN_OR_RETURN(const Organisation found, store_.Get(call.caller.organisation_id));
  return ToProto(found);
}

absl::StatusOr<pb::Organisation> OrganisationsHandler::UpdateOrganisation(
    const Call& call, const pb::UpdateOrganisationRequest& request) {
  ASSIGN_OR_RETURN(const OrganisationChange change, ChangeOf(request));
  return once_.Run(call, request, [&]() -> absl::StatusOr<pb::Organisation> {
    ASSIGN_OR_RETURN(
        const Organisation updated,
        store_.Update(
            call.caller.organisation_id,
            [&](Organisation& organisation) { return Apply(change, organisation); }, call));
    return ToProto(updated);
  });
}

absl::StatusOr<pb::CreateStaffTokenResponse> OrganisationsHandler::CreateStaffToken(
    const Call& call, const pb::CreateStaffTokenRequest& request) {
  RETURN_IF_ERROR(
      CheckScopesKnown({request.scopes().begin(), request.scopes().end()}, AllScopes()));
  ASSIGN_OR_RETURN(
      const Keys::MintedToken minted,
      keys_.MintStaffToken({request.actor().id(), request.actor().display_name()},
                           {request.scopes().begin(), request.scopes().end()},
                           request.has_ttl() ? FromProto(request.ttl()) : kStaffTokenLife, call));
  pb::CreateStaffTokenResponse response;
  response.set_token(minted.text.Reveal());
  response.set_staff_token_id(minted.token.staff_token_id);
  *response.mutable_expire_time() = gatehouse::ToProto(minted.token.expire_time);
  return response;
}

absl::StatusOr<pb::RevokeStaffTokenResponse> OrganisationsHandler::RevokeStaffToken(
    const Call& call, const pb::RevokeStaffTokenRequest& request) {
  ASSIGN_OR_RETURN(const bool known, key_store_.RevokeStaffToken(request.staff_token_id(), call));
  // Caches that could not be told forget by themselves. Of an id that is not one of this
  // organisation's tokens they are told nothing: they would end whatever bears it.
  if (known) (void)PublishRevocation(redis_, {request.staff_token_id()});
  return pb::RevokeStaffTokenResponse();
}

absl::StatusOr<pb::CreateApiKeyResponse> OrganisationsHandler::CreateApiKey(
    const Call& call, const pb::CreateApiKeyRequest& request) {
  RETURN_IF_ERROR(
      CheckScopesKnown({request.scopes().begin(), request.scopes().end()}, AllScopes()));
  const auto mint = [&]() -> absl::StatusOr<pb::CreateApiKeyResponse> {
    const absl::Duration life =
        request.has_ttl() ? FromProto(request.ttl()) : absl::InfiniteDuration();
    ASSIGN_OR_RETURN(
        const Keys::MintedKey minted,
        keys_.MintApiKey(request.display_name(), {request.scopes().begin(), request.scopes().end()},
                         life, call));
    pb::CreateApiKeyResponse response;
    *response.mutable_api_key() = ToProto(minted.key);
    response.set_secret(minted.text.Reveal());
    return response;
  };
  return once_.Run(call, request, mint);
}

absl::StatusOr<pb::RotateApiKeyResponse> OrganisationsHandler::RotateApiKey(
    const Call& call, const pb::RotateApiKeyRequest& request) {
  const auto rotate = [&]() -> absl::StatusOr<pb::RotateApiKeyResponse> {
    const absl::Duration overlap =
        request.has_overlap() ? FromProto(request.overlap()) : kRotationOverlap;
    ASSIGN_OR_RETURN(const Keys::MintedKey rotated,
                     keys_.Rotate(request.api_key_id(), overlap, call));
    pb::RotateApiKeyResponse response;
    *response.mutable_api_key() = ToProto(rotated.key);
    response.set_secret(rotated.text.Reveal());
    return response;
  };
  return once_.Run(call, request, rotate);
}

absl::StatusOr<pb::ListApiKeysResponse> OrganisationsHandler::ListApiKeys(
    const Call& call, const pb::ListApiKeysRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<ApiKey> keys,
                   key_store_.ListApiKeys(call.caller.organisation_id, page));
  pb::ListApiKeysResponse response;
  response.set_next_page_token(
      CutPage(keys, page, [](const ApiKey& key) { return key.api_key_id; }));
  for (const ApiKey& key : keys) *response.add_api_keys() = ToProto(key);
  return response;
}

absl::StatusOr<pb::ApiKey> OrganisationsHandler::RevokeApiKey(
    const Call& call, const pb::RevokeApiKeyRequest& request) {
  ASSIGN_OR_RETURN(const ApiKey revoked, key_store_.RevokeApiKey(request.api_key_id(), call));
  (void)PublishRevocation(redis_, {revoked.api_key_id});
  return ToProto(revoked);
}

absl::StatusOr<pb::ListAuditEventsResponse> OrganisationsHandler::ListAuditEvents(
    const Call& call, const pb::ListAuditEventsRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<AuditEvent> events,
                   store_.ListAudit(call.caller.organisation_id, request.case_id(), page));
  pb::ListAuditEventsResponse response;
  response.set_next_page_token(
      CutPage(events, page, [](const AuditEvent& event) { return event.audit_event_id; }));
  for (const AuditEvent& event : events) *response.add_audit_events() = ToProto(event);
  return response;
}

absl::StatusOr<pb::RecordAuditEventResponse> OrganisationsHandler::RecordAuditEvent(
    const Call& call, const pb::RecordAuditEventRequest& request) {
  RETURN_IF_ERROR(store_.RecordAudit(call.caller.organisation_id, {RowFrom(request)}));
  return pb::RecordAuditEventResponse();
}

absl::StatusOr<pb::RecordAuditEventsResponse> OrganisationsHandler::RecordAuditEvents(
    const Call& call, const pb::RecordAuditEventsRequest& request) {
  std::vector<AuditEvent> rows;
  for (const auto& one : request.requests()) rows.push_back(RowFrom(one));
  RETURN_IF_ERROR(store_.RecordAudit(call.caller.organisation_id, rows));
  return pb::RecordAuditEventsResponse();
}

}  // namespace gatehouse::identity
