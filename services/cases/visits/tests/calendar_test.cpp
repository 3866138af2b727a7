#include "services/cases/visits/domain/calendar.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/common/base/proto_time.h"

// A visit as a file for a calendar. The journeys read one by a parser that is not ours.

namespace gatehouse::cases {
namespace {

v1::Visit Confirmed() {
  v1::Visit visit;
  visit.set_visit_id("visit_1");
  visit.set_state(v1::Visit::CONFIRMED);
  visit.set_sequence(3);
  visit.mutable_plan()->set_title("Roof");
  visit.mutable_plan()->mutable_installer()->set_display_name("Ian Installer");
  *visit.mutable_agreed_time()->mutable_start_time() =
      ToProto(absl::FromUnixSeconds(1'796'083'200));
  *visit.mutable_agreed_time()->mutable_end_time() = ToProto(absl::FromUnixSeconds(1'796'088'600));
  *visit.mutable_update_time() = ToProto(absl::FromUnixSeconds(1'790'000'000));
  return visit;
}

// The content lines, unfolded; each raw one must be short, and end as they must.
std::vector<std::string> LinesOf(const std::string& calendar) {
  REQUIRE(absl::EndsWith(calendar, "\r\n"));
  for (const absl::string_view line : absl::StrSplit(calendar, "\r\n")) {
    CHECK(line.size() <= 75);
    CHECK(line.find('\n') == absl::string_view::npos);
  }
  return absl::StrSplit(absl::StrReplaceAll(calendar, {{"\r\n ", ""}}), "\r\n");
}
std::string Line(const v1::Visit& visit, const std::string& name) {
  for (const std::string& line : LinesOf(CalendarOf(visit))) {
    if (absl::StartsWith(line, name)) return line.substr(name.size());
  }
  return "(none)";
}

TEST_CASE("a visit that holds is an event to be added, in UTC", "[unit]") {
  CHECK(LinesOf(CalendarOf(Confirmed())) ==
        std::vector<std::string>{
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Gatehouse//Visits//EN", "METHOD:PUBLISH",
            "BEGIN:VEVENT", "UID:visit_1@gatehouse", "SEQUENCE:3", "DTSTAMP:20260921T141320Z",
            "DTSTART:20261201T000000Z", "DTEND:20261201T013000Z",
            "ORGANIZER;CN=\"Ian Installer\":invalid:nomail", "SUMMARY:Roof",
            "DESCRIPTION:Ian Installer", "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR", ""});
}

TEST_CASE("what does not hold any more is taken out again, under the same UID", "[unit]") {
  v1::Visit visit = Confirmed();
  for (const auto state : {v1::Visit::PROPOSED, v1::Visit::DECLINED, v1::Visit::CANCELLED}) {
    visit.set_state(state);
    CHECK(MethodOf(visit) == "CANCEL");
    CHECK(Line(visit, "METHOD:") == "CANCEL");
    CHECK(Line(visit, "STATUS:") == "CANCELLED");
    CHECK(Line(visit, "UID:") == "visit_1@gatehouse");
  }
}

TEST_CASE("texts are escaped, and control characters are left out", "[unit]") {
  v1::Visit visit = Confirmed();
  visit.mutable_plan()->set_title("Roof; walls, doors\\\x01\r\tand");
  CHECK(Line(visit, "SUMMARY:") == "Roof\\; walls\\, doors\\\\\tand");
  visit.mutable_plan()->set_text("First\nEND:VEVENT\r\nBEGIN:VEVENT");
  CHECK(Line(visit, "DESCRIPTION:") == "First\\nEND:VEVENT\\nBEGIN:VEVENT\\nIan Installer");
}

TEST_CASE("a name in a parameter is quoted, so that nothing ends it", "[unit]") {
  v1::Visit visit = Confirmed();
  v1::Installer& installer = *visit.mutable_plan()->mutable_installer();
  installer.set_display_name("Ian \"the ^\" Installer\n:x");
  installer.set_email("ian+roofs@example.com");
  CHECK(Line(visit, "ORGANIZER") ==
        ";CN=\"Ian ^'the ^^^' Installer:x\":mailto:ian+roofs@example.com");
  installer.set_email("a?b&c%d@example.com");
  CHECK(absl::EndsWith(Line(visit, "ORGANIZER"), ":mailto:a%3fb%26c%25d@example.com"));
}

TEST_CASE("a description has what was said and who comes", "[unit]") {
  v1::Visit visit = Confirmed();
  visit.mutable_plan()->set_text("Park in the yard.");
  visit.mutable_plan()->set_place("12 High Street");
  v1::Installer& installer = *visit.mutable_plan()->mutable_installer();
  installer.set_company("Sun Ltd");
  installer.set_phone("02 9000 0000");
  CHECK(Line(visit, "DESCRIPTION:") ==
        "Park in the yard.\\nIan Installer\\nSun Ltd\\n02 9000 0000");
  CHECK(Line(visit, "LOCATION:") == "12 High Street");
}

TEST_CASE("long lines are folded, never within a character", "[unit]") {
  for (const std::string& letter :
       {std::string("a"), std::string("é"), std::string("漢"), std::string("🏠")}) {
    for (int count = 10; count < 200; ++count) {
      v1::Visit visit = Confirmed();
      std::string title;
      for (int i = 0; i < count; ++i) title += letter;
      visit.mutable_plan()->set_title(title);
      REQUIRE(Line(visit, "SUMMARY:") == title);
      for (const absl::string_view line : absl::StrSplit(CalendarOf(visit), "\r\n")) {
        const auto first = static_cast<unsigned char>(line.size() > 1 ? line[1] : 'a');
        CHECK((first & 0xC0) != 0x80);
      }
    }
  }
}

}  // namespace
}  // namespace gatehouse::cases
