#include "services/identity/recovery/domain/recovery.h"

#include <set>

#include "services/identity/passwords/tests/fixture.h"
#include "services/identity/recovery/domain/recovery_code.h"
#include "services/identity/recovery/recovery_handler.h"
#include "services/identity/recovery/store/postgres_recovery.h"

namespace gatehouse::identity {
namespace {

struct Recovering : PasswordFixture {
  PostgresRecoveryStore recovery_store{database.postgres(), jobs};
  Recovery recovery{recovery_store, access, challenges, Secret(RandomBytes(32)), clock};
  RecoveryHandler recovery_handler{recovery, recovery_store, redis};

  // Ada's codes, made as she is signed in.
  std::vector<std::string> Codes() {
    const auto entered = SignIn();
    REQUIRE(entered.ok());
    clock.ahead += absl::Minutes(11);  // The next sign-in begins a challenge of its own.
    const auto made = recovery_handler.CreateRecoveryCodes(As(entered->token.Reveal()), {});
    INFO(made.status().ToString());
    REQUIRE(made.ok());
    return {made->codes().begin(), made->codes().end()};
  }
  absl::StatusOr<Challenges::Entered> Recover(const std::string& challenge_id,
                                              const std::string& code) {
    return recovery.Enter(challenge_id, code, Secret(), call);
  }
  std::string Why(const std::string& challenge_id, const std::string& code) {
    return ReasonOf(Recover(challenge_id, code).status());
  }
  void ResetAda() {
    v1::ResetFactorsRequest request;
    request.set_contact_id("ada");
    request.set_mobile("+61412345678");
    request.set_organisation_name("Acme");
    REQUIRE(recovery_handler.ResetFactors(call, request).ok());
  }
  std::string Noticed() {
    return database
        .Exec(
            "SELECT coalesce(string_agg(kind, ' ' ORDER BY number), '') FROM job "
            "WHERE lane = 'notice'")[0][0]
        .c_str();
  }
};

TEST_CASE("a recovery code has 80 bits, and is read however it was written", "[unit]") {
  std::set<std::string> codes;
  for (int i = 0; i < 1000; ++i) {
    const std::string code = NewRecoveryCode();
    CHECK(code.size() == 19);
    CHECK(ReadRecoveryCode(code).size() == 16);
    CHECK(code.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ-") == std::string::npos);
    codes.insert(code);
  }
  CHECK(codes.size() == 1000);
  CHECK(ReadRecoveryCode(" 7kq2 m9xd-o3fh tn5v\n") == "7KQ2M9XD03FHTN5V");
  CHECK(ReadRecoveryCode("iL0o") == "1100");
  CHECK(ReadRecoveryCode("\uff17\uff2b") == "7K");  // Of full width.
  CHECK(ReadRecoveryCode("\u00e4!") == "");
}

TEST_CASE_METHOD(Recovering, "ten codes, each in place of one code by SMS", "[service]") {
  const std::vector<std::string> codes = Codes();
  REQUIRE(codes.size() == kRecoveryCodes);
  const std::string id = StartedId();
  const auto entered = Recover(id, codes[3]);
  INFO(entered.status().ToString());
  REQUIRE(entered.ok());
  const Call as = As(entered->token.Reveal());
  CHECK(as.caller.cases.size() == 1);
  const auto left = recovery_handler.GetRecoveryCodes(as, {});
  CHECK(left->remaining() == 9);
  CHECK(left->has_create_time());
  // It has served: another challenge needs another code.
  clock.ahead += absl::Minutes(11);
  const std::string next = StartedId();
  CHECK(Why(next, codes[3]) == "RECOVERY_CODE_WRONG");
  CHECK(Recover(next, codes[4]).ok());
  CHECK(Count("audit_event WHERE type = 'recoveryCode.used'") == 2);
  CHECK(Noticed() == "factor.notice factor.notice factor.notice");
}

TEST_CASE_METHOD(Recovering, "a code that is submitted twice is one session", "[service]") {
  const std::vector<std::string> codes = Codes();
  const std::string id = StartedId();
  const auto first = Recover(id, codes[0]), second = Recover(id, codes[0]);
  REQUIRE((first.ok() && second.ok()));
  CHECK(first->session.session_id == second->session.session_id);
  database.Exec("UPDATE recovery_code SET use_time = use_time - interval '31 s'");
  CHECK(Why(id, codes[0]) == "RECOVERY_CODE_WRONG");
}

TEST_CASE_METHOD(Recovering, "new codes take the place of the old ones", "[service]") {
  const std::vector<std::string> old = Codes(), now = Codes();
  const std::string id = StartedId();
  CHECK(Why(id, old[0]) == "RECOVERY_CODE_WRONG");
  CHECK(Recover(id, now[0]).ok());
  CHECK(Count("recovery_code") == kRecoveryCodes);
}

TEST_CASE_METHOD(Recovering, "codes are made soon after a sign-in, not in a session left open",
                 "[service]") {
  const auto entered = SignIn();
  REQUIRE(entered.ok());
  const Call as = As(entered->token.Reveal());
  database.Exec("UPDATE session SET create_time = create_time - interval '601 s'");
  CHECK(ReasonOf(recovery_handler.CreateRecoveryCodes(as, {}).status()) == "SIGN_IN_TOO_OLD");
  CHECK(Count("recovery_code") == 0);
  CHECK(Noticed().empty());
  // The session serves for all else, and a new sign-in for the codes.
  CHECK(recovery_handler.GetRecoveryCodes(as, {}).ok());
  clock.ahead += absl::Minutes(11);
  const auto again = SignIn();
  REQUIRE(again.ok());
  CHECK(recovery_handler.CreateRecoveryCodes(As(again->token.Reveal()), {}).ok());
}

TEST_CASE_METHOD(Recovering, "who is told of new codes is the address of the latest entry",
                 "[service]") {
  (void)Codes();
  Subject corrected = Ada("lnk_2");
  corrected.email = "ada@other.example";
  const auto started = challenges.Start(corrected, call);
  REQUIRE(started.ok());
  REQUIRE(Verify(started->challenge_id, messenger.codes.back()).ok());
  CHECK(database.Exec("SELECT email FROM account")[0][0].as<std::string>() == "ada@other.example");
}

TEST_CASE_METHOD(Recovering, "codes are one account's alone", "[service]") {
  const std::vector<std::string> codes = Codes();
  Subject bob = By("bob", "inv_b", "deal-1");
  bob.mobile = "+61400000009";
  const auto his = challenges.Start(bob, call);
  REQUIRE(his.ok());
  CHECK(Why(his->challenge_id, codes[0]) == "RECOVERY_CODE_WRONG");
  // A corrected number is another account.
  const auto corrected = challenges.Start(Ada("lnk_2", "+61400000001"), call);
  REQUIRE(corrected.ok());
  CHECK(Why(corrected->challenge_id, codes[0]) == "RECOVERY_CODE_WRONG");
  CHECK(Why("chl_unknown", codes[0]) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Recovering, "wrong ones lock, and the phone's codes go on", "[service]") {
  const std::vector<std::string> codes = Codes();
  const std::string id = StartedId();
  for (int i = 0; i < 10; ++i) {
    CHECK(Why(id, NewRecoveryCode()) == "RECOVERY_CODE_WRONG");
  }
  CHECK(Why(id, codes[0]) == "SIGN_IN_LOCKED");
  CHECK(Verify(id, messenger.codes.back()).ok());
  REQUIRE(challenges.Unlock("ada", "+61412345678", "deal-1", {"sam", "Sam"}, StaffCall()).ok());
  CHECK(Recover(id, codes[0]).ok());
}

TEST_CASE_METHOD(Recovering, "a challenge that confirms a deed is none to recover by",
                 "[service]") {
  const std::vector<std::string> codes = Codes();
  SmsCode confirmation_code{messenger, Secret(RandomBytes(32)), "cnf"};
  Challenges confirming{store, access, {&confirmation_code}, Secret(RandomBytes(32)),
                        clock, put_off};
  const auto started = confirming.Start(Ada("deed:1"), call);
  REQUIRE(started.ok());
  CHECK(Why(started->challenge_id, codes[0]) == "CHALLENGE_EXPIRED");
  CHECK(Count("recovery_code") == kRecoveryCodes);
}

TEST_CASE_METHOD(Recovering, "what came before the code is asked for still", "[service]") {
  const std::vector<std::string> codes = Codes();
  // A code by e-mail is the only factor: nothing takes its place.
  Subject by_email = Ada();
  by_email.method = SignInMethod::kEmailCode;
  const auto started = challenges.Start(by_email, call);
  REQUIRE(started.ok());
  CHECK(Why(started->challenge_id, codes[0]) == "RECOVERY_CODE_WRONG");
  // Nor does it enter where the access was withdrawn.
  const std::string id = StartedId();
  pb::RevokeGrantRequest revoke;
  revoke.set_invitation_id("inv_1");
  revoke.set_case_id("deal-1");
  REQUIRE(access_handler.RevokeGrant(call, revoke).ok());
  CHECK(Why(id, codes[0]) == "ACCESS_REVOKED");
}

TEST_CASE_METHOD(Recovering, "staff reset what a client signs in with, and weaken nothing",
                 "[service]") {
  const std::vector<std::string> codes = Codes();
  REQUIRE(Create(Ada(), kGood).ok());
  for (int i = 0; i < 10; ++i) (void)ByAddress("ada@example.com", kOther);
  v1::ResetFactorsRequest request;
  request.set_contact_id("ada");
  request.set_mobile("+61412345678");
  request.set_email("Ada@example.com");
  request.set_case_id("deal-1");
  request.set_organisation_name("Acme");
  request.set_actor_name("Sam Staff");
  const auto reset = recovery_handler.ResetFactors(call, request);
  REQUIRE(reset.ok());
  CHECK(reset->ended_sessions() == 2);
  CHECK(Count("session WHERE end_time IS NULL") == 0);
  CHECK(Count("password") == 0);
  CHECK(Count("recovery_code") == 0);
  CHECK(Count("audit_event WHERE type = 'factors.reset' AND actor_name = 'Sam Staff'") == 1);
  // The lock stays: a reset is no way around it.
  CHECK(ReasonOf(ByAddress("ada@example.com", kGood).status()) == "SIGN_IN_LOCKED");
  const std::string id = StartedId();
  CHECK(Why(id, codes[0]) == "RECOVERY_CODE_WRONG");
  CHECK(recovery_handler.ResetFactors(call, request)->ended_sessions() == 0);
}

TEST_CASE_METHOD(Recovering, "a reset is of all that the contact signs in with", "[service]") {
  REQUIRE(Create(By("ada", "inv_1", "deal-1"), kGood).ok());
  Subject other_number = By("ada", "inv_2", "deal-2");
  other_number.mobile = "+61400000001";
  REQUIRE(Create(other_number, kOther).ok());
  REQUIRE(Create(By("ada-too", "inv_3", "deal-3"), kGood).ok());
  // One session of two contacts: of both it is the one that entered first.
  const auto both = ByAddress("ada@example.com", kGood);
  CHECK(In(both).session.case_ids.size() == 2);
  const auto reset = [&](const std::string& contact) {
    v1::ResetFactorsRequest request;
    request.set_contact_id(contact);
    request.set_mobile("+61412345678");
    request.set_organisation_name("Acme");
    REQUIRE(recovery_handler.ResetFactors(call, request).ok());
  };
  reset("ada-too");
  CHECK_FALSE(Exchange(TokenOf(both)).ok());
  CHECK(Count("password") == 2);
  CHECK(In(ByAddress("ada@example.com", kGood)).session.case_ids ==
        std::vector<std::string>{"deal-1"});
  reset("ada");
  CHECK(Count("password") == 0);
  CHECK(Count("session WHERE end_time IS NULL") == 0);
}

TEST_CASE_METHOD(Recovering, "what was begun with a password that staff took away ends with it",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  const std::string mailed = ResetToken();
  const auto started = ByAddress("ada@example.com", kGood, true);
  REQUIRE(started.ok());
  const std::string code = messenger.codes.back();
  ResetAda();
  // She has made another one since, by a new link: even the same one again.
  REQUIRE(Create(Ada("lnk_2"), kGood).ok());
  CHECK(ReasonOf(Reset(mailed, kOther).status()) == "PASSWORD_RESET_EXPIRED");
  const auto entered = Verify(std::get<Challenge>(*started).challenge_id, code);
  CHECK(ReasonOf(entered.status()) == "PASSWORD_WRONG");
}

TEST_CASE_METHOD(Recovering, "a challenge that was begun before a reset leads nowhere",
                 "[service]") {
  const std::vector<std::string> codes = Codes();
  const std::string id = StartedId(), code = messenger.codes.back();
  ResetAda();
  CHECK(ReasonOf(Verify(id, code).status()) == "CHALLENGE_EXPIRED");
  CHECK(Count("session WHERE end_time IS NULL") == 0);
  // Nor does a right code of before it, and a new start is another one.
  const std::string next = StartedId();
  CHECK(next != id);
  CHECK(Verify(next, messenger.codes.back()).ok());
  // Of who had never entered, too.
  Subject bob = By("bob", "inv_b", "deal-1");
  bob.mobile = "+61400000009";
  const auto his = challenges.Start(bob, call);
  REQUIRE(his.ok());
  v1::ResetFactorsRequest request;
  request.set_contact_id("bob");
  request.set_mobile(bob.mobile);
  request.set_organisation_name("Acme");
  REQUIRE(recovery_handler.ResetFactors(call, request).ok());
  CHECK(ReasonOf(Verify(his->challenge_id, messenger.codes.back()).status()) ==
        "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Recovering, "a password created in the very moment of a reset is none",
                 "[service]") {
  hash.meanwhile = [&] { ResetAda(); };
  const auto created = Create(Ada(), kGood);
  CHECK(absl::IsAborted(created.status()));
  CHECK(Count("password") == 0);
  CHECK(Count("session") == 0);
  // By a new link, as ever.
  const auto again = Create(Ada("lnk_2"), kGood);
  CHECK(In(again).session.case_ids.size() == 1);
  CHECK(ByAddress("ada@example.com", kGood).ok());
}

TEST_CASE_METHOD(Recovering, "codes rest as hashes", "[service]") {
  const std::vector<std::string> codes = Codes();
  for (const auto& row : database.Exec("SELECT code_hash FROM recovery_code")) {
    CHECK(std::string(row[0].c_str()).size() == 64);
    for (const std::string& code : codes) CHECK(row[0].c_str() != code);
  }
}

}  // namespace
}  // namespace gatehouse::identity
