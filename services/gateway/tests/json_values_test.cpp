#include <google/protobuf/wrappers.pb.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/status.h"
#include "services/gateway/json/json_reader.h"

// By the kinds of protobuf's conformance suite (conformance/binary_json_conformance_suite.cc) and
// of JSONTestSuite (nst/JSONTestSuite), as far as our mapping takes part in them.
namespace gatehouse::gateway {
namespace {

using Texts = std::vector<std::string>;

// Reads {"value": JSON} into a message that has one field of that name.
template <typename Wrapper>
bool Takes(const std::string& json, Wrapper& message) {
  message.Clear();
  return ReadJson(absl::StrCat("{\"value\":", json, "}"), message).ok();
}

template <typename Wrapper>
void TakesAll(const std::vector<std::pair<std::string, std::decay_t<decltype(Wrapper().value())>>>&
                  expected) {
  for (const auto& [json, value] : expected) {
    INFO(json);
    Wrapper message;
    REQUIRE(Takes(json, message));
    CHECK(message.value() == value);
  }
}

template <typename Wrapper>
void RefusesAll(const Texts& all) {
  for (const std::string& json : all) {
    INFO(json);
    Wrapper message;
    CHECK_FALSE(Takes(json, message));
  }
}

// What no integer may look like, whatever its width.
const Texts kNoInteger = {"\" 1\"",   "\"1 \"",   "\"+1\"",    "\"01\"",   "\"-01\"", "\"\"",
                          "\"-\"",    "\"1.\"",   "\".5\"",    "\"0x10\"", "\"1_0\"", "\"1,0\"",
                          "\"12a\"",  "\"a12\"",  "\"1e\"",    "\"0.5\"",  "\"NaN\"", "0.5",
                          "true",     "false",    "[]",        "{}",       "[1]",     "\"\\u0661\"",
                          "1e400",    "01",       "+1",        "1.",       ".5",      "0x10",
                          "\"1\\n\"", "\"\\t1\"", "\"1e400\"", "-",        "1e",      "NaN"};

TEST_CASE("a 32-bit integer is taken in every way in which JSON writes it, and in no other",
          "[unit]") {
  TakesAll<google::protobuf::Int32Value>({{"0", 0},
                                          {"-0", 0},
                                          {"2147483647", 2147483647},
                                          {"-2147483648", -2147483648},
                                          {"\"2147483647\"", 2147483647},
                                          {"\"-2147483648\"", -2147483648},
                                          {"100000.000", 100000},
                                          {"1e5", 100000},
                                          {"\"1e5\"", 100000},
                                          {"\"1.0\"", 1},
                                          {"2.147483647e9", 2147483647},
                                          {"\"\\u0031\"", 1}});
  RefusesAll<google::protobuf::Int32Value>({"2147483648", "-2147483649", "\"2147483648\"",
                                            "\"-2147483649\"", "2147483647.5", "1e10", "1e30"});
  RefusesAll<google::protobuf::Int32Value>(kNoInteger);
  TakesAll<google::protobuf::UInt32Value>(
      {{"4294967295", 4294967295}, {"\"4294967295\"", 4294967295}, {"4.294967295e9", 4294967295}});
  RefusesAll<google::protobuf::UInt32Value>({"4294967296", "-1", "\"-1\"", "-1.0"});
  RefusesAll<google::protobuf::UInt32Value>(kNoInteger);
}

TEST_CASE("a 64-bit integer keeps all its digits as a string, and its exact ones as a number",
          "[unit]") {
  TakesAll<google::protobuf::Int64Value>({{"\"9223372036854775807\"", INT64_MAX},
                                          {"9223372036854775807", INT64_MAX},
                                          {"\"-9223372036854775808\"", INT64_MIN},
                                          {"-9223372036854775808", INT64_MIN},
                                          {"9007199254740992.0", 9007199254740992}});
  RefusesAll<google::protobuf::Int64Value>({"9223372036854775808", "\"9223372036854775808\"",
                                            "-9223372036854775809", "1e19", "\"1e19\"",
                                            "9007199254740994.0"});
  RefusesAll<google::protobuf::Int64Value>(kNoInteger);
  TakesAll<google::protobuf::UInt64Value>(
      {{"18446744073709551615", UINT64_MAX}, {"\"18446744073709551615\"", UINT64_MAX}});
  RefusesAll<google::protobuf::UInt64Value>({"18446744073709551616", "-1", "\"-1\""});
}

TEST_CASE("a double is a number or its string, and has words for what is no number", "[unit]") {
  TakesAll<google::protobuf::DoubleValue>({{"1", 1.0},
                                           {"-1.5", -1.5},
                                           {"\"1.5\"", 1.5},
                                           {"\"1e10\"", 1e10},
                                           {"1.7976931348623157e308", 1.7976931348623157e308},
                                           {"\"Infinity\"", HUGE_VAL},
                                           {"\"-Infinity\"", -HUGE_VAL},
                                           {"18446744073709551615", 18446744073709551615.0}});
  google::protobuf::DoubleValue nan;
  REQUIRE(Takes("\"NaN\"", nan));
  CHECK(std::isnan(nan.value()));
  RefusesAll<google::protobuf::DoubleValue>({"\"\"", "\" 1\"", "\"1 \"", "\"+1\"", "\"inf\"",
                                             "\"nan\"", "\"infinity\"", "NaN", "Infinity",
                                             "\"1e400\"", "1e400", "true", "\"0x1p3\"", "\"1.\""});
  TakesAll<google::protobuf::FloatValue>({{"3.402823e38", 3.402823e38F}, {"\"0.5\"", 0.5F}});
  RefusesAll<google::protobuf::FloatValue>({"3.502823e38", "-3.502823e38", "\"1e39\""});
}

TEST_CASE("a bool is true or false, and nothing that resembles it", "[unit]") {
  TakesAll<google::protobuf::BoolValue>({{"true", true}, {"false", false}});
  RefusesAll<google::protobuf::BoolValue>(
      {"\"true\"", "\"false\"", "1", "0", "\"\"", "True", "TRUE", "[]", "{}"});
}

TEST_CASE("a string is what its escapes say, and always UTF-8", "[unit]") {
  TakesAll<google::protobuf::StringValue>({{"\"\"", ""},
                                           {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
                                           {R"("\u00e9")", "é"},
                                           {R"("\uD83D\uDE00")", "😀"},
                                           {"\"😀\"", "😀"},
                                           {R"("\u0000")", std::string("\0", 1)},
                                           {"\"\x7f\"", "\x7f"}});
  RefusesAll<google::protobuf::StringValue>(
      {R"("\uD83D")", R"("\uDE00")", R"("\uD83D\u0041")", R"("\u12")", R"("\x41")", R"("\a")",
       "\"a\nb\"", "\"a\tb\"", std::string("\"a\0b\"", 5), "\"\xff\"", "\"\xc0\x80\"",
       "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "'a'", "1", "true", "[]", "\"a", "a\""});
}

TEST_CASE("bytes come as base64 in either alphabet, with or without padding", "[unit]") {
  TakesAll<google::protobuf::BytesValue>({{"\"\"", ""},
                                          {"\"AQI=\"", "\x01\x02"},
                                          {"\"AQI\"", "\x01\x02"},
                                          {"\"-_8=\"", "\xfb\xff"},
                                          {"\"-_8\"", "\xfb\xff"},
                                          {"\"+/8=\"", "\xfb\xff"}});
  RefusesAll<google::protobuf::BytesValue>({"\"A\"", "\"====\"", "\"a.b\"", "\"é\"", "1", "[1]"});
}

// Reads a duration into the invitation policy's field of that type.
bool TakesDuration(const std::string& text, google::protobuf::Duration& duration) {
  invitation::v1::Policy policy;
  const absl::Status status = ReadJson(absl::StrCat("{\"linkTtl\":\"", text, "\"}"), policy);
  duration = policy.link_ttl();
  return status.ok();
}

TEST_CASE("a duration is seconds with at most nine decimals and one sign", "[unit]") {
  const std::vector<std::tuple<std::string, int64_t, int32_t>> good = {
      {"900s", 900, 0},
      {"0s", 0, 0},
      {"-90s", -90, 0},
      {"1.5s", 1, 500000000},
      {"-1.5s", -1, -500000000},
      {"-0.5s", 0, -500000000},
      {"0.000000001s", 0, 1},
      {"315576000000s", 315576000000, 0},
      {"-315576000000s", -315576000000, 0}};
  for (const auto& [text, seconds, nanos] : good) {
    INFO(text);
    google::protobuf::Duration duration;
    REQUIRE(TakesDuration(text, duration));
    CHECK(duration.seconds() == seconds);
    CHECK(duration.nanos() == nanos);
  }
  for (const char* text : {"--90s",
                           "+90s",
                           "-+90s",
                           "90",
                           "90 s",
                           " 90s",
                           "90s ",
                           "90S",
                           "90ms",
                           "",
                           "s",
                           "-s",
                           ".5s",
                           "1.s",
                           "1.0000000001s",
                           "1,5s",
                           "1e3s",
                           "0x10s",
                           "1:30s",
                           "315576000001s",
                           "-315576000001s",
                           "99999999999999999999s",
                           "NaNs",
                           "1.-5s"}) {
    INFO(text);
    google::protobuf::Duration duration;
    CHECK_FALSE(TakesDuration(text, duration));
  }
  invitation::v1::Policy policy;
  CHECK_FALSE(ReadJson(R"({"linkTtl":900})", policy).ok());
  CHECK_FALSE(ReadJson(R"({"linkTtl":{"seconds":900}})", policy).ok());
}

bool TakesTime(const std::string& text, google::protobuf::Timestamp& time) {
  notification::v1::Event event;
  const absl::Status status = ReadJson(absl::StrCat("{\"time\":\"", text, "\"}"), event);
  time = event.time();
  return status.ok();
}

TEST_CASE("a time is what RFC 3339 writes, in the years 1 to 9999", "[unit]") {
  const std::vector<std::tuple<std::string, int64_t, int32_t>> good = {
      {"1970-01-01T00:00:00Z", 0, 0},
      {"2023-11-14T22:13:20Z", 1700000000, 0},
      {"2023-11-14T22:13:20.5Z", 1700000000, 500000000},
      {"2023-11-14T22:13:20.123456789Z", 1700000000, 123456789},
      {"2023-11-15T09:13:20+11:00", 1700000000, 0},
      {"2023-11-14T16:43:20-05:30", 1700000000, 0},
      {"0001-01-01T00:00:00Z", -62135596800, 0},
      {"9999-12-31T23:59:59.999999999Z", 253402300799, 999999999},
      {"2024-02-29T00:00:00Z", 1709164800, 0}};
  for (const auto& [text, seconds, nanos] : good) {
    INFO(text);
    google::protobuf::Timestamp time;
    REQUIRE(TakesTime(text, time));
    CHECK(time.seconds() == seconds);
    CHECK(time.nanos() == nanos);
  }
  for (const char* text : {"",
                           "2023-11-14",
                           "2023-11-14T22:13:20",
                           "2023-11-14 22:13:20Z",
                           "2023-11-14t22:13:20Z",
                           "2023-11-14T22:13:20z",
                           "2023-11-14T22:13Z",
                           "2023-11-14T22:13:20.Z",
                           "2023-11-14T22:13:20.1234567891Z",
                           "2023-11-14T22:13:20+1100",
                           "2023-11-14T22:13:20+24:00",
                           "2023-11-14T22:13:20+11:60",
                           "2023-13-14T22:13:20Z",
                           "2023-02-29T00:00:00Z",
                           "2023-11-31T00:00:00Z",
                           "2023-11-14T24:00:00Z",
                           "2023-11-14T22:60:20Z",
                           "2023-11-14T22:13:61Z",
                           "0000-01-01T00:00:00Z",
                           "10000-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00",
                           " 2023-11-14T22:13:20Z",
                           "2023-11-14T22:13:20Z ",
                           "-2023-11-14T22:13:20Z",
                           "1700000000"}) {
    INFO(text);
    google::protobuf::Timestamp time;
    CHECK_FALSE(TakesTime(text, time));
  }
}

TEST_CASE("a field mask names fields as JSON does", "[unit]") {
  identity::v1::UpdateOrganisationRequest update;
  REQUIRE(ReadJson(R"({"updateMask":"displayName,sessionPolicy.idleTimeout"})", update).ok());
  CHECK(absl::StrJoin(update.update_mask().paths(), " ") ==
        "display_name session_policy.idle_timeout");
  update.Clear();
  REQUIRE(ReadJson(R"({"updateMask":""})", update).ok());
  CHECK(update.update_mask().paths().empty());
  for (const char* mask : {"\"display_name\"", "\"a,b_c\"", "[\"displayName\"]", "1"}) {
    INFO(mask);
    CHECK_FALSE(ReadJson(absl::StrCat("{\"updateMask\":", mask, "}"), update).ok());
  }
}

TEST_CASE("an enum is one of its names or numbers", "[unit]") {
  cases::v1::Contact contact;
  REQUIRE(ReadJson(R"({"type":"COMPANY"})", contact).ok());
  CHECK(contact.type() == cases::v1::COMPANY);
  REQUIRE(ReadJson(R"({"type":2})", contact).ok());
  REQUIRE(ReadJson(R"({"type":2.0})", contact).ok());
  for (const char* type :
       {"\"company\"", "\"\"", "\"2\"", "3", "-1", "2.5", "true", "[]", "null1"}) {
    INFO(type);
    CHECK_FALSE(ReadJson(absl::StrCat("{\"type\":", type, "}"), contact).ok());
  }
}

}  // namespace
}  // namespace gatehouse::gateway
