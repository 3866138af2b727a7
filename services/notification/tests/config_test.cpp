#include "services/notification/config.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "absl/strings/match.h"

namespace gatehouse::notification {
namespace {

const std::map<std::string, std::string> kGood = {
    {"GATEHOUSE_POSTGRES_URL", "postgresql://localhost/gatehouse"},
    {"GATEHOUSE_REDIS_URL", "redis://localhost"},
    {"GATEHOUSE_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"},
    {"GATEHOUSE_LISTEN", "127.0.0.1:0"},
    {"GATEHOUSE_IDENTITY_ADDRESS", "localhost:7101"},
    {"GATEHOUSE_SMTP_URL", "smtps://user:word@mail.example:465"},
    {"GATEHOUSE_SMTP_FROM", "portal@gatehouse.example"},
    {"GATEHOUSE_SMS_URL", "https://api.provider.example//"},
    {"GATEHOUSE_SMS_ACCOUNT", "AC1"},
    {"GATEHOUSE_SMS_TOKEN", "token"},
    {"GATEHOUSE_SMS_FROM", "+61400000000"}};

// What is read where these settings differ from good ones; an empty one is not set.
absl::Status StatusWith(const std::map<std::string, std::string>& changes, Config& config) {
  for (const auto& [name, value] : kGood) setenv(name.c_str(), value.c_str(), 1);
  for (const auto& [name, value] : changes) setenv(name.c_str(), value.c_str(), 1);
  Environment environment;
  config = Config::Read(environment);
  for (const auto& [name, value] : kGood) unsetenv(name.c_str());
  return environment.Status();
}

TEST_CASE("settings are read, and all mistakes told together, without a secret", "[unit]") {
  Config config;
  REQUIRE(StatusWith({}, config).ok());
  CHECK(config.sms->url == "https://api.provider.example");
  REQUIRE(StatusWith({{"GATEHOUSE_SMS_URL", ""}}, config).ok());
  CHECK_FALSE(config.sms.has_value());
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

}  // namespace
}  // namespace gatehouse::notification
