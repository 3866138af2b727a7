#include "services/common/settings/settings.h"
#include "gatehouse/common/v1/reasons.pb.h"

#include <catch2/catch.hpp>
#include <mutex>
#include <thread>

#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "services/common/rpc/validate.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

using invitation::v1::Policy;

struct Fixture {
  TestDatabase database{"settings", WithCommon({})};
  Secret key{std::string(32, 'k')};
  Outbox outbox{database.postgres(), {.key = key, .services = {}}};
  Settings<Policy> settings{database.postgres(), outbox};

  absl::StatusOr<Policy> Update(const Policy& change, const std::vector<std::string>& paths = {},
                                const Call& call = StaffCall()) {
    google::protobuf::FieldMask mask;
    for (const std::string& path : paths) mask.add_paths(path);
    return settings.Update(change, mask, call, [this](const Policy&) { return verdict; });
  }
  Policy Now(const std::string& region = "AU") { return *settings.Get("acme", region); }
  int Changes() { return static_cast<int>(database.Exec("SELECT FROM job").size()); }
  // What the audit trail is told, in its order.
  std::vector<identity::v1::AuditEvent> Trail() {
    const size_t changes = static_cast<size_t>(Changes());
    std::mutex mutex;
    std::vector<Job> taken;
    const Jobs::Work take = [&](const Job& job, Jobs::Done done) {
      {
        const std::lock_guard lock(mutex);
        taken.push_back(job);
      }
      done(absl::OkStatus());
    };
    const Jobs identity(database.postgres(), {.key = key, .lanes = {{"identity", take}}});
    for (int i = 0; i < 100 && Changes() > 0; ++i) absl::SleepFor(absl::Milliseconds(50));
    // Checked here and not by `take`: that runs on other threads, and Catch2 counts for one.
    std::map<std::string, identity::v1::AuditEvent> told;
    const std::lock_guard lock(mutex);
    for (const Job& job : taken) {
      identity::v1::RecordAuditEventRequest request;
      CHECK(job.kind == "gatehouse.identity.v1.AuditIntake/RecordAuditEvent");
      CHECK(request.ParseFromString(job.payload));
      CHECK(Validate(request).ok());
      told[request.request_id()] = request.audit_event();
    }
    REQUIRE(told.size() == changes);
    std::vector<identity::v1::AuditEvent> events;
    for (auto& [id, event] : told) events.push_back(event);
    return events;
  }

  absl::Status verdict;
};

Policy Text(const std::string& subject, const std::string& body) {
  Policy change;
  change.mutable_email()->set_subject(subject);
  change.mutable_email()->set_body(body);
  return change;
}

TEST_CASE_METHOD(Fixture, "what nobody changed is as the contract says, by region", "[service]") {
  CHECK(Now().link_ttl().seconds() == 7 * 24 * 3600);
  CHECK(Now().max_invitations_per_case() == 3);
  CHECK(Now().eligible_roles_size() == 3);
  CHECK(Now().required_labels_size() == 2);
  CHECK(Now().required_labels(0) == "Credit guide");
  CHECK(Now("NZ").required_labels_size() == 3);
  CHECK(Now("GB").required_labels_size() == 0);
  CHECK(Now("").etag() == "0");
}

TEST_CASE_METHOD(Fixture, "a change without a mask is about what is set, within messages too",
                 "[service]") {
  REQUIRE(Update(Text("Hello", "See {{link}}")).ok());
  Policy change;
  change.mutable_email()->set_subject("Welcome");
  change.set_single_use_links(true);
  const auto changed = Update(change);
  REQUIRE(changed.ok());
  CHECK(changed->email().subject() == "Welcome");
  CHECK(changed->email().body() == "See {{link}}");
  CHECK(changed->single_use_links());
  CHECK(Now().email().body() == "See {{link}}");
}

TEST_CASE_METHOD(Fixture, "a mask names what changes, and what is named and not set goes back",
                 "[service]") {
  Policy change = Text("Hello", "See {{link}}");
  change.set_max_invitations_per_case(5);
  REQUIRE(Update(change).ok());

  SECTION("one field within a message") {
    CHECK(Update(Text("", ""), {"email.subject"})->email().subject().empty());
    CHECK(Now().email().body() == "See {{link}}");
    CHECK(Now().max_invitations_per_case() == 5);
  }
  SECTION("a message, whole") {
    Policy subject;
    subject.mutable_email()->set_subject("Welcome");
    REQUIRE(Update(subject, {"email"}).ok());
    CHECK(Now().email().subject() == "Welcome");
    CHECK(Now().email().body().empty());
  }
  SECTION("all") {
    Policy visible;
    visible.set_visibility(invitation::v1::OWN);
    REQUIRE(Update(visible, {"*"}).ok());
    CHECK(Now().visibility() == invitation::v1::OWN);
    CHECK(Now().max_invitations_per_case() == 3);
    CHECK(Now().email().body().empty());
  }
  SECTION("what is not named stays, though it is set") {
    Policy both;
    both.set_max_invitations_per_case(7);
    both.set_single_use_links(true);
    REQUIRE(Update(both, {"single_use_links"}).ok());
    CHECK(Now().max_invitations_per_case() == 5);
  }
  SECTION("a path that is not there is refused, and changes nothing") {
    for (const char* path : {"nonsense", "email.nonsense", "email.", "", "link_ttl.nonsense",
                             "eligible_roles.x", "Email", "email.subject.x"}) {
      INFO(path);
      Policy two;
      two.set_max_invitations_per_case(2);
      CHECK(ReasonOf(Update(two, {"max_invitations_per_case", path}).status()) ==
            "INVALID_REQUEST");
    }
    CHECK(Now().max_invitations_per_case() == 5);
  }
}

TEST_CASE_METHOD(Fixture, "a list that is named and empty is empty where that means something",
                 "[service]") {
  REQUIRE(Update({}, {"required_labels"}).ok());
  CHECK(Now("AU").required_labels_size() == 0);
  Policy roles;
  roles.add_eligible_roles("BUYER");
  REQUIRE(Update(roles).ok());
  CHECK(Now().eligible_roles_size() == 1);
  REQUIRE(Update({}, {"eligible_roles"}).ok());
  CHECK(Now().eligible_roles_size() == 3);
}

TEST_CASE_METHOD(Fixture, "a value that equals its default is kept all the same", "[service]") {
  Policy change;
  change.add_required_labels("Credit guide");
  change.set_require_privacy_disclosure(false);
  REQUIRE(Update(change).ok());
  CHECK(Now("NZ").required_labels_size() == 1);
  CHECK(database.Exec("SELECT fields FROM settings_document")[0][0].as<std::string>() ==
        "require_privacy_disclosure,required_labels");
}

TEST_CASE_METHOD(Fixture, "an etag that is not the current one changes nothing", "[service]") {
  Policy change = Now();
  change.set_max_invitations_per_case(5);
  const auto first = Update(change, {"max_invitations_per_case"});
  REQUIRE(first.ok());
  CHECK(first->etag() == "1");
  change.set_max_invitations_per_case(9);
  CHECK(ReasonOf(Update(change, {"max_invitations_per_case"}).status()) == "ETAG_MISMATCH");
  CHECK(Now().max_invitations_per_case() == 5);
  CHECK(Update(*first)->etag() != "0");
}

TEST_CASE_METHOD(Fixture, "of many who change at once none is lost", "[service]") {
  const std::vector<std::string> paths = {"single_use_links", "require_privacy_disclosure",
                                          "send_code_with_invitation", "email_code_to_owner"};
  std::vector<std::thread> threads;
  std::vector<absl::Status> outcomes(paths.size());
  for (size_t i = 0; i < paths.size(); ++i) {
    threads.emplace_back([&, i] {
      Policy change;
      change.set_single_use_links(true);
      change.set_require_privacy_disclosure(true);
      change.set_send_code_with_invitation(true);
      change.set_email_code_to_owner(true);
      outcomes[i] = Update(change, {paths[i]}).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& outcome : outcomes) CHECK(outcome.ok());
  const Policy now = Now();
  CHECK((now.single_use_links() && now.require_privacy_disclosure() &&
         now.send_code_with_invitation() && now.email_code_to_owner()));
  CHECK(now.etag() == "4");
}

TEST_CASE_METHOD(Fixture, "the whole is judged as it would hold, and a refusal leaves no trace",
                 "[service]") {
  verdict = Refuse(common::v1::TAG_MISSING, "no link");
  CHECK(ReasonOf(Update(Text("Hello", "Nothing")).status()) == "TAG_MISSING");
  verdict = absl::OkStatus();
  Policy wrong;
  wrong.set_max_invitations_per_case(51);
  CHECK(ReasonOf(Update(wrong).status()) == "INVALID_REQUEST");
  CHECK(database.Exec("SELECT FROM settings_document").empty());
  CHECK(Changes() == 0);
}

TEST_CASE_METHOD(Fixture,
                 "a change is in the trail, with who made it and what was before and after",
                 "[service][no-tsan]") {
  Policy change;
  change.set_max_invitations_per_case(5);
  REQUIRE(Update(change).ok());
  change.set_max_invitations_per_case(6);
  REQUIRE(Update(change).ok());
  SECTION("as an event of its own") {
    const auto trail = Trail();
    REQUIRE(trail.size() == 2);
    const auto& last = trail[1];
    CHECK(last.type() == "settings.updated");
    CHECK(last.subject_id() == "gatehouse.invitation.v1.Policy");
    CHECK(last.actor_name() == "Sam Staff");
    CHECK(last.request_id() == "req_test");
    CHECK(last.data().at("before") == R"({"maxInvitationsPerCase":5})");
    CHECK(last.data().at("after") == R"({"maxInvitationsPerCase":6})");
    CHECK(trail[0].data().at("before") == "{}");
  }
  SECTION("what changes nothing is no change") {
    CHECK(Update(change)->etag() == "2");
    CHECK(Changes() == 2);
  }
}

TEST_CASE_METHOD(Fixture, "one organisation's settings are nobody else's", "[service]") {
  Policy change;
  change.set_max_invitations_per_case(5);
  REQUIRE(Update(change).ok());
  CHECK(settings.Get("other", "AU")->max_invitations_per_case() == 3);
}

TEST_CASE_METHOD(Fixture, "what a later version has set is still there after a change by this one",
                 "[service]") {
  Policy change;
  change.set_max_invitations_per_case(5);
  REQUIRE(Update(change).ok());
  // Field 1000, which nobody knows: a number, 1.
  database.Exec(
      "UPDATE settings_document SET document = document || '\\xc03e01'::bytea, "
      "fields = fields || ',zz_later'");
  change.set_max_invitations_per_case(6);
  REQUIRE(Update(change).ok());
  CHECK(Now().max_invitations_per_case() == 6);
  const auto row = database.Exec(
      "SELECT position('\\xc03e01'::bytea IN document) > 0 AS kept, fields FROM settings_document")
                       [0];
  CHECK(row["kept"].as<bool>());
  CHECK(row["fields"].as<std::string>() == "max_invitations_per_case,zz_later");
}

TEST_CASE("a part of a second is not rounded away", "[unit]") {
  Policy policy;
  policy.mutable_link_ttl()->set_nanos(-500'000'000);
  CHECK(ReasonOf(Validate(policy)) == "INVALID_REQUEST");
  policy.mutable_link_ttl()->set_nanos(0);
  policy.mutable_link_ttl()->set_seconds(31536000);
  CHECK(Validate(policy).ok());
  policy.mutable_link_ttl()->set_nanos(1);
  CHECK(ReasonOf(Validate(policy)) == "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse
