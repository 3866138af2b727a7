#include "services/common/rpc/tls.h"

#include <catch2/catch.hpp>

#include "services/common/process/config.h"
#include "tests/support/settings.h"

namespace gatehouse {
namespace {

constexpr char kPlaintext[] = "loopback-only-trusts-everybody";

// What ReadTls() makes of the two settings; null: not set.
std::string Mistakes(const char* directory, const char* plaintext, bool& tls) {
  std::map<std::string, std::string> settings;
  if (directory != nullptr) settings["GATEHOUSE_TLS_DIR"] = directory;
  if (plaintext != nullptr) settings["GATEHOUSE_PLAINTEXT"] = plaintext;
  const OnlySettings only(settings);
  Environment environment;
  tls = ReadTls(environment) != nullptr;
  return std::string(environment.Status().message());
}

TEST_CASE("a process speaks TLS, or says in so many words that it trusts everybody", "[unit]") {
  bool tls = false;
  CHECK(Mistakes("/tls", nullptr, tls) == "");
  CHECK(tls);
  CHECK(Mistakes(nullptr, kPlaintext, tls) == "");
  CHECK_FALSE(tls);
  CHECK_THAT(Mistakes(nullptr, nullptr, tls), Catch::Contains("GATEHOUSE_TLS_DIR is not set"));
  CHECK_THAT(Mistakes("", "", tls), Catch::Contains("GATEHOUSE_TLS_DIR is not set"));
  CHECK_THAT(Mistakes("/tls", kPlaintext, tls), Catch::Contains("GATEHOUSE_PLAINTEXT contradicts"));
  for (const char* word : {"1", "true", "yes", "LOOPBACK-ONLY-TRUSTS-EVERYBODY"}) {
    CHECK_THAT(Mistakes(nullptr, word, tls), Catch::Contains("GATEHOUSE_PLAINTEXT can only be"));
  }
}

TEST_CASE("loopback is what no other machine reaches", "[unit]") {
  for (const char* listen :
       {"127.0.0.1:7000", "127.9.9.9:0", "localhost:7000", "[::1]:7000", "unix:/run/x.sock"}) {
    CHECK(IsLoopback(listen));
  }
  for (const char* listen :
       {"0.0.0.0:7000", "[::]:7000", "10.0.0.1:7000", "gatehouse:7000", "localhost.example.com:1",
        "127.example.com:1", ":7000", "7000", "", "[::2]:1", "1127.0.0.1:1"}) {
    CHECK_FALSE(IsLoopback(listen));
  }
}

}  // namespace
}  // namespace gatehouse
