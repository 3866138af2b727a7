#include "services/documents/uploads/domain/quota.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

absl::Status Check(const Usage& used, const Usage& quota, v1::Reason reason, const char* whose) {
  const bool too_many = used.documents > quota.documents;
  if (!too_many && used.bytes <= quota.bytes) return absl::OkStatus();
  const absl::Status refusal = Refuse(
      reason,
      absl::StrCat(whose, too_many ? " has as many documents" : " has as many bytes of documents",
                   " as the organisation allows"));
  return WithFact(WithFact(refusal, "limit", too_many ? "documents" : "bytes"), "max",
                  absl::StrCat(too_many ? quota.documents : quota.bytes));
}

}  // namespace

absl::Status CheckQuotas(const Usages& used, const Quotas& quotas) {
  absl::Status checked =
      Check(used.contact, quotas.contact, v1::CONTACT_QUOTA_REACHED, "the contact");
  checked.Update(Check(used.of_case, quotas.of_case, v1::CASE_QUOTA_REACHED, "the case"));
  checked.Update(Check(used.organisation, quotas.organisation, v1::ORGANISATION_QUOTA_REACHED,
                       "the organisation"));
  return checked;
}

Usage Sum(const Usage& a, const Usage& b) { return {a.documents + b.documents, a.bytes + b.bytes}; }

Usages Sum(const Usages& a, const Usages& b) {
  return {Sum(a.organisation, b.organisation), Sum(a.of_case, b.of_case),
          Sum(a.contact, b.contact)};
}

Usages With(Usages used, const Usage& more, bool from_client) {
  return Sum(used, {more, more, from_client ? more : Usage{}});
}

}  // namespace gatehouse::documents
