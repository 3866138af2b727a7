#include <thread>

#include "services/common/base/crypto.h"
#include "services/identity/tests/fixture.h"

// A session holds a set of grants, each by a proof of its own, each ended on its own.

namespace gatehouse::identity {
namespace {

using Cases = std::vector<std::string>;

struct Grants : Fixture {
  // Signs in to the case of this number by its link, as who holds this session already.
  absl::StatusOr<Challenges::Entered> Enter(int number, const std::string& session = "",
                                            const std::string& mobile = "+61412345678",
                                            const std::string& organisation = "acme") {
    // Without a limit of codes in the way.
    REQUIRE(store.Forgive(organisation, mobile).ok());
    Subject subject = Ada("lnk_" + std::to_string(number), mobile);
    subject.organisation_id = organisation;
    subject.access.contact_id = "contact-" + std::to_string(number);
    subject.access.invitation_id = "inv_" + std::to_string(number);
    subject.access.case_id = "deal-" + std::to_string(number);
    if (!chosen.empty()) subject.access.document_request_ids = chosen;
    const auto started = challenges.Start(subject, call);
    REQUIRE(started.ok());
    last_challenge = started->challenge_id;
    return Submit(session);
  }
  // Submits the last code, as a page repeats it.
  absl::StatusOr<Challenges::Entered> Submit(const std::string& session) {
    return challenges.Verify(last_challenge, messenger.codes.back(), "nonce-of-the-page-1",
                             Secret(session), call);
  }
  Cases CasesOf(const std::string& token) {
    const auto exchanged = Exchange(token);
    Cases cases;
    if (!exchanged.ok()) return cases;
    for (const auto& access : exchanged->principal().cases()) cases.push_back(access.case_id());
    return cases;
  }
  void Revoke(int number) {
    pb::RevokeGrantRequest revoke;
    revoke.set_invitation_id("inv_" + std::to_string(number));
    revoke.set_case_id("deal-" + std::to_string(number));
    REQUIRE(access_handler.RevokeGrant(call, revoke).ok());
  }
  std::string last_challenge;
  std::vector<std::string> chosen;  // Document requests; empty: as Ada() says.
};

TEST_CASE_METHOD(Grants, "another case's own link and code adds it to the session", "[service]") {
  const auto first = Enter(1);
  REQUIRE(first.ok());
  const auto second = Enter(2, first->token.Reveal());
  REQUIRE(second.ok());
  CHECK(second->session.case_ids == Cases{"deal-2", "deal-1"});
  CHECK(CasesOf(second->token.Reveal()) == Cases{"deal-1", "deal-2"});
  // As whom the client enters is each case's own.
  const Call by = As(second->token.Reveal());
  CHECK(by.caller.AccessTo("deal-1")->contact_id == "contact-1");
  CHECK(by.caller.AccessTo("deal-2")->contact_id == "contact-2");
  // The new session takes the place of the one before it.
  CHECK(CasesOf(first->token.Reveal()).empty());
  CHECK(second->session.replaces == first->session.session_id);
}

TEST_CASE_METHOD(Grants, "without the session's own token nothing is added", "[service]") {
  const auto first = Enter(1);
  const auto second = Enter(2);
  CHECK(CasesOf(first->token.Reveal()) == Cases{"deal-1"});
  CHECK(CasesOf(second->token.Reveal()) == Cases{"deal-2"});
  for (const std::string nonsense : {"x", "gh_session_x", "gh_live_a_b"}) {
    CHECK(CasesOf(Enter(3, nonsense)->token.Reveal()) == Cases{"deal-3"});
    Revoke(3);
    database.Exec("DELETE FROM access_grant WHERE invitation_id = 'inv_3'");
  }
}

TEST_CASE_METHOD(Grants, "the session of another phone, or of another organisation, never widens",
                 "[service]") {
  REQUIRE(CreateAcme("", "other").ok());
  const auto first = Enter(1);
  const auto phone = Enter(2, first->token.Reveal(), "+61412345679");
  CHECK(CasesOf(phone->token.Reveal()) == Cases{"deal-2"});
  const auto elsewhere = Enter(3, first->token.Reveal(), "+61412345678", "other");
  REQUIRE(elsewhere.ok());
  CHECK(CasesOf(elsewhere->token.Reveal()) == Cases{"deal-3"});
  // What was not its own is left as it was.
  CHECK(CasesOf(first->token.Reveal()) == Cases{"deal-1"});
}

TEST_CASE_METHOD(Grants, "a session that has ended hands nothing on", "[service]") {
  const auto first = Enter(1);
  database.Exec("UPDATE session SET end_time = now()");
  CHECK(CasesOf(Enter(2, first->token.Reveal())->token.Reveal()) == Cases{"deal-2"});
  const auto idle = Enter(3);
  database.Exec("UPDATE session SET last_use_time = now() - interval '1 hour'");
  CHECK(CasesOf(Enter(4, idle->token.Reveal())->token.Reveal()) == Cases{"deal-4"});
}

TEST_CASE_METHOD(Grants, "a submit that is repeated finds the session with all its cases",
                 "[service]") {
  const auto first = Enter(1);
  const auto second = Enter(2, first->token.Reveal());
  const auto again = Submit(first->token.Reveal());
  REQUIRE(again.ok());
  CHECK(again->token.Reveal() == second->token.Reveal());
  CHECK(again->session.case_ids.size() == 2);
  CHECK(CasesOf(second->token.Reveal()).size() == 2);
}

TEST_CASE_METHOD(Grants, "a grant's end takes its case out, and the last one's the session",
                 "[service]") {
  const auto first = Enter(1);
  const std::string token = Enter(2, first->token.Reveal())->token.Reveal();
  CachingAuthenticator cache(principals.Source(), clock);
  RevocationListener listener(cache, redis, redis_url);
  absl::SleepFor(absl::Milliseconds(100));
  REQUIRE(cache.Authenticate(Secret(token)).value()->caller.cases.size() == 2);
  Revoke(1);
  CHECK(cache.Cached(Secret(token)) == nullptr);
  // Asked anew it is known, with what is left.
  const auto left = cache.Authenticate(Secret(token));
  REQUIRE(left.ok());
  CHECK((*left)->caller.cases.size() == 1);
  CHECK((*left)->caller.AccessTo("deal-1") == nullptr);
  Revoke(2);
  CHECK(cache.Cached(Secret(token)) == nullptr);
  CHECK_FALSE(cache.Authenticate(Secret(token)).ok());
  CHECK(database.Exec("SELECT count(*) FROM session WHERE end_time IS NULL")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(Grants, "a revoked grant is not handed on", "[service]") {
  const auto first = Enter(1);
  const auto second = Enter(2, first->token.Reveal());
  Revoke(1);
  CHECK(CasesOf(Enter(3, second->token.Reveal())->token.Reveal()) == Cases{"deal-2", "deal-3"});
}

TEST_CASE_METHOD(Grants, "a session holds eight grants at most, the latest", "[service]") {
  std::string token;
  for (int number = 1; number <= 10; ++number) token = Enter(number, token)->token.Reveal();
  const Cases cases = CasesOf(token);
  CHECK(cases.size() == 8);
  CHECK(std::count(cases.begin(), cases.end(), "deal-10") == 1);
  CHECK(std::count(cases.begin(), cases.end(), "deal-1") == 0);
}

TEST_CASE_METHOD(Grants, "a session of before the table of grants goes on with its own",
                 "[service]") {
  const auto first = Enter(1);
  database.Exec("DELETE FROM session_grant");
  database.Exec("UPDATE session SET factor_id = ''");
  CHECK(CasesOf(first->token.Reveal()) == Cases{"deal-1"});
  Revoke(1);
  CHECK(CasesOf(first->token.Reveal()).empty());
  CHECK(database.Exec("SELECT count(*) FROM session WHERE end_time IS NULL")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(Grants, "of two who bring the same session at once one takes it over",
                 "[service]") {
  for (int round = 0; round < 5; ++round) {
    const int number = round * 10;
    const std::string earlier = Enter(number + 1)->token.Reveal();
    std::vector<std::string> challenges_of, codes;
    for (int i = 2; i <= 3; ++i) {
      REQUIRE(Enter(number + i).ok());  // Makes the invitation known.
      REQUIRE(store.Forgive("acme", "+61412345678").ok());
      Subject subject = Ada("lnk_again_" + std::to_string(number + i));
      subject.access.invitation_id = "inv_" + std::to_string(number + i);
      subject.access.case_id = "deal-" + std::to_string(number + i);
      const auto started = challenges.Start(subject, call);
      REQUIRE(started.ok());
      challenges_of.push_back(started->challenge_id);
      codes.push_back(messenger.codes.back());
    }
    std::vector<std::thread> threads;
    std::atomic<int> entered = 0, took_over = 0;
    for (size_t i = 0; i < 2; ++i) {
      threads.emplace_back([&, i] {
        const auto in = challenges.Verify(challenges_of[i], codes[i], "", Secret(earlier), call);
        entered += in.ok() ? 1 : 0;
        took_over += in.ok() && !in->session.replaces.empty() ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(entered == 2);
    CHECK(took_over == 1);
    CHECK(CasesOf(earlier).empty());
    REQUIRE(redis.Command({"FLUSHDB"}).ok());  // Thirty codes a day are less than this takes.
  }
}

TEST_CASE_METHOD(Grants, "a principal stays small whatever its invitations chose", "[service]") {
  for (int i = 0; i < 1000; ++i) chosen.push_back("drq_" + Hex(RandomBytes(16)));
  database.Exec(
      "UPDATE organisation SET origins = array(SELECT 'https://portal-' || n || "
      "'.acme.example' FROM generate_series(1, 10) AS n)");
  std::string token;
  for (int number = 1; number <= 8; ++number) token = Enter(number, token)->token.Reveal();
  const auto exchanged = Exchange(token);
  REQUIRE(exchanged.ok());
  CHECK(exchanged->principal().cases_size() == 8);
  CHECK(exchanged->token().size() < 2048);
  for (const auto& access : exchanged->principal().cases()) {
    CHECK(access.chose_requests());
    // A process of before shows nothing by it, rather than everything.
    CHECK(access.document_request_ids_size() == 1);
    CHECK(access.document_request_ids(0) == "-");
  }
  // The gateway knows the origins, and no service needs them.
  CHECK(exchanged->principal().origins_size() == 10);
  CHECK(As(token).caller.AccessTo("deal-1")->chose_requests);

  SECTION("and who needs it is told what was chosen") {
    pb::ListChosenRequestsRequest request;
    request.set_invitation_id("inv_1");
    const auto told = access_handler.ListChosenRequests(call, request);
    REQUIRE(told.ok());
    CHECK(std::vector<std::string>(told->document_request_ids().begin(),
                                   told->document_request_ids().end()) == chosen);
    CHECK(ReasonOf(access_handler.ListChosenRequests(ServiceCall("other"), request).status()) ==
          "NOT_FOUND");
    request.set_invitation_id("inv_9");
    CHECK(ReasonOf(access_handler.ListChosenRequests(call, request).status()) == "NOT_FOUND");
  }
  SECTION("and who sends messages of a case, who may read what") {
    pb::ListCaseGrantsRequest request;
    request.set_case_id("deal-1");
    const auto told = access_handler.ListCaseGrants(call, request);
    REQUIRE(told.ok());
    REQUIRE(told->grants_size() == 1);
    CHECK(told->grants(0).invitation_id() == "inv_1");
    CHECK(told->grants(0).document_request_ids_size() == 1000);
    CHECK(told->grants(0).create_time().seconds() > 0);
    CHECK(access_handler.ListCaseGrants(ServiceCall("other"), request)->grants().empty());
    pb::RevokeGrantRequest revoke;
    revoke.set_invitation_id("inv_1");
    revoke.set_case_id("deal-1");
    REQUIRE(access_handler.RevokeGrant(call, revoke).ok());
    CHECK(access_handler.ListCaseGrants(call, request)->grants().empty());
  }
}

TEST_CASE_METHOD(Grants, "an invitation that chose nothing says so", "[service]") {
  Subject subject = Ada();
  subject.access.document_request_ids = {};
  const auto started = challenges.Start(subject, call);
  REQUIRE(started.ok());
  const auto entered = Verify(started->challenge_id, messenger.codes.back());
  REQUIRE(entered.ok());
  const auto exchanged = Exchange(entered->token.Reveal());
  CHECK_FALSE(exchanged->principal().cases(0).chose_requests());
  CHECK(exchanged->principal().cases(0).document_request_ids_size() == 0);
}

}  // namespace
}  // namespace gatehouse::identity
