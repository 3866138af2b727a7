#include "services/common/auth/auth.h"
#include "gatehouse/common/v1/reasons.pb.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "services/common/auth/jwt.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

struct FakeClock : Clock {
  absl::Time Now() const override {
    const std::lock_guard lock(mutex);
    return now;
  }
  void Pass(absl::Duration time) {
    const std::lock_guard lock(mutex);
    now += time;
  }
  mutable std::mutex mutex;
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
};

// Identity, as far as an authenticator sees it: credentials that begin with "good" are good.
struct Identity {
  FakeClock clock;
  std::atomic<int> exchanged = 0, keys_asked = 0;
  bool away = false;
  absl::Status says;  // Where it is not OK, to every question.
  std::function<void()> meanwhile = [] {};
  std::vector<SigningKeyPair> keys = {NewSigningKey("key_1")};

  identity::v1::Principal PrincipalOf(const std::string& credential) const {
    identity::v1::Principal principal;
    principal.set_kind(identity::v1::Principal::STAFF);
    principal.set_organisation_id("acme");
    principal.set_credential_id("id of " + credential);
    principal.set_parent_credential_id("parent of " + credential);
    return principal;
  }
  std::string Token(const std::string& credential, size_t key = 0) const {
    return SignPrincipal(keys[key], PrincipalOf(credential), clock.Now(),
                         clock.Now() + absl::Hours(1));
  }

  CachingAuthenticator authenticator{
      {[this](
           const Secret& credential) -> absl::StatusOr<identity::v1::ExchangeCredentialResponse> {
         ++exchanged;
         meanwhile();
         if (away) return absl::UnavailableError("away");
         if (!says.ok()) return says;
         if (!absl::StartsWith(credential.Reveal(), "good")) {
           return Refuse(common::v1::CREDENTIAL_INVALID, "no");
         }
         identity::v1::ExchangeCredentialResponse response;
         response.set_token("token");
         *response.mutable_principal() = PrincipalOf(credential.Reveal());
         *response.mutable_expire_time() = ToProto(clock.Now() + absl::Seconds(45));
         return response;
       },
       [this]() -> absl::StatusOr<identity::v1::ListSigningKeysResponse> {
         ++keys_asked;
         if (away) return absl::UnavailableError("away");
         identity::v1::ListSigningKeysResponse response;
         for (const SigningKeyPair& key : keys) {
           auto* added = response.add_keys();
           added->set_key_id(key.key_id);
           added->set_public_key(key.public_key);
         }
         return response;
       }},
      clock};

  absl::Status Show(const std::string& credential) {
    return authenticator.Authenticate(Secret(credential)).status();
  }
  bool Knows(const std::string& credential) {
    return authenticator.Cached(Secret(credential)) != nullptr;
  }
};

TEST_CASE_METHOD(Identity, "a credential is exchanged once, until its token ends", "[unit]") {
  CHECK(Show("good").ok());
  CHECK(Show("good").ok());
  CHECK(exchanged == 1);
  clock.Pass(absl::Seconds(44));
  authenticator.Heard(absl::ZeroDuration());
  CHECK(Knows("good"));
  clock.Pass(absl::Seconds(1));
  CHECK_FALSE(Knows("good"));
  CHECK(Show("good").ok());
  CHECK(exchanged == 2);
}

TEST_CASE_METHOD(Identity, "what many bring at once is asked about once, and serves them all",
                 "[unit]") {
  meanwhile = [] { absl::SleepFor(absl::Milliseconds(20)); };
  for (const std::string credential : {"good", "bad"}) {
    std::atomic<int> served = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] { served += Show(credential).ok(); });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(served == (credential == "good" ? 16 : 0));
  }
  CHECK(exchanged == 2);
}

TEST_CASE_METHOD(Identity, "what is no credential is asked about once in ten seconds", "[unit]") {
  for (int i = 0; i < 100; ++i) CHECK(ReasonOf(Show("bad")) == "CREDENTIAL_INVALID");
  CHECK(exchanged == 1);
  CHECK(ReasonOf(Show("worse")) == "CREDENTIAL_INVALID");
  CHECK(exchanged == 2);
  clock.Pass(absl::Seconds(10));
  CHECK(ReasonOf(Show("bad")) == "CREDENTIAL_INVALID");
  CHECK(exchanged == 3);
}

TEST_CASE("what can be no credential is invalid, and costs identity nothing", "[unit]") {
  int asked = 0;
  const Clock clock;
  CachingAuthenticator authenticator(
      {[&](const Secret&) -> absl::StatusOr<identity::v1::ExchangeCredentialResponse> {
         ++asked;
         return RefuseField("credential", "is too long");
       },
       [] { return identity::v1::ListSigningKeysResponse(); }},
      clock);
  for (const std::string& credential :
       {std::string(513, 'x'), std::string(100000, 'x'), std::string("caf\xc3\xa9"),
        std::string("a b"), std::string("a\tb"), std::string("a\0b", 3), std::string("\x80")}) {
    const absl::Status status = authenticator.Authenticate(Secret(credential)).status();
    CHECK(absl::IsUnauthenticated(status));
    CHECK(ReasonOf(status) == "CREDENTIAL_INVALID");
  }
  CHECK(asked == 0);
  (void)authenticator.Authenticate(Secret(std::string(512, 'x')));
  CHECK(asked == 1);
}

TEST_CASE_METHOD(Identity, "identity's absence is not remembered as a miss", "[unit]") {
  away = true;
  CHECK(absl::IsUnavailable(Show("good")));
  away = false;
  CHECK(Show("good").ok());
}

TEST_CASE_METHOD(Identity, "a flood of inventions asks four at once, and those who are known go on",
                 "[unit]") {
  REQUIRE(Show("good-known").ok());
  clock.Pass(absl::Minutes(50));  // Its entry has ended long since.
  std::atomic<bool> open = false, flooding = true;
  std::atomic<int> inside = 0;
  meanwhile = [&] {
    if (!flooding) return;
    ++inside;
    while (!open) std::this_thread::yield();
  };
  std::vector<std::thread> flood;
  for (int i = 0; i < 4; ++i) {
    flood.emplace_back([&, i] { (void)Show("invented" + std::to_string(i)); });
  }
  while (inside < 4) std::this_thread::yield();
  const absl::Status refused = Show("invented-more");
  flooding = false;  // All four are inside.
  const absl::Status known = Show("good-known");
  open = true;
  for (std::thread& thread : flood) thread.join();
  CHECK(absl::IsUnavailable(refused));
  CHECK(known.ok());
  CHECK(exchanged == 6);
  CHECK(Show("good-new").ok());  // The flood is over.
}

TEST_CASE_METHOD(Identity, "misses are bounded, however many are invented", "[unit]") {
  for (int i = 0; i < 25000; ++i) (void)Show("bad" + std::to_string(i));
  CHECK(exchanged == 25000);
  CHECK(Show("good").ok());
}

TEST_CASE_METHOD(Identity, "a revocation ends the credential and what it minted", "[unit]") {
  REQUIRE(Show("good-one").ok());
  REQUIRE(Show("good-two").ok());
  REQUIRE(Show("good-three").ok());
  authenticator.Revoke({"id of good-one", "parent of good-two"});
  CHECK_FALSE(Knows("good-one"));
  CHECK_FALSE(Knows("good-two"));
  CHECK(Knows("good-three"));
  // Identity may still believe in it: an exchange that was under way is not cached.
  CHECK(ReasonOf(Show("good-one")) == "CREDENTIAL_INVALID");
  clock.Pass(absl::Seconds(61));
  authenticator.Revoke({"another"});
  CHECK(Show("good-one").ok());
}

TEST_CASE_METHOD(Identity, "who is told of revocations is told before they count as told",
                 "[unit]") {
  REQUIRE(Show("good").ok());
  std::vector<std::string> told;
  bool known_then = true;
  authenticator.OnRevoked([&](const std::vector<std::string>& ids) {
    told = ids;
    known_then = Knows("good");
  });
  authenticator.Revoke({"id of good", "x"});
  CHECK(told == std::vector<std::string>{"id of good", "x"});
  CHECK_FALSE(known_then);
  authenticator.OnRevoked(nullptr);
  authenticator.Revoke({"y"});
  CHECK(told.size() == 2);
  Caller caller;
  caller.ancestors = {"y"};
  CHECK(authenticator.IsRevoked(caller));
  caller.ancestors = {"z"};
  CHECK_FALSE(authenticator.IsRevoked(caller));
}

TEST_CASE_METHOD(Identity, "a cache that may have missed something forgets everything", "[unit]") {
  REQUIRE(Show("good").ok());
  authenticator.Clear();
  CHECK_FALSE(Knows("good"));
  CHECK(Show("good").ok());
}

TEST_CASE_METHOD(Identity, "while revocations are heard an entry lives; unheard, five seconds",
                 "[unit]") {
  REQUIRE(Show("good").ok());
  for (int second = 1; second < 30; ++second) {
    clock.Pass(absl::Seconds(1));
    authenticator.Heard(absl::Milliseconds(300));
    CHECK(Knows("good"));
  }
  clock.Pass(absl::Seconds(4));
  CHECK(Knows("good"));
  CHECK(authenticator.Unheard() == absl::Milliseconds(4300));
  clock.Pass(absl::Milliseconds(699));
  CHECK(Knows("good"));
  clock.Pass(absl::Milliseconds(1));
  CHECK_FALSE(Knows("good"));
  // What is asked about now is believed as long.
  CHECK(Show("good").ok());
  clock.Pass(absl::Milliseconds(4999));
  CHECK(Knows("good"));
  clock.Pass(absl::Milliseconds(1));
  CHECK_FALSE(Knows("good"));
  CHECK(exchanged == 2);
}

TEST_CASE_METHOD(Identity, "a revocation that nobody could tell holds after five seconds",
                 "[unit]") {
  REQUIRE(Show("good").ok());
  clock.Pass(absl::Seconds(5));
  says = Refuse(common::v1::CREDENTIAL_INVALID, "revoked");
  CHECK(ReasonOf(Show("good")) == "CREDENTIAL_INVALID");
}

TEST_CASE_METHOD(Identity, "what was heard is not unheard", "[unit]") {
  CHECK(authenticator.Unheard() == absl::InfiniteDuration());
  authenticator.Heard(absl::ZeroDuration());
  authenticator.Heard(absl::Seconds(3));  // An answer that came late.
  CHECK(authenticator.Unheard() == absl::ZeroDuration());
}

TEST_CASE_METHOD(Identity, "what was asked about before a gap is answered, and not kept",
                 "[unit]") {
  meanwhile = [this] { authenticator.Clear(); };
  CHECK(Show("good").ok());
  CHECK_FALSE(Knows("good"));
  meanwhile = [] {};
  CHECK(Show("good").ok());
  CHECK(Knows("good"));
}

TEST_CASE_METHOD(Identity, "a principal token is verified by the published keys", "[unit]") {
  CHECK(Show(Token("good")).ok());
  CHECK(Show(Token("other")).ok());
  CHECK(keys_asked == 1);
  CHECK(exchanged == 0);
  Identity other;
  CHECK(ReasonOf(Show(other.Token("good"))) == "CREDENTIAL_INVALID");  // The same kid, another key.
}

TEST_CASE_METHOD(Identity,
                 "a key that is trusted no more dies within a minute, also if nobody asks",
                 "[unit]") {
  REQUIRE(Show(Token("good-one")).ok());
  const std::string by_old = Token("good-two");
  keys = {NewSigningKey("key_2")};
  clock.Pass(absl::Seconds(59));
  CHECK(Show(by_old).ok());  // A cache of a minute is what we promise.
  clock.Pass(absl::Seconds(1));
  authenticator.Clear();
  CHECK(ReasonOf(Show(by_old)) == "CREDENTIAL_INVALID");
  CHECK(Show(Token("good-three")).ok());
  CHECK(keys_asked == 2);
}

TEST_CASE_METHOD(Identity, "a forged key id asks once a second", "[unit]") {
  REQUIRE(Show(Token("good")).ok());
  keys.push_back(NewSigningKey("forged"));
  std::vector<std::string> forged;
  for (int i = 0; i < 10; ++i) forged.push_back(Token("good" + std::to_string(i), 1));
  keys.pop_back();
  clock.Pass(absl::Seconds(2));
  for (const std::string& token : forged) CHECK(ReasonOf(Show(token)) == "CREDENTIAL_INVALID");
  CHECK(keys_asked == 2);
}

TEST_CASE_METHOD(Identity, "while identity is away a good token is not called a bad one",
                 "[unit]") {
  REQUIRE(Show(Token("good")).ok());
  const std::string token = Token("good-more");
  clock.Pass(absl::Minutes(2));
  away = true;
  for (int i = 0; i < 3; ++i) CHECK(absl::IsUnavailable(Show(token)));
  away = false;
  clock.Pass(absl::Seconds(1));
  CHECK(Show(token).ok());
}

TEST_CASE_METHOD(Identity, "a process that starts while identity is away calls no token a bad one",
                 "[unit]") {
  away = true;
  for (int i = 0; i < 240; ++i) {
    CHECK(absl::IsUnavailable(Show(Token("good-" + std::to_string(i)))));
    clock.Pass(absl::Milliseconds(100));
  }
  away = false;
  clock.Pass(absl::Seconds(1));
  CHECK(Show(Token("good")).ok());
}

TEST_CASE_METHOD(Identity, "a key that was made after identity was asked is not called unknown",
                 "[unit]") {
  REQUIRE(Show(Token("good")).ok());  // The list is known now.
  clock.Pass(absl::Seconds(10));
  keys.push_back(NewSigningKey("key_2"));
  SECTION("while identity is away, however often it is brought") {
    away = true;
    for (int i = 0; i < 20; ++i) {
      CHECK(absl::IsUnavailable(Show(Token("good-" + std::to_string(i), 1))));
      clock.Pass(absl::Milliseconds(300));
    }
    away = false;
    clock.Pass(absl::Seconds(1));
    CHECK(Show(Token("good-new", 1)).ok());
  }
  SECTION("a moment after it was asked for another one") {
    const SigningKeyPair late = keys.back();
    keys.back() = NewSigningKey("key_other");
    CHECK(Show(Token("good-other", 1)).ok());  // Asks.
    keys.push_back(late);
    CHECK(absl::IsUnavailable(Show(Token("good-late", 2))));
    clock.Pass(absl::Seconds(1));
    CHECK(Show(Token("good-late", 2)).ok());
  }
}

TEST_CASE_METHOD(Identity, "a token of identity's own that comes too late is no bad credential",
                 "[unit]") {
  REQUIRE(Show(Token("good")).ok());
  const std::string token = Token("good-late");
  clock.Pass(absl::Hours(1));
  CHECK(absl::IsUnavailable(Show(token)));
  Identity stranger;
  const std::string forged = stranger.Token("good-late");
  stranger.clock.Pass(absl::Hours(2));
  CHECK(ReasonOf(Show(forged)) == "CREDENTIAL_INVALID");
}

TEST_CASE_METHOD(Identity, "only identity's word on the credential is one", "[unit]") {
  for (const absl::Status& other :
       {Refuse(common::v1::CREDENTIAL_MISSING, "no certificate"),
        Refuse(common::v1::WRONG_AUDIENCE, "not for this service"),
        RefuseField("credential", "is odd"), absl::InternalError("a fault"),
        absl::DeadlineExceededError("slow"), absl::UnauthenticatedError("a proxy's 401"),
        absl::PermissionDeniedError("a proxy's 403"), absl::ResourceExhaustedError("much")}) {
    says = other;
    INFO(other.ToString());
    for (int i = 0; i < 3; ++i) CHECK(absl::IsUnavailable(Show("good")));
  }
  says = absl::OkStatus();
  CHECK(Show("good").ok());  // None of it was remembered.
}

TEST_CASE_METHOD(Identity, "what is forgotten is asked about anew", "[unit]") {
  REQUIRE(Show("good").ok());
  REQUIRE(Show("good-other").ok());
  authenticator.Forget(Secret("good"));
  CHECK_FALSE(Knows("good"));
  CHECK(Knows("good-other"));
  CHECK(Show("good").ok());
  CHECK(exchanged == 3);
}

TEST_CASE("when a token was made is what it says, and for ever if it says nothing", "[unit]") {
  const SigningKeyPair key = NewSigningKey("key_1");
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const std::string token =
      SignPrincipal(key, {}, now + absl::Milliseconds(900), now + absl::Hours(1));
  CHECK(IssuedAtOf(token) == now);
  for (const char* text :
       {"", "a.b", "a.b.c", "eyJ9.e30.x", "...", "a.W10.c", "a.eyJpYXQiOiIxIn0.c"}) {
    INFO(text);
    CHECK(IssuedAtOf(text) == absl::InfiniteFuture());
  }
}

TEST_CASE_METHOD(Identity, "many threads exchange and revoke at once", "[unit]") {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 300; ++round) {
        (void)Show("good" + std::to_string((round + i) % 7));
        (void)Show(Token("good", 0));
      }
    });
  }
  for (int round = 0; round < 100; ++round) {
    authenticator.Revoke({"id of good" + std::to_string(round % 7)});
    if (round % 10 == 0) authenticator.Clear();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(Knows("good1"));
}

}  // namespace
}  // namespace gatehouse
