#include "services/cases/visits/domain/calendar.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "services/cases/visits/domain/visit_time.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

constexpr size_t kLineMax = 75;  // Bytes, without the line's end (RFC 5545, section 3.1).

// Folds a content line where it is too long, never within a character.
void AddLine(const std::string& line, std::string& calendar) {
  size_t begin = 0, most = kLineMax;
  while (line.size() - begin > most) {
    size_t end = begin + most;
    while ((static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    absl::StrAppend(&calendar, line.substr(begin, end - begin), "\r\n ");
    begin = end;
    most = kLineMax - 1;  // The space counts.
  }
  absl::StrAppend(&calendar, line.substr(begin), "\r\n");
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Section 3.3.11. A control character has no way to be written: it is left out.
std::string Text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\\' || c == ';' || c == ',') {
      escaped += {'\\', c};
    } else if (c == '\t' || !IsControl(c)) {
      escaped += c;
    }
  }
  return escaped;
}

// A quoted parameter (RFC 6868).
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') {
      quoted += "^'";
    } else if (c == '^') {
      quoted += "^^";
    } else if (!IsControl(c)) {
      quoted += c;
    }
  }
  return quoted + "\"";
}

// RFC 6068: what an address may have that a URI may not.
std::string MailTo(const std::string& email) {
  std::string uri = "mailto:";
  for (const char c : email) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                       std::string("-._~@+").find(c) != std::string::npos;
    uri += plain ? std::string(1, c)
                 : absl::StrCat("%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  }
  return uri;
}

std::string Utc(absl::Time time) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone());
}

// RFC 5546 wants one in every event that is published, and he who comes is it.
std::string Organizer(const v1::Installer& installer) {
  return absl::StrCat("ORGANIZER;CN=", Quoted(installer.display_name()), ":",
                      installer.email().empty() ? "invalid:nomail" : MailTo(installer.email()));
}

std::string Description(const v1::VisitPlan& plan) {
  std::vector<std::string> parts;
  for (const std::string& part :
       {plan.text(), plan.installer().display_name(), plan.installer().company(),
        plan.installer().phone(), plan.installer().email()}) {
    if (!part.empty()) parts.push_back(part);
  }
  return absl::StrJoin(parts, "\n");
}

}  // namespace

std::string MethodOf(const v1::Visit& visit) {
  return visit.state() == v1::Visit::CONFIRMED ? "PUBLISH" : "CANCEL";
}

std::string CalendarOf(const v1::Visit& visit) {
  const v1::VisitPlan& plan = visit.plan();
  const bool holds = visit.state() == v1::Visit::CONFIRMED;
  std::string calendar;
  AddLine("BEGIN:VCALENDAR", calendar);
  AddLine("VERSION:2.0", calendar);
  AddLine("PRODID:-//Gatehouse//Visits//EN", calendar);
  AddLine("METHOD:" + MethodOf(visit), calendar);
  AddLine("BEGIN:VEVENT", calendar);
  AddLine(absl::StrCat("UID:", visit.visit_id(), "@gatehouse"), calendar);
  AddLine(absl::StrCat("SEQUENCE:", visit.sequence()), calendar);
  AddLine("DTSTAMP:" + Utc(FromProto(visit.update_time())), calendar);
  AddLine("DTSTART:" + Utc(StartOf(visit.agreed_time())), calendar);
  AddLine("DTEND:" + Utc(EndOf(visit.agreed_time())), calendar);
  AddLine(Organizer(plan.installer()), calendar);
  AddLine("SUMMARY:" + Text(plan.title()), calendar);
  if (const std::string text = Description(plan); !text.empty()) {
    AddLine("DESCRIPTION:" + Text(text), calendar);
  }
  if (!plan.place().empty()) AddLine("LOCATION:" + Text(plan.place()), calendar);
  AddLine(holds ? "STATUS:CONFIRMED" : "STATUS:CANCELLED", calendar);
  AddLine("END:VEVENT", calendar);
  AddLine("END:VCALENDAR", calendar);
  return calendar;
}

}  // namespace gatehouse::cases
