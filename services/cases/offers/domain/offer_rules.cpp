#include "services/cases/offers/domain/offer_rules.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/cases/offers/domain/currency.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

// The contract bounds each amount and their number: no sum of them overflows.
int64_t SumOf(const v1::OfferContent& content) {
  int64_t sum = 0;
  for (const v1::OfferLine& line : content.lines()) sum += line.amount();
  for (const v1::OfferTax& tax : content.taxes()) sum += tax.amount();
  return sum;
}

}  // namespace

absl::Status CheckContent(const v1::OfferContent& content, absl::Time now) {
  std::vector<FieldViolation> violations;
  if (!DecimalsOf(content.currency()).has_value()) {
    violations.push_back({"content.currency", "is no currency of ISO 4217"});
  }
  if (const int64_t sum = SumOf(content); sum != content.total()) {
    violations.push_back(
        {"content.total", absl::StrCat("must be what lines and taxes come to, which is ", sum)});
  }
  std::set<std::string> documents;
  for (int i = 0; i < content.documents_size(); ++i) {
    if (documents.insert(content.documents(i).document_id()).second) continue;
    violations.push_back(
        {absl::StrCat("content.documents[", i, "].document_id"), "stands there twice"});
  }
  if (content.has_valid_until_time() && FromProto(content.valid_until_time()) <= now) {
    violations.push_back({"content.valid_until_time", "must be in the future"});
  }
  return violations.empty() ? absl::OkStatus() : RefuseFields(violations);
}

absl::Status CheckOpen(const v1::Offer& offer) {
  if (offer.state() == v1::Offer::OPEN) return absl::OkStatus();
  return WithFact(Refuse(v1::OFFER_NOT_OPEN, "the offer is not open any more"), "state",
                  v1::Offer::State_Name(offer.state()));
}

v1::Offer ForClient(v1::Offer offer, const std::string& seen_by) {
  const auto hidden = [&](const std::string& contact_id) {
    return seen_by != kEverybody && contact_id != seen_by;
  };
  auto& sights = *offer.mutable_sights();
  sights.erase(
      std::remove_if(sights.begin(), sights.end(),
                     [&](const v1::OfferSight& sight) { return hidden(sight.contact_id()); }),
      sights.end());
  if (!offer.has_decision()) return offer;
  v1::OfferDecision& decision = *offer.mutable_decision();
  decision.clear_account_id();
  decision.clear_client_address();
  decision.clear_user_agent();
  if (hidden(decision.contact_id())) {
    decision.clear_contact_id();
    decision.clear_reason();
  }
  return offer;
}

}  // namespace gatehouse::cases
