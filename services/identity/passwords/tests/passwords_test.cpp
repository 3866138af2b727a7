#include "services/identity/passwords/domain/passwords.h"

#include <thread>

#include "services/identity/passwords/argon2.h"
#include "services/identity/passwords/tests/fixture.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

TEST_CASE_METHOD(PasswordFixture, "a client creates a password from the link, and signs in by it",
                 "[service]") {
  const auto created = Create(Ada(), kGood);
  CHECK(Exchange(TokenOf(created)).ok());
  CHECK(In(created).session.case_ids == std::vector<std::string>{"deal-1"});
  const auto again = ByAddress(" ADA@example.com ", kGood);
  CHECK(In(again).session.case_ids == std::vector<std::string>{"deal-1"});
  CHECK(As(TokenOf(again)).caller.actor_id == As(TokenOf(created)).caller.actor_id);
  CHECK(As(TokenOf(again)).caller.cases.at(0).chose_requests);  // As the invitation gave.
  CHECK(In(ByLink(Ada(), kGood)).session.case_ids.size() == 1);
  CHECK(Count("audit_event WHERE type = 'password.created'") == 1);
}

TEST_CASE_METHOD(PasswordFixture, "a wrong password and an address that is nobody's are the same",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  hash.asked = 0;
  const auto wrong = ByAddress("ada@example.com", kOther);
  const auto unknown = ByAddress("eve@example.com", kOther);
  CHECK(Why(wrong) == "PASSWORD_WRONG");
  CHECK(wrong.status() == unknown.status());
  CHECK(hash.asked == 2);  // The same work.
  CHECK(Why(ByAddress("ada@example.com", kGood, false, "other")) == "PASSWORD_WRONG");
  // Of every address the failures are counted, and lock it.
  for (const char* email : {"ada@example.com", "eve@example.com"}) {
    for (int i = 1; i < 10; ++i) CHECK(Why(ByAddress(email, kOther)) == "PASSWORD_WRONG");
    CHECK(Why(ByAddress(email, kGood)) == "SIGN_IN_LOCKED");
  }
  clock.ahead = absl::Minutes(16);
  database.Exec("UPDATE factor SET locked_until = now() - interval '1 s' WHERE failures > 0");
  CHECK(ByAddress("ada@example.com", kGood).ok());
}

TEST_CASE_METHOD(PasswordFixture,
                 "a try that began before the lock is compared with nothing after it",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  hash.meanwhile = [&] {
    for (int i = 0; i < 10; ++i) (void)ByAddress("ada@example.com", kOther);
  };
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "SIGN_IN_LOCKED");
}

TEST_CASE_METHOD(PasswordFixture, "staff lift the lock of an address with that of its account",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  for (int i = 0; i < 10; ++i) (void)ByAddress("ada@example.com", kOther);
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "SIGN_IN_LOCKED");
  REQUIRE(challenges.Unlock("ada", "+61412345678", "deal-1", {"sam", "Sam"}, StaffCall()).ok());
  CHECK(ByAddress("ada@example.com", kGood).ok());
}

TEST_CASE_METHOD(PasswordFixture, "a hundred wrong ones in a row end it until staff act",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  for (int i = 0; i < 100; ++i) {
    CHECK(Why(ByAddress("ada@example.com", kOther)) == "PASSWORD_WRONG");
    database.Exec("UPDATE factor SET locked_until = '-infinity'");
  }
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "SIGN_IN_DISABLED");
}

TEST_CASE_METHOD(PasswordFixture, "a creation that is repeated enters, another one does not",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  CHECK(Create(Ada(), kGood).ok());
  CHECK(Why(Create(Ada(), kOther)) == "PASSWORD_EXISTS");
  CHECK(ByAddress("ada@example.com", kGood).ok());
  CHECK(Why(ByAddress("ada@example.com", kOther)) == "PASSWORD_WRONG");
  // Whoever holds the link may not try on without end.
  for (int i = 0; i < 10; ++i) (void)Create(Ada(), "another one, " + std::to_string(i) + " of ten");
  CHECK(Why(Create(Ada(), kGood)) == "SIGN_IN_LOCKED");
}

TEST_CASE_METHOD(PasswordFixture, "who never came as far as the code may create another password",
                 "[service]") {
  const auto standing = [&] {
    return *passwords.LookUp("acme", "ada", "+61412345678", "ada@example.com");
  };
  const auto given_up = Create(Ada(), "tin roof", true);
  REQUIRE(given_up.ok());
  CHECK(ResetToken().empty());  // There is nothing to enter yet, hence none by mail.
  CHECK(standing() == PasswordStanding::kNone);
  const std::string old_code = messenger.codes.back();
  const auto again = Create(Ada(), "rain pond", true);
  INFO(again.status().ToString());
  REQUIRE(again.ok());
  CHECK(Count("password") == 1);
  CHECK(ReasonOf(Verify(std::get<Challenge>(*given_up).challenge_id, old_code).status()) ==
        "PASSWORD_WRONG");
  REQUIRE(Verify(std::get<Challenge>(*again).challenge_id, messenger.codes.back()).ok());
  CHECK(standing() == PasswordStanding::kHere);
  CHECK(Why(Create(Ada(), "tin roof", true)) == "PASSWORD_EXISTS");
  CHECK(ByAddress("ada@example.com", "rain pond", true).ok());
}

TEST_CASE_METHOD(PasswordFixture, "a password that may not be is refused before any work",
                 "[service]") {
  CHECK(Why(Create(Ada(), "short")) == "PASSWORD_TOO_SHORT");
  CHECK(Why(Create(Ada(), "password1")) == "PASSWORD_TOO_SHORT");
  CHECK(Why(Create(Ada(), "password1", true)) == "PASSWORD_TOO_COMMON");
  CHECK(Why(Create(Ada(), "ada@example.com ada@example.com")) == "PASSWORD_TOO_COMMON");
  CHECK(hash.asked == 0);
  CHECK(Count("password") == 0);
}

TEST_CASE_METHOD(PasswordFixture, "a password typed on another keyboard is the same", "[service]") {
  REQUIRE(Create(Ada(), "Zu\u0308rich im Regen").ok());
  CHECK(ByAddress("ada@example.com", "Z\u00fcrich im Regen").ok());
  CHECK(Why(ByAddress("ada@example.com", "Zurich im Regen")) == "PASSWORD_WRONG");
  CHECK(Why(ByAddress("ada@example.com", "Z\u00fcrich im Regen ")) == "PASSWORD_WRONG");
}

TEST_CASE_METHOD(PasswordFixture, "a code by SMS follows, and only then the client is in",
                 "[service]") {
  const auto created = Create(Ada(), "tin roof", true);
  REQUIRE(created.ok());
  REQUIRE(std::holds_alternative<Challenge>(*created));
  CHECK(Count("session") == 0);
  const auto entered = Verify(std::get<Challenge>(*created).challenge_id, messenger.codes.back());
  REQUIRE(entered.ok());
  CHECK(Exchange(entered->token.Reveal()).ok());
  // A wrong password sends none.
  const size_t sent = messenger.codes.size();
  CHECK(Why(ByAddress("ada@example.com", "tin rook", true)) == "PASSWORD_WRONG");
  CHECK(messenger.codes.size() == sent);
  const auto started = ByAddress("ada@example.com", "tin roof", true);
  REQUIRE(started.ok());
  CHECK(std::holds_alternative<Challenge>(*started));
}

TEST_CASE_METHOD(PasswordFixture,
                 "a password made beside a code is too short where it is alone [HB-16]",
                 "[service]") {
  const auto created = Create(Ada(), "tin roof", true);
  REQUIRE(created.ok());
  REQUIRE(Verify(std::get<Challenge>(*created).challenge_id, messenger.codes.back()).ok());
  // The policy asks for no code any more. Who does not know the password learns nothing of it.
  const auto alone = ByAddress("ada@example.com", "tin roof");
  CHECK(Why(alone) == "PASSWORD_TOO_SHORT");
  CHECK(FactsOf(alone.status())["least"] == "15");
  CHECK(Why(ByAddress("ada@example.com", "tin rook")) == "PASSWORD_WRONG");
  CHECK(Why(ByLink(Ada(), "tin roof")) == "PASSWORD_TOO_SHORT");
  CHECK(ByAddress("ada@example.com", "tin roof", true).ok());
  // Nor does another office that asks for a password alone take it over.
  REQUIRE(CreateAcme("", "branch").ok());
  const Subject there = By("ada-there", "inv_t", "build-1", "branch");
  CHECK(Why(ByLink(there, "tin roof")) == "PASSWORD_TOO_SHORT");
  CHECK(Count("password") == 1);
  CHECK(Create(there, kOther).ok());
  REQUIRE(Reset(ResetToken(), kGood).ok());
  CHECK(ByAddress("ada@example.com", kGood).ok());
}

TEST_CASE_METHOD(PasswordFixture, "a password changed between it and the code ends that way in",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  const auto started = ByAddress("ada@example.com", kGood, true);
  REQUIRE(started.ok());
  REQUIRE(Reset(ResetToken(), kOther).ok());
  const auto entered = Verify(std::get<Challenge>(*started).challenge_id, messenger.codes.back());
  CHECK(ReasonOf(entered.status()) == "PASSWORD_WRONG");
}

TEST_CASE_METHOD(PasswordFixture,
                 "without a link the session enters all of the account's cases [X-6]",
                 "[service]") {
  REQUIRE(Create(By("ada", "inv_1", "deal-1"), kGood).ok());
  REQUIRE(ByLink(By("ada", "inv_2", "deal-2"), kGood).ok());
  const auto entered = ByAddress("ada@example.com", kGood);
  CHECK(In(entered).session.case_ids == std::vector<std::string>{"deal-2", "deal-1"});
  CHECK(As(TokenOf(entered)).caller.cases.size() == 2);
  // After a code, too.
  const auto started = ByAddress("ada@example.com", kGood, true);
  REQUIRE(started.ok());
  const auto verified = Verify(std::get<Challenge>(*started).challenge_id, messenger.codes.back());
  REQUIRE(verified.ok());
  CHECK(As(verified->token.Reveal()).caller.cases.size() == 2);
  // Eight of them at most.
  for (int i = 3; i <= 12; ++i) {
    const std::string n = std::to_string(i);
    REQUIRE(ByLink(By("ada", "inv_" + n, "deal-" + n), kGood).ok());
  }
  CHECK(In(ByAddress("ada@example.com", kGood)).session.case_ids.size() == 8);
}

TEST_CASE_METHOD(PasswordFixture, "who is two contacts enters the cases of both, and they stay two",
                 "[service]") {
  REQUIRE(Create(By("ada", "inv_1", "deal-1"), kGood).ok());
  REQUIRE(Create(By("ada-too", "inv_3", "deal-3"), kGood).ok());
  for (const bool then_sms : {false, true}) {
    const auto entry = ByAddress("ada@example.com", kGood, then_sms);
    REQUIRE(entry.ok());
    if (then_sms) {
      const auto entered = Verify(std::get<Challenge>(*entry).challenge_id, messenger.codes.back());
      INFO(entered.status().ToString());
      REQUIRE(entered.ok());
      CHECK(entered->session.case_ids.size() == 2);
    } else {
      CHECK(In(entry).session.case_ids.size() == 2);
    }
    CHECK(Count("(SELECT DISTINCT account_id FROM access_grant) AS accounts") == 2);
  }
  // One of the two may enter nothing any more: the other one does.
  database.Exec("UPDATE access_grant SET revoke_time = now() WHERE contact_id = 'ada'");
  CHECK(In(ByAddress("ada@example.com", kGood)).session.case_ids ==
        std::vector<std::string>{"deal-3"});
}

TEST_CASE_METHOD(PasswordFixture, "two who share an address stay two", "[service]") {
  Subject bob = By("bob", "inv_b", "deal-1");
  bob.mobile = "+61400000009";
  bob.contact_name = "Bob";
  REQUIRE(Create(Ada(), kGood).ok());
  REQUIRE(Create(bob, kOther).ok());
  CHECK(As(TokenOf(ByAddress("ada@example.com", kGood))).caller.actor_name == "Ada");
  CHECK(As(TokenOf(ByAddress("ada@example.com", kOther))).caller.actor_name == "Bob");
  // Each is mailed a link of their own.
  (void)ResetToken();
  REQUIRE(mailer.names.size() == 2);
  CHECK(mailer.names[0] == "Ada");
  CHECK(mailer.names[1] == "Bob");
  // Even with the same password, by the phone.
  Subject carol = By("carol", "inv_c", "deal-3");
  carol.mobile = "+61400000008";
  REQUIRE(Create(carol, kGood).ok());
  CHECK(In(ByAddress("ada@example.com", kGood)).session.case_ids.size() == 1);
}

TEST_CASE_METHOD(PasswordFixture,
                 "known from another office, a client enters with what she has [HB-16]",
                 "[service]") {
  REQUIRE(CreateAcme("", "branch").ok());
  const auto standing = [&](const std::string& organisation) {
    return *passwords.LookUp(organisation, "ada-there", "+61412345678", "Ada@Example.com");
  };
  CHECK(standing("branch") == PasswordStanding::kNone);
  REQUIRE(Create(Ada(), kGood).ok());
  CHECK(standing("branch") == PasswordStanding::kElsewhere);
  const Subject there = By("ada-there", "inv_t", "build-1", "branch");
  CHECK(Why(ByLink(there, kOther)) == "PASSWORD_WRONG");
  const auto entered = ByLink(there, kGood);
  CHECK(In(entered).session.case_ids == std::vector<std::string>{"build-1"});
  CHECK(standing("branch") == PasswordStanding::kHere);
  // From then on it is a password of its own: what one office ends, the other does not.
  CHECK(In(ByAddress("ada@example.com", kGood, false, "branch")).session.case_ids.size() == 1);
  REQUIRE(Reset(ResetToken(), kOther).ok());
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
  CHECK(ByAddress("ada@example.com", kGood, false, "branch").ok());
  CHECK(Exchange(TokenOf(entered)).ok());
}

TEST_CASE_METHOD(PasswordFixture, "who does not know it from there creates one here", "[service]") {
  REQUIRE(CreateAcme("", "branch").ok());
  REQUIRE(Create(Ada(), kGood).ok());
  const Subject there = By("ada", "inv_t", "build-1", "branch");
  REQUIRE(Create(there, kOther).ok());
  CHECK(ByAddress("ada@example.com", kOther, false, "branch").ok());
  CHECK(Why(ByAddress("ada@example.com", kOther)) == "PASSWORD_WRONG");
}

TEST_CASE_METHOD(PasswordFixture, "a link is no way to guess what belongs to another office",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  // Ten wrong ones for the address a day, by whichever offices.
  for (int i = 0; i < kElsewhereADay; ++i) {
    const std::string office = "branch-" + std::to_string(i % 4);
    if (i < 4) REQUIRE(CreateAcme("", office).ok());
    CHECK(Why(ByLink(By("x", "inv_x", "c", office), kOther)) == "PASSWORD_WRONG");
  }
  CHECK(Why(ByLink(By("x", "inv_x", "c", "branch-0"), kGood)) == "PASSWORD_WRONG");
  CHECK(ByAddress("ada@example.com", kGood).ok());  // Of her own office nothing is locked.
}

TEST_CASE_METHOD(PasswordFixture, "equal passwords do not look equal where they rest",
                 "[service]") {
  REQUIRE(CreateAcme("", "branch").ok());
  REQUIRE(Create(Ada(), kGood).ok());
  REQUIRE(ByLink(By("ada", "inv_t", "build-1", "branch"), kGood).ok());
  const auto rows = database.Exec("SELECT verifier, sealed_subject::text AS s FROM password");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0][0].as<std::string>() != rows[1][0].as<std::string>());
  for (const auto& row : rows) {
    CHECK(row[0].as<std::string>().find("tin") == std::string::npos);
    CHECK(row[1].as<std::string>().find("example") == std::string::npos);
  }
  // Another address has another salt.
  Subject bob = By("bob", "inv_b", "deal-1");
  bob.email = "bob@example.com";
  REQUIRE(Create(bob, kGood).ok());
  CHECK(hash.salts[0] == hash.salts[1]);
  CHECK(hash.salts[2] != hash.salts[0]);
  CHECK(hash.salts[0].size() == 16);
}

TEST_CASE_METHOD(PasswordFixture, "a corrected address or number has no password yet",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  Subject corrected = Ada();
  corrected.email = "ada@other.example";
  CHECK(*passwords.LookUp("acme", "ada", corrected.mobile, corrected.email) ==
        PasswordStanding::kNone);
  REQUIRE(Create(corrected, kOther).ok());
  // Whoever has the old mailbox has nothing any more.
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
  CHECK(ByAddress("ada@other.example", kOther).ok());
  pb::RebindGrantRequest rebind;
  rebind.set_invitation_id("inv_1");
  rebind.set_case_id("deal-1");
  rebind.set_contact_id("ada");
  rebind.set_mobile("+61400000001");
  const auto before = ByAddress("ada@other.example", kOther);
  REQUIRE(access_handler.RebindGrant(call, rebind).ok());
  CHECK_FALSE(Exchange(TokenOf(before)).ok());
  CHECK(Why(ByAddress("ada@other.example", kOther)) == "ACCESS_REVOKED");
}

TEST_CASE_METHOD(PasswordFixture, "of a first password the client is told by SMS", "[service]") {
  const auto notices = [&] { return Count("job WHERE lane = 'notice'"); };
  REQUIRE(Create(Ada(), kGood).ok());
  CHECK(notices() == 1);
  REQUIRE(Create(Ada(), kGood).ok());  // It is the same one.
  CHECK(notices() == 1);
  // Where a code follows by SMS, that tells.
  REQUIRE(Create(By("bob", "inv_b", "deal-1"), kOther, true).ok());
  CHECK(notices() == 1);
  Subject without = By("eve", "inv_e", "deal-1");
  without.mobile = "";
  REQUIRE(Create(without, kOther).ok());
  CHECK(notices() == 1);
}

TEST_CASE_METHOD(PasswordFixture, "with the last access the password goes", "[service]") {
  REQUIRE(Create(By("ada", "inv_1", "deal-1"), kGood).ok());
  REQUIRE(ByLink(By("ada", "inv_2", "deal-2"), kGood).ok());
  const auto revoke = [&](const char* invitation) {
    pb::RevokeGrantRequest request;
    request.set_invitation_id(invitation);
    request.set_case_id("deal-1");
    REQUIRE(access_handler.RevokeGrant(call, request).ok());
  };
  const auto entered = ByAddress("ada@example.com", kGood);
  revoke("inv_1");
  CHECK(As(TokenOf(entered)).caller.cases.size() == 1);
  CHECK(In(ByAddress("ada@example.com", kGood)).session.case_ids ==
        std::vector<std::string>{"deal-2"});
  CHECK(Why(ByLink(By("ada", "inv_1", "deal-1"), kGood)) == "ACCESS_REVOKED");
  revoke("inv_2");
  CHECK_FALSE(Exchange(TokenOf(entered)).ok());
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
  CHECK(Count("password") == 0);
}

TEST_CASE_METHOD(PasswordFixture, "a sign-in in the very moment of a revocation enters nothing",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  hash.meanwhile = [&] {
    pb::RevokeGrantRequest request;
    request.set_invitation_id("inv_1");
    request.set_case_id("deal-1");
    REQUIRE(access_handler.RevokeGrant(call, request).ok());
  };
  CHECK_FALSE(ByAddress("ada@example.com", kGood).ok());
  CHECK(Count("session WHERE end_time IS NULL") == 0);
}

TEST_CASE_METHOD(PasswordFixture, "tries from one client's address have their limit", "[service]") {
  Passwords::Attempt attempt = {
      .organisation_id = "acme", .email = "x@example.com", .password = kOther};
  Call from = ServiceCall();
  from.client_address = "2001:db8::1";
  for (int i = 0; i < kTriesAMinute; ++i) {
    attempt.email = "client" + std::to_string(i) + "@example.com";
    CHECK(ReasonOf(passwords.Enter(attempt, from).status()) == "PASSWORD_WRONG");
  }
  const int asked = hash.asked;
  from.client_address = "2001:db8::2";  // The same network.
  CHECK(ReasonOf(passwords.Enter(attempt, from).status()) == "PASSWORD_LIMIT_REACHED");
  CHECK(hash.asked == asked);
  from.client_address = "198.51.100.4";
  CHECK(ReasonOf(passwords.Enter(attempt, from).status()) == "PASSWORD_WRONG");
}

TEST_CASE_METHOD(PasswordFixture, "the handler asks for an address where there is no link",
                 "[service]") {
  v1::EnterByPasswordRequest request;
  request.set_password(kGood);
  request.set_email("nobody");
  CHECK(ReasonOf(passwords_handler.EnterByPassword(call, request).status()) == "INVALID_REQUEST");
  request.set_email("ada@example.com");
  request.set_create(true);
  CHECK(ReasonOf(passwords_handler.EnterByPassword(call, request).status()) == "INVALID_REQUEST");
  *request.mutable_link() = ToProto(Ada());
  const auto created = passwords_handler.EnterByPassword(call, request);
  REQUIRE(created.ok());
  CHECK(created->entered().session().case_ids_size() == 1);
  CHECK_FALSE(created->entered().session_token().empty());
  v1::LookUpPasswordRequest look;
  look.set_contact_id("ada");
  look.set_mobile("+61412345678");
  look.set_email("ada@example.com");
  CHECK(passwords_handler.LookUpPassword(call, look)->standing() == v1::PASSWORD_HERE);
}

TEST_CASE("Argon2id makes the same of the same alone", "[unit]") {
  Argon2 argon2;
  const std::string salt(16, 's');
  const auto tag = argon2.Of("tin roof pebble", salt);
  REQUIRE(tag.ok());
  CHECK(tag->size() == 32);
  CHECK(*argon2.Of("tin roof pebble", salt) == *tag);
  CHECK(*argon2.Of("tin roof pebblf", salt) != *tag);
  CHECK(*argon2.Of("tin roof pebble", std::string(16, 't')) != *tag);
  CHECK_FALSE(argon2.Of("tin roof pebble", "short").ok());
}

TEST_CASE("of a flood eight are looked at, and the others are told to come again", "[unit]") {
  Argon2 argon2;
  std::atomic<int> good = 0, refused = 0;
  std::vector<std::thread> flood;
  for (int i = 0; i < 40; ++i) {
    flood.emplace_back([&] {
      const auto tag = argon2.Of("tin roof pebble", std::string(16, 's'));
      if (tag.ok()) ++good;
      if (ReasonOf(tag.status()) == "PASSWORD_LIMIT_REACHED") ++refused;
    });
  }
  for (std::thread& thread : flood) thread.join();
  CHECK(good + refused == 40);
  CHECK(good >= Argon2::kAtOnce + Argon2::kWaitingMost);
  CHECK(refused > 0);
  CHECK(argon2.Of("tin roof pebble", std::string(16, 's')).ok());
}

}  // namespace
}  // namespace gatehouse::identity
