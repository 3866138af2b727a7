#include "services/identity/erasure/store/erasure_store.h"

#include <set>

#include "services/common/postgres/arrays.h"

namespace gatehouse::identity {
namespace {

using common::v1::EraseContactResponse;
using common::v1::Subject;

// The grants first, as everywhere: an entry that is under way holds its row.
constexpr char kGrants[] =
    "SELECT invitation_id, account_id FROM access_grant "
    "WHERE contact_id = $2 AND organisation_id = $1 ORDER BY invitation_id FOR UPDATE";

constexpr char kTakeOut[] =
    "DELETE FROM session_grant WHERE organisation_id = $1 AND invitation_id = ANY ($2::text[]) "
    "RETURNING session_id";

// Also those that ended long ago. One that holds a grant of somebody else's goes on, without a
// name.
constexpr char kSessions[] = R"sql(
  DELETE FROM session AS s WHERE organisation_id = $1
    AND (invitation_id = ANY ($2::text[]) OR session_id = ANY ($3::text[])
         OR account_id = ANY ($4::text[]))
    AND NOT EXISTS (SELECT FROM session_grant AS h WHERE h.organisation_id = s.organisation_id
                    AND h.session_id = s.session_id)
  RETURNING session_id)sql";
constexpr char kNameless[] =
    "UPDATE session SET client_name = '' WHERE organisation_id = $1 "
    "AND invitation_id = ANY ($2::text[]) AND client_name <> ''";

constexpr char kForgetGrants[] =
    "DELETE FROM access_grant WHERE contact_id = $2 AND organisation_id = $1";

// One that was made before its contact ever entered has no grant: $2 are addresses in small
// letters.
constexpr char kByAddress[] =
    "SELECT account_id FROM account WHERE organisation_id = $1 AND lower(email) = ANY ($2::text[])";

// Of these accounts, those by which nobody enters any more.
constexpr char kUnused[] = R"sql(
  SELECT a.id FROM unnest($2::text[]) AS a (id) WHERE NOT EXISTS (
    SELECT FROM access_grant AS g WHERE g.account_id = a.id AND g.organisation_id = $1
      AND g.revoke_time IS NULL))sql";

// What they sign in with, in this order: the lock of an address is found by its password. One that
// another account has as well stays locked.
constexpr const char* kForgetAccounts[] = {
    R"sql(
  DELETE FROM factor WHERE organisation_id = $1
    AND (account_id = ANY ($2::text[]) OR account_id IN (
    SELECT 'adr_' || email_key FROM password AS p
    WHERE p.account_id = ANY ($2::text[]) AND p.organisation_id = $1 AND NOT EXISTS (
      SELECT FROM password AS other WHERE other.email_key = p.email_key
        AND other.organisation_id = $1 AND other.account_id <> ALL ($2::text[])))))sql",
    "DELETE FROM password WHERE account_id = ANY ($2::text[]) AND organisation_id = $1",
    "DELETE FROM passkey WHERE account_id = ANY ($2::text[]) AND organisation_id = $1",
    "DELETE FROM recovery_code WHERE account_id = ANY ($2::text[]) AND organisation_id = $1",
    "DELETE FROM terms_accepted WHERE account_id = ANY ($2::text[]) AND organisation_id = $1"};
constexpr char kAccounts[] =
    "DELETE FROM account WHERE organisation_id = $1 AND account_id = ANY ($2::text[])";

constexpr char kTrail[] = R"sql(
  SELECT count(*) AS kept FROM audit_event WHERE organisation_id = $1
    AND case_id = ANY ($2::text[]) AND case_id <> '' AND actor_id = ANY ($3::text[]))sql";

}  // namespace

absl::StatusOr<EraseContactResponse> ErasureStore::Erase(const std::string& organisation_id,
                                                         const Subject& subject,
                                                         const Revoked& revoked) {
  using Result = absl::StatusOr<EraseContactResponse>;
  const std::string& contact_id = subject.contact_id();
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    EraseContactResponse receipt;
    std::set<std::string> account_ids;
    std::vector<std::string> invitation_ids, held;
    for (const auto& row : tx.Exec(kGrants, organisation_id, contact_id)) {
      invitation_ids.emplace_back(row["invitation_id"].c_str());
      if (row["account_id"].size() > 0) account_ids.insert(row["account_id"].c_str());
    }
    for (const auto& row :
         tx.Exec(kByAddress, organisation_id, SqlArray(ListOf(subject.emails())))) {
      account_ids.insert(row["account_id"].c_str());
    }
    const std::string invitations = SqlArray(invitation_ids);
    const auto grants = tx.Exec(kForgetGrants, organisation_id, contact_id);
    std::vector<std::string> gone;
    for (const auto& row : tx.Exec(kUnused, organisation_id, SqlArray(ListOf(account_ids)))) {
      gone.emplace_back(row["id"].c_str());
    }
    for (const auto& row : tx.Exec(kTakeOut, organisation_id, invitations)) {
      held.emplace_back(row["session_id"].c_str());
    }
    std::vector<std::string> ended = invitation_ids;
    int64_t sessions = 0;
    for (const auto& row :
         tx.Exec(kSessions, organisation_id, invitations, SqlArray(held), SqlArray(gone))) {
      ended.emplace_back(row["session_id"].c_str());
      ++sessions;
    }
    tx.Exec(kNameless, organisation_id, invitations);
    for (const char* sql : kForgetAccounts) tx.Exec(sql, organisation_id, SqlArray(gone));
    const auto accounts = tx.Exec(kAccounts, organisation_id, SqlArray(gone));
    const auto trail = tx.Exec(kTrail, organisation_id, SqlArray(CaseIdsAsNamed(subject)),
                               SqlArray(ListOf(account_ids)));
    AddErased(common::v1::GRANT, static_cast<int64_t>(grants.affected_rows()), receipt);
    AddErased(common::v1::SESSION, sessions, receipt);
    AddErased(common::v1::ACCOUNT, static_cast<int64_t>(accounts.affected_rows()), receipt);
    AddKept(common::v1::AUDIT_EVENT, trail[0]["kept"].as<int64_t>(), common::v1::SECURITY_TRAIL,
            receipt);
    traces_.Erase(tx, organisation_id, subject, receipt);
    tx.AfterCommit([revoked, ended = std::move(ended)] { revoked(ended); });
    return receipt;
  });
}

}  // namespace gatehouse::identity
