#include "services/invitation/erasure/store/erasure_store.h"

#include <set>

namespace gatehouse::invitation {
namespace {

using common::v1::EraseContactResponse;
using common::v1::Subject;

constexpr char kKnown[] =
    "SELECT DISTINCT case_id, contact_name, email, mobile FROM invitation "
    "WHERE contact_id = $2 AND organisation_id = $1 LIMIT 1000";

// The cases' locks, in the order of their ids: whoever changes invitations holds one.
constexpr char kLock[] = R"sql(
  SELECT FROM case_lock WHERE organisation_id = $1 AND case_id IN (
    SELECT case_id FROM invitation WHERE contact_id = $2 AND organisation_id = $1)
  ORDER BY case_id FOR UPDATE)sql";
constexpr char kLinks[] =
    "DELETE FROM link WHERE organisation_id = $1 AND invitation_id IN ("
    "SELECT invitation_id FROM invitation WHERE contact_id = $2 AND organisation_id = $1)";
constexpr char kInvitations[] =
    "DELETE FROM invitation WHERE contact_id = $2 AND organisation_id = $1";

}  // namespace

absl::StatusOr<Subject> ErasureStore::LookUp(const std::string& organisation_id,
                                             const std::string& contact_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Subject> {
    std::set<std::string> cases, names, emails, mobiles;
    for (const auto& row : tx.Exec(kKnown, organisation_id, contact_id)) {
      cases.insert(row["case_id"].c_str());
      names.insert(row["contact_name"].c_str());
      emails.insert(row["email"].c_str());
      mobiles.insert(row["mobile"].c_str());
    }
    Subject subject;
    subject.set_contact_id(contact_id);
    *subject.mutable_case_ids() = {cases.begin(), cases.end()};
    *subject.mutable_names() = {names.begin(), names.end()};
    *subject.mutable_emails() = {emails.begin(), emails.end()};
    *subject.mutable_mobiles() = {mobiles.begin(), mobiles.end()};
    return subject;
  });
}

absl::StatusOr<EraseContactResponse> ErasureStore::Erase(const std::string& organisation_id,
                                                         const Subject& subject) {
  using Result = absl::StatusOr<EraseContactResponse>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    EraseContactResponse receipt;
    const std::string& contact_id = subject.contact_id();
    tx.Exec(kLock, organisation_id, contact_id);
    const auto links = tx.Exec(kLinks, organisation_id, contact_id);
    const auto invitations = tx.Exec(kInvitations, organisation_id, contact_id);
    AddErased(common::v1::INVITATION_LINK, static_cast<int64_t>(links.affected_rows()), receipt);
    AddErased(common::v1::INVITATION, static_cast<int64_t>(invitations.affected_rows()), receipt);
    traces_.Erase(tx, organisation_id, subject, receipt);
    return receipt;
  });
}

}  // namespace gatehouse::invitation
