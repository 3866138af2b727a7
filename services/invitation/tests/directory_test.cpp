#include <algorithm>

#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/documents/v1/documents.pb.h"
#include "gatehouse/identity/v1/challenges.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/gateway/tests/fake_service.h"
#include "services/invitation/services_directory.h"
#include "services/invitation/tests/fixture.h"

// What invitation makes of the other services' answers.

namespace gatehouse::invitation {
namespace {

const char kLookUpCase[] = "gatehouse.cases.v1.CaseDirectory/LookUpCase";
const char kLookUpOrganisation[] = "gatehouse.identity.v1.OrganisationDirectory/LookUpOrganisation";
const char kLookUpDocuments[] = "gatehouse.documents.v1.DocumentDirectory/LookUpCaseDocuments";
const char kCheckSms[] = "gatehouse.notification.v1.Intake/CheckSms";
const char kVerify[] = "gatehouse.identity.v1.Challenges/VerifyChallenge";
const char kResend[] = "gatehouse.identity.v1.Challenges/ResendChallenge";

struct Services {
  gateway::FakeService fake;
  Client client{fake.address(), nullptr};
  ServicesDirectory directory{client, client, client, client};

  void Answer(const std::string& method, const google::protobuf::Message& message) {
    fake.Set(method, {.reads = 1, .answers = {message.SerializeAsString()}});
  }
  int Asked(const std::string& method) const {
    const auto seen = fake.seen();
    return static_cast<int>(std::count_if(seen.begin(), seen.end(),
                                          [&](const auto& call) { return call.method == method; }));
  }
};

TEST_CASE_METHOD(Services, "the four facts of an invitation are asked for at once",
                 "[service][no-tsan]") {
  for (const char* method : {kLookUpCase, kLookUpOrganisation, kLookUpDocuments, kCheckSms}) {
    fake.Set(method, {.reads = 1, .answers_at_all = false});
  }
  Call call;
  call.deadline = absl::Now() + absl::Seconds(1);
  const CallScope scope(call);
  CHECK(absl::IsDeadlineExceeded(directory.LookUpFacts("acme", "deal-1").status()));
  for (const char* method : {kLookUpCase, kLookUpOrganisation, kLookUpDocuments, kCheckSms}) {
    INFO(method);
    CHECK(Asked(method) >= 1);
  }
}

TEST_CASE_METHOD(Services, "an invitation's facts are those of the four services",
                 "[service][no-tsan]") {
  cases::v1::LookUpCaseResponse mirrored;
  mirrored.mutable_case_()->set_display_name("Smith purchase");
  Answer(kLookUpCase, mirrored);
  identity::v1::Organisation organisation;
  organisation.set_display_name("Acme");
  organisation.set_portal_url("https://portal.acme.example");
  organisation.add_portal_urls("https://portal.acme.example");
  Answer(kLookUpOrganisation, organisation);
  documents::v1::LookUpCaseDocumentsResponse documents;
  documents.add_labels("Credit guide");
  documents.add_document_request_ids("drq_1");
  documents.add_open_document_requests()->set_title("Payslips");
  Answer(kLookUpDocuments, documents);
  notification::v1::CheckSmsResponse sms;
  sms.set_configured(true);
  sms.set_balance(7);
  Answer(kCheckSms, sms);

  const auto facts = directory.LookUpFacts("acme", "deal-1");
  REQUIRE(facts.ok());
  CHECK(facts->mirrored.display_name == "Smith purchase");
  CHECK(facts->organisation.display_name == "Acme");
  CHECK(facts->documents.labels == std::vector<std::string>{"Credit guide"});
  CHECK(facts->documents.document_request_ids == std::vector<std::string>{"drq_1"});
  REQUIRE(facts->documents.wanted.size() == 1);
  CHECK(facts->documents.wanted[0].title == "Payslips");
  CHECK(facts->sms.configured);
  CHECK(facts->sms.balance == 7);

  SECTION("and the organisation is remembered for what may be a minute old") {
    CHECK(directory.RecallOrganisation("acme")->display_name == "Acme");
    CHECK(Asked(kLookUpOrganisation) == 1);
    CHECK(directory.RecallOrganisation("other").ok());
    CHECK(Asked(kLookUpOrganisation) == 2);
  }
  SECTION("while that there is no such case is what the caller hears") {
    fake.Set(kLookUpCase, {.reads = 1, .status = {grpc::StatusCode::NOT_FOUND, "no"}});
    fake.Set(kCheckSms, {.reads = 1, .status = {grpc::StatusCode::INTERNAL, "broken"}});
    CHECK(absl::IsNotFound(directory.LookUpFacts("acme", "deal-1").status()));
  }
  SECTION("and without one of them there are none") {
    fake.Set(kCheckSms, {.reads = 1, .status = {grpc::StatusCode::INTERNAL, "broken"}});
    CHECK(absl::IsInternal(directory.LookUpFacts("acme", "deal-1").status()));
  }
}

TEST_CASE_METHOD(Services, "an entry is what identity says it is", "[service][no-tsan]") {
  identity::v1::VerifyChallengeResponse verified;
  verified.set_organisation_id("acme");
  verified.set_link_id("lnk_1");
  verified.set_session_token("gh_session_x");
  verified.mutable_session()->set_session_id("ses_1");
  verified.mutable_grant()->set_invitation_id("inv_1");
  verified.mutable_grant()->set_case_id("deal-1");
  verified.mutable_grant()->set_link_serves_many(true);
  Answer(kVerify, verified);
  v1::VerifySignInRequest proof;
  proof.set_challenge_id("chl_1");
  proof.set_code("123456");
  proof.set_nonce("nonce-of-the-page-1");
  const auto entered = directory.VerifyChallenge(proof);
  REQUIRE(entered.ok());
  CHECK(entered->entry.organisation_id == "acme");
  CHECK(entered->entry.case_id == "deal-1");
  CHECK(entered->entry.invitation_id == "inv_1");
  CHECK(entered->entry.link_id == "lnk_1");
  CHECK(entered->entry.challenge_id == "chl_1");
  CHECK(entered->entry.link_serves_many);
  CHECK_FALSE(entered->settled);
  CHECK(entered->answer.session_token() == "gh_session_x");
  CHECK(entered->answer.session().session_id() == "ses_1");
  identity::v1::VerifyChallengeRequest asked;
  REQUIRE(asked.ParseFromString(fake.seen().back().first));
  CHECK(asked.challenge_id() == "chl_1");
  CHECK(asked.code() == "123456");
  CHECK(asked.nonce() == "nonce-of-the-page-1");

  verified.mutable_grant()->set_settled(true);
  Answer(kVerify, verified);
  CHECK(directory.VerifyChallenge(proof)->settled);
}

TEST_CASE_METHOD(Services, "a challenge that is sent again is the one of before",
                 "[service][no-tsan]") {
  identity::v1::Challenge challenge;
  challenge.set_challenge_id("chl_1");
  challenge.mutable_expire_time()->set_seconds(20);
  challenge.mutable_resend_time()->set_seconds(10);
  Answer(kResend, challenge);
  const auto resent = directory.ResendChallenge("chl_1");
  REQUIRE(resent.ok());
  CHECK(resent->challenge_id == "chl_1");
  CHECK(resent->expire_time == absl::FromUnixSeconds(20));
  CHECK(resent->resend_time == absl::FromUnixSeconds(10));
}

TEST_CASE_METHOD(Services, "whose portal it is, is asked once, and of what is nobody's too",
                 "[service][no-tsan]") {
  const char kFindPortal[] = "gatehouse.identity.v1.OrganisationDirectory/FindPortal";
  identity::v1::FindPortalResponse found;
  identity::v1::Organisation& organisation = *found.add_organisations();
  organisation.set_organisation_id("acme");
  organisation.set_display_name("Acme");
  Answer(kFindPortal, found);
  const std::vector<std::string> acme = {"acme"};
  for (int i = 0; i < 3; ++i) CHECK(directory.FindPortal("https://a.example").value() == acme);
  CHECK(Asked(kFindPortal) == 1);
  // What came with it need not be asked for.
  CHECK(directory.RecallOrganisation("acme")->display_name == "Acme");
  CHECK(Asked(kLookUpOrganisation) == 0);
  Answer(kFindPortal, identity::v1::FindPortalResponse());
  for (int i = 0; i < 3; ++i) CHECK(directory.FindPortal("https://b.example")->empty());
  CHECK(Asked(kFindPortal) == 2);
}

}  // namespace
}  // namespace gatehouse::invitation
