#include "services/identity/passwords/tests/fixture.h"

// Choosing another password by a link that was mailed.

namespace gatehouse::identity {
namespace {

TEST_CASE_METHOD(PasswordFixture, "a reset ends the sessions, tells the client, and enters nothing",
                 "[service]") {
  const auto entered = Create(Ada(), kGood);
  const std::string token = ResetToken();
  CHECK(mailer.links.at(0) == "https://portal.acme.example/password#acme." + token);
  const auto ended = Reset(token, kOther);
  REQUIRE(ended.ok());
  CHECK(*ended == std::vector<std::string>{In(entered).session.session_id});
  CHECK_FALSE(Exchange(TokenOf(entered)).ok());
  CHECK(Count("session WHERE end_time IS NULL") == 0);
  CHECK(Count("job WHERE lane = 'notice' AND kind = 'factor.notice'") == 2);  // Made, and changed.
  CHECK(Count("audit_event WHERE type = 'password.changed'") == 1);
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
  CHECK(ByAddress("ada@example.com", kOther).ok());
}

TEST_CASE_METHOD(PasswordFixture, "after a reset the code is asked for all the same", "[service]") {
  REQUIRE(Create(Ada(), kGood, true).ok());
  const auto first = ByLink(Ada(), kGood);
  REQUIRE(first.ok());
  // Somebody has the mailbox: what the client's phone gives is still asked for.
  REQUIRE(Reset(ResetToken(), kOther).ok());
  const auto entry = ByAddress("ada@example.com", kOther, true);
  REQUIRE(entry.ok());
  CHECK(std::holds_alternative<Challenge>(*entry));
  CHECK(Count("session WHERE end_time IS NULL") == 0);
}

TEST_CASE_METHOD(PasswordFixture, "after a reset the sign-in is begun anew, with a code of its own",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  REQUIRE(ByAddress("ada@example.com", kGood, true).ok());
  REQUIRE(Reset(ResetToken(), kOther).ok());
  const auto started = ByAddress("ada@example.com", kOther, true);
  REQUIRE(started.ok());
  CHECK(messenger.codes.size() == 2);
  CHECK(Verify(std::get<Challenge>(*started).challenge_id, messenger.codes.back()).ok());
}

TEST_CASE_METHOD(PasswordFixture, "a reset link serves once, and again for the same answer",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  const std::string token = ResetToken(), another = ResetToken();
  CHECK(ReasonOf(Reset(token, "short").status()) == "PASSWORD_TOO_SHORT");
  REQUIRE(Reset(token, kOther).ok());
  CHECK(Reset(token, kOther).ok());                // Its answer was lost.
  CHECK(Count("job WHERE lane = 'notice'") == 2);  // Made, and changed.
  CHECK(ReasonOf(Reset(token, "a third one, at night").status()) == "PASSWORD_RESET_EXPIRED");
  CHECK(ReasonOf(Reset(another, "a third one, at night").status()) == "PASSWORD_RESET_EXPIRED");
  CHECK(ReasonOf(Reset("nonsense", kOther).status()) == "PASSWORD_RESET_EXPIRED");
  CHECK(ByAddress("ada@example.com", kOther).ok());
}

TEST_CASE_METHOD(PasswordFixture, "a reset link is good in its organisation alone", "[service]") {
  REQUIRE(CreateAcme("", "branch").ok());
  REQUIRE(Create(Ada(), kGood).ok());
  CHECK(ReasonOf(Reset(ResetToken(), kOther, "branch").status()) == "PASSWORD_RESET_EXPIRED");
}

TEST_CASE_METHOD(PasswordFixture, "who asks for a reset is not waited for, and learns nothing",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  passwords.RequestReset("acme", "ada@example.com", "https://p.example", "Acme");
  passwords.RequestReset("acme", "eve@example.com", "https://p.example", "Acme");
  passwords.RequestReset("other", "ada@example.com", "https://p.example", "Acme");
  CHECK(later.size() == 3);
  CHECK(mailer.links.empty());
  RunLater();
  CHECK(mailer.links.size() == 1);
  for (int i = 0; i < 5; ++i) (void)ResetToken();
  CHECK(mailer.links.size() == kResetsAnHour);
}

TEST_CASE_METHOD(PasswordFixture, "whose access was withdrawn is mailed nothing", "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  database.Exec("UPDATE access_grant SET revoke_time = now()");
  CHECK(ResetToken().empty());
}

TEST_CASE_METHOD(PasswordFixture, "a reset lifts the lock that a stranger may have brought",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  for (int i = 0; i < 10; ++i) (void)ByAddress("ada@example.com", kOther);
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "SIGN_IN_LOCKED");
  REQUIRE(Reset(ResetToken(), "a third one, at night").ok());
  CHECK(ByAddress("ada@example.com", "a third one, at night").ok());
}

TEST_CASE_METHOD(PasswordFixture, "a sign-in in the very moment of a reset does not outlive it",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  const std::string token = ResetToken();
  hash.meanwhile = [&] { REQUIRE(Reset(token, kOther).ok()); };
  const auto entered = ByAddress("ada@example.com", kGood);
  CHECK(Why(entered) == "PASSWORD_WRONG");
  CHECK(Count("session WHERE end_time IS NULL") == 0);
  // The password was right when it was looked at, and was changed before the session was made.
  const auto known = password_store.Find("acme", "none");
  CHECK((known.ok() && known->empty()));
  Subject subject = Ada();
  const auto row = database.Exec("SELECT email_key, account_id, version FROM password")[0];
  subject.password = PasswordProof{.email_key = row["email_key"].c_str(),
                                   .account_ids = {row["account_id"].c_str()},
                                   .version = row["version"].as<int64_t>() - 1};
  const FactorKey factor = challenges.KeyOf(subject);
  CHECK(ReasonOf(access
                     .Enter({.session_id = "ses_x",
                             .token_hash = Sha256("x"),
                             .factor = factor,
                             .subject = subject},
                            call)
                     .status()) == "PASSWORD_WRONG");
  subject.password->version += 1;
  CHECK(access
            .Enter({.session_id = "ses_x",
                    .token_hash = Sha256("x"),
                    .factor = factor,
                    .subject = subject},
                   call)
            .ok());
}

TEST_CASE_METHOD(PasswordFixture, "who is signed in and knows the password changes it",
                 "[service]") {
  const auto here = Create(Ada(), kGood), elsewhere = ByAddress("ada@example.com", kGood);
  const Caller caller = As(TokenOf(here)).caller;
  const auto change = [&](const std::string& current, const std::string& next) {
    v1::ChangePasswordRequest request;
    request.set_account_id(caller.actor_id);
    request.set_session_id(caller.credential_id);
    request.set_current_password(current);
    request.set_password(next);
    request.set_organisation_name("Acme");
    Call from = ServiceCall();
    from.client_address = "";
    return ReasonOf(passwords_handler.ChangePassword(from, request).status());
  };
  CHECK(change(kOther, kOther) == "CURRENT_PASSWORD_WRONG");
  CHECK(change(kGood, "short") == "PASSWORD_TOO_SHORT");
  CHECK(change(kGood, kOther) == "");
  CHECK(Exchange(TokenOf(here)).ok());
  CHECK_FALSE(Exchange(TokenOf(elsewhere)).ok());
  CHECK(Count("job WHERE lane = 'notice'") == 2);  // Made, and changed.
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
  CHECK(ByAddress("ada@example.com", kOther).ok());
  // Whoever found the page open may not try on without end.
  for (int i = 0; i < 10; ++i) CHECK(change(kGood, kGood) == "CURRENT_PASSWORD_WRONG");
  CHECK(change(kOther, kGood) == "SIGN_IN_LOCKED");
  v1::ChangePasswordRequest nobody;
  nobody.set_account_id("acc_unknown");
  CHECK(ReasonOf(passwords_handler.ChangePassword(call, nobody).status()) ==
        "CURRENT_PASSWORD_WRONG");
}

TEST_CASE_METHOD(PasswordFixture, "two changes at once: the second is of a password that is gone",
                 "[service]") {
  const auto here = Create(Ada(), kGood);
  const Caller caller = As(TokenOf(here)).caller;
  const std::string token = ResetToken();
  hash.meanwhile = [&] { REQUIRE(Reset(token, kOther).ok()); };
  Call from = ServiceCall();
  from.client_address = "";
  CHECK(ReasonOf(passwords
                     .Change({.account_id = caller.actor_id,
                              .session_id = caller.credential_id,
                              .current_password = kGood,
                              .password = "a third one, at night",
                              .organisation_name = "Acme"},
                             from)
                     .status()) == "CURRENT_PASSWORD_WRONG");
  CHECK(ByAddress("ada@example.com", kOther).ok());
}

}  // namespace
}  // namespace gatehouse::identity
