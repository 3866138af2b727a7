#include <catch2/catch.hpp>
#include <map>

#include "google/rpc/status.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/cases/offers/domain/currency.h"
#include "services/cases/offers/domain/offer_rules.h"
#include "services/cases/offers/seal.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/rpc/validate.h"

// Which offers can be made, what is sealed of them, and what a client reads.

namespace gatehouse::cases {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

v1::OfferContent Content() {
  v1::OfferContent content;
  content.set_title("Six kilowatts on the roof");
  content.set_currency("AUD");
  const auto line = [&](const char* description, int64_t amount) {
    content.add_lines()->set_description(description);
    content.mutable_lines(content.lines_size() - 1)->set_amount(amount);
  };
  line("Panels", 600'000);
  line("Rebate", -100'000);
  content.add_taxes()->set_display_name("GST 10 %");
  content.mutable_taxes(0)->set_amount(50'000);
  content.set_total(550'000);
  return content;
}

bool Says(const absl::Status& status, const std::string& text) {
  return ReasonOf(status) == "INVALID_REQUEST" &&
         ToRpcStatus(status).SerializeAsString().find(text) != std::string::npos;
}

TEST_CASE("an offer that adds up can be made", "[unit]") {
  CHECK(CheckContent(Content(), kNow).ok());
  CHECK(Validate(Content()).ok());
}

TEST_CASE("an offer that does not add up is refused with the place and the sum", "[unit]") {
  v1::OfferContent content = Content();
  content.set_total(550'001);
  const absl::Status status = CheckContent(content, kNow);
  CHECK(Says(status, "content.total"));
  CHECK(Says(status, "550000"));
  content.clear_taxes();
  CHECK(Says(CheckContent(content, kNow), "500000"));
}

TEST_CASE("amounts are integers of any size that the contract allows", "[unit]") {
  v1::OfferContent content = Content();
  content.clear_lines();
  content.clear_taxes();
  const int64_t most = 1'000'000'000'000'000;
  for (int i = 0; i < 200; ++i) {
    content.add_lines()->set_description("Line");
    content.mutable_lines(i)->set_amount(i % 2 == 0 ? most : -most);
  }
  content.set_total(0);
  CHECK(CheckContent(content, kNow).ok());
  CHECK(Validate(content).ok());
  for (auto& line : *content.mutable_lines()) line.set_amount(most);
  CHECK(Says(CheckContent(content, kNow), "200000000000000000"));
  content.mutable_lines(0)->set_amount(most + 1);
  CHECK(Says(Validate(content), "lines[0].amount"));
}

TEST_CASE("a currency has the decimals of ISO 4217, and a made-up one is refused", "[unit]") {
  CHECK(DecimalsOf("AUD") == 2);
  CHECK(DecimalsOf("JPY") == 0);
  CHECK(DecimalsOf("KWD") == 3);
  for (const char* none : {"XAU", "XXX", "XTS", "AUX", "aud", "", "DEM"}) {
    CAPTURE(none);
    CHECK_FALSE(DecimalsOf(none).has_value());
  }
  v1::OfferContent content = Content();
  content.set_currency("AUX");
  CHECK(Says(CheckContent(content, kNow), "content.currency"));
}

TEST_CASE("there are as many currencies as ISO 4217 has in use, each in one list", "[unit]") {
  std::map<int, int> with;
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) {
      for (char c = 'A'; c <= 'Z'; ++c) {
        const auto decimals = DecimalsOf({a, b, c});
        if (decimals.has_value()) ++with[*decimals];
      }
    }
  }
  CHECK(with == std::map<int, int>{{0, 16}, {2, 133}, {3, 7}});
}

TEST_CASE("a document stands once, and an end lies ahead", "[unit]") {
  v1::OfferContent content = Content();
  for (int i = 0; i < 2; ++i) content.add_documents()->set_document_id("document_1");
  CHECK(Says(CheckContent(content, kNow), "content.documents[1].document_id"));
  content = Content();
  *content.mutable_valid_until_time() = ToProto(kNow);
  CHECK(Says(CheckContent(content, kNow), "content.valid_until_time"));
  *content.mutable_valid_until_time() = ToProto(kNow + absl::Seconds(1));
  CHECK(CheckContent(content, kNow).ok());
}

TEST_CASE("every mistake of an offer is named at once", "[unit]") {
  v1::OfferContent content = Content();
  content.set_total(1);
  content.set_currency("AUX");
  *content.mutable_valid_until_time() = ToProto(kNow);
  const absl::Status status = CheckContent(content, kNow);
  for (const char* place : {"content.total", "content.currency", "content.valid_until_time"}) {
    CHECK(Says(status, place));
  }
}

TEST_CASE("the seal is over canonical JSON: ordered keys, no spaces, amounts as text", "[unit]") {
  v1::OfferContent content;
  content.set_title("Dach \"Süd\"\n\u2028\x7f/");
  content.set_currency("EUR");
  content.add_lines()->set_description("A");
  content.mutable_lines(0)->set_amount(9'007'199'254'740'993);  // No double holds it.
  content.set_total(-1);
  *content.mutable_valid_until_time() = ToProto(kNow + absl::Milliseconds(700));
  const auto canonical = CanonicalOf(content);
  REQUIRE(canonical.ok());
  CHECK(*canonical ==
        "{\"currency\":\"EUR\",\"lines\":[{\"amount\":\"9007199254740993\",\"description\":\"A\"}],"
        "\"title\":\"Dach \\\"Süd\\\"\\n\u2028\x7f/\",\"total\":\"-1\","
        "\"validUntilTime\":\"2027-01-15T08:00:00Z\"}");
  const auto read = ContentFrom(*canonical);
  REQUIRE(read.ok());
  content.mutable_valid_until_time()->set_nanos(0);
  CHECK(read->SerializeAsString() == content.SerializeAsString());
  CHECK(*CanonicalOf(*read) == *canonical);
}

TEST_CASE("what a later version adds to an offer does not make it unreadable", "[unit]") {
  CHECK(ContentFrom(R"({"title":"A","deposit":"5"})")->title() == "A");
  CHECK_FALSE(ContentFrom("{").ok());
}

TEST_CASE("what is open may be decided about, and a refusal says what it is", "[unit]") {
  v1::Offer offer;
  offer.set_state(v1::Offer::OPEN);
  CHECK(CheckOpen(offer).ok());
  offer.set_state(v1::Offer::EXPIRED);
  const absl::Status status = CheckOpen(offer);
  CHECK(ReasonOf(status) == "OFFER_NOT_OPEN");
  CHECK(FactsOf(status).at("state") == "EXPIRED");
}

TEST_CASE("a client reads no evidence, and of others only where it sees all", "[unit]") {
  v1::Offer offer;
  for (const char* id : {"ada", "bob"}) offer.add_sights()->set_contact_id(id);
  offer.mutable_decision()->set_contact_id("bob");
  offer.mutable_decision()->set_reason("Too dear");
  offer.mutable_decision()->set_client_address("192.0.2.7");
  offer.mutable_decision()->set_user_agent("Browser/1");
  offer.mutable_decision()->set_account_id("acc_1");
  const v1::Offer own = ForClient(offer, "ada");
  CHECK(own.sights_size() == 1);
  CHECK(own.decision().contact_id().empty());
  CHECK(own.decision().reason().empty());
  for (const v1::Offer& read : {own, ForClient(offer, "bob"), ForClient(offer, kEverybody)}) {
    CHECK(read.decision().client_address().empty());
    CHECK(read.decision().user_agent().empty());
    CHECK(read.decision().account_id().empty());
  }
  CHECK(ForClient(offer, "bob").decision().reason() == "Too dear");
  CHECK(ForClient(offer, kEverybody).sights_size() == 2);
  CHECK_FALSE(ForClient(v1::Offer(), "ada").has_decision());
}

}  // namespace
}  // namespace gatehouse::cases
