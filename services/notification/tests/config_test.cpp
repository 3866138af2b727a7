#include "services/notification/config.h"

#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/match.h"
#include "tests/support/places.h"
#include "tests/support/settings.h"

namespace gatehouse::notification {
namespace {

const std::map<std::string, std::string> kGood = {
    {"GATEHOUSE_POSTGRES_URL", "postgresql://localhost/gatehouse"},
    {"GATEHOUSE_REDIS_URL", "redis://localhost"},
    {"GATEHOUSE_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"},
    {"GATEHOUSE_LISTEN", "127.0.0.1:0"},
    {"GATEHOUSE_TLS_DIR", "/tls"},
    {"GATEHOUSE_IDENTITY_ADDRESS", "localhost:7101"},
    {"GATEHOUSE_CASES_ADDRESS", "localhost:7102"},
    {"GATEHOUSE_SMTP_URL", "smtps://user:word@mail.example:465"},
    {"GATEHOUSE_SMTP_FROM", "portal@gatehouse.example"},
    {"GATEHOUSE_SMS_URL", "https://api.provider.example//"},
    {"GATEHOUSE_SMS_ACCOUNT", "AC1"},
    {"GATEHOUSE_SMS_TOKEN", "token"},
    {"GATEHOUSE_SMS_FROM", "+61400000000"}};

// What is read where these settings differ from good ones; an empty one is not set.
absl::Status StatusWith(const std::map<std::string, std::string>& changes, Config& config) {
  std::map<std::string, std::string> settings = changes;
  settings.insert(kGood.begin(), kGood.end());
  const OnlySettings only(settings);
  Environment environment;
  config = Config::Read(environment);
  return environment.Status();
}

TEST_CASE("settings are read, and all mistakes told together, without a secret", "[unit]") {
  Config config;
  REQUIRE(StatusWith({}, config).ok());
  REQUIRE(config.sms.size() == 1);
  CHECK(config.sms[0].url == "https://api.provider.example");
  CHECK(config.sms[0].callback_url.empty());
  REQUIRE(StatusWith({{"GATEHOUSE_SMS_URL", ""}}, config).ok());
  CHECK(config.sms.empty());
  const absl::Status status = StatusWith({{"GATEHOUSE_SMTP_URL", "http://user:word@mail.example"},
                                          {"GATEHOUSE_SMTP_FROM", "portal"},
                                          {"GATEHOUSE_SMS_URL", "ftp://api.provider.example"},
                                          {"GATEHOUSE_SMS_TOKEN", ""}},
                                         config);
  const std::string text(status.message());
  for (const char* name :
       {"GATEHOUSE_SMTP_URL", "GATEHOUSE_SMTP_FROM", "GATEHOUSE_SMS_URL", "GATEHOUSE_SMS_TOKEN"}) {
    CHECK(absl::StrContains(text, name));
  }
  CHECK_FALSE(absl::StrContains(text, "word"));
}

TEST_CASE("how many messages are under way at once is two at least, and bounded", "[unit]") {
  Config config;
  REQUIRE(StatusWith({}, config).ok());
  CHECK(config.smtp_connections == 50);
  CHECK(config.sms_connections == 40);
  REQUIRE(StatusWith({{"GATEHOUSE_SMTP_CONNECTIONS", "2"}, {"GATEHOUSE_SMS_CONNECTIONS", "500"}},
                     config)
              .ok());
  CHECK(config.smtp_connections == 2);
  CHECK(config.sms_connections == 500);
  for (const char* wrong : {"0", "1", "501", "-1", "many"}) {
    CHECK(absl::StrContains(StatusWith({{"GATEHOUSE_SMS_CONNECTIONS", wrong}}, config).message(),
                            "GATEHOUSE_SMS_CONNECTIONS"));
  }
}

TEST_CASE("how far TLS is insisted on stands at the end of the mail server's URL", "[unit]") {
  Config config;
  const auto tls_of = [&](const std::string& url) {
    const absl::Status status = StatusWith({{"GATEHOUSE_SMTP_URL", url}}, config);
    CHECK_FALSE(absl::StrContains(config.smtp.url.Reveal(), "tls="));
    return status.ok();
  };
  CHECK(tls_of("smtp://relay.example"));
  CHECK_FALSE(config.smtp.tls.has_value());
  CHECK(tls_of("smtp://relay.example?tls=off"));
  CHECK(config.smtp.tls == SmtpTls::kOff);
  CHECK(config.smtp.url.Reveal() == "smtp://relay.example");
  CHECK(tls_of("smtp://relay.example:25?tls=opportunistic"));
  CHECK(config.smtp.tls == SmtpTls::kOpportunistic);
  CHECK(tls_of("smtp://user:word@relay.example?tls=required"));
  CHECK(config.smtp.tls == SmtpTls::kRequired);
  CHECK(tls_of("smtp://user:word@127.0.0.1?tls=off"));  // It does not leave the machine.
  for (const char* url :
       {"smtp://relay.example?tls=", "smtp://relay.example?tls=maybe", "smtp://relay.example?x=1",
        "smtp://user:word@relay.example?tls=off",
        "smtp://user:word@relay.example?tls=opportunistic", "smtps://relay.example?tls=off"}) {
    INFO(url);
    CHECK_FALSE(tls_of(url));
  }
}

TEST_CASE("each kind of row is kept for as long as its own setting says", "[unit]") {
  Config config;
  const auto days = [&](const std::string& table) {
    for (const Retention& retention : config.service.retentions) {
      if (retention.table == table) return absl::ToInt64Hours(retention.age) / 24;
    }
    return int64_t{0};
  };
  REQUIRE(StatusWith({}, config).ok());
  CHECK(days("message") == 400);
  CHECK(days("conversation_message") == 400);
  CHECK(days("sandbox_message") == 7);
  CHECK(days("event") == 90);
  CHECK(days("webhook_delivery") == 30);
  CHECK(days("template") == 400);
  CHECK(days("summary_entry") == 30);
  REQUIRE(StatusWith({{"GATEHOUSE_RETENTION_MESSAGE_DAYS", "900"}}, config).ok());
  CHECK(days("message") == 900);
  CHECK(days("conversation_message") == 900);
  CHECK(days("sandbox_message") == 7);
}

TEST_CASE("the least TLS follows from the scheme and from whether a password would leave",
          "[unit]") {
  CHECK(LeastTls(Secret("smtp://relay.example")) == SmtpTls::kOpportunistic);
  CHECK(LeastTls(Secret("smtp://user@relay.example")) == SmtpTls::kOpportunistic);
  CHECK(LeastTls(Secret("smtp://user:word@relay.example")) == SmtpTls::kRequired);
  CHECK(LeastTls(Secret("smtp://user:word@localhost:25")) == SmtpTls::kOpportunistic);
  CHECK(LeastTls(Secret("smtps://relay.example")) == SmtpTls::kRequired);
}

TEST_CASE("an authority's file must be there", "[unit]") {
  Config config;
  constexpr char kName[] = "GATEHOUSE_SMTP_CA_FILE";
  CHECK(absl::StrContains(StatusWith({{kName, "/nowhere/ca.crt"}}, config).message(), kName));
  CHECK(StatusWith({{kName, InSource("CMakeLists.txt")}}, config).ok());
  CHECK(absl::EndsWith(config.smtp.ca_file, "/CMakeLists.txt"));
}

}  // namespace
}  // namespace gatehouse::notification
