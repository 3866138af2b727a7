#include <thread>

#include "services/cases/factfind/tests/fixture.h"

// What contacts are asked and answer, as the database has it.

namespace gatehouse::cases {
namespace {

struct FactFindsFixture : Fixture {
  FlowsHandler flows{flow_store};
  FactFindsHandler finds{{flow_store, find_store, store, places, gate, once}};

  FactFindsFixture() {
    REQUIRE(Put("deal", "Smith").ok());
    REQUIRE(flows.PutSection(StaffCall(), WorkSection()).ok());
    REQUIRE(PutFlow("Loan").ok());
  }
  absl::StatusOr<Flow> PutFlow(const std::string& name) {
    v1::PutFlowRequest request;
    request.set_flow_id("loan");
    request.set_type("home-loan");
    request.set_display_name(name);
    request.add_sections()->set_section_id("work");
    return flows.PutFlow(StaffCall(), request);
  }
  static Call As(const std::string& contact_id, Visibility visibility = Visibility::kOwn) {
    return ClientCall({"deal", contact_id, "inv_1", visibility});
  }
  absl::StatusOr<v1::FactFind> Open(const std::string& contact_id,
                                    const std::string& flow_id = "loan",
                                    const std::string& organisation_id = "acme") {
    v1::CreateFactFindRequest request;
    request.set_case_id("deal");
    request.set_contact_id(contact_id);
    request.set_flow_id(flow_id);
    return finds.CreateFactFind(StaffCall(organisation_id), request);
  }
  static v1::GetFactFindRequest About(const std::string& id) {
    v1::GetFactFindRequest request;
    request.set_case_id("deal");
    request.set_fact_find_id(id);
    return request;
  }
  static v1::SaveAnswerRequest Saying(const std::string& id, const std::string& field_id,
                                      const std::string& text, const std::string& etag = "") {
    v1::SaveAnswerRequest request;
    request.set_case_id("deal");
    request.set_fact_find_id(id);
    request.set_section_id("work");
    request.set_field_id(field_id);
    request.mutable_value()->set_text(text);
    request.set_etag(etag);
    return request;
  }
  absl::StatusOr<v1::SaveAnswerResponse> Say(const std::string& id, const std::string& field_id,
                                             const std::string& text, const std::string& etag = "",
                                             const Call& call = As("ada")) {
    return finds.SavePortalAnswer(call, Saying(id, field_id, text, etag));
  }
  absl::StatusOr<v1::FactFind> Submit(const std::string& id, const std::string& request_id = "") {
    v1::SubmitFactFindRequest request;
    request.set_case_id("deal");
    request.set_fact_find_id(id);
    request.set_request_id(request_id);
    return finds.SubmitFactFind(As("ada"), request);
  }
  absl::StatusOr<v1::FactFind> Unlock(const std::string& id) {
    v1::UnlockFactFindRequest request;
    request.set_case_id("deal");
    request.set_fact_find_id(id);
    request.set_reason("The income is missing.");
    return finds.UnlockFactFind(StaffCall(), request);
  }
  v1::ListAnswerChangesResponse Changes(const std::string& id) {
    v1::ListAnswerChangesRequest request;
    request.set_case_id("deal");
    request.set_fact_find_id(id);
    return finds.ListAnswerChanges(StaffCall(), request).value();
  }
  int Seen(const Call& call) {
    v1::ListFactFindsRequest request;
    request.set_case_id("deal");
    return finds.ListPortalFactFinds(call, request)->fact_finds_size();
  }
};

TEST_CASE_METHOD(FactFindsFixture, "a contact is asked once by a flow, and the CRM is told",
                 "[service]") {
  const auto find = Open("ada");
  REQUIRE(find.ok());
  CHECK(find->state() == v1::FactFind::IN_PROGRESS);
  CHECK(find->display_name() == "Loan");
  CHECK(find->definition_size() == 1);
  CHECK(find->progress(0).required() == 1);
  CHECK(Open("ada")->fact_find_id() == find->fact_find_id());
  CHECK(Told("PublishEvent") == 1);
  CHECK(Open("bob")->fact_find_id() != find->fact_find_id());
  CHECK(ReasonOf(Open("eve").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Open("ada", "loan", "other").status()) == "NOT_FOUND");
  const absl::Status unknown = Open("ada", "none").status();
  CHECK(ReasonOf(unknown) == "FLOW_UNKNOWN");
  CHECK(FactsOf(unknown)["flowId"] == "none");
}

TEST_CASE_METHOD(FactFindsFixture, "answers are saved one by one, and shown to both devices",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  const auto first = Say(id, "status", "employed");
  REQUIRE(first.ok());
  CHECK(first->saved());
  CHECK(first->answer().contact_id() == "ada");
  // The other device had read nothing, and is shown the newer answer.
  const auto other = Say(id, "status", "retired");
  REQUIRE(other.ok());
  CHECK_FALSE(other->saved());
  CHECK(other->answer().value().text() == "employed");
  // Having read it, it changes it.
  const auto changed = Say(id, "status", "retired", other->answer().etag());
  CHECK(changed->saved());
  CHECK(changed->answer().etag() != other->answer().etag());
  CHECK_FALSE(Say(id, "status", "employed", first->answer().etag())->saved());
  CHECK(finds.GetPortalFactFind(As("ada"), About(id))->answers(0).value().text() == "retired");
}

TEST_CASE_METHOD(FactFindsFixture, "an answer that is sent again is saved, once", "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(Say(id, "status", "employed")->saved());
  const auto again = Say(id, "status", "employed");
  CHECK(again->saved());
  CHECK(again->answer().etag() == "1");
  CHECK(Changes(id).changes_size() == 1);
}

TEST_CASE_METHOD(FactFindsFixture, "of two answers at once one wins, and the other is shown it",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  std::string etag;
  for (int round = 0; round < 10; ++round) {
    const std::string one = "one" + std::to_string(round), two = "two" + std::to_string(round);
    absl::StatusOr<v1::SaveAnswerResponse> first, second;
    std::thread thread([&] { first = Say(id, "employer", one, etag); });
    second = Say(id, "employer", two, etag);
    thread.join();
    REQUIRE(first.ok());
    REQUIRE(second.ok());
    CHECK(first->saved() != second->saved());
    CHECK(first->answer().value().text() == second->answer().value().text());
    CHECK(first->answer().value().text() == (first->saved() ? one : two));
    etag = first->answer().etag();
  }
  // Whoever goes on with an answer within ten minutes makes one change of it.
  CHECK(Changes(id).changes_size() <= 2);
}

TEST_CASE_METHOD(FactFindsFixture, "what is typed is one change, and who follows makes another",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  std::string etag;
  const auto say = [&](const std::string& text) {
    const auto said = Say(id, "employer", text, etag);
    REQUIRE(said.ok());
    REQUIRE(said->saved());
    etag = said->answer().etag();
  };
  const auto texts = [&] {
    std::string all;
    const auto changes = Changes(id);
    for (const auto& change : changes.changes()) all += change.value().text() + ";";
    return all;
  };
  const auto later = [&] {
    database.Exec("UPDATE fact_answer SET update_time = update_time - interval '11 minutes'");
  };
  for (const char* text : {"A", "Ac", "Acm", "Acme"}) say(text);
  CHECK(texts() == "Acme;");
  later();
  say("Acme Ltd");
  CHECK(texts() == "Acme Ltd;Acme;");
  // Staff's word does not take the place of a client's.
  v1::SaveAnswerRequest staff = Saying(id, "employer", "Apex", etag);
  const auto corrected = finds.SaveAnswer(StaffCall(), staff);
  REQUIRE(corrected.ok());
  etag = corrected->answer().etag();
  CHECK(texts() == "Apex;Acme Ltd;Acme;");
  // Nor, once it is full, is anything added or what was said first pushed out.
  database.Exec("UPDATE fact_answer SET changes = 200");
  for (const char* text : {"B", "C"}) {
    later();
    say(text);
  }
  CHECK(texts() == "C;Acme Ltd;Acme;");
  // A process of before adds a row, and what comes then takes nobody else's place.
  database.Exec("UPDATE fact_answer SET version = version + 1, changes = 1");
  etag = database.Exec("SELECT version FROM fact_answer")[0][0].c_str();
  say("D");
  CHECK(texts() == "D;C;Acme Ltd;Acme;");
}

TEST_CASE_METHOD(FactFindsFixture, "what was handed in stays in the history", "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  const auto first = Say(id, "status", "retired");
  REQUIRE(first->saved());
  REQUIRE(Submit(id).ok());
  v1::UnlockFactFindRequest unlock;
  unlock.set_case_id("deal");
  unlock.set_fact_find_id(id);
  unlock.set_reason("Look again");
  REQUIRE(finds.UnlockFactFind(StaffCall(), unlock).ok());
  REQUIRE(Say(id, "status", "employed", first->answer().etag())->saved());
  CHECK(Changes(id).changes_size() == 2);
}

TEST_CASE_METHOD(FactFindsFixture, "what is no answer is refused, with the place", "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  CHECK(PlacesOf(Say(id, "since", "yesterday").status()) == std::vector<std::string>{"value.text"});
  CHECK(Say(id, "phone", "0412 345 678").ok());
  CHECK_FALSE(Say(id, "phone", "12", "1").ok());
  CHECK(ReasonOf(Say(id, "nothing", "x").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Say("fct_none", "status", "retired").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Say(id, "status", "retired", "99999999999").status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(FactFindsFixture, "an answer is taken back by an empty one",
                 "[service][no-tsan]") {
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(Say(id, "status", "retired")->saved());
  REQUIRE(Say(id, "status", "", "1")->saved());
  CHECK(finds.GetAnswers(StaffCall(), About(id))->answers().fields().empty());
  CHECK(ReasonOf(Submit(id).status()) == "FACT_FIND_INCOMPLETE");
}

TEST_CASE_METHOD(FactFindsFixture, "[S2-24] [S2-20] who sees its own answers its own only",
                 "[service]") {
  const std::string ada = Open("ada")->fact_find_id(), bob = Open("bob")->fact_find_id();
  CHECK(Seen(As("ada")) == 1);
  CHECK(Seen(As("ada", Visibility::kAll)) == 2);
  CHECK(ReasonOf(finds.GetPortalFactFind(As("ada"), About(bob)).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Say(bob, "status", "retired").status()) == "NOT_FOUND");
  v1::SubmitFactFindRequest submit;
  submit.set_case_id("deal");
  submit.set_fact_find_id(bob);
  CHECK(ReasonOf(finds.SubmitFactFind(As("ada"), submit).status()) == "NOT_FOUND");
  const auto helped = Say(bob, "status", "retired", "", As("ada", Visibility::kAll));
  REQUIRE(helped.ok());
  CHECK(helped->answer().contact_id() == "ada");
}

TEST_CASE_METHOD(FactFindsFixture, "a client of two cases answers in one nothing of the other's",
                 "[service]") {
  REQUIRE(Put("other", "Other").ok());
  const std::string id = Open("ada")->fact_find_id();
  v1::SaveAnswerRequest request = Saying(id, "status", "retired");
  request.set_case_id("other");
  const Call call = ClientCall({"other", "ada", "inv_1", Visibility::kAll});
  CHECK(ReasonOf(finds.SavePortalAnswer(call, request).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(FactFindsFixture, "staff answer for the client, and that is told", "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  const auto saved = finds.SaveAnswer(StaffCall(), Saying(id, "status", "retired"));
  REQUIRE(saved.ok());
  CHECK(saved->answer().staff_name() == "Sam Staff");
  CHECK(saved->answer().contact_id().empty());
  REQUIRE(Say(id, "status", "employed", saved->answer().etag())->saved());
  const auto changes = Changes(id);
  REQUIRE(changes.changes_size() == 2);
  CHECK(changes.changes(0).contact_id() == "ada");
  CHECK(changes.changes(0).value().text() == "employed");
  CHECK(changes.changes(1).staff_name() == "Sam Staff");
}

TEST_CASE_METHOD(FactFindsFixture, "[X-5] what is handed in is locked until staff unlock it",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  const absl::Status incomplete = Submit(id).status();
  CHECK(ReasonOf(incomplete) == "FACT_FIND_INCOMPLETE");
  REQUIRE(ViolationsOf(incomplete).size() == 1);
  CHECK(ViolationsOf(incomplete)[0].subject == "work.status");
  CHECK(finds.GetFactFind(StaffCall(), About(id))->state() == v1::FactFind::IN_PROGRESS);
  REQUIRE(Say(id, "status", "retired")->saved());
  const auto submitted = Submit(id);
  REQUIRE(submitted.ok());
  CHECK(submitted->state() == v1::FactFind::SUBMITTED);
  CHECK(Told("PublishEvent") == 2);
  CHECK(ReasonOf(Submit(id).status()) == "FACT_FIND_LOCKED");
  CHECK(ReasonOf(Say(id, "status", "employed", "1").status()) == "FACT_FIND_LOCKED");
  CHECK(ReasonOf(finds.SaveAnswer(StaffCall(), Saying(id, "years", "3")).status()) ==
        "FACT_FIND_LOCKED");
  // What was saved already may be sent again.
  CHECK(Say(id, "status", "retired")->saved());
  const auto unlocked = Unlock(id);
  REQUIRE(unlocked.ok());
  CHECK(unlocked->state() == v1::FactFind::IN_PROGRESS);
  CHECK(unlocked->unlock_reason() == "The income is missing.");
  CHECK(Say(id, "years", "3")->saved());
  CHECK(Told("PublishEvent") == 3);
  CHECK(Unlock(id).ok());
  CHECK(Told("PublishEvent") == 3);
}

TEST_CASE_METHOD(FactFindsFixture, "a submission that is repeated under its id happens once",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(Say(id, "status", "retired")->saved());
  REQUIRE(Submit(id, "once").ok());
  REQUIRE(Unlock(id).ok());
  CHECK(Submit(id, "once")->state() == v1::FactFind::SUBMITTED);
  CHECK(finds.GetFactFind(StaffCall(), About(id))->state() == v1::FactFind::IN_PROGRESS);
}

TEST_CASE_METHOD(FactFindsFixture, "what is saved while it is handed in is in it, or is refused",
                 "[service][no-tsan]") {
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(Say(id, "status", "retired")->saved());
  std::string etag;
  for (int round = 0; round < 10; ++round) {
    absl::StatusOr<v1::SaveAnswerResponse> saved;
    std::thread thread([&] { saved = Say(id, "years", std::to_string(round), etag); });
    const auto submitted = Submit(id);
    thread.join();
    REQUIRE(submitted.ok());
    const auto answers = finds.GetAnswers(StaffCall(), About(id))->answers();
    const auto& work = answers.fields().at("work").struct_value().fields();
    if (saved.ok()) {
      CHECK(work.at("years").string_value() == std::to_string(round));
      etag = saved->answer().etag();
    } else {
      CHECK(ReasonOf(saved.status()) == "FACT_FIND_LOCKED");
    }
    REQUIRE(Unlock(id).ok());
  }
}

TEST_CASE_METHOD(FactFindsFixture, "a flow that is edited leaves those who answer where they are",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(Say(id, "years", "3")->saved());
  v1::PutSectionRequest shorter = WorkSection();
  shorter.mutable_subsections()->RemoveLast();
  REQUIRE(flows.PutSection(StaffCall(), shorter).ok());
  REQUIRE(PutFlow("Shorter")->version() == 2);
  const auto find = finds.GetPortalFactFind(As("ada"), About(id));
  CHECK(find->flow_version() == 1);
  CHECK(find->display_name() == "Loan");
  CHECK(find->definition(0).subsections_size() == 2);
  CHECK(Say(id, "years", "4", "1")->saved());
  CHECK(Open("bob")->flow_version() == 2);
}

TEST_CASE_METHOD(FactFindsFixture, "[S2-9] a video is shown on pages that the flow has",
                 "[service]") {
  v1::PutFlowVideosRequest videos;
  videos.set_flow_id("loan");
  videos.set_show_videos(true);
  const std::vector<std::pair<std::string, std::string>> pages = {
      {"work", ""}, {"work", "more"}, {"work", "none"}, {"other", ""}};
  for (const auto& [section, page] : pages) {
    v1::FlowVideo& video = *videos.add_videos();
    video.set_section_id(section);
    video.set_subsection_id(page);
    video.mutable_video()->set_url("https://vimeo.com/76979871");
  }
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(flows.PutFlowVideos(StaffCall(), videos).ok());
  const auto shown = finds.GetPortalFactFind(As("ada"), About(id));
  REQUIRE(shown->videos_size() == 2);
  CHECK(shown->videos(1).subsection_id() == "more");
  CHECK(shown->videos(0).video().provider() == v1::Video::VIMEO);
  videos.set_show_videos(false);
  CHECK(flows.PutFlowVideos(StaffCall(), videos)->videos_size() == 4);
  CHECK(finds.GetPortalFactFind(As("ada"), About(id))->videos_size() == 0);
}

TEST_CASE_METHOD(FactFindsFixture, "a case that is deleted while a client types takes all with it",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(Say(id, "status", "retired")->saved());
  absl::Status saved;
  std::thread thread([&] { saved = Say(id, "years", "3").status(); });
  REQUIRE(Delete("deal").ok());
  thread.join();
  CHECK((saved.ok() || ReasonOf(saved) == "NOT_FOUND"));
  for (const char* table : {"fact_find", "fact_answer", "fact_answer_change"}) {
    CHECK(database.Exec(std::string("SELECT count(*) FROM ") + table)[0][0].as<int>() == 0);
  }
  CHECK(ReasonOf(Say(id, "status", "retired").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(FactFindsFixture, "a contact that leaves and comes back finds its answers",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  REQUIRE(Say(id, "status", "retired")->saved());
  pb::PutCaseRequest alone = Mirror("deal");
  alone.mutable_contacts()->DeleteSubrange(0, 1);
  REQUIRE(handler.PutCase(StaffCall(), alone).ok());
  CHECK(ReasonOf(Open("ada").status()) == "NOT_FOUND");
  REQUIRE(Put("deal", "Smith").ok());
  CHECK(Open("ada")->answers_size() == 1);
}

TEST_CASE_METHOD(FactFindsFixture, "[S2-15] [CC-21] an invitation opens the flows that it names",
                 "[service]") {
  v1::CheckFlowsRequest check;
  check.add_flow_ids("loan");
  CHECK(finds.CheckFlows(ServiceCall(), check).ok());
  check.add_flow_ids("none");
  CHECK(ReasonOf(finds.CheckFlows(ServiceCall(), check).status()) == "FLOW_UNKNOWN");
  v1::OpenFactFindsRequest open;
  open.set_case_id("deal");
  open.set_contact_id("ada");
  open.add_flow_ids("none");
  open.add_flow_ids("loan");
  CHECK(finds.OpenFactFinds(ServiceCall(), open).ok());
  CHECK(finds.OpenFactFinds(ServiceCall(), open).ok());
  CHECK(Seen(As("ada")) == 1);
  open.set_case_id("gone");
  CHECK(finds.OpenFactFinds(ServiceCall(), open).ok());
}

TEST_CASE_METHOD(FactFindsFixture, "a case has a hundred fact finds at most", "[service]") {
  database.Exec(
      "INSERT INTO fact_find (organisation_id, case_id, fact_find_id, contact_id, flow_id, "
      "flow_version) SELECT 'acme', 'deal', 'f' || n, 'c' || n, 'loan', 1 "
      "FROM generate_series(1, 100) AS n");
  CHECK(ReasonOf(Open("ada").status()) == "FACT_FIND_LIMIT_REACHED");
}

TEST_CASE_METHOD(FactFindsFixture, "where there is no portal, clients hand in nothing",
                 "[service]") {
  const std::string id = Open("ada")->fact_find_id();
  PortalSettings off;
  off.set_enabled(false);
  REQUIRE(
      settings.Update(off, {}, StaffCall(), [](const PortalSettings&) { return absl::OkStatus(); })
          .ok());
  CHECK(ReasonOf(Submit(id).status()) == "PORTAL_DISABLED");
}

}  // namespace
}  // namespace gatehouse::cases
