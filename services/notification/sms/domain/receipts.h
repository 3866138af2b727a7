#pragma once

#include <optional>
#include <string>

namespace gatehouse::notification {

// How far a message has come, as its provider says; the numbers are the contract's. A later one
// goes before an earlier one, in whichever order they arrive.
enum class ReceiptState { kUnknown = 0, kOnItsWay = 1, kUndelivered = 2, kDelivered = 3 };

struct Receipt {
  ReceiptState state = ReceiptState::kUnknown;
  std::string provider_id, failure;
};

// Of Twilio's `MessageStatus`. Nothing for one that is none, or that says nothing yet.
inline std::optional<ReceiptState> ReceiptStateOf(const std::string& status) {
  if (status == "delivered" || status == "read") return ReceiptState::kDelivered;
  if (status == "undelivered" || status == "failed" || status == "canceled") {
    return ReceiptState::kUndelivered;
  }
  const bool on_its_way = status == "accepted" || status == "queued" || status == "sending" ||
                          status == "sent" || status == "scheduled";
  return on_its_way ? std::make_optional(ReceiptState::kOnItsWay) : std::nullopt;
}

}  // namespace gatehouse::notification
