#include "services/gateway/json/json_values.h"

#include <google/protobuf/util/field_mask_util.h>
#include <google/protobuf/util/time_util.h>
#include <re2/re2.h>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"

namespace gatehouse::gateway {

using google::protobuf::DynamicCastToGenerated;
using google::protobuf::util::FieldMaskUtil;
using google::protobuf::util::TimeUtil;

bool IsNumber(const std::string& text) {
  static const RE2 kNumber(R"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)");
  return text.size() <= 400 && RE2::FullMatch(text, kNumber);
}

bool ReadDouble(const std::string& text, double& number) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") {
    number = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (text == "Infinity" || text == "-Infinity") {
    number = text[0] == '-' ? -kInfinity : kInfinity;
    return true;
  }
  return IsNumber(text) && absl::SimpleAtod(text, &number) && std::isfinite(number);
}

bool ReadBytes(const std::string& text, std::string& bytes) {
  return absl::Base64Unescape(text, &bytes) || absl::WebSafeBase64Unescape(text, &bytes);
}

bool IsTextual(const google::protobuf::Descriptor& type) {
  return type.full_name() == "google.protobuf.Timestamp" ||
         type.full_name() == "google.protobuf.Duration" ||
         type.full_name() == "google.protobuf.FieldMask";
}

// TimeUtil takes more than the mapping allows: several signs, more than nine decimals.
bool ReadTextual(const std::string& text, google::protobuf::Message& message) {
  static const RE2 kTime(
      R"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,9})?)"
      R"((?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))");
  static const RE2 kDuration(R"(-?[0-9]{1,12}(?:\.[0-9]{1,9})?s)");
  if (auto* time = DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
    absl::Time read;
    // Not TimeUtil: it throws where an offset leads out of these years.
    if (!RE2::FullMatch(text, kTime) ||
        !absl::ParseTime(absl::RFC3339_full, text, &read, nullptr)) {
      return false;
    }
    time->set_seconds(absl::ToUnixSeconds(read));
    time->set_nanos(static_cast<int32_t>(
        absl::ToInt64Nanoseconds(read - absl::FromUnixSeconds(time->seconds()))));
    return time->seconds() >= TimeUtil::kTimestampMinSeconds &&
           time->seconds() <= TimeUtil::kTimestampMaxSeconds;
  }
  if (auto* span = DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
    return RE2::FullMatch(text, kDuration) && TimeUtil::FromString(text, span) &&
           std::abs(span->seconds()) <= TimeUtil::kDurationMaxSeconds;
  }
  auto* mask = DynamicCastToGenerated<google::protobuf::FieldMask>(&message);
  return mask != nullptr && FieldMaskUtil::FromJsonString(text, mask);
}

}  // namespace gatehouse::gateway
