#include "services/notification/domain/advice.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace gatehouse::notification {
namespace {

std::string OnFailure(const std::string& failure) {
  return AdviceOn({.failure = failure, .state = MessageState::kFailed});
}
std::string OnDelivery(ReceiptState delivery, const std::string& failure = "") {
  return AdviceOn(
      {.state = MessageState::kSent, .delivery = delivery, .delivery_failure = failure});
}

TEST_CASE("whoever reads that a message failed is told what to do about it", "[unit]") {
  for (const char* failure :
       {"RECIPIENT_REFUSED", "MAILBOX_DEAD", "RECIPIENT_NEEDS_SMTPUTF8", "PROVIDER_REFUSED",
        "PROVIDER_REFUSED 21211", "PROVIDER_REFUSED 99999", "RECIPIENT_STOPPED", "RELAY_GONE",
        "GAVE_UP"}) {
    INFO(failure);
    CHECK(absl::EndsWith(OnFailure(failure), "."));
  }
  CHECK(OnFailure("MAILBOX_DEAD") != OnFailure("RECIPIENT_REFUSED"));
  CHECK(absl::EndsWith(AdviceOn({.state = MessageState::kExpired}), "send again."));
}

TEST_CASE("a phone that is off is another matter than a number that nobody has", "[unit]") {
  CHECK(OnDelivery(ReceiptState::kUndelivered, "30003") ==
        "The phone is off or out of reach: send again later.");
  CHECK(OnDelivery(ReceiptState::kUndelivered, "30005") ==
        "Nobody has this number: correct it at the contact, and send again.");
  CHECK(absl::StrContains(OnDelivery(ReceiptState::kUndelivered), "does not say why"));
}

TEST_CASE("where all is well, or nothing is known, nothing is advised", "[unit]") {
  CHECK(AdviceOn({.state = MessageState::kQueued}).empty());
  CHECK(OnDelivery(ReceiptState::kUnknown).empty());
  CHECK(OnDelivery(ReceiptState::kOnItsWay).empty());
  CHECK(OnDelivery(ReceiptState::kDelivered).empty());
}

}  // namespace
}  // namespace gatehouse::notification
