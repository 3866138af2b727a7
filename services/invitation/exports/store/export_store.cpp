#include "services/invitation/exports/store/export_store.h"

#include "services/common/jobs/exporting.h"

namespace gatehouse::invitation {
namespace {

constexpr auto kInvitations = ExportQueryText(R"sql(
  SELECT t.invitation_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'invitationId', t.invitation_id,
    'state', (ARRAY['PENDING', 'ACCEPTED', 'EXPIRED', 'REVOKED'])[t.state],
    'contactName', t.contact_name, 'email', t.email, 'mobile', t.mobile,
    'portalUrl', t.portal_url, 'time', t.create_time, 'sendTime', t.send_time,
    'acceptTime', t.accept_time, 'revokeTime', t.revoke_time,
    'expireTime', t.expire_time)) AS record
  FROM asked JOIN invitation AS t ON t.contact_id = asked.contact_id
    AND t.organisation_id = asked.organisation_id)sql");

// When, and never what they were: whoever has one may enter.
constexpr auto kLinks = ExportQueryText(R"sql(
  SELECT t.link_id AS key, jsonb_build_object(
    'invitationId', t.invitation_id, 'used', t.used_by IS NOT NULL, 'ended', t.killed,
    'time', t.create_time, 'expireTime', t.expire_time) AS record
  FROM asked JOIN invitation AS i ON i.contact_id = asked.contact_id
    AND i.organisation_id = asked.organisation_id
  JOIN link AS t ON t.organisation_id = i.organisation_id
    AND t.invitation_id = i.invitation_id)sql");

constexpr ExportQuery kQueries[] = {{common::v1::INVITATION, kInvitations.c_str()},
                                    {common::v1::INVITATION_LINK, kLinks.c_str()}};

}  // namespace

absl::StatusOr<common::v1::ExportContactResponse> ExportKept(
    Postgres& postgres, const std::string& organisation_id,
    const common::v1::ExportContactRequest& request) {
  return ExportPart(postgres, organisation_id, request, kQueries);
}

}  // namespace gatehouse::invitation
