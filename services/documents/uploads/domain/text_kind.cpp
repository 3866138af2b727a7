#include "services/documents/uploads/domain/text_kind.h"

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace gatehouse::documents {
namespace {

bool IsUtf16(const std::string& head) {
  return absl::StartsWith(head, "\xff\xfe") || absl::StartsWith(head, "\xfe\xff");
}

// As far as ASCII goes, in any encoding; without a byte order mark.
std::string Ascii(const std::string& head) {
  std::string text;
  for (const char c : head) {
    if (c != '\0' && c != '\xff' && c != '\xfe' && c != '\xef' && c != '\xbb' && c != '\xbf') {
      text += c;
    }
  }
  return text;
}

// Drops what is between these from the beginning of a text; false where it is not there.
bool Skip(absl::string_view& text, absl::string_view from, absl::string_view to) {
  if (!absl::StartsWithIgnoreCase(text, from)) return false;
  const size_t end = text.find(to, from.size());
  text.remove_prefix(end == absl::string_view::npos ? text.size() : end + to.size());
  return true;
}

// What is left after spaces, comments, an XML declaration and a document type that is not HTML's.
absl::string_view FirstElement(absl::string_view text) {
  do {
    text = absl::StripLeadingAsciiWhitespace(text);
  } while (Skip(text, "<!--", "-->") || Skip(text, "<?", "?>") ||
           (!absl::StartsWithIgnoreCase(text, "<!doctype html") && Skip(text, "<!doctype", ">")));
  return text;
}

bool BeginsWithTag(absl::string_view text, absl::string_view tag) {
  return absl::StartsWithIgnoreCase(text, tag) &&
         (text.size() == tag.size() ||
          absl::StrContains(" \t\r\n\f/>", text.substr(tag.size(), 1)));
}

// A line of a mail's head: `Name: value`, or one that goes on.
bool IsHeaderLine(absl::string_view line) {
  if (line.empty()) return false;
  if (line[0] == ' ' || line[0] == '\t') return true;
  const size_t colon = line.find(':');
  if (colon == 0 || colon == absl::string_view::npos) return false;
  for (const char c : line.substr(0, colon)) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

// Two at least of the fields that mail has (RFC 5322), and nothing else before the first empty
// line.
bool IsMail(const std::string& text) {
  static const std::set<std::string> kFields = {
      "arc-seal",       "bcc",     "cc",         "content-type", "date",     "delivered-to",
      "dkim-signature", "from",    "message-id", "mime-version", "received", "reply-to",
      "return-path",    "subject", "to"};
  std::set<std::string> found;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const absl::string_view line = absl::StripSuffix(lines[i], "\r");
    if (line.empty() || i + 1 == lines.size()) break;
    if (i == 0 && absl::StartsWith(line, "From ")) continue;  // A mailbox's own first line.
    if (!IsHeaderLine(line)) return false;
    const std::string name = absl::AsciiStrToLower(line.substr(0, line.find(':')));
    if (kFields.count(name) != 0) found.insert(name);
  }
  return found.size() >= 2;
}

bool IsJson(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  return !text.empty() && absl::StrContains("{[\"-0123456789tfn", text.substr(0, 1));
}

bool CouldBe(const std::string& type, const std::string& text) {
  const auto begins = [&](const char* with) {
    return absl::StartsWithIgnoreCase(absl::StripLeadingAsciiWhitespace(text), with);
  };
  if (type == "text/vcard") return begins("BEGIN:VCARD");
  if (type == "text/calendar") return begins("BEGIN:VCALENDAR");
  if (type == "application/json") return IsJson(text);
  if (type == "application/x-step") return begins("ISO-10303-21");
  if (type == "message/rfc822") return IsMail(text);
  return type == "text/csv" || type == "text/tab-separated-values" || type == "text/markdown" ||
         type == "text/plain";
}

}  // namespace

bool IsText(const std::string& head) {
  if (IsUtf16(head) || absl::StartsWith(head, "\xef\xbb\xbf")) return true;
  for (const char c : head) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte <= 0x08 || byte == 0x0b || (byte >= 0x0e && byte <= 0x1a) ||
        (byte >= 0x1c && byte <= 0x1f)) {
      return false;
    }
  }
  return true;
}

std::string MarkupOf(const std::string& head) {
  static const std::vector<std::string> kHtml = {
      "<!doctype html", "<html", "<head",  "<script", "<iframe", "<h1",   "<div",  "<font",
      "<table",         "<a",    "<style", "<title",  "<b",      "<body", "<br",   "<p",
      "<meta",          "<link", "<img",   "<object", "<embed",  "<form", "<base", "<span"};
  const std::string text = Ascii(head);
  const absl::string_view first = FirstElement(text);
  const bool xml = absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "<?xml");
  if (BeginsWithTag(first, "<svg")) return "image/svg+xml";
  if (xml) return BeginsWithTag(first, "<html") ? "application/xhtml+xml" : "text/xml";
  for (const std::string& tag : kHtml) {
    if (BeginsWithTag(first, tag)) return "text/html";
  }
  return "";
}

std::string TextKind(const std::string& head, const std::string& extension,
                     const std::string& said) {
  static const std::map<std::string, std::string> kByExtension = {
      {"csv", "text/csv"},           {"eml", "message/rfc822"},
      {"ics", "text/calendar"},      {"ifc", "application/x-step"},
      {"json", "application/json"},  {"log", "text/plain"},
      {"md", "text/markdown"},       {"step", "application/x-step"},
      {"stp", "application/x-step"}, {"tsv", "text/tab-separated-values"},
      {"txt", "text/plain"},         {"vcf", "text/vcard"}};
  const std::string text = Ascii(head);
  if (const auto named = kByExtension.find(extension); named != kByExtension.end()) {
    return CouldBe(named->second, text) ? named->second : "text/plain";
  }
  if (CouldBe(said, text)) return said;
  for (const char* type : {"text/vcard", "text/calendar", "application/x-step", "message/rfc822"}) {
    if (CouldBe(type, text)) return type;
  }
  return "text/plain";
}

}  // namespace gatehouse::documents
