#include "services/common/rpc/metadata.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gatehouse {
namespace {

// As base64, and with the text once more, they stay below 8 KiB beside the other trailers.
constexpr size_t kDetailsMax = 4500;

bool TravelsAsItIs(absl::string_view value, size_t at) {
  const char c = value[at];
  const bool outer = at == 0 || at + 1 == value.size();
  return c >= 0x20 && c < 0x7f && c != '%' && !(c == ' ' && outer);
}

// The last violation of a list; false: there is none.
template <typename List>
bool TakeLast(List& violations) {
  if (violations.empty()) return false;
  violations.RemoveLast();
  return true;
}

bool TakeOneViolation(google::rpc::Status& status) {
  for (google::protobuf::Any& any : *status.mutable_details()) {
    google::rpc::BadRequest fields;
    google::rpc::PreconditionFailure conditions;
    if (any.UnpackTo(&fields) && TakeLast(*fields.mutable_field_violations())) {
      any.PackFrom(fields);
      return true;
    }
    if (any.UnpackTo(&conditions) && TakeLast(*conditions.mutable_violations())) {
      any.PackFrom(conditions);
      return true;
    }
  }
  return false;
}

}  // namespace

std::string EscapeMetadata(absl::string_view value) {
  std::string escaped;
  escaped.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    if (TravelsAsItIs(value, i)) {
      escaped += value[i];
    } else {
      escaped += '%';
      escaped += absl::BytesToHexString(value.substr(i, 1));
    }
  }
  return escaped;
}

std::string UnescapeMetadata(absl::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const bool escape = value[i] == '%' && i + 2 < value.size() &&
                        absl::ascii_isxdigit(static_cast<unsigned char>(value[i + 1])) &&
                        absl::ascii_isxdigit(static_cast<unsigned char>(value[i + 2]));
    if (escape) {
      text += absl::HexStringToBytes(value.substr(i + 1, 2));
      i += 2;
    } else {
      text += value[i];
    }
  }
  return text;
}

void AddMetadata(grpc::ClientContext& context, const char* name, absl::string_view value) {
  context.AddMetadata(name, EscapeMetadata(value));
}

void AddDeadline(grpc::ClientContext& context, absl::Time deadline) {
  context.set_deadline(absl::ToChronoTime(deadline));
  if (deadline == absl::InfiniteFuture()) return;
  context.AddMetadata(kDeadlineMetadata, absl::StrCat(absl::ToUnixMillis(deadline)));
}

absl::Time ParseDeadline(absl::string_view value) {
  int64_t milliseconds = 0;
  return absl::SimpleAtoi(value, &milliseconds) ? absl::FromUnixMillis(milliseconds)
                                                : absl::InfiniteFuture();
}

void FitIntoTrailers(google::rpc::Status& status) {
  while (status.ByteSizeLong() > kDetailsMax && TakeOneViolation(status)) {
  }
}

}  // namespace gatehouse
