#include "services/notification/preferences/domain/summary_time.h"

#include <catch2/catch.hpp>

#include "absl/time/civil_time.h"

namespace gatehouse::notification {
namespace {

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone(name, &zone));
  return zone;
}

// As `2026-10-04T02:30`, by the clocks of the zone.
std::string Next(int hour, int minute, const absl::TimeZone& zone, absl::Time after) {
  return absl::FormatTime("%Y-%m-%dT%H:%M%Ez", NextSummary(hour, minute, zone, after), zone);
}

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  REQUIRE(absl::ParseTime(absl::RFC3339_full, text, &time, &error));
  return time;
}

TEST_CASE("a summary goes out at the next time that the clocks show its hour", "[unit]") {
  const absl::TimeZone sydney = Zone("Australia/Sydney");
  CHECK(Next(8, 0, sydney, At("2026-06-01T07:59:59+10:00")) == "2026-06-01T08:00+10:00");
  CHECK(Next(8, 0, sydney, At("2026-06-01T08:00:00+10:00")) == "2026-06-02T08:00+10:00");
  CHECK(Next(8, 0, sydney, At("2026-12-31T12:00:00+11:00")) == "2027-01-01T08:00+11:00");
}

TEST_CASE("midnight is that of the organisation's zone", "[unit]") {
  const absl::TimeZone auckland = Zone("Pacific/Auckland");
  CHECK(Next(0, 0, auckland, At("2026-06-01T23:59:59+12:00")) == "2026-06-02T00:00+12:00");
  CHECK(Next(23, 59, auckland, At("2026-06-02T00:00:00+12:00")) == "2026-06-02T23:59+12:00");
  // Still the day before in London.
  CHECK(Next(0, 5, auckland, At("2026-06-01T12:00:00Z")) == "2026-06-02T00:05+12:00");
}

TEST_CASE("on a day of which the clocks skip the hour, it goes out when they do", "[unit]") {
  const absl::TimeZone sydney = Zone("Australia/Sydney");
  const absl::Time changed = At("2026-10-04T03:00:00+11:00");
  CHECK(NextSummary(2, 30, sydney, At("2026-10-04T01:00:00+10:00")) == changed);
  CHECK(Next(2, 30, sydney, changed) == "2026-10-05T02:30+11:00");
}

TEST_CASE("on a day of which the clocks show the hour twice, it goes out once", "[unit]") {
  const absl::TimeZone sydney = Zone("Australia/Sydney");
  const absl::Time first = At("2026-04-05T02:30:00+11:00");
  CHECK(NextSummary(2, 30, sydney, At("2026-04-05T01:00:00+11:00")) == first);
  CHECK(Next(2, 30, sydney, first) == "2026-04-06T02:30+10:00");
  // Between the two, and after the second.
  CHECK(Next(2, 30, sydney, first + absl::Minutes(45)) == "2026-04-06T02:30+10:00");
  CHECK(Next(2, 30, sydney, first + absl::Hours(2)) == "2026-04-06T02:30+10:00");
}

TEST_CASE("a zone that leaves out a day has no summary of it", "[unit]") {
  // Samoa went from 29 December 2011 to the 31st.
  const absl::TimeZone apia = Zone("Pacific/Apia");
  const absl::Time before = At("2011-12-29T09:00:00-10:00");
  const absl::Time next = NextSummary(8, 0, apia, before);
  CHECK(next > before);
  CHECK(absl::ToCivilDay(NextSummary(8, 0, apia, next), apia) == absl::CivilDay(2011, 12, 31));
}

TEST_CASE("each day of four years has one summary, in every zone", "[unit]") {
  for (const char* name : {"UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"}) {
    const absl::TimeZone zone = Zone(name);
    for (const auto& [hour, minute] : {std::pair(0, 0), std::pair(2, 15), std::pair(23, 59)}) {
      absl::Time time = absl::FromCivil(absl::CivilDay(2024, 1, 1), zone) - absl::Seconds(1);
      for (absl::CivilDay day(2024, 1, 1); day < absl::CivilDay(2028, 1, 1); ++day) {
        time = NextSummary(hour, minute, zone, time);
        if (absl::ToCivilDay(time, zone) != day) FAIL(name << " " << day);
      }
    }
  }
}

}  // namespace
}  // namespace gatehouse::notification
