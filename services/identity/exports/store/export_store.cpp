#include "services/identity/exports/store/export_store.h"

#include "absl/strings/ascii.h"
#include "services/common/jobs/erasing.h"
#include "services/common/jobs/exporting.h"

namespace gatehouse::identity {
namespace {

// Accounts by which the contact enters, or which were made for its address: but for those by which
// another contact enters too, since nobody can tell who of them did what.
constexpr char kItsAccounts[] =
    " IN (SELECT a.account_id FROM access_grant AS a WHERE a.contact_id = asked.contact_id "
    "AND a.organisation_id = asked.organisation_id AND a.account_id <> '' "
    "UNION SELECT a.account_id FROM account AS a "
    "WHERE a.organisation_id = asked.organisation_id AND lower(a.email) = ANY (asked.addresses)) "
    "AND NOT EXISTS (SELECT FROM access_grant AS a WHERE a.account_id = t.account_id "
    "AND a.organisation_id = asked.organisation_id AND a.contact_id <> asked.contact_id) ";
constexpr char kOfOrganisation[] = " t.organisation_id = asked.organisation_id ";

constexpr auto kGrants = ExportQueryText(R"sql(
  SELECT t.invitation_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'invitationId', t.invitation_id, 'seesAll', t.sees_all,
    'time', t.create_time, 'revokeTime', t.revoke_time)) AS record
  FROM asked JOIN access_grant AS t ON t.contact_id = asked.contact_id AND)sql",
                                         kOfOrganisation);

constexpr auto kSessions = ExportQueryText(R"sql(
  SELECT t.session_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'clientName', t.client_name, 'userAgent', t.user_agent, 'networkAddress', t.client_address,
    'time', t.create_time, 'lastUseTime', t.last_use_time, 'expireTime', t.expire_time,
    'endTime', t.end_time)) AS record
  FROM asked JOIN session AS t ON)sql",
                                           kOfOrganisation, R"sql(AND t.invitation_id IN (
    SELECT g.invitation_id FROM access_grant AS g WHERE g.contact_id = asked.contact_id
      AND g.organisation_id = asked.organisation_id))sql");

constexpr auto kAccounts = ExportQueryText(R"sql(
  SELECT t.account_id AS key, jsonb_build_object(
    'accountId', t.account_id, 'email', t.email, 'time', t.create_time,
    'recoveryCodesLeft', (SELECT count(*) FROM recovery_code AS r
      WHERE r.account_id = t.account_id AND r.organisation_id = t.organisation_id
        AND r.use_time IS NULL)) AS record
  FROM asked JOIN account AS t ON)sql",
                                           kOfOrganisation, "AND t.account_id", kItsAccounts);
constexpr auto kPasswords = ExportQueryText(R"sql(
  SELECT t.account_id || '/' || md5(t.email_key) AS key, jsonb_build_object(
    'accountId', t.account_id, 'factor', 'PASSWORD', 'time', t.create_time,
    'updateTime', t.update_time) AS record
  FROM asked JOIN password AS t ON)sql",
                                            kOfOrganisation, "AND t.account_id", kItsAccounts);
constexpr auto kPasskeys = ExportQueryText(R"sql(
  SELECT t.account_id || '/' || t.passkey_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'accountId', t.account_id, 'factor', 'PASSKEY', 'displayName', t.display_name,
    'host', t.host, 'time', t.create_time, 'lastUseTime', t.last_use_time)) AS record
  FROM asked JOIN passkey AS t ON)sql",
                                           kOfOrganisation, "AND t.account_id", kItsAccounts);

// What it did, and from where.
constexpr auto kTrail = ExportQueryText(R"sql(
  SELECT t.audit_event_id AS key, jsonb_build_object(
    'type', t.type, 'caseId', t.case_id, 'networkAddress', t.client_address,
    'time', t.time) AS record
  FROM asked JOIN LATERAL (
    SELECT e.*, e.actor_id AS account_id FROM audit_event AS e
    WHERE e.organisation_id = asked.organisation_id AND e.case_id = ANY (asked.case_ids)
      AND e.case_id <> '') AS t ON t.account_id)sql",
                                        kItsAccounts);

constexpr ExportQuery kQueries[] = {
    {common::v1::GRANT, kGrants.c_str()},     {common::v1::SESSION, kSessions.c_str()},
    {common::v1::ACCOUNT, kAccounts.c_str()}, {common::v1::ACCOUNT, kPasswords.c_str()},
    {common::v1::ACCOUNT, kPasskeys.c_str()}, {common::v1::AUDIT_EVENT, kTrail.c_str()}};

}  // namespace

absl::StatusOr<common::v1::ExportContactResponse> ExportKept(
    Postgres& postgres, const std::string& organisation_id,
    const common::v1::ExportContactRequest& request) {
  std::vector<std::string> addresses;
  for (const std::string& email : request.subject().emails()) {
    addresses.push_back(absl::AsciiStrToLower(email));
  }
  // The trail is never changed: there a case that was deleted bears its own id still.
  const std::vector<std::string> case_ids = CaseIdsAsNamed(request.subject());
  common::v1::ExportContactRequest asked = request;
  *asked.mutable_subject()->mutable_case_ids() = {case_ids.begin(), case_ids.end()};
  return ExportPart(postgres, organisation_id, asked, kQueries, addresses);
}

}  // namespace gatehouse::identity
