#include "services/identity/domain/principals.h"

#include "services/common/base/crypto.h"
#include "services/identity/subject_proto.h"
#include "services/identity/tests/fixture.h"

// What a credential is worth: which kind it is, who is asked, and how long the answer stands.

namespace gatehouse::identity {
namespace {

// Knows one key and one session, and notes what it is asked.
class FakeKeys : public KeyStore {
 public:
  absl::Status AddApiKey(const ApiKey&, const std::string&, const Call&) override { return {}; }
  absl::StatusOr<std::vector<ApiKey>> ListApiKeys(const std::string&, const Page&) override {
    return std::vector<ApiKey>();
  }
  absl::StatusOr<ApiKey> RevokeApiKey(const std::string&, const Call&) override { return ApiKey(); }
  absl::StatusOr<ApiKey> RotateApiKey(const std::string&, const Decide&, const Call&) override {
    return ApiKey();
  }
  absl::Status AddStaffToken(const StaffToken&, const std::string&, const Call&) override {
    return {};
  }
  absl::StatusOr<bool> RevokeStaffToken(const std::string&, const Call&) override { return true; }
  absl::StatusOr<std::optional<Credential>> FindKey(const ParsedKey& key) override {
    asked.push_back(key);
    if (!answer.ok()) return answer;
    return found;
  }
  std::vector<ParsedKey> asked;
  absl::Status answer;
  std::optional<Credential> found;
};

class FakeAccess : public AccessStore {
 public:
  absl::StatusOr<FactorState> FindFactor(const FactorKey&, const std::string&) override {
    return FactorState();
  }
  absl::Status CountFailure(const FactorKey&) override { return {}; }
  absl::Status CountTry(const FactorKey&) override { return {}; }
  absl::StatusOr<Session> Enter(const NewSession&, const Call&) override { return Session(); }
  absl::Status Unlock(const FactorKey&, const std::string&, const Actor&, const Call&) override {
    return {};
  }
  absl::StatusOr<std::vector<std::string>> RebindGrant(const std::string&, const CaseAccess&,
                                                       const std::string&, const std::string&,
                                                       const Call&) override {
    return std::vector<std::string>();
  }
  absl::StatusOr<std::vector<std::string>> RevokeGrant(const std::string&, const std::string&,
                                                       const std::string&, const Actor&,
                                                       const Call&) override {
    return std::vector<std::string>();
  }
  absl::StatusOr<std::optional<Credential>> UseSession(const std::string& hash) override {
    asked.push_back(hash);
    return found;
  }
  absl::StatusOr<std::vector<std::string>> ListChosenRequests(const std::string&,
                                                              const std::string&) override {
    return std::vector<std::string>();
  }
  absl::StatusOr<std::vector<CaseGrant>> ListCaseGrants(const std::string&,
                                                        const std::string&) override {
    return std::vector<CaseGrant>();
  }
  absl::StatusOr<Session> FindSession(const std::string&, const std::string&) override {
    return Session();
  }
  absl::StatusOr<std::vector<Session>> ListSessions(const std::string&,
                                                    const std::string&) override {
    return std::vector<Session>();
  }
  absl::Status EndSession(const std::string&, const Call&) override { return {}; }
  std::vector<std::string> asked;
  std::optional<Credential> found;
};

struct Worth {
  FakeKeys keys;
  FakeAccess access;
  FakeClock clock;
  std::string looks_like_a_key = "gh_live_operators-own-key-of-32-characters_x";
  std::string looks_like_a_session = SessionToken(std::string(32, 'o')).Reveal();
  Principals principals{
      keys, access, {Secret(looks_like_a_key), Secret(looks_like_a_session)}, clock};
  std::string ReasonOfFinding(const std::string& text) {
    return ReasonOf(principals.Find(text).status());
  }
};

TEST_CASE_METHOD(Worth, "an operator's key is known whole, whatever it looks like", "[unit]") {
  for (const std::string& key : {looks_like_a_key, looks_like_a_session}) {
    const auto found = principals.Find(key);
    REQUIRE(found.ok());
    CHECK(found->credential.caller.kind == CallerKind::kOperator);
    CHECK(ReasonOfFinding(key + "x") == "CREDENTIAL_INVALID");
    CHECK(ReasonOfFinding(key.substr(1)) == "CREDENTIAL_INVALID");
  }
}

TEST_CASE_METHOD(Worth, "a prefix says who is asked", "[unit]") {
  CHECK(ReasonOfFinding("gh_live_id_secret") == "CREDENTIAL_INVALID");
  CHECK(ReasonOfFinding("gh_staff_id_secret_with_more") == "CREDENTIAL_INVALID");
  REQUIRE(keys.asked.size() == 2);
  CHECK(keys.asked[0].kind == KeyKind::kApiKey);
  CHECK(keys.asked[1].kind == KeyKind::kStaffToken);
  CHECK(keys.asked[1].id == "id");
  CHECK(keys.asked[1].hash == Sha256("secret_with_more"));
  CHECK(access.asked.empty());
  const std::string session = SessionToken(std::string(32, 's')).Reveal();
  CHECK(ReasonOfFinding(session) == "CREDENTIAL_INVALID");
  CHECK(ReasonOfFinding(std::string(43, 'A')) == "CREDENTIAL_INVALID");
  CHECK(access.asked == std::vector<std::string>{Sha256(session), Sha256(std::string(43, 'A'))});
  CHECK(keys.asked.size() == 2);
}

TEST_CASE_METHOD(Worth, "what is nothing is asked of nobody", "[unit]") {
  for (const std::string text :
       {"", " ", "Bearer x", "gh_", "gh_live_", "gh_session_", "eyJhbGci"}) {
    CHECK(ReasonOfFinding(text) == "CREDENTIAL_INVALID");
  }
  CHECK(keys.asked.empty());
  CHECK(access.asked.empty());
}

TEST_CASE_METHOD(Worth, "a store that is away is not a wrong credential", "[unit]") {
  keys.answer = absl::UnavailableError("down");
  CHECK(absl::IsUnavailable(principals.Find("gh_live_id_secret").status()));
}

TEST_CASE_METHOD(Worth, "a principal is presented no longer than its credential lives", "[unit]") {
  const absl::Time begin = clock.Now();
  const auto for_how_long = [&] {
    return absl::Trunc(principals.Find("gh_live_id_secret")->present_until - begin,
                       absl::Seconds(1));
  };
  keys.found = Credential();
  CHECK(for_how_long() == kPresented);
  keys.found->expires_at = clock.Now() + absl::Seconds(10);
  CHECK(for_how_long() <= absl::Seconds(10));
  keys.found->expires_at = absl::InfiniteFuture();
  keys.found->note_use_after = absl::Seconds(5);
  CHECK(for_how_long() == absl::Seconds(5));
}

TEST_CASE_METHOD(Worth, "an operator's key that leaves the settings is known for a second more",
                 "[unit]") {
  const absl::Time begin = clock.Now();
  const auto found = principals.Find(looks_like_a_key);
  REQUIRE(found.ok());
  CHECK(found->present_until - begin <= absl::Seconds(2));
  CHECK(found->present_until > begin);
}

TEST_CASE("what a challenge is about survives its contract", "[unit]") {
  const Subject subject = {.organisation_id = "acme",
                           .link_id = "lnk_1",
                           .mobile = "+61412345678",
                           .email = "ada@example.com",
                           .organisation_name = "Acme \x1f Homes",
                           .portal_host = "portal.acme.example",
                           .contact_name = "Ada Byron",
                           .access = {"deal-1", "ada", "inv_1", Visibility::kOwn, true, {"a", "b"}},
                           .owner_email = "olive@example.com",
                           .settled = true,
                           .link_serves_many = true};
  const Subject again = SubjectFrom("acme", ToProto(subject));
  CHECK(again.organisation_id == subject.organisation_id);
  CHECK(again.link_id == subject.link_id);
  CHECK(again.mobile == subject.mobile);
  CHECK(again.email == subject.email);
  CHECK(again.organisation_name == subject.organisation_name);
  CHECK(again.portal_host == subject.portal_host);
  CHECK(again.contact_name == subject.contact_name);
  CHECK(again.access.case_id == "deal-1");
  CHECK(again.access.contact_id == "ada");
  CHECK(again.access.invitation_id == "inv_1");
  CHECK(again.access.visibility == Visibility::kOwn);
  CHECK(again.access.chose_requests);
  CHECK(again.access.document_request_ids == subject.access.document_request_ids);
  CHECK(again.owner_email == subject.owner_email);
  CHECK(again.settled);
  CHECK(again.link_serves_many);
  CHECK(again.method == SignInMethod::kSmsCode);
}

}  // namespace
}  // namespace gatehouse::identity
