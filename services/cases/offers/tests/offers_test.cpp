#include <thread>

#include "services/cases/offers/handler.h"
#include "services/cases/pipelines/tests/fixture.h"
#include "services/common/base/crypto.h"

// What staff offer, and what clients make of it.

namespace gatehouse::cases {
namespace {

struct OffersFixture : PipelinesFixture {
  OfferStore offer_store{database.postgres(), outbox, case_file, places};
  const Clock clock;
  OffersHandler offers{{offer_store, store, gate, once, clock}};

  OffersFixture() { REQUIRE(Put("deal", "Smith").ok()); }

  static Call As(const std::string& contact_id, Visibility visibility = Visibility::kOwn,
                 const std::string& case_id = "deal") {
    Call call = ClientCall({case_id, contact_id, "inv_1", visibility});
    call.client_address = "192.0.2.7";
    call.user_agent = "Browser/1";
    return call;
  }
  static v1::ShareOfferRequest Roof(int64_t total = 1100) {
    v1::ShareOfferRequest request;
    request.set_case_id("deal");
    v1::OfferContent& content = *request.mutable_content();
    content.set_title("A roof");
    content.set_currency("AUD");
    content.add_lines()->set_description("Roof");
    content.mutable_lines(0)->set_amount(total);
    content.set_total(total);
    return request;
  }
  v1::Offer Share(const v1::ShareOfferRequest& request = Roof()) {
    const auto shared = offers.ShareOffer(StaffCall(), request);
    REQUIRE(shared.ok());
    return *shared;
  }
  v1::Offer Alternative(int64_t total) {
    v1::ShareOfferRequest request = Roof(total);
    request.set_closes_others(true);
    return Share(request);
  }
  absl::StatusOr<v1::Offer> Accept(const Call& call, const v1::Offer& offer) {
    v1::AcceptOfferRequest request;
    request.set_case_id(call.caller.cases[0].case_id);
    request.set_offer_id(offer.offer_id());
    request.set_content_sha256(offer.content_sha256());
    return offers.AcceptOffer(call, request);
  }
  absl::StatusOr<v1::Offer> Decline(const Call& call, const v1::Offer& offer) {
    v1::DeclineOfferRequest request;
    request.set_case_id("deal");
    request.set_offer_id(offer.offer_id());
    request.set_reason("Too dear");
    return offers.DeclineOffer(call, request);
  }
  absl::StatusOr<v1::Offer> See(const Call& call, const v1::Offer& offer) {
    v1::MarkOfferSeenRequest request;
    request.set_case_id("deal");
    request.set_offer_id(offer.offer_id());
    return offers.MarkOfferSeen(call, request);
  }
  absl::StatusOr<v1::Offer> Withdraw(const v1::Offer& offer,
                                     const std::string& organisation_id = "acme") {
    v1::WithdrawOfferRequest request;
    request.set_case_id("deal");
    request.set_offer_id(offer.offer_id());
    return offers.WithdrawOffer(StaffCall(organisation_id), request);
  }
  static v1::GetOfferRequest About(const v1::Offer& offer) {
    v1::GetOfferRequest request;
    request.set_case_id("deal");
    request.set_offer_id(offer.offer_id());
    return request;
  }
  v1::Offer::State StateOf(const v1::Offer& offer) {
    return offers.GetOffer(StaffCall(), About(offer))->state();
  }
  absl::StatusOr<v1::Offer> Read(const Call& call, const v1::Offer& offer) {
    return offers.GetPortalOffer(call, About(offer));
  }
  absl::StatusOr<v1::ListOffersResponse> Listed(const Call& call,
                                                const std::string& case_id = "deal") {
    v1::ListOffersRequest request;
    request.set_case_id(case_id);
    return call.caller.kind == CallerKind::kClient ? offers.ListPortalOffers(call, request)
                                                   : offers.ListOffers(call, request);
  }
  void Expire() { database.Exec("UPDATE offer SET valid_until_time = clock_timestamp()"); }
};

TEST_CASE_METHOD(OffersFixture, "[EZ-15] a client sees a shared offer and accepts it",
                 "[service]") {
  const v1::Offer shared = Share();
  CHECK(shared.state() == v1::Offer::OPEN);
  CHECK(shared.currency_decimals() == 2);
  CHECK(Hex(Sha256(shared.sealed_content())) == shared.content_sha256());
  REQUIRE(Listed(As("ada"))->offers_size() == 1);
  CHECK(Listed(As("ada"))->offers(0).content().total() == 1100);
  CHECK(See(As("ada"), shared)->sights(0).contact_id() == "ada");
  const auto accepted = Accept(As("ada"), shared);
  REQUIRE(accepted.ok());
  CHECK(accepted->state() == v1::Offer::ACCEPTED);
  CHECK(accepted->decision().client_address().empty());
  const auto evidence = offers.GetOffer(StaffCall(), About(shared));
  CHECK(evidence->decision().contact_id() == "ada");
  CHECK(evidence->decision().account_id() == "acc_1");
  CHECK(evidence->decision().client_address() == "192.0.2.7");
  CHECK(evidence->decision().user_agent() == "Browser/1");
  CHECK(evidence->decision().create_time().seconds() > 0);
  CHECK(evidence->content_sha256() == shared.content_sha256());
  CHECK(Told("PublishEvent") == 3);
}

TEST_CASE_METHOD(OffersFixture, "what is accepted is what was read", "[service]") {
  v1::Offer offer = Share();
  const std::string digest = offer.content_sha256();
  offer.set_content_sha256(Share(Roof(2200)).content_sha256());
  CHECK(ReasonOf(Accept(As("ada"), offer).status()) == "OFFER_READ_OTHERWISE");
  CHECK(StateOf(offer) == v1::Offer::OPEN);
  offer.set_content_sha256(digest);
  CHECK(Accept(As("ada"), offer).ok());
}

TEST_CASE_METHOD(OffersFixture, "who accepts twice has accepted once, and nobody else can",
                 "[service]") {
  const v1::Offer offer = Share();
  const auto first = Accept(As("ada"), offer);
  const auto again = Accept(As("ada"), offer);
  REQUIRE(again.ok());
  CHECK(again->decision().create_time().SerializeAsString() ==
        first->decision().create_time().SerializeAsString());
  CHECK(Told("PublishEvent") == 2);
  const auto other = Accept(As("bob"), offer).status();
  CHECK(ReasonOf(other) == "OFFER_NOT_OPEN");
  CHECK(FactsOf(other).at("state") == "ACCEPTED");
  CHECK(ReasonOf(Decline(As("ada"), offer).status()) == "OFFER_NOT_OPEN");
  CHECK(ReasonOf(Withdraw(offer).status()) == "OFFER_NOT_OPEN");
}

TEST_CASE_METHOD(OffersFixture, "a client declines with a reason, which staff read", "[service]") {
  const v1::Offer offer = Share();
  CHECK(Decline(As("ada"), offer)->state() == v1::Offer::DECLINED);
  CHECK(Decline(As("ada"), offer).ok());
  CHECK(offers.GetOffer(StaffCall(), About(offer))->decision().reason() == "Too dear");
  CHECK(Read(As("bob"), offer)->decision().reason().empty());
  CHECK(ReasonOf(Accept(As("ada"), offer).status()) == "OFFER_NOT_OPEN");
}

TEST_CASE_METHOD(OffersFixture, "accepting one closes the others where staff said so",
                 "[service]") {
  const v1::Offer extra = Share();
  const v1::Offer small = Alternative(2200);
  const v1::Offer large = Alternative(3300);
  REQUIRE(Accept(As("ada"), extra).ok());
  CHECK(StateOf(small) == v1::Offer::OPEN);
  REQUIRE(Accept(As("ada"), small).ok());
  CHECK(StateOf(large) == v1::Offer::CLOSED);
  CHECK(StateOf(extra) == v1::Offer::ACCEPTED);
  CHECK(ReasonOf(Accept(As("bob"), large).status()) == "OFFER_NOT_OPEN");
}

TEST_CASE_METHOD(OffersFixture, "of two clients who accept two offers at once one wins",
                 "[service]") {
  for (int round = 0; round < 5; ++round) {
    const v1::Offer small = Alternative(2200);
    const v1::Offer large = Alternative(3300);
    absl::Status ada, bob;
    std::thread first([&] { ada = Accept(As("ada"), small).status(); });
    std::thread second([&] { bob = Accept(As("bob"), large).status(); });
    first.join();
    second.join();
    CHECK(ada.ok() != bob.ok());
    CHECK(ReasonOf(ada.ok() ? bob : ada) == "OFFER_NOT_OPEN");
    CHECK((StateOf(small) == v1::Offer::ACCEPTED) == ada.ok());
    CHECK((StateOf(large) == v1::Offer::ACCEPTED) == bob.ok());
  }
}

TEST_CASE_METHOD(OffersFixture, "an offer that has expired is shown so, and not accepted",
                 "[service]") {
  v1::ShareOfferRequest request = Roof();
  request.mutable_content()->mutable_valid_until_time()->set_seconds(1);
  CHECK(ReasonOf(offers.ShareOffer(StaffCall(), request).status()) == "INVALID_REQUEST");
  const v1::Offer offer = Share();
  Expire();
  CHECK(StateOf(offer) == v1::Offer::EXPIRED);
  CHECK(Listed(As("ada"))->offers(0).state() == v1::Offer::EXPIRED);
  CHECK(FactsOf(Accept(As("ada"), offer).status()).at("state") == "EXPIRED");
  CHECK(FactsOf(Decline(As("ada"), offer).status()).at("state") == "EXPIRED");
  CHECK(Withdraw(offer)->state() == v1::Offer::WITHDRAWN);
}

TEST_CASE_METHOD(OffersFixture, "what expired before another was accepted stays expired",
                 "[service]") {
  const v1::Offer expired = Share();
  Expire();
  REQUIRE(Accept(As("ada"), Alternative(2200)).ok());
  CHECK(StateOf(expired) == v1::Offer::EXPIRED);
}

TEST_CASE_METHOD(OffersFixture, "what staff took back clients do not see", "[service]") {
  const v1::Offer offer = Share();
  CHECK(ReasonOf(Withdraw(offer, "other").status()) == "NOT_FOUND");
  REQUIRE(Withdraw(offer).ok());
  REQUIRE(Withdraw(offer).ok());
  CHECK(Told("PublishEvent") == 2);
  CHECK(Listed(As("ada"))->offers_size() == 0);
  CHECK(ReasonOf(Read(As("ada"), offer).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Accept(As("ada"), offer).status()) == "NOT_FOUND");
  CHECK(Listed(StaffCall())->offers_size() == 1);
}

TEST_CASE_METHOD(OffersFixture, "an offer for one contact is for that contact", "[service]") {
  v1::ShareOfferRequest request = Roof();
  request.set_contact_id("nobody");
  CHECK(ReasonOf(offers.ShareOffer(StaffCall(), request).status()) == "NOT_FOUND");
  request.set_contact_id("bob");
  const v1::Offer offer = Share(request);
  CHECK(Listed(As("ada"))->offers_size() == 0);
  CHECK(ReasonOf(Read(As("ada"), offer).status()) == "NOT_FOUND");
  CHECK(ReasonOf(See(As("ada"), offer).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Accept(As("ada"), offer).status()) == "NOT_FOUND");
  CHECK(Read(As("ada", Visibility::kAll), offer).ok());
  CHECK(ReasonOf(Accept(As("ada", Visibility::kAll), offer).status()) == "NOT_FOUND");
  CHECK(Accept(As("bob"), offer).ok());
}

TEST_CASE_METHOD(OffersFixture, "who saw an offer first is kept once for each", "[service]") {
  const v1::Offer offer = Share();
  REQUIRE(See(As("ada"), offer).ok());
  REQUIRE(See(As("ada"), offer).ok());
  REQUIRE(See(As("bob"), offer)->sights_size() == 1);
  CHECK(Told("PublishEvent") == 3);
  CHECK(offers.GetOffer(StaffCall(), About(offer))->sights_size() == 2);
  CHECK(Listed(StaffCall())->offers(0).sights_size() == 2);
  CHECK(Listed(As("bob"))->offers(0).sights(0).contact_id() == "bob");
}

TEST_CASE_METHOD(OffersFixture, "an acceptance moves the case where its pipeline waits for it",
                 "[service]") {
  v1::PutPipelineRequest pipeline = Solar();
  pipeline.mutable_states(4)->mutable_moves(0)->set_external_action("offer-accepted");
  pipeline.mutable_states(4)->mutable_moves(1)->set_external_action("offer-declined");
  REQUIRE(pipelines.PutPipeline(StaffCall(), pipeline).ok());
  for (const auto& [case_id, state, end] :
       {std::tuple{"home", "offer", "done"}, std::tuple{"early", "lead", "lead"}}) {
    REQUIRE(PutAt(case_id, state).ok());
    v1::ShareOfferRequest request = Roof();
    request.set_case_id(case_id);
    const v1::Offer offer = Share(request);
    REQUIRE(Accept(As("ada", Visibility::kOwn, case_id), offer).ok());
    CHECK(Stands(case_id) == end);
  }
  v1::ListCaseMovesRequest moves;
  moves.set_case_id("home");
  const auto made = pipelines.ListCaseMoves(StaffCall(), moves);
  CHECK(made->moves(0).cause() == v1::MOVED_BY_CLIENT);
  CHECK(made->moves(0).external_action() == "offer-accepted");
  CHECK(made->moves(0).contact_id() == "ada");
}

TEST_CASE_METHOD(OffersFixture, "an offer is shared once for one request id", "[service]") {
  v1::ShareOfferRequest request = Roof();
  request.set_request_id("once");
  CHECK(Share(request).offer_id() == Share(request).offer_id());
  CHECK(Listed(StaffCall())->offers_size() == 1);
  request.mutable_content()->set_title("Another");
  CHECK(ReasonOf(offers.ShareOffer(StaffCall(), request).status()) == "REQUEST_ID_REUSED");
}

TEST_CASE_METHOD(OffersFixture, "offers are bounded, and go with their case", "[service]") {
  const v1::Offer offer = Share();
  REQUIRE(See(As("ada"), offer).ok());
  database.Exec(
      "INSERT INTO offer (organisation_id, case_id, offer_id, contact_id, content, content_sha256,"
      " valid_until_time, closes_others) SELECT 'acme', 'deal', 'offer_' || n, '', '{}', '',"
      " 'infinity', false FROM generate_series(1, 98) AS n");
  Share();
  CHECK(ReasonOf(offers.ShareOffer(StaffCall(), Roof()).status()) == "OFFER_LIMIT_REACHED");
  CHECK(ReasonOf(Listed(StaffCall("other")).status()) == "NOT_FOUND");
  REQUIRE(Delete("deal").ok());
  CHECK(ReasonOf(Listed(StaffCall()).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Accept(As("ada"), offer).status()) == "NOT_FOUND");
  CHECK(ReasonOf(offers.ShareOffer(StaffCall(), Roof()).status()) == "NOT_FOUND");
  CHECK(database.Exec("SELECT count(*) FROM offer_sight")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(OffersFixture, "where the portal is closed nobody accepts", "[service]") {
  const v1::Offer offer = Share();
  PortalSettings closed;
  closed.set_enabled(false);
  google::protobuf::FieldMask mask;
  mask.add_paths("enabled");
  REQUIRE(settings.Update(closed, mask, StaffCall(), [](const auto&) { return absl::OkStatus(); })
              .ok());
  CHECK(ReasonOf(Accept(As("ada"), offer).status()) == "PORTAL_DISABLED");
  CHECK(ReasonOf(See(As("ada"), offer).status()) == "PORTAL_DISABLED");
  CHECK(ReasonOf(Listed(As("ada")).status()) == "PORTAL_DISABLED");
}

}  // namespace
}  // namespace gatehouse::cases
