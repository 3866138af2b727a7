#include "services/gateway/http/request_head.h"

#include <boost/algorithm/string/predicate.hpp>

namespace gatehouse::gateway {
namespace {

using boost::algorithm::iequals;

constexpr int kBadRequest = 400, kTooManyHeaders = 431, kVersion = 505;

bool IsToken(std::string_view text) {
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !text.empty();
}

bool IsValue(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}

std::optional<int> MistakeInRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return kBadRequest;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(line.substr(0, first)) || target.empty() || target[0] != '/') return kBadRequest;
  for (const char c : target) {
    if (c <= 0x20 || c >= 0x7f) return kBadRequest;
  }
  if (version == "HTTP/1.1") return std::nullopt;
  return version.substr(0, 5) == "HTTP/" ? kVersion : kBadRequest;
}

struct Framing {
  int hosts = 0, lengths = 0, encodings = 0;
};

std::optional<int> MistakeInHeader(std::string_view line, Framing& framing) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return kBadRequest;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  if (!IsValue(value)) return kBadRequest;
  const std::string_view name = line.substr(0, colon);
  if (iequals(name, "host")) {
    ++framing.hosts;
    if (value.empty()) return kBadRequest;
  } else if (iequals(name, "content-length")) {
    ++framing.lengths;
    const bool digits = value.find_first_not_of("0123456789") == std::string_view::npos;
    if (value.empty() || value.size() > 15 || !digits) return kBadRequest;
  } else if (iequals(name, "transfer-encoding")) {
    ++framing.encodings;
    if (!iequals(value, "chunked")) return kBadRequest;
  }
  return std::nullopt;
}

}  // namespace

bool HasBareLineFeed(std::string_view bytes) {
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return true;
  }
  return false;
}

std::optional<int> MistakeInHead(std::string_view head) {
  if (HasBareLineFeed(head)) return kBadRequest;
  Framing framing;
  size_t lines = 0;
  while (true) {
    const size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return kBadRequest;
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.find('\r') != std::string_view::npos) return kBadRequest;
    if (line.empty()) break;
    if (lines++ > kHeadersMax) return kTooManyHeaders;
    const auto mistake = lines == 1 ? MistakeInRequestLine(line) : MistakeInHeader(line, framing);
    if (mistake.has_value()) return mistake;
  }
  const bool framed_once =
      framing.lengths <= 1 && framing.encodings <= 1 && framing.lengths + framing.encodings <= 1;
  if (lines == 0 || framing.hosts != 1 || !framed_once) return kBadRequest;
  return std::nullopt;
}

}  // namespace gatehouse::gateway
