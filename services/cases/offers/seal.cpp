#include "services/cases/offers/seal.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

namespace gatehouse::cases {

using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;
using nlohmann::json;

absl::StatusOr<std::string> CanonicalOf(v1::OfferContent content) {
  if (content.has_valid_until_time()) content.mutable_valid_until_time()->set_nanos(0);
  std::string text;
  if (const auto status = MessageToJsonString(content, &text); !status.ok()) {
    return absl::InternalError("an offer that is no JSON");
  }
  // nlohmann's objects are in the order of their keys, which are ASCII, its strings escape what
  // RFC 8785 escapes and nothing else, and there are no numbers: protobuf writes int64 as text.
  return json::parse(text).dump();
}

absl::StatusOr<v1::OfferContent> ContentFrom(const std::string& canonical) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // A newer version's, while both run.
  v1::OfferContent content;
  if (const auto status = JsonStringToMessage(canonical, &content, options); !status.ok()) {
    return absl::InternalError("a kept offer that is none");
  }
  return content;
}

}  // namespace gatehouse::cases
