#include "services/notification/templates/templates_handler.h"

#include <thread>

#include "services/notification/tests/handler_fixture.h"

namespace gatehouse::notification {
namespace {

struct TemplatesFixture : Fixture {
  absl::StatusOr<v1::Template> Update(const std::string& id, const v1::TemplateChange& change,
                                      const std::vector<std::string>& mask = {},
                                      const Call& call = StaffCall()) {
    v1::UpdateTemplateRequest request;
    request.set_template_id(id);
    *request.mutable_template_() = change;
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return templates_handler.UpdateTemplate(call, request);
  }
  static v1::TemplateChange Body(const std::string& body, const std::string& subject = "") {
    v1::TemplateChange change;
    change.set_body(body);
    change.set_subject(subject);
    return change;
  }
  static v1::CreateTemplateRequest NewOne(const std::string& title, const std::string& body,
                                          const std::string& kind = "invitation") {
    v1::CreateTemplateRequest request;
    request.set_kind(kind);
    request.set_title(title);
    request.set_subject("Come in");
    request.set_body(body);
    return request;
  }
  absl::StatusOr<v1::Template> Get(const std::string& id, const Call& call = StaffCall()) {
    v1::GetTemplateRequest request;
    request.set_template_id(id);
    return templates_handler.GetTemplate(call, request);
  }
  absl::Status Delete(const std::string& id) {
    v1::DeleteTemplateRequest request;
    request.set_template_id(id);
    return templates_handler.DeleteTemplate(StaffCall(), request).status();
  }
  absl::StatusOr<v1::Template> Restore(const std::string& id, int64_t version) {
    v1::RestoreTemplateRequest request;
    request.set_template_id(id);
    request.set_version(version);
    return templates_handler.RestoreTemplate(StaffCall(), request);
  }
  std::vector<v1::Template> Versions(const std::string& id) {
    v1::ListTemplateVersionsRequest request;
    request.set_template_id(id);
    const auto found = templates_handler.ListTemplateVersions(StaffCall(), request);
    REQUIRE(found.ok());
    return {found->versions().begin(), found->versions().end()};
  }
  void Fix(const std::string& kind) {
    v1::UpdateTemplateSettingsRequest request;
    request.mutable_settings()->add_fixed_kinds(kind);
    REQUIRE(templates_handler.UpdateTemplateSettings(StaffCall(), request).ok());
  }
  // How many rows wait for the audit trail.
  int Told() {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%RecordAuditEvent'")[0][0]
        .as<int>();
  }
  // Sends what an invitation is by default, and gives what left.
  Outgoing Sent(pb::SubmitMessageRequest request, size_t count = 1) {
    request.clear_subject();
    request.clear_body();
    for (const char* name : {"case_name", "organisation_name", "sender_name", "expiry"}) {
      (*request.mutable_parameters())[name] = name;
    }
    REQUIRE(handler.SubmitMessage(ServiceCall(), request).ok());
    const auto messages = tray.Wait(count);
    REQUIRE(messages.size() == count);
    return messages.back();
  }
};

TEST_CASE_METHOD(TemplatesFixture, "a kind has the built-in template until staff write another",
                 "[service]") {
  const auto built_in = Get("invitation");
  REQUIRE(built_in.ok());
  CHECK(built_in->version() == 0);
  CHECK(built_in->body().find("{{link}}") != std::string::npos);
  CHECK_FALSE(built_in->has_update_time());
  const auto made = Update("invitation", Body("Enter: |link|"));
  REQUIRE(made.ok());
  CHECK(made->version() == 1);
  CHECK(made->subject() == built_in->subject());
  CHECK(made->author_name() == "Sam Staff");
  CHECK(Get("invitation")->body() == "Enter: |link|");
  CHECK(Get("invitation", StaffCall("other"))->version() == 0);
  CHECK(Told() == 1);
  CHECK(ReasonOf(Get("unknown").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Get("invitation.FR").status()) == "NOT_FOUND");
  CHECK(Get("invitation.fr")->language() == "fr");
}

TEST_CASE_METHOD(TemplatesFixture, "an edit that breaks a tag is refused and changes nothing",
                 "[service]") {
  CHECK(ReasonOf(Update("invitation", Body("no link")).status()) == "TAG_MISSING");
  CHECK(ReasonOf(Update("invitation", Body("{{link}} {{lnk}}")).status()) == "UNKNOWN_TAG");
  CHECK(ReasonOf(Update("invitation", Body("{{link}}{{#case_name}}")).status()) ==
        "TEMPLATE_MALFORMED");
  v1::TemplateChange html = Body("{{link}}");
  html.set_html("<a href='javascript:x'>{{link}}</a>");
  CHECK(ReasonOf(Update("invitation", html).status()) == "HTML_NOT_ALLOWED");
  html.set_html("<a href='{{case_name}}'>{{link}}</a>");
  CHECK(ReasonOf(Update("invitation", html).status()) == "TAG_MISPLACED");
  CHECK(ReasonOf(Update("sign-in-code", Body("{{code}}" + std::string(2000, 'a'))).status()) ==
        "INVALID_REQUEST");
  CHECK(ReasonOf(Update("invitation", {}, {"body"}).status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(Update("invitation", {}, {"version"}).status()) == "INVALID_REQUEST");
  CHECK(Get("invitation")->version() == 0);
  CHECK(Told() == 0);
}

TEST_CASE_METHOD(TemplatesFixture, "versions say who and when, and there is a way back",
                 "[service]") {
  REQUIRE(Update("invitation", Body("First {{link}}")).ok());
  Call olive = StaffCall();
  olive.caller.actor_name = "Olive Owner";
  REQUIRE(Update("invitation", Body("Second {{link}}"), {}, olive).ok());
  REQUIRE(Update("invitation", Body("Second {{link}}")).ok());  // Which changes nothing.
  auto versions = Versions("invitation");
  REQUIRE(versions.size() == 2);
  CHECK(versions[0].body() == "Second {{link}}");
  CHECK(versions[0].author_name() == "Olive Owner");
  CHECK(versions[1].author_name() == "Sam Staff");
  const auto restored = Restore("invitation", 1);
  REQUIRE(restored.ok());
  CHECK(restored->version() == 3);
  CHECK(Get("invitation")->body() == "First {{link}}");
  CHECK(ReasonOf(Restore("invitation", 9).status()) == "NOT_FOUND");
  REQUIRE(Delete("invitation").ok());
  CHECK(Delete("invitation").ok());
  CHECK(Get("invitation")->version() == 0);
  versions = Versions("invitation");
  REQUIRE(versions.size() == 4);
  CHECK(versions[0].deleted());
  CHECK(ReasonOf(Restore("invitation", 4).status()) == "NOT_FOUND");
  CHECK(Restore("invitation", 2)->version() == 5);
  CHECK(Get("invitation")->body() == "Second {{link}}");
}

TEST_CASE_METHOD(TemplatesFixture, "only the last versions are kept", "[service]") {
  for (int i = 0; i < kVersionsMax + 3; ++i) {
    REQUIRE(Update("invitation", Body("{{link}} " + std::to_string(i))).ok());
  }
  CHECK(database.Exec("SELECT count(*) FROM template_version")[0][0].as<int>() == kVersionsMax);
  CHECK(Get("invitation")->version() == kVersionsMax + 3);
}

TEST_CASE_METHOD(TemplatesFixture, "who edits what somebody else has changed is told",
                 "[service]") {
  v1::TemplateChange mine = Body("Mine {{link}}");
  mine.set_etag(Get("invitation")->etag());
  v1::TemplateChange theirs = Body("Theirs {{link}}");
  theirs.set_etag(mine.etag());
  REQUIRE(Update("invitation", theirs).ok());
  CHECK(ReasonOf(Update("invitation", mine).status()) == "ETAG_MISMATCH");
  CHECK(Get("invitation")->body() == "Theirs {{link}}");
}

TEST_CASE_METHOD(TemplatesFixture, "two who write at once write one after the other", "[service]") {
  std::vector<std::thread> writers;
  for (int i = 0; i < 6; ++i) {
    writers.emplace_back(
        [this, i] { (void)Update("invitation", Body("{{link}} " + std::to_string(i))); });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(Versions("invitation").size() == 6);
  CHECK(Get("invitation")->version() == 6);
}

TEST_CASE_METHOD(TemplatesFixture, "staff may have more templates of a kind, up to a limit",
                 "[service]") {
  v1::CreateTemplateRequest request = NewOne("Second mortgage", "Again: {{link}}");
  request.set_request_id("r1");
  const auto made = templates_handler.CreateTemplate(StaffCall(), request);
  REQUIRE(made.ok());
  CHECK(templates_handler.CreateTemplate(StaffCall(), request)->template_id() ==
        made->template_id());
  CHECK(Get(made->template_id())->title() == "Second mortgage");
  CHECK(ReasonOf(Get(made->template_id(), StaffCall("other")).status()) == "NOT_FOUND");
  CHECK(ReasonOf(
            templates_handler.CreateTemplate(StaffCall(), NewOne("t", "{{link}}", "x")).status()) ==
        "UNKNOWN_TEMPLATE");
  REQUIRE(Delete(made->template_id()).ok());
  CHECK(ReasonOf(Get(made->template_id()).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Update(made->template_id(), Body("{{link}}")).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Delete("tpl_unknown")) == "NOT_FOUND");
  database.Exec(
      "INSERT INTO template SELECT 'acme', 'tpl_' || n, 'invitation', 1, false "
      "FROM generate_series(1, 200) AS n");
  CHECK(ReasonOf(templates_handler.CreateTemplate(StaffCall(), NewOne("t", "{{link}}")).status()) ==
        "TEMPLATE_LIMIT_REACHED");
  CHECK(ReasonOf(Update("invitation", Body("{{link}}")).status()) == "TEMPLATE_LIMIT_REACHED");
}

TEST_CASE_METHOD(TemplatesFixture, "templates are listed by id, of one kind if asked",
                 "[service]") {
  REQUIRE(Update("invitation", Body("{{link}}")).ok());
  REQUIRE(Update("invitation.fr", Body("Voici {{link}}")).ok());
  REQUIRE(Update("sign-in-code", Body("{{code}}")).ok());
  v1::ListTemplatesRequest request;
  request.set_page_size(2);
  auto page = templates_handler.ListTemplates(StaffCall(), request);
  REQUIRE(page->templates_size() == 2);
  CHECK(page->templates(1).template_id() == "invitation.fr");
  request.set_page_token(page->next_page_token());
  page = templates_handler.ListTemplates(StaffCall(), request);
  REQUIRE(page->templates_size() == 1);
  CHECK(page->next_page_token().empty());
  v1::ListTemplatesRequest codes;
  codes.set_kind("sign-in-code");
  CHECK(templates_handler.ListTemplates(StaffCall(), codes)->templates_size() == 1);
  CHECK(templates_handler.ListTemplates(StaffCall("other"), {})->templates_size() == 0);
}

TEST_CASE_METHOD(TemplatesFixture, "a fixed kind is changed by nobody, nor for one message",
                 "[service]") {
  CHECK(ReasonOf(Update("mobile-changed", Body("all is well")).status()) == "TEMPLATE_FIXED");
  REQUIRE(Update("invitation", Body("Ours {{link}}")).ok());
  Fix("invitation");
  CHECK(ReasonOf(Update("invitation", Body("{{link}}")).status()) == "TEMPLATE_FIXED");
  CHECK(ReasonOf(Delete("invitation")) == "TEMPLATE_FIXED");
  CHECK(ReasonOf(Restore("invitation", 1).status()) == "TEMPLATE_FIXED");
  CHECK(ReasonOf(templates_handler.CreateTemplate(StaffCall(), NewOne("t", "{{link}}")).status()) ==
        "TEMPLATE_FIXED");
  pb::CheckTemplateRequest request;
  request.set_template_("invitation");
  CHECK(handler.CheckTemplate(ServiceCall(), request).ok());
  request.set_body("own {{link}}");
  CHECK(ReasonOf(handler.CheckTemplate(ServiceCall(), request).status()) == "TEMPLATE_FIXED");
  CHECK(handler.CheckTemplate(ServiceCall("other"), request).ok());
  const auto kinds = templates_handler.ListTemplateKinds(StaffCall(), {});
  CHECK(kinds->kinds(0).fixed());
  CHECK_FALSE(templates_handler.ListTemplateKinds(StaffCall("other"), {})->kinds(0).fixed());
  v1::UpdateTemplateSettingsRequest unknown;
  unknown.mutable_settings()->add_fixed_kinds("unknown");
  CHECK(ReasonOf(templates_handler.UpdateTemplateSettings(StaffCall(), unknown).status()) ==
        "UNKNOWN_TEMPLATE");
}

TEST_CASE_METHOD(TemplatesFixture, "the welcome from another office keeps its title [HB-20]",
                 "[service]") {
  const std::string id = "CustomerInvitationFromAnotherOffice";
  v1::TemplateChange change = Body("Welcome: {{link}}");
  CHECK(Update(id, change)->title() == id);
  change.set_title("Welcome");
  CHECK(ReasonOf(Update(id, change).status()) == "TITLE_FIXED");
}

TEST_CASE_METHOD(TemplatesFixture, "a message is made of the template that was chosen, or holds",
                 "[service]") {
  CHECK(Sent(Invitation("r0")).text.body.find("invites you to case_name") != std::string::npos);
  v1::TemplateChange change = Body("Ours: {{link}}", "Come, {{contact_name}}");
  change.set_html("<a href='{{link}}'>{{contact_name}}</a>");
  REQUIRE(Update("invitation", change).ok());
  REQUIRE(Update("invitation.fr", Body("Voici {{link}}")).ok());
  const Outgoing ours = Sent(Invitation("r1"), 2);
  CHECK(ours.text.subject == "Come, Ada");
  CHECK(ours.text.html.find(">Ada</a>") != std::string::npos);
  pb::SubmitMessageRequest french = Invitation("r2");
  french.set_language("fr-CA");
  CHECK(Sent(french, 3).text.body.rfind("Voici https", 0) == 0);
  pb::SubmitMessageRequest german = Invitation("r3");
  german.set_language("de");
  CHECK(Sent(german, 4).text.body.rfind("Ours: ", 0) == 0);
  const auto made =
      templates_handler.CreateTemplate(StaffCall(), NewOne("Second", "Chosen {{link}}"));
  pb::SubmitMessageRequest chosen = Invitation("r4");
  chosen.set_template_id(made->template_id());
  CHECK(Sent(chosen, 5).text.body.rfind("Chosen ", 0) == 0);
  const auto shown = handler.ListMessages(StaffCall(), {});
  CHECK(shown->messages(0).template_id() == made->template_id());
  CHECK(shown->messages(0).template_version() == 1);
  CHECK(shown->messages(0).template_() == "invitation");
  CHECK(shown->messages(4).template_id().empty());
}

TEST_CASE_METHOD(TemplatesFixture, "what was acknowledged is sent, whatever became of its template",
                 "[service]") {
  const auto made = templates_handler.CreateTemplate(StaffCall(), NewOne("t", "Chosen {{link}}"));
  REQUIRE(Delete(made->template_id()).ok());
  pb::SubmitMessageRequest request = Invitation("r1");
  request.set_template_id(made->template_id());
  CHECK(Sent(request).text.body.find("invites you") != std::string::npos);
  // One that another kind's message was chosen for by mistake serves nobody.
  request = Invitation("r2");
  request.set_template_id("sign-in-code");
  CHECK(Sent(request, 2).text.body.find("invites you") != std::string::npos);
  request = Invitation("r3");
  request.set_template_id("CustomerInvitationFromAnotherOffice");
  CHECK(Sent(request, 3).text.body.find("from another office") != std::string::npos);
  CHECK(handler.ListMessages(StaffCall(), {})->messages(0).template_() ==
        "CustomerInvitationFromAnotherOffice");
}

TEST_CASE_METHOD(TemplatesFixture, "a choice is checked before anything is promised", "[service]") {
  pb::CheckTemplateRequest request;
  request.set_template_("invitation");
  const auto why = [&](const std::string& id) {
    request.set_template_id(id);
    return ReasonOf(handler.CheckTemplate(ServiceCall(), request).status());
  };
  CHECK(why("") == "");
  CHECK(why("invitation") == "");
  CHECK(why("CustomerInvitationFromAnotherOffice") == "");
  CHECK(why("sign-in-code") == "UNKNOWN_TEMPLATE");
  CHECK(why("tpl_unknown") == "UNKNOWN_TEMPLATE");
  const auto made = templates_handler.CreateTemplate(StaffCall(), NewOne("t", "{{link}}"));
  CHECK(why(made->template_id()) == "");
  CHECK(ReasonOf(handler.CheckTemplate(ServiceCall("other"), request).status()) ==
        "UNKNOWN_TEMPLATE");
  request.set_body("no link");
  CHECK(why("invitation") == "TAG_MISSING");
}

TEST_CASE_METHOD(TemplatesFixture, "an SMS costs what its template takes", "[service]") {
  REQUIRE(Buy(50) == 50);
  pb::CheckSmsRequest request;
  request.set_template_("sign-in-code");
  *request.mutable_parameters() = Code("r").parameters();
  CHECK(handler.CheckSms(ServiceCall(), request)->segments() == 1);
  REQUIRE(Update("sign-in-code", Body("|client_code_verification| " + std::string(200, 'a'))).ok());
  CHECK(handler.CheckSms(ServiceCall(), request)->segments() == 2);
  CHECK(handler.SubmitMessage(ServiceCall(), Code("r1"))->segments() == 2);
  CHECK(tray.Wait(1)[0].text.body.rfind("012345 aaa", 0) == 0);
}

TEST_CASE_METHOD(TemplatesFixture, "a preview shows what would be sent, and sends nothing",
                 "[service]") {
  v1::PreviewTemplateRequest request;
  request.set_kind("invitation");
  auto shown = templates_handler.PreviewTemplate(StaffCall(), request);
  REQUIRE(shown.ok());
  CHECK(shown->subject() == "Harbour Home Loans invites you: 12 Harbour Street");
  request.set_subject("For {{contact_name}}");
  request.set_body("{{link}}");
  request.set_html("<p>{{contact_name}} {{link}}</p>");
  (*request.mutable_values())["contact_name"] = "{{link}} <b>";
  shown = templates_handler.PreviewTemplate(StaffCall(), request);
  REQUIRE(shown.ok());
  CHECK(shown->subject() == "For {{link}} <b>");
  CHECK(shown->html().rfind("<p>{{link}} &lt;b&gt; ", 0) == 0);
  request.set_body("no link");
  CHECK(ReasonOf(templates_handler.PreviewTemplate(StaffCall(), request).status()) ==
        "TAG_MISSING");
  request.set_kind("sign-in-code");
  request.clear_subject();
  request.clear_html();
  request.set_body("{{code}}");
  CHECK(templates_handler.PreviewTemplate(StaffCall(), request)->segments() == 1);
  request.set_kind("unknown");
  CHECK(ReasonOf(templates_handler.PreviewTemplate(StaffCall(), request).status()) ==
        "UNKNOWN_TEMPLATE");
  CHECK(database.Exec("SELECT count(*) FROM message")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(TemplatesFixture, "a message that an older version queued is read without HTML",
                 "[service]") {
  const Job job = {.organisation_id = "acme",
                   .id = "acme/msg_1",
                   .payload = R"(["ada@example.com","subject","body"])"};
  const Claim claim = ClaimFrom(job, Channel::kEmail);
  REQUIRE(claim.outgoing.has_value());
  CHECK(claim.outgoing->text.body == "body");
  CHECK(claim.outgoing->text.html.empty());
  const Outgoing both = {"acme", "msg_2", claim.outgoing->recipient, {"s", "b", "<p>"}};
  const Job newer = {.organisation_id = "acme", .id = "acme/msg_2", .payload = PayloadOf(both)};
  CHECK(ClaimFrom(newer, Channel::kEmail).outgoing->text.html == "<p>");
}

TEST_CASE_METHOD(TemplatesFixture, "a deleted template ends with its versions, by the sweeper",
                 "[service]") {
  REQUIRE(Update("invitation", Body("{{link}}")).ok());
  database.Exec("DELETE FROM template");
  CHECK(database.Exec("SELECT count(*) FROM template_version")[0][0].as<int>() == 0);
}

}  // namespace
}  // namespace gatehouse::notification
