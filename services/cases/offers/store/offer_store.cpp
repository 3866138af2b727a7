#include "services/cases/offers/store/offer_store.h"

#include <map>

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/cases/offers/domain/currency.h"
#include "services/cases/offers/domain/offer_rules.h"
#include "services/cases/offers/seal.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {
namespace {

constexpr int kOffersMax = 100;  // Of a case.

constexpr char kCount[] =
    "SELECT count(*) AS offers FROM offer WHERE organisation_id = $1 AND case_id = $2";

constexpr char kShare[] = R"sql(
  INSERT INTO offer (organisation_id, case_id, offer_id, contact_id, content, content_sha256,
                     valid_until_time, closes_others)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql";

// Those that $3 sees, which is a contact or `*`; withdrawn ones for staff ($4) only.
constexpr char kList[] = R"sql(
  SELECT *, valid_until_time <= clock_timestamp() AS expired FROM offer
  WHERE organisation_id = $1 AND case_id = $2
    AND ($3 = '*' OR contact_id IN ('', $3)) AND ($4 OR state <> 4)
  ORDER BY offer_id DESC)sql";

constexpr char kGet[] = R"sql(
  SELECT *, valid_until_time <= clock_timestamp() AS expired FROM offer
  WHERE organisation_id = $1 AND case_id = $2 AND offer_id = $3
    AND ($4 = '*' OR contact_id IN ('', $4)) AND ($5 OR state <> 4))sql";

constexpr char kSights[] = R"sql(
  SELECT offer_id, contact_id, create_time FROM offer_sight
  WHERE organisation_id = $1 AND case_id = $2 AND $3 IN ('', offer_id)
  ORDER BY create_time, contact_id)sql";

constexpr char kWithdraw[] =
    "UPDATE offer SET state = 4 WHERE organisation_id = $1 AND case_id = $2 AND offer_id = $3";

constexpr char kMarkSeen[] = R"sql(
  INSERT INTO offer_sight (organisation_id, case_id, offer_id, contact_id)
  VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING create_time)sql";

constexpr char kDecide[] = R"sql(
  UPDATE offer SET state = $4, decided_by = $5, decision_reason = $6, account_id = $7,
    client_address = $8, user_agent = $9, decision_time = clock_timestamp()
  WHERE organisation_id = $1 AND case_id = $2 AND offer_id = $3)sql";

constexpr char kCloseOthers[] = R"sql(
  UPDATE offer SET state = 5
  WHERE organisation_id = $1 AND case_id = $2 AND offer_id <> $3 AND state = 1
    AND valid_until_time > clock_timestamp()
  RETURNING offer_id, contact_id)sql";

v1::OfferDecision DecisionFrom(const pqxx::row& row) {
  v1::OfferDecision decision;
  decision.set_contact_id(row["decided_by"].c_str());
  decision.set_reason(row["decision_reason"].c_str());
  decision.set_account_id(row["account_id"].c_str());
  decision.set_client_address(row["client_address"].c_str());
  decision.set_user_agent(row["user_agent"].c_str());
  *decision.mutable_create_time() = ToProto(TimeFromSql(row["decision_time"]));
  return decision;
}

absl::StatusOr<v1::Offer> OfferFrom(const pqxx::row& row) {
  v1::Offer offer;
  offer.set_offer_id(row["offer_id"].c_str());
  offer.set_contact_id(row["contact_id"].c_str());
  offer.set_sealed_content(row["content"].c_str());
  ASSIGN_OR_RETURN(*offer.mutable_content(), ContentFrom(offer.sealed_content()));
  offer.set_content_sha256(row["content_sha256"].c_str());
  offer.set_currency_decimals(DecimalsOf(offer.content().currency()).value_or(0));
  offer.set_closes_others(row["closes_others"].as<bool>());
  offer.set_state(static_cast<v1::Offer::State>(row["state"].as<int>()));
  if (offer.state() == v1::Offer::OPEN && row["expired"].as<bool>()) {
    offer.set_state(v1::Offer::EXPIRED);
  }
  if (!row["decision_time"].is_null()) *offer.mutable_decision() = DecisionFrom(row);
  *offer.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  return offer;
}

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such offer"); }

// What becomes of one offer is told in its order: whoever tells holds its row, or its case's.
template <typename Event>
void Tell(Event event, const std::string& case_id, const std::string& offer_id,
          const std::string& contact_id, OutboxCalls& calls) {
  event.set_offer_id(offer_id);
  event.set_contact_id(contact_id);
  AddEvent(event,
           {.case_id = case_id, .time = absl::Now(), .order_key = "offer:" + offer_id, .once = ""},
           calls);
}

}  // namespace

absl::StatusOr<v1::Offer> OfferStore::Share(const std::string& organisation_id,
                                            const Sharing& sharing) {
  using Result = absl::StatusOr<v1::Offer>;
  ASSIGN_OR_RETURN(const std::string canonical, CanonicalOf(sharing.content));
  const absl::Time end = sharing.content.has_valid_until_time()
                             ? absl::FromUnixSeconds(sharing.content.valid_until_time().seconds())
                             : absl::InfiniteFuture();
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    RETURN_IF_ERROR(cases_.Touch(organisation_id, sharing.case_id, "").status());
    const auto counted = tx.Exec(kCount, organisation_id, sharing.case_id);
    if (counted[0]["offers"].as<int>() >= kOffersMax) {
      return Refuse(v1::OFFER_LIMIT_REACHED, "the case has a hundred offers");
    }
    const std::string id = NewId("offer");
    tx.Exec(kShare, organisation_id, sharing.case_id, id, sharing.contact_id, canonical,
            Hex(Sha256(canonical)), ToSql(end), sharing.closes_others);
    OutboxCalls calls(organisation_id);
    Tell(v1::OfferShared(), sharing.case_id, id, sharing.contact_id, calls);
    outbox_.Add(tx, std::move(calls));
    return Get(organisation_id, sharing.case_id, id, {.seen_by = kEverybody, .staff = true});
  });
}

absl::StatusOr<std::vector<v1::Offer>> OfferStore::List(const std::string& organisation_id,
                                                        const std::string& case_id,
                                                        const Reader& reader) {
  using Result = absl::StatusOr<std::vector<v1::Offer>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::Offer> offers;
    std::map<std::string, size_t> places;
    for (const pqxx::row& row :
         tx.Exec(kList, organisation_id, case_id, reader.seen_by, reader.staff)) {
      ASSIGN_OR_RETURN(v1::Offer offer, OfferFrom(row));
      places[offer.offer_id()] = offers.size();
      offers.push_back(std::move(offer));
    }
    if (offers.empty()) {
      RETURN_IF_ERROR(cases_.Etag(organisation_id, case_id).status());
      return offers;
    }
    for (const pqxx::row& row : tx.Exec(kSights, organisation_id, case_id, "")) {
      const auto place = places.find(row["offer_id"].c_str());
      if (place == places.end()) continue;
      v1::OfferSight& sight = *offers[place->second].add_sights();
      sight.set_contact_id(row["contact_id"].c_str());
      *sight.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
    }
    return offers;
  });
}

absl::StatusOr<v1::Offer> OfferStore::Get(const std::string& organisation_id,
                                          const std::string& case_id, const std::string& offer_id,
                                          const Reader& reader) {
  using Result = absl::StatusOr<v1::Offer>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found =
        tx.Exec(kGet, organisation_id, case_id, offer_id, reader.seen_by, reader.staff);
    if (found.empty()) return NotFound();
    ASSIGN_OR_RETURN(v1::Offer offer, OfferFrom(found[0]));
    for (const pqxx::row& row : tx.Exec(kSights, organisation_id, case_id, offer_id)) {
      v1::OfferSight& sight = *offer.add_sights();
      sight.set_contact_id(row["contact_id"].c_str());
      *sight.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
    }
    return offer;
  });
}

absl::StatusOr<v1::Offer> OfferStore::Withdraw(const std::string& organisation_id,
                                               const std::string& case_id,
                                               const std::string& offer_id) {
  using Result = absl::StatusOr<v1::Offer>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    RETURN_IF_ERROR(cases_.Touch(organisation_id, case_id, "").status());
    const Reader staff = {.seen_by = kEverybody, .staff = true};
    ASSIGN_OR_RETURN(v1::Offer offer, Get(organisation_id, case_id, offer_id, staff));
    if (offer.state() == v1::Offer::WITHDRAWN) return offer;
    if (offer.state() != v1::Offer::EXPIRED) RETURN_IF_ERROR(CheckOpen(offer));
    tx.Exec(kWithdraw, organisation_id, case_id, offer_id);
    OutboxCalls calls(organisation_id);
    Tell(v1::OfferWithdrawn(), case_id, offer_id, offer.contact_id(), calls);
    outbox_.Add(tx, std::move(calls));
    offer.set_state(v1::Offer::WITHDRAWN);
    return offer;
  });
}

absl::Status OfferStore::MarkSeen(const std::string& organisation_id, const Act& act,
                                  const std::string& seen_by) {
  const Reader reader = {.seen_by = seen_by, .staff = false};
  RETURN_IF_ERROR(Get(organisation_id, act.case_id, act.offer_id, reader).status());
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto seen =
        tx.Exec(kMarkSeen, organisation_id, act.case_id, act.offer_id, act.contact_id);
    if (seen.empty()) return absl::OkStatus();
    OutboxCalls calls(organisation_id);
    Tell(v1::OfferSeen(), act.case_id, act.offer_id, act.contact_id, calls);
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Offer> OfferStore::Accept(const Call& call, const Act& act,
                                             const std::string& sha256) {
  return Decide(call, act, v1::Offer::ACCEPTED, sha256, "");
}

absl::StatusOr<v1::Offer> OfferStore::Decline(const Call& call, const Act& act,
                                              const std::string& reason) {
  return Decide(call, act, v1::Offer::DECLINED, "", reason);
}

absl::StatusOr<v1::Offer> OfferStore::Decide(const Call& call, const Act& act,
                                             v1::Offer::State state, const std::string& sha256,
                                             const std::string& reason) {
  using Result = absl::StatusOr<v1::Offer>;
  const std::string& organisation_id = call.caller.organisation_id;
  const bool accepts = state == v1::Offer::ACCEPTED;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    RETURN_IF_ERROR(cases_.Touch(organisation_id, act.case_id, "").status());
    const Reader addressed = {.seen_by = act.contact_id, .staff = false};
    ASSIGN_OR_RETURN(v1::Offer offer, Get(organisation_id, act.case_id, act.offer_id, addressed));
    if (offer.state() == state && offer.decision().contact_id() == act.contact_id) return offer;
    RETURN_IF_ERROR(CheckOpen(offer));
    if (accepts && sha256 != offer.content_sha256()) {
      return Refuse(v1::OFFER_READ_OTHERWISE, "the offer says something else: read it again");
    }
    tx.Exec(kDecide, organisation_id, act.case_id, act.offer_id, static_cast<int>(state),
            act.contact_id, reason, call.caller.actor_id, call.client_address, call.user_agent);
    OutboxCalls calls(organisation_id);
    if (accepts) {
      v1::OfferAccepted event;
      event.set_content_sha256(offer.content_sha256());
      Tell(event, act.case_id, act.offer_id, act.contact_id, calls);
    } else {
      Tell(v1::OfferDeclined(), act.case_id, act.offer_id, act.contact_id, calls);
    }
    outbox_.Add(tx, std::move(calls));
    if (accepts && offer.closes_others()) CloseOthers(tx, organisation_id, act);
    RETURN_IF_ERROR(
        places_.Act(call.caller, act.case_id, accepts ? "offer-accepted" : "offer-declined"));
    return Get(organisation_id, act.case_id, act.offer_id, addressed);
  });
}

void OfferStore::CloseOthers(Transaction& tx, const std::string& organisation_id, const Act& act) {
  OutboxCalls calls(organisation_id);
  for (const pqxx::row& row : tx.Exec(kCloseOthers, organisation_id, act.case_id, act.offer_id)) {
    Tell(v1::OfferClosed(), act.case_id, row["offer_id"].c_str(), row["contact_id"].c_str(), calls);
  }
  outbox_.Add(tx, std::move(calls));
}

}  // namespace gatehouse::cases
