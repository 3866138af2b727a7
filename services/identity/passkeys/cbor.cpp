#include "services/identity/passkeys/cbor.h"

namespace gatehouse::identity {
namespace {

// CTAP2's canonical form (section 6) has no more than four levels; an attestation's statement may
// hold a list of certificates.
constexpr int kLevelsMax = 6;

enum Kind {
  kUnsigned = 0,
  kNegative = 1,
  kBytes = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kSimple = 7
};

}  // namespace

std::optional<CborReader::Head> CborReader::Next() {
  if (rest_.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(rest_[0]);
  Head head = {first >> 5, static_cast<uint64_t>(first & 31)};
  // 28 to 30 are no lengths, 31 is an indefinite one.
  if (head.value > 27) return std::nullopt;
  const size_t size = head.value < 24 ? 0 : size_t{1} << (head.value - 24);
  if (rest_.size() - 1 < size) return std::nullopt;
  if (size > 0) head.value = 0;
  for (size_t i = 1; i <= size; ++i) {
    head.value = head.value << 8 | static_cast<unsigned char>(rest_[i]);
  }
  rest_.remove_prefix(1 + size);
  return head;
}

std::optional<uint64_t> CborReader::Next(int kind) {
  const absl::string_view before = rest_;
  const auto head = Next();
  if (head.has_value() && head->kind == kind) return head->value;
  rest_ = before;
  return std::nullopt;
}

std::optional<absl::string_view> CborReader::Take(uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const absl::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::optional<uint64_t> CborReader::Map() {
  const auto pairs = Next(kMap);
  // Each pair has two bytes at least.
  if (pairs.has_value() && *pairs > rest_.size() / 2) return std::nullopt;
  return pairs;
}

std::optional<absl::string_view> CborReader::Text() {
  const auto size = Next(kText);
  return size.has_value() ? Take(*size) : std::nullopt;
}

std::optional<absl::string_view> CborReader::Bytes() {
  const auto size = Next(kBytes);
  return size.has_value() ? Take(*size) : std::nullopt;
}

std::optional<int64_t> CborReader::Integer() {
  auto value = Next(kUnsigned);
  const bool is_negative = !value.has_value();
  if (is_negative) value = Next(kNegative);
  if (!value.has_value() || *value > INT64_MAX) return std::nullopt;
  const auto number = static_cast<int64_t>(*value);
  return is_negative ? -1 - number : number;
}

bool CborReader::Skip() { return SkipWithin(kLevelsMax); }

bool CborReader::SkipWithin(int levels) {
  const auto head = Next();
  if (!head.has_value() || levels == 0) return false;
  switch (head->kind) {
    case kUnsigned:
    case kNegative:
    case kSimple:
      return true;
    case kBytes:
    case kText:
      return Take(head->value).has_value();
    case kArray:
    case kMap: {
      const uint64_t per_item = head->kind == kMap ? 2 : 1;
      if (head->value > rest_.size() / per_item) return false;
      for (uint64_t i = 0; i < head->value * per_item; ++i) {
        if (!SkipWithin(levels - 1)) return false;
      }
      return true;
    }
    default:
      return false;  // Tags, which CTAP2 does not have.
  }
}

}  // namespace gatehouse::identity
