#include "services/cases/tasks/handler.h"

#include "services/cases/offers/handler.h"
#include "services/cases/pipelines/tests/fixture.h"
#include "services/common/base/proto_time.h"

// What is asked of clients, and what comes first.

namespace gatehouse::cases {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

v1::Offer OfferOf(const std::string& id, v1::Offer::State state = v1::Offer::OPEN, int days = 0) {
  v1::Offer offer;
  offer.set_offer_id(id);
  offer.set_state(state);
  offer.mutable_content()->set_title("Offer " + id);
  if (days != 0) {
    *offer.mutable_content()->mutable_valid_until_time() = ToProto(kNow + absl::Hours(24 * days));
  }
  return offer;
}
v1::Visit VisitOf(const std::string& id, v1::Visit::State state, const std::vector<int>& days) {
  v1::Visit visit;
  visit.set_visit_id(id);
  visit.set_state(state);
  for (const int day : days) {
    *visit.mutable_plan()->add_times()->mutable_start_time() =
        ToProto(kNow + absl::Hours(24 * day));
  }
  return visit;
}
Place At(const std::string& state_id) {
  const v1::PutPipelineRequest put = Solar();
  Place place;
  *place.pipeline.mutable_states() = put.states();
  place.state_id = state_id;
  return place;
}
AskedFactFind FactFindOf(const std::string& id, v1::FactFind::State state,
                         const std::string& action = "fact-find-submitted") {
  v1::FactFind find;
  find.set_fact_find_id(id);
  find.set_state(state);
  find.set_contact_id("ada");
  find.set_display_name("Fact find " + id);
  return {find, action};
}
std::vector<std::string> Ids(const TaskSources& sources) {
  std::vector<std::string> ids;
  for (const v1::Task& task : TasksOf(sources)) ids.push_back(task.subject_id());
  return ids;
}
using Strings = std::vector<std::string>;

TEST_CASE("where nothing is asked there is no task", "[unit]") {
  CHECK(TasksOf({}).empty());
  TaskSources done;
  done.offers = {OfferOf("a", v1::Offer::ACCEPTED), OfferOf("b", v1::Offer::EXPIRED),
                 OfferOf("c", v1::Offer::CLOSED), OfferOf("d", v1::Offer::DECLINED)};
  done.visits = {VisitOf("e", v1::Visit::CONFIRMED, {1}), VisitOf("f", v1::Visit::CANCELLED, {1}),
                 VisitOf("g", v1::Visit::DECLINED, {1})};
  done.fact_finds = {FactFindOf("h", v1::FactFind::SUBMITTED)};
  done.place = At("done");
  CHECK(TasksOf(done).empty());
}

TEST_CASE("what is due first comes first, and what has no end last", "[unit]") {
  TaskSources sources;
  sources.offers = {OfferOf("never"), OfferOf("late", v1::Offer::OPEN, 9),
                    OfferOf("soon", v1::Offer::OPEN, 1)};
  sources.visits = {VisitOf("visit", v1::Visit::PROPOSED, {3, 5, 4})};
  CHECK(Ids(sources) == Strings{"soon", "visit", "late", "never"});
  const auto tasks = TasksOf(sources);
  CHECK(FromProto(tasks[1].due_time()) == kNow + absl::Hours(24 * 5));
  CHECK(tasks[0].title() == "Offer soon");
  CHECK_FALSE(tasks[3].has_due_time());
}

TEST_CASE("what the case waits for where it stands comes before what is due", "[unit]") {
  TaskSources sources;
  sources.offers = {OfferOf("offer", v1::Offer::OPEN, 9)};
  sources.visits = {VisitOf("visit", v1::Visit::PROPOSED, {1})};
  CHECK(Ids(sources) == Strings{"visit", "offer"});
  sources.place = At("offer");
  CHECK(Ids(sources) == Strings{"offer", "visit"});
  CHECK(TasksOf(sources)[0].blocks_case());
  CHECK_FALSE(TasksOf(sources)[1].blocks_case());
}

TEST_CASE("a state that shows the map asks for a drawing, and then for its step", "[unit]") {
  TaskSources sources;
  sources.place = At("drawing");
  auto tasks = TasksOf(sources);
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].kind() == v1::Task::DRAWING);
  CHECK(tasks[1].kind() == v1::Task::STEP);
  CHECK(tasks[1].title() == "Staff's drawing");
  sources.drawing.add_faces();
  tasks = TasksOf(sources);
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].kind() == v1::Task::STEP);
}

TEST_CASE("a step is called what the client reads, in its language", "[unit]") {
  TaskSources sources;
  sources.place = At("drawing");
  AddText(*sources.place->pipeline.mutable_states(2), "en", "Draw your roof");
  AddText(*sources.place->pipeline.mutable_states(2), "de", "Zeichnen Sie Ihr Dach");
  sources.language = "de-AT";
  CHECK(TasksOf(sources)[0].title() == "Zeichnen Sie Ihr Dach");
}

TEST_CASE("of a state that is hidden nobody is asked", "[unit]") {
  TaskSources sources;
  sources.place = At("drawing");
  sources.place->pipeline.mutable_states(2)->set_hidden(true);
  CHECK(TasksOf(sources).empty());
}

TEST_CASE("a fact find is asked for until it is handed in, and blocks what waits for that",
          "[unit]") {
  TaskSources sources;
  sources.offers = {OfferOf("offer", v1::Offer::OPEN, 1)};
  sources.fact_finds = {FactFindOf("other", v1::FactFind::IN_PROGRESS),
                        FactFindOf("roof", v1::FactFind::IN_PROGRESS, "deposit-paid"),
                        FactFindOf("done", v1::FactFind::SUBMITTED)};
  CHECK(Ids(sources) == Strings{"offer", "other", "roof"});
  sources.place = At("lead");
  CHECK(Ids(sources) == Strings{"roof", "offer", "other"});
  const v1::Task first = TasksOf(sources)[0];
  CHECK(first.kind() == v1::Task::FACT_FIND);
  CHECK(first.title() == "Fact find roof");
  CHECK(first.contact_id() == "ada");
  CHECK(first.blocks_case());
}

TEST_CASE("terms that are not accepted come before all", "[unit]") {
  TaskSources sources;
  sources.place = At("offer");
  sources.offers = {OfferOf("offer", v1::Offer::OPEN, 1)};
  sources.terms_to_accept = 3;
  CHECK(Ids(sources) == Strings{"3", "offer"});
  CHECK(TasksOf(sources)[0].kind() == v1::Task::TERMS);
}

struct TasksFixture : PipelinesFixture {
  OfferStore offer_store{database.postgres(), outbox, case_file, places};
  VisitStore visit_store{database.postgres(), outbox, case_file};
  DrawingStore drawing_store{database.postgres(), outbox, case_file};
  TermsStore terms{database.postgres(), outbox};
  FlowStore flow_store{database.postgres()};
  FactFindStore find_store{database.postgres(), outbox, case_file};
  TasksHandler tasks{
      {places, offer_store, visit_store, drawing_store, find_store, flow_store, terms, gate}};

  TasksFixture() { REQUIRE(Put("deal", "Smith").ok()); }
  v1::Offer Share(const std::string& contact_id) {
    v1::OfferContent content;
    content.set_title("A roof");
    content.set_currency("AUD");
    return *offer_store.Share("acme", {"deal", contact_id, content, false});
  }
  int Count(const Call& call) {
    v1::ListTasksRequest request;
    request.set_case_id("deal");
    const auto listed = call.caller.kind == CallerKind::kClient
                            ? tasks.ListPortalTasks(call, request)
                            : tasks.ListTasks(call, request);
    REQUIRE(listed.ok());
    return listed->tasks_size();
  }
};

TEST_CASE_METHOD(TasksFixture, "a client is asked for its own, and staff see what all are asked",
                 "[service]") {
  const auto as = [](const char* id, Visibility visibility = Visibility::kOwn) {
    return ClientCall({"deal", id, "inv_1", visibility});
  };
  CHECK(Count(StaffCall()) == 0);
  Share("");
  Share("bob");
  CHECK(Count(StaffCall()) == 2);
  CHECK(Count(as("ada")) == 1);
  CHECK(Count(as("ada", Visibility::kAll)) == 1);
  CHECK(Count(as("bob")) == 2);
}

TEST_CASE_METHOD(TasksFixture, "a fact find is asked of its contact, and of nobody else there",
                 "[service]") {
  v1::PutSectionRequest section;
  section.set_section_id("work");
  section.set_display_name("Work");
  v1::FactFindSubsection& page = *section.add_subsections();
  page.set_subsection_id("all");
  page.set_display_name("All");
  v1::FactFindField& field = *page.add_fields();
  field.set_field_id("remarks");
  field.set_display_name("Remarks");
  field.set_type(v1::FactFindField::TEXT);
  REQUIRE(flow_store.PutSection("acme", section).ok());
  v1::PutFlowRequest flow;
  flow.set_flow_id("loan");
  flow.set_display_name("Loan");
  flow.add_sections()->set_section_id("work");
  REQUIRE(flow_store.PutFlow("acme", flow).ok());
  v1::CreateFactFindRequest open;
  open.set_case_id("deal");
  open.set_contact_id("bob");
  open.set_flow_id("loan");
  const std::string id = find_store.Open("acme", open)->fact_find_id();
  CHECK(Count(ClientCall({"deal", "ada", "inv_1", Visibility::kAll})) == 0);
  v1::ListTasksRequest request;
  request.set_case_id("deal");
  const Call bob = ClientCall({"deal", "bob", "inv_2", Visibility::kOwn});
  const auto listed = tasks.ListPortalTasks(bob, request);
  REQUIRE(listed->tasks_size() == 1);
  CHECK(listed->tasks(0).subject_id() == id);
  CHECK(listed->tasks(0).title() == "Loan");
  CHECK(Count(StaffCall()) == 1);
}

TEST_CASE_METHOD(TasksFixture, "a client is asked to accept the terms, staff are not",
                 "[service]") {
  v1::PublishTermsRequest request;
  v1::TermsText& text = *request.add_texts();
  text.set_language("en");
  text.set_title("Terms");
  text.set_text("Be kind.");
  REQUIRE(terms.Publish(StaffCall().caller, request).ok());
  const Call ada = ClientCall({"deal", "ada", "inv_1", Visibility::kOwn});
  CHECK(Count(ada) == 1);
  CHECK(Count(StaffCall()) == 0);
  v1::AcceptTermsRequest accept;
  accept.set_version(1);
  REQUIRE(terms.Accept(ada, accept).ok());
  CHECK(Count(ada) == 0);
}

TEST_CASE_METHOD(TasksFixture, "of a case that there is not nothing is asked", "[service]") {
  v1::ListTasksRequest request;
  request.set_case_id("none");
  CHECK(ReasonOf(tasks.ListTasks(StaffCall(), request).status()) == "NOT_FOUND");
  request.set_case_id("deal");
  CHECK(ReasonOf(tasks.ListTasks(StaffCall("other"), request).status()) == "NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::cases
