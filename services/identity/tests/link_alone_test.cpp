// A link that is all that is asked for: what it begins, and what ends it.
#include "services/identity/access_handler.h"
#include "services/identity/tests/fixture.h"

namespace gatehouse::identity {
namespace {

struct ByLink : Fixture {
  absl::StatusOr<Challenges::Entered> Enter(const std::string& nonce = "nonce-of-the-page-1",
                                            const std::string& link = "lnk_1") {
    Subject subject = Ada();
    subject.link_id = link;
    return challenges.EnterByLink(subject, nonce, Secret(), call);
  }
};

TEST_CASE_METHOD(ByLink, "a link alone begins a session of the same account as the phone",
                 "[service]") {
  const auto entered = Enter();
  INFO(entered.status().ToString());
  REQUIRE(entered.ok());
  CHECK(entered->session.case_ids == std::vector<std::string>{"deal-1"});
  const auto by_sms = SignIn();
  REQUIRE(by_sms.ok());
  CHECK(As(entered->token.Reveal()).caller.actor_id == As(by_sms->token.Reveal()).caller.actor_id);
  CHECK(messenger.codes.size() == 1);
}

TEST_CASE_METHOD(ByLink, "the same page gets the same session, another page or link another one",
                 "[service]") {
  const auto first = Enter();
  REQUIRE(first.ok());
  CHECK(Enter()->session.session_id == first->session.session_id);
  CHECK(Enter()->token.Reveal() == first->token.Reveal());
  CHECK(Enter("nonce-of-another-page")->session.session_id != first->session.session_id);
  CHECK(Enter("nonce-of-the-page-1", "lnk_2")->session.session_id != first->session.session_id);
}

TEST_CASE_METHOD(ByLink, "a session that has ended does not come back by its link", "[service]") {
  const auto entered = Enter();
  REQUIRE(entered.ok());
  REQUIRE(access.EndSession(entered->session.session_id, As(entered->token.Reveal())).ok());
  CHECK(ReasonOf(Enter().status()) == "ACCESS_REVOKED");
  CHECK_FALSE(Exchange(entered->token.Reveal()).ok());
}

TEST_CASE_METHOD(ByLink, "whose access was withdrawn does not enter by a link alone", "[service]") {
  REQUIRE(Enter().ok());
  REQUIRE(access.RevokeGrant("acme", "inv_1", "deal-1", {"sam", "Sam"}, StaffCall()).ok());
  CHECK(ReasonOf(Enter("nonce-of-another-page").status()) == "ACCESS_REVOKED");
}

}  // namespace
}  // namespace gatehouse::identity
