#include "services/gateway/http/request_head.h"

#include <boost/algorithm/string/predicate.hpp>

namespace gatehouse::gateway {
namespace {

using boost::algorithm::iequals;

constexpr int kBadRequest = 400, kTooManyHeaders = 431, kVersion = 505;

// Letters, digits and these others; not empty.
bool AllOf(std::string_view text, std::string_view others) {
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && others.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

bool IsToken(std::string_view text) { return AllOf(text, "!#$%&'*+-.^_`|~"); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool IsValue(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}

// uri-host [ ":" port ] (RFC 9110, 7.2); a registered name may have escapes (RFC 3986, 3.2.2).
bool IsHost(std::string_view text) {
  std::string_view host = text, port;
  const bool literal = !text.empty() && text[0] == '[';
  const size_t end = literal ? text.find(']') : text.find(':');
  if (literal && end == std::string_view::npos) return false;
  if (end != std::string_view::npos) {
    host = text.substr(literal ? 1 : 0, literal ? end - 1 : end);
    port = text.substr(literal ? end + 1 : end);
  }
  if (!AllOf(host, literal ? ":.%" : "-._~%!$&'()*+;=")) return false;
  if (port.empty()) return true;
  port.remove_prefix(1);
  if (text[text.size() - port.size() - 1] != ':' || port.size() > 5) return false;
  int number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  return number <= 65535;
}

// Where a URL's path begins, if the target is a URL.
std::optional<size_t> EndOfAuthority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!iequals(target.substr(0, scheme.size()), scheme)) continue;
    return std::min(target.find_first_of("/?", scheme.size()), target.size());
  }
  return std::nullopt;
}

bool IsTarget(std::string_view target) {
  for (const char c : target) {
    if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\') return false;
  }
  if (target.substr(0, 1) == "/") return true;
  const auto end = EndOfAuthority(target);
  if (!end.has_value()) return false;
  const size_t start = target.find("//") + 2;
  return IsHost(target.substr(start, *end - start));
}

std::optional<int> MistakeInRequestLine(std::string_view line, bool& old) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return kBadRequest;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(line.substr(0, first)) || !IsTarget(target)) return kBadRequest;
  old = version == "HTTP/1.0";
  if (old || version == "HTTP/1.1") return std::nullopt;
  return version.substr(0, 5) == "HTTP/" ? kVersion : kBadRequest;
}

struct Framing {
  bool old = false;  // HTTP/1.0
  int hosts = 0, lengths = 0, encodings = 0;
};

std::optional<int> MistakeInHeader(std::string_view line, Framing& framing) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return kBadRequest;
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (!IsValue(value)) return kBadRequest;
  const std::string_view name = line.substr(0, colon);
  if (iequals(name, "host")) {
    ++framing.hosts;
    if (!IsHost(value)) return kBadRequest;
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
    const auto mistake =
        lines == 1 ? MistakeInRequestLine(line, framing.old) : MistakeInHeader(line, framing);
    if (mistake.has_value()) return mistake;
  }
  const bool framed_once =
      framing.lengths <= 1 && framing.encodings <= 1 && framing.lengths + framing.encodings <= 1;
  const bool old_and_chunked = framing.old && framing.encodings > 0;
  const bool one_host = framing.hosts == 1 || (framing.old && framing.hosts == 0);
  if (lines == 0 || !one_host || !framed_once || old_and_chunked) return kBadRequest;
  return std::nullopt;
}

std::string PathAndQuery(const std::string& target) {
  const auto end = EndOfAuthority(target);
  if (!end.has_value()) return target;
  const std::string path = target.substr(*end);
  return path.substr(0, 1) == "/" ? path : "/" + path;
}

std::string FindHeader(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    if (end == std::string_view::npos) return "";  // It may go on.
    head.remove_prefix(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!iequals(line.substr(0, name.size()), name)) continue;
    line = Trimmed(line.substr(name.size() + 1));
    return IsValue(line) ? std::string(line) : "";
  }
  return "";
}

}  // namespace gatehouse::gateway
