#pragma once

#include "services/common/base/crypto.h"
#include "services/identity/notice_job.h"
#include "services/identity/passkeys/store/postgres_passkeys.h"
#include "services/identity/passkeys/store/redis_ceremonies.h"
#include "services/identity/passwords/passwords_handler.h"
#include "services/identity/passwords/store/postgres_passwords.h"
#include "services/identity/passwords/store/redis_limits.h"
#include "services/identity/tests/fixture.h"

namespace gatehouse::identity {

// At once, and counts how often it is asked.
class FakeHash : public PasswordHash {
 public:
  absl::StatusOr<std::string> Of(const std::string& password, const std::string& salt) override {
    ++asked;
    salts.push_back(salt);
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return HmacSha256(salt, password);
  }
  std::atomic<int> asked = 0;
  std::vector<std::string> salts;
  std::function<void()> meanwhile;
};

class FakeResetMailer : public ResetMailer {
 public:
  absl::Status Mail(const Subject& subject, const std::string&, const Secret& link) override {
    names.push_back(subject.contact_name);
    links.push_back(link.Reveal());
    return absl::OkStatus();
  }
  std::vector<std::string> names, links;
};

constexpr char kGood[] = "tin roof pebble", kOther[] = "rain on the pond";

struct PasswordFixture : Fixture {
  // Nobody works on the notices: the test looks at them.
  Jobs jobs{database.postgres(), {.key = Secret(RandomBytes(32)), .lanes = {}}};
  PostgresPasswordStore password_store{database.postgres(), jobs, Secret(RandomBytes(32))};
  RedisPasswordLimits limits{redis, Secret(RandomBytes(32))};
  FakeHash hash;
  FakeResetMailer mailer;
  BlockedPasswords blocked{std::vector<std::string>{"password1\n"}};
  PostgresPasskeyStore passkey_store{database.postgres(), jobs, access, Secret(RandomBytes(32))};
  RedisPasskeyCeremonies ceremonies{redis, Secret(RandomBytes(32))};
  Passkeys passkeys{
      {passkey_store, ceremonies, access, challenges, Secret(RandomBytes(32)), clock}};
  Passwords passwords{{password_store, limits, hash, mailer, blocked, challenges, access,
                       Secret(RandomBytes(32)), clock, put_off, passkeys}};
  PasswordsHandler passwords_handler{passwords, redis};

  Subject By(const std::string& contact, const std::string& invitation, const std::string& case_id,
             const std::string& organisation = "acme") {
    Subject subject = Ada("lnk_" + invitation);
    subject.organisation_id = organisation;
    subject.access = {case_id, contact, invitation, Visibility::kAll, false, {}};
    return subject;
  }
  using Result = absl::StatusOr<Passwords::Entry>;
  Result Attempted(Passwords::Attempt attempt) {
    Call from = ServiceCall(attempt.organisation_id);
    from.client_address = "";  // Of limits there is a test of its own.
    return passwords.Enter(attempt, from);
  }
  Result Create(const Subject& subject, const std::string& password, bool then_sms = false) {
    return Attempted({.link = subject,
                      .organisation_id = subject.organisation_id,
                      .password = password,
                      .then_sms_code = then_sms,
                      .create = true});
  }
  Result ByLink(const Subject& subject, const std::string& password,
                const std::string& session = "") {
    return Attempted({.link = subject,
                      .organisation_id = subject.organisation_id,
                      .password = password,
                      .session_token = Secret(session)});
  }
  Result ByAddress(const std::string& email, const std::string& password, bool then_sms = false,
                   const std::string& organisation = "acme") {
    return Attempted({.organisation_id = organisation,
                      .email = email,
                      .password = password,
                      .then_sms_code = then_sms});
  }
  static std::string Why(const Result& result) { return ReasonOf(result.status()); }
  static const Challenges::Entered& In(const Result& result) {
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    REQUIRE(std::holds_alternative<Challenges::Entered>(*result));
    return std::get<Challenges::Entered>(*result);
  }
  static std::string TokenOf(const Result& result) { return In(result).token.Reveal(); }
  void RunLater() {
    for (const auto& work : std::exchange(later, {})) work();
  }
  // Asks for a reset link; the token of the last one that was mailed.
  std::string ResetToken(const std::string& email = "ada@example.com") {
    passwords.RequestReset("acme", email, "https://portal.acme.example", "Acme");
    RunLater();
    if (mailer.links.empty()) return "";
    const std::string& link = mailer.links.back();
    return link.substr(link.rfind('.') + 1);
  }
  absl::StatusOr<std::vector<std::string>> Reset(const std::string& token,
                                                 const std::string& password,
                                                 const std::string& organisation = "acme") {
    Call from = ServiceCall(organisation);
    from.client_address = "";
    return passwords.Reset(token, password, false, "Acme", from);
  }
  int Count(const std::string& what) {
    return database.Exec("SELECT count(*) FROM " + what)[0][0].as<int>();
  }
};

}  // namespace gatehouse::identity
