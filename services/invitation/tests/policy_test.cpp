#include <google/protobuf/text_format.h>

#include "gatehouse/common/v1/options.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/rpc/validate.h"
#include "services/common/settings/fields.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

TEST_CASE("links live for no time at all, or for five minutes at least", "[unit]") {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  Policy policy;
  CHECK(CheckPolicy(policy).ok());
  CHECK(LinkEnd(policy, now) == absl::InfiniteFuture());
  policy.mutable_link_ttl()->set_nanos(500'000'000);
  CHECK(ReasonOf(CheckPolicy(policy)) == "INVALID_REQUEST");
  CHECK(LinkEnd(policy, now) == now + absl::Milliseconds(500));
  policy.mutable_link_ttl()->set_seconds(299);
  CHECK(ReasonOf(CheckPolicy(policy)) == "INVALID_REQUEST");
  policy.mutable_link_ttl()->set_seconds(300);
  CHECK(CheckPolicy(policy).ok());
}

TEST_CASE("the organisation's own text keeps the tags that it needs", "[unit]") {
  Policy policy;
  policy.mutable_email()->set_body("no link");
  CHECK(ReasonOf(CheckPolicy(policy)) == "TAG_MISSING");
  policy.mutable_email()->set_body("{{link}} {{name}}");
  CHECK(ReasonOf(CheckPolicy(policy)) == "UNKNOWN_TAG");
  policy.mutable_email()->set_body("{{ link }} {{contact_name}}");
  CHECK(CheckPolicy(policy).ok());
}

TEST_CASE_METHOD(Fixture, "the defaults of every region are a policy that staff could set",
                 "[service]") {
  const auto& defaults = Policy::descriptor()->options().GetExtension(common::v1::settings);
  REQUIRE(defaults.preset_size() == 3);
  for (const auto& preset : defaults.preset()) {
    INFO(preset.region());
    Policy alone;
    REQUIRE(google::protobuf::TextFormat::ParseFromString(preset.values(), &alone));
    const auto policy = policies.Get("acme", preset.region());
    REQUIRE(policy.ok());
    CHECK(CheckPolicy(*policy).ok());
    CHECK(Validate(*policy).ok());
    pb::UpdatePolicyRequest request;
    *request.mutable_policy() = *policy;
    request.mutable_policy()->clear_etag();
    request.mutable_update_mask()->add_paths("*");
    const auto set = handler.UpdatePolicy(StaffCall(), request);
    REQUIRE(set.ok());
    CHECK(set->required_labels_size() == policy->required_labels_size());
  }
}

TEST_CASE_METHOD(Fixture, "staff change the policy field by field", "[service]") {
  pb::UpdatePolicyRequest request;
  request.mutable_policy()->set_max_invitations_per_case(5);
  request.mutable_policy()->add_eligible_roles("BUYER \"x\"");
  REQUIRE(handler.UpdatePolicy(StaffCall(), request).ok());
  CHECK(handler.GetPolicy(StaffCall(), {})->max_invitations_per_case() == 5);
  CHECK(handler.GetPolicy(StaffCall(), {})->eligible_roles(0) == "BUYER \"x\"");
  CHECK(handler.GetPolicy(StaffCall("other"), {})->max_invitations_per_case() == 3);
  request.mutable_policy()->Clear();
  request.mutable_update_mask()->add_paths("max_invitations_per_case");
  CHECK(handler.UpdatePolicy(StaffCall(), request)->max_invitations_per_case() == 3);
  request.mutable_update_mask()->add_paths("nonsense");
  CHECK(ReasonOf(handler.UpdatePolicy(StaffCall(), request).status()) == "INVALID_REQUEST");
  request.mutable_update_mask()->Clear();
  for (const auto& [seconds, nanos] : {std::pair(10, 0), {0, 500'000'000}, {299, 999'999'999}}) {
    request.mutable_policy()->mutable_link_ttl()->set_seconds(seconds);
    request.mutable_policy()->mutable_link_ttl()->set_nanos(nanos);
    CHECK(ReasonOf(handler.UpdatePolicy(StaffCall(), request).status()) == "INVALID_REQUEST");
  }
  CHECK(handler.GetPolicy(StaffCall(), {})->link_ttl().seconds() == 7 * 24 * 3600);
}

TEST_CASE_METHOD(Fixture, "a change of the policy that is repeated by its id has its first answer",
                 "[service]") {
  pb::UpdatePolicyRequest request;
  request.mutable_policy()->set_max_invitations_per_case(5);
  request.mutable_policy()->set_etag(handler.GetPolicy(StaffCall(), {})->etag());
  request.set_request_id("r1");
  const auto first = handler.UpdatePolicy(StaffCall(), request);
  REQUIRE(first.ok());
  // Its answer was lost, and somebody else has changed the policy meanwhile.
  Policy change;
  change.set_single_use_links(true);
  Set(change);
  const auto again = handler.UpdatePolicy(StaffCall(), request);
  REQUIRE(again.ok());
  CHECK(again->etag() == first->etag());
  CHECK_FALSE(again->single_use_links());
  CHECK(handler.GetPolicy(StaffCall(), {})->single_use_links());
  request.mutable_policy()->set_max_invitations_per_case(6);
  CHECK(ReasonOf(handler.UpdatePolicy(StaffCall(), request).status()) == "REQUEST_ID_REUSED");
  request.set_request_id("r2");
  CHECK(ReasonOf(handler.UpdatePolicy(StaffCall(), request).status()) == "ETAG_MISMATCH");
}

TEST_CASE_METHOD(Fixture, "the subject is changed without the body, and the policy still holds",
                 "[service]") {
  Policy change;
  change.mutable_email()->set_body("See {{link}}");
  Set(change);
  change.Clear();
  change.mutable_email()->set_subject("Welcome");
  Set(change);
  CHECK(handler.GetPolicy(StaffCall(), {})->email().body() == "See {{link}}");
}

// The presets that there are.
std::vector<pb::PolicyPreset> Presets() {
  std::vector<pb::PolicyPreset> presets;
  for (int i = 1; i < pb::PolicyPreset_descriptor()->value_count(); ++i) {
    presets.push_back(
        static_cast<pb::PolicyPreset>(pb::PolicyPreset_descriptor()->value(i)->number()));
  }
  return presets;
}

TEST_CASE("every preset says something of the same fields, and makes sense", "[unit]") {
  const Paths first = LeavesSet(PresetOf(pb::LINK_AND_SMS));
  CHECK(first.size() >= 5);
  for (const pb::PolicyPreset preset : Presets()) {
    INFO(pb::PolicyPreset_Name(preset));
    const Policy values = PresetOf(preset);
    CHECK(LeavesSet(values) == first);
    CHECK(CheckPolicy(values).ok());
    CHECK(Validate(values).ok());
  }
  CHECK(LeavesSet(PresetOf(pb::POLICY_PRESET_UNSPECIFIED)).empty());
}

TEST_CASE_METHOD(Fixture, "a preset sets what it is about, whichever was set before it",
                 "[service]") {
  Policy own;
  own.set_require_privacy_disclosure(true);
  own.mutable_email()->set_subject("Welcome");
  Set(own);
  const auto apply = [&](pb::PolicyPreset preset, const std::string& etag = "") {
    pb::ApplyPolicyPresetRequest request;
    request.set_preset(preset);
    request.set_etag(etag);
    return handler.ApplyPolicyPreset(StaffCall(), request);
  };
  for (const pb::PolicyPreset before : Presets()) {
    for (const pb::PolicyPreset preset : Presets()) {
      INFO(pb::PolicyPreset_Name(preset) << " after " << pb::PolicyPreset_Name(before));
      REQUIRE(apply(before).ok());
      const auto now = apply(preset);
      REQUIRE(now.ok());
      const Policy values = PresetOf(preset);
      CHECK(now->link_ttl().seconds() == values.link_ttl().seconds());
      CHECK(now->single_use_links() == values.single_use_links());
      CHECK(now->max_invitations_per_case() == values.max_invitations_per_case());
      CHECK(now->send_code_with_invitation() == values.send_code_with_invitation());
      CHECK(now->email_code_to_owner() == values.email_code_to_owner());
      CHECK(now->email_code() == values.email_code());
      // What no preset is about stays.
      CHECK(now->require_privacy_disclosure());
      CHECK(now->email().subject() == "Welcome");
      CHECK(now->eligible_roles_size() == 3);
    }
  }
  const std::string etag = handler.GetPolicy(StaffCall(), {})->etag();
  REQUIRE(apply(pb::LINK_AND_SMS, etag).ok());
  CHECK(ReasonOf(apply(pb::UNTIL_REVOKED, etag).status()) == "ETAG_MISMATCH");
  CHECK(handler.GetPolicy(StaffCall("other"), {})->etag() == "0");
}

TEST_CASE_METHOD(Fixture, "a preset that is asked for again by its id is applied once",
                 "[service]") {
  pb::ApplyPolicyPresetRequest request;
  request.set_preset(pb::UNTIL_REVOKED);
  request.set_request_id("r1");
  const auto first = handler.ApplyPolicyPreset(StaffCall(), request);
  REQUIRE(first.ok());
  Policy change;
  change.mutable_link_ttl()->set_seconds(600);
  Set(change);
  CHECK(handler.ApplyPolicyPreset(StaffCall(), request)->etag() == first->etag());
  CHECK(handler.GetPolicy(StaffCall(), {})->link_ttl().seconds() == 600);
  request.set_preset(pb::LINK_AND_SMS);
  CHECK(ReasonOf(handler.ApplyPolicyPreset(StaffCall(), request).status()) == "REQUEST_ID_REUSED");
}

TEST_CASE("a policy of before the settings documents is kept", "[service]") {
  std::vector<Migration> before, all = WithCommon(kMigrations);
  for (const Migration& migration : all) {
    if (migration.name != "0003_policy_settings.sql") before.push_back(migration);
  }
  TestDatabase database{"invitation", before};
  database.Exec(
      "INSERT INTO policy (organisation_id, link_ttl_seconds, single_use_links, max_invitations, "
      "eligible_roles, required_labels, require_privacy_disclosure, privacy_disclosure_url, "
      "visibility, email_subject, email_body, send_code_with_invitation, email_code_to_owner) "
      "VALUES ('acme', 31536000, true, 50, '{B\u00fcrge,BUYER}', '{}', false, 'https://a.example', "
      "2, NULL, repeat('{{link}}', 1000), true, NULL), ('never', 0, NULL, NULL, NULL, '{x}', NULL, "
      "NULL, NULL, 'Hello', NULL, NULL, NULL), "
      "('none', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  REQUIRE(database.Migrate(all).ok());
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  const Settings<Policy> policies(database.postgres(), outbox);
  const Policy acme = *policies.Get("acme", "AU");
  CHECK(acme.link_ttl().seconds() == 31536000);
  CHECK(acme.single_use_links());
  CHECK(acme.max_invitations_per_case() == 50);
  REQUIRE(acme.eligible_roles_size() == 2);
  CHECK(acme.eligible_roles(0) == "B\u00fcrge");
  CHECK(acme.required_labels_size() == 0);
  CHECK(acme.privacy_disclosure_url() == "https://a.example");
  CHECK(acme.visibility() == pb::OWN);
  CHECK(acme.email().subject().empty());
  CHECK(acme.email().body().size() == 8000);
  CHECK(acme.send_code_with_invitation());
  CHECK_FALSE(acme.email_code_to_owner());
  const Policy never = *policies.Get("never", "AU");
  CHECK(LinkEnd(never, absl::Now()) == absl::InfiniteFuture());
  CHECK(never.required_labels(0) == "x");
  CHECK(never.email().subject() == "Hello");
  CHECK(never.max_invitations_per_case() == 3);
  CHECK(policies.Get("none", "AU")->link_ttl().seconds() == 7 * 24 * 3600);
}

}  // namespace
}  // namespace gatehouse::invitation
