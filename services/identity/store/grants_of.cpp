#include "services/identity/store/grants_of.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"

namespace gatehouse::identity {

constexpr char kWanted[] =
    "organisation_id = $1 AND account_id = ANY ($2::text[]) AND revoke_time IS NULL "
    "AND factor_id IN ('', $3) AND ($4 = '' OR email_key IN ('', $4)) ";

std::vector<CaseAccess> GrantsOf(Transaction& tx, const GrantsWanted& wanted) {
  std::vector<CaseAccess> grants;
  static constexpr auto kGrantsOf =
      Sql("SELECT case_id, contact_id, invitation_id, sees_all, document_request_ids "
          "FROM access_grant WHERE ",
          kWanted, "ORDER BY create_time DESC LIMIT $5");
  for (const auto& row :
       tx.Exec(kGrantsOf.c_str(), wanted.organisation_id, SqlArray(wanted.account_ids),
               wanted.phone_id, wanted.email_key, kGrantsMax)) {
    CaseAccess access = {
        .case_id = row["case_id"].c_str(),
        .contact_id = row["contact_id"].c_str(),
        .invitation_id = row["invitation_id"].c_str(),
        .visibility = row["sees_all"].as<bool>() ? Visibility::kAll : Visibility::kOwn,
        .document_request_ids =
            absl::StrSplit(row["document_request_ids"].c_str(), ' ', absl::SkipEmpty())};
    access.chose_requests = !access.document_request_ids.empty();
    grants.push_back(std::move(access));
  }
  return grants;
}

void AddGrantsTo(Transaction& tx, Session& session, const std::string& entered_by,
                 const GrantsWanted& wanted) {
  static constexpr auto kAddGrantsTo =
      Sql("INSERT INTO session_grant AS h (organisation_id, session_id, invitation_id, "
          "create_time) SELECT organisation_id, $5, invitation_id, create_time "
          "FROM access_grant WHERE ",
          kWanted,
          "AND invitation_id <> $6 ORDER BY create_time DESC LIMIT $7 ON CONFLICT DO "
          "NOTHING RETURNING "
          "(SELECT g.case_id FROM access_grant AS g WHERE g.organisation_id = "
          "h.organisation_id AND g.invitation_id = h.invitation_id) AS case_id");
  for (const auto& row :
       tx.Exec(kAddGrantsTo.c_str(), wanted.organisation_id, SqlArray(wanted.account_ids),
               wanted.phone_id, wanted.email_key, session.session_id, entered_by,
               kGrantsMax - std::min(kGrantsMax, static_cast<int>(session.case_ids.size())))) {
    session.case_ids.emplace_back(row["case_id"].c_str());
  }
}

}  // namespace gatehouse::identity
