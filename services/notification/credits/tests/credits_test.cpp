#include "services/notification/credits/credits_handler.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "services/notification/tests/handler_fixture.h"

namespace gatehouse::notification {
namespace {

struct Credits : Fixture {
  absl::StatusOr<v1::CreditSettings> Set(const v1::CreditSettings& settings) {
    v1::UpdateCreditSettingsRequest request;
    *request.mutable_settings() = settings;
    return credits_handler.UpdateCreditSettings(StaffCall(), request);
  }
  void SetLow(int64_t low_balance, const std::string& recharge = "") {
    v1::CreditSettings settings;
    settings.set_low_balance(low_balance);
    settings.set_recharge_bundle_id(recharge);
    REQUIRE(Set(settings).ok());
  }
  absl::StatusOr<v1::Balance> BuyBundle(const std::string& bundle_id,
                                        const std::string& reference) {
    v1::PurchaseBundleRequest request;
    request.set_bundle_id(bundle_id);
    request.set_reference(reference);
    return credits_handler.PurchaseBundle(StaffCall(), request);
  }
  // Sends so many SMS of one credit each.
  void Spend(int count) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(handler.SubmitMessage(ServiceCall(), Code(absl::StrCat("code", ++sent))).ok());
    }
  }
  std::vector<pb::Event> Told(const std::string& type) {
    std::vector<pb::Event> told;
    const auto listed = handler.ListEvents(StaffCall(), {});
    for (const pb::Event& event : listed.value().events()) {
      if (event.type() == type) told.push_back(event);
    }
    return told;
  }
  int sent = 0;
};

TEST_CASE_METHOD(Credits, "bundles are bought, once a reference [X-9]", "[service]") {
  CHECK(BuyBundle("small", "invoice-1")->balance() == 100);
  CHECK(BuyBundle("medium", "invoice-2")->balance() == 600);
  CHECK(BuyBundle("large", "invoice-2")->balance() == 600);
  CHECK(Buy(7, "invoice-1") == 600);
  CHECK(ReasonOf(BuyBundle("huge", "invoice-3").status()) == "UNKNOWN_BUNDLE");
}

TEST_CASE_METHOD(Credits, "an organisation has bundles of its own", "[service]") {
  v1::CreditSettings settings;
  v1::CreditBundle& bundle = *settings.add_bundles();
  bundle.set_bundle_id("dozen");
  bundle.set_display_name("A dozen");
  bundle.set_credits(12);
  REQUIRE(Set(settings).ok());
  CHECK(BuyBundle("dozen", "invoice-1")->balance() == 12);
  CHECK(ReasonOf(BuyBundle("small", "invoice-2").status()) == "UNKNOWN_BUNDLE");
  settings.set_recharge_bundle_id("small");
  CHECK(ReasonOf(Set(settings).status()) == "UNKNOWN_BUNDLE");
  settings.set_recharge_bundle_id("dozen");
  CHECK(Set(settings).ok());
  *settings.add_bundles() = bundle;
  CHECK(ReasonOf(Set(settings).status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(Credits, "a balance that falls below the threshold is told once", "[service]") {
  SetLow(3);
  Buy(5);
  Spend(2);
  CHECK(Told("credits.low").empty());
  Spend(1);
  const auto told = Told("credits.low");
  REQUIRE(told.size() == 1);
  CHECK(told[0].data().at("balance") == "2");
  CHECK(told[0].data().at("lowBalance") == "3");
  CHECK(Told("credits.rechargeWanted").empty());
  Spend(1);
  CHECK(Told("credits.low").size() == 1);
}

TEST_CASE_METHOD(Credits, "a recharge is wanted once a fall, and its answer buys once [X-9]",
                 "[service]") {
  SetLow(3, "small");
  Buy(4);
  Spend(4);
  const auto wanted = Told("credits.rechargeWanted");
  REQUIRE(wanted.size() == 1);
  CHECK(wanted[0].data().at("bundleId") == "small");
  CHECK(wanted[0].data().at("credits") == "100");
  const std::string& reference = wanted[0].data().at("reference");
  CHECK(BuyBundle("small", reference)->balance() == 100);
  CHECK(BuyBundle("small", reference)->balance() == 100);
  SECTION("the next fall wants another one, under another reference") {
    SetLow(99, "small");
    Spend(2);
    REQUIRE(Told("credits.rechargeWanted").size() == 2);
    CHECK(Told("credits.rechargeWanted")[1].data().at("reference") != reference);
  }
  SECTION("a purchase that is too small to reach the threshold wants none") {
    SetLow(200, "small");
    Spend(1);
    CHECK(Told("credits.rechargeWanted").size() == 2);
    Buy(1, "one more");
    Spend(1);
    CHECK(Told("credits.rechargeWanted").size() == 2);
  }
}

TEST_CASE_METHOD(Credits, "credits that come back are no purchase: no second event", "[service]") {
  SetLow(5);
  Buy(5);
  Spend(1);
  CHECK(Told("credits.low").size() == 1);
  database.Exec("UPDATE credit_account SET balance = balance + 1, entry_number = entry_number + 1");
  Spend(1);
  CHECK(Told("credits.low").size() == 1);
}

TEST_CASE_METHOD(Credits, "many at once are told of by one event", "[service]") {
  SetLow(20, "small");
  Buy(40);
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i) {
    all.emplace_back([this, i] {
      for (int j = 0; j < 8; ++j) {
        (void)handler.SubmitMessage(ServiceCall(), Code(absl::StrCat("race", i, "-", j)));
      }
    });
  }
  for (std::thread& one : all) one.join();
  CHECK(handler.GetBalance(StaffCall(), {})->balance() == 8);
  CHECK(Told("credits.low").size() == 1);
  CHECK(Told("credits.rechargeWanted").size() == 1);
}

TEST_CASE_METHOD(Credits, "who wants to hear of no low balance, hears of none", "[service]") {
  CHECK(credits_handler.GetCreditSettings(StaffCall(), {})->low_balance() == 10);
  SetLow(0);
  Buy(2);
  Spend(2);
  CHECK(Told("credits.low").empty());
}

TEST_CASE_METHOD(Credits, "a threshold above the balance is told with the next message",
                 "[service]") {
  SetLow(1);
  Buy(5);
  SetLow(50);
  CHECK(Told("credits.low").empty());
  Spend(1);
  CHECK(Told("credits.low").size() == 1);
  // Another organisation's is its own.
  CHECK(credits_handler.GetCreditSettings(StaffCall("other"), {})->low_balance() == 10);
}

TEST_CASE_METHOD(Credits, "a message that is refused leaves no event behind", "[service]") {
  SetLow(5);
  Buy(5);
  Call late = ServiceCall();
  late.deadline = absl::Now() - absl::Seconds(1);
  {
    const CallScope scope(late);
    CHECK_FALSE(handler.SubmitMessage(late, Code("late")).ok());
  }
  CHECK(Told("credits.low").empty());
  CHECK(handler.GetBalance(StaffCall(), {})->balance() == 5);
}

}  // namespace
}  // namespace gatehouse::notification
