#include "services/identity/portals/portals_handler.h"

#include "services/common/auth/standing.h"
#include "services/common/base/proto_time.h"
#include "services/identity/tests/fixture.h"

// What a session is worth while the portal is closed, or terms are to be accepted.

namespace gatehouse::identity {
namespace {

using Strings = std::vector<std::string>;

struct Portals : Fixture {
  PortalStore portal_store{database.postgres()};
  PortalsHandler portals{portal_store, redis};
  std::string token = SignIn()->token.Reveal();

  void Tell(bool enabled, int64_t settings_version, int terms_version,
            const std::string& organisation_id = "acme") {
    v1::FollowPortalRequest request;
    request.set_enabled(enabled);
    request.set_settings_version(settings_version);
    request.set_terms_version(terms_version);
    REQUIRE(portals.FollowPortal(ServiceCall(organisation_id), request).ok());
  }
  void Accept(int terms_version, const std::string& organisation_id = "acme") {
    v1::FollowAcceptanceRequest request;
    request.set_account_id(As(token).caller.actor_id);
    request.set_terms_version(terms_version);
    REQUIRE(portals.FollowAcceptance(ServiceCall(organisation_id), request).ok());
  }
  Strings KeptOutBy() { return As(token).caller.scopes; }
};

TEST_CASE_METHOD(Portals, "a session is in where nothing is known of its portal", "[service]") {
  CHECK(KeptOutBy().empty());
  CHECK(FromProto(Exchange(token)->expire_time()) > absl::Now() + absl::Seconds(30));
}

TEST_CASE_METHOD(Portals, "terms keep a session out until its account has accepted them",
                 "[service]") {
  Tell(false, 0, 1);
  CHECK(KeptOutBy() == Strings{kTermsDue});
  Accept(1);
  CHECK(KeptOutBy().empty());
  Tell(false, 0, 2);
  CHECK(KeptOutBy() == Strings{kTermsDue});
  Accept(1);
  CHECK(KeptOutBy() == Strings{kTermsDue});
  Accept(2);
  CHECK(KeptOutBy().empty());
}

TEST_CASE_METHOD(Portals, "a closed portal keeps a session out, whatever it has accepted",
                 "[service]") {
  Tell(false, 1, 0);
  CHECK(KeptOutBy() == Strings{kPortalClosed});
  Tell(true, 2, 1);
  CHECK(KeptOutBy() == Strings{kTermsDue});
  Accept(1);
  Tell(false, 3, 0);
  CHECK(KeptOutBy() == Strings{kPortalClosed});
  Tell(true, 4, 0);
  CHECK(KeptOutBy().empty());
}

TEST_CASE_METHOD(Portals, "what is older than what is known changes nothing", "[service]") {
  Tell(false, 5, 3);
  Tell(true, 4, 0);
  CHECK(KeptOutBy() == Strings{kPortalClosed});
  Tell(true, 6, 2);
  Accept(2);
  CHECK(KeptOutBy() == Strings{kTermsDue});
}

TEST_CASE_METHOD(Portals, "another organisation's portal and terms are no business of a session",
                 "[service]") {
  Tell(false, 1, 1, "other");
  CHECK(KeptOutBy().empty());
  Tell(true, 1, 1);
  Accept(1, "other");
  CHECK(KeptOutBy() == Strings{kTermsDue});
}

TEST_CASE_METHOD(Portals, "who is kept out is asked about with each request, so that it is let in",
                 "[service]") {
  Tell(true, 0, 1);
  const absl::Time presented_until = FromProto(Exchange(token)->expire_time());
  CHECK(presented_until < absl::Now());
  CachingAuthenticator authenticator(principals.Source(), clock);
  authenticator.Heard(absl::ZeroDuration());
  const auto waiting = authenticator.Authenticate(Secret(token));
  REQUIRE(waiting.ok());
  CHECK((*waiting)->caller.scopes == Strings{kTermsDue});
  Accept(1);
  const auto let_in = authenticator.Authenticate(Secret(token));
  REQUIRE(let_in.ok());
  CHECK((*let_in)->caller.scopes.empty());
}

TEST_CASE_METHOD(Portals, "caches forget an organisation's clients where its portal changes",
                 "[service]") {
  CachingAuthenticator authenticator(principals.Source(), clock);
  RevocationListener listener(authenticator, redis, redis_url);
  const auto scopes = [&] {
    const auto known = authenticator.Authenticate(Secret(token));
    REQUIRE(known.ok());
    return (*known)->caller.scopes;
  };
  absl::SleepFor(absl::Milliseconds(100));
  CHECK(scopes().empty());
  Tell(true, 0, 1);
  CHECK(scopes() == Strings{kTermsDue});
  Accept(1);
  CHECK(scopes().empty());
  REQUIRE(authenticator.Cached(Secret(token)) != nullptr);
  // What changes nothing for anybody leaves what is known.
  Tell(true, 1, 0);
  CHECK(authenticator.Cached(Secret(token)) != nullptr);
  Tell(false, 2, 0);
  CHECK(scopes() == Strings{kPortalClosed});
  Tell(true, 3, 0);
  CHECK(scopes().empty());
}

}  // namespace
}  // namespace gatehouse::identity
