#include <algorithm>
#include <set>
#include <thread>

#include "services/cases/bulk/handler.h"
#include "services/cases/factfind/tests/fixture.h"
#include "services/cases/pipelines/domain/status.h"
#include "services/cases/pipelines/handler.h"

// A case moves where its own facts let it.

namespace gatehouse::cases {
namespace {

// From `asked`, the answers say where it goes; by staff, by the CRM, by what clients do.
v1::PutPipelineRequest Loans() {
  return FromText<v1::PutPipelineRequest>(R"pb(
    pipeline_id: "loans"
    display_name: "Loans"
    kinds: "loan"
    states {
      state_id: "asked"
      display_name: "Asked"
      view: DOCUMENTS
      moves {
        to_state_id: "pension"
        external_action: "offer-accepted"
        client_action: SUBMITTED
        conditions {
          flow_id: "loan"
          section_id: "work"
          answer { field_id: "status" values: "retired" }
        }
      }
      moves {
        to_state_id: "wages"
        external_action: "offer-accepted"
        conditions {
          flow_id: "loan"
          section_id: "work"
          answer { field_id: "status" values: "employed" }
        }
        conditions {
          flow_id: "loan"
          section_id: "work"
          answer {
            field_id: "extras"
            values: [ "car", "bonus" ]
          }
        }
      }
      moves { to_state_id: "dropped" }
    }
    states { state_id: "pension" display_name: "Pension" }
    states { state_id: "wages" display_name: "Wages" }
    states { state_id: "dropped" display_name: "Dropped" view: FAILED }
  )pb");
}

v1::MoveCondition& ConditionOf(v1::PutPipelineRequest& pipeline, int move, int condition = 0) {
  return *pipeline.mutable_states(0)->mutable_moves(move)->mutable_conditions(condition);
}

Pipeline Defined() {
  Pipeline pipeline;
  *pipeline.mutable_states() = Loans().states();
  return pipeline;
}

// Facts by which this is answered to whatever is asked for.
Facts Saying(const std::set<std::string>& answers) {
  return [answers](const v1::MoveCondition& condition) {
    const auto& values = condition.answer().values();
    return std::any_of(values.begin(), values.end(),
                       [&](const std::string& value) { return answers.count(value) != 0; });
  };
}

TEST_CASE("a move is made where all of its conditions hold, and refused by name elsewhere",
          "[unit]") {
  const Pipeline pipeline = Defined();
  const absl::Status refused = MoveTo(pipeline, "asked", "pension").status();
  CHECK(ReasonOf(refused) == "MOVE_CONDITION_UNMET");
  CHECK(FactsOf(refused).at("from") == "asked");
  CHECK(FactsOf(refused).at("field") == "loan/work/status");
  CHECK(MoveTo(pipeline, "asked", "pension", Saying({"retired"})).value() == "pension");
  const absl::Status half = MoveTo(pipeline, "asked", "wages", Saying({"employed"})).status();
  CHECK(FactsOf(half).at("field") == "loan/work/extras");
  CHECK(MoveTo(pipeline, "asked", "wages", Saying({"employed", "car"})).ok());
  CHECK(MoveTo(pipeline, "asked", "dropped").ok());
  // What there is no move for has no conditions either.
  CHECK(ReasonOf(MoveTo(pipeline, "pension", "wages").status()) == "MOVE_UNKNOWN");
}

TEST_CASE("of moves that wait for the same, the first is made whose conditions hold", "[unit]") {
  const Pipeline pipeline = Defined();
  const auto to = [&](const std::set<std::string>& answers) {
    return MoveByExternalAction(pipeline, "asked", "offer-accepted", Saying(answers)).value();
  };
  CHECK(to({"retired"}) == "pension");
  CHECK(to({"retired", "employed", "car"}) == "pension");
  CHECK(to({"employed", "car"}) == "wages");
  CHECK(ReasonOf(MoveByExternalAction(pipeline, "asked", "offer-accepted").status()) ==
        "MOVE_CONDITION_UNMET");
  CHECK(ReasonOf(MoveByExternalAction(pipeline, "asked", "paid").status()) == "MOVE_UNKNOWN");
}

TEST_CASE("a client may say that the step is done once the facts are so", "[unit]") {
  Place place = {.pipeline = Defined(),
                 .state_id = "asked",
                 .since = {},
                 .waiting_actions = {},
                 .facts = nullptr};
  CHECK_FALSE(StatusOf(place, {"asked"}, "", false).can_submit());
  place.facts = Saying({"retired"});
  CHECK(StatusOf(place, {"asked"}, "", false).can_submit());
}

TEST_CASE("a move that can never be made is refused by its place", "[unit]") {
  v1::PutPipelineRequest pipeline = Loans();
  CHECK(CheckDefinition(pipeline).ok());
  SECTION("behind one that the same makes whatever the facts are") {
    pipeline.mutable_states(0)->mutable_moves(0)->clear_conditions();
    CHECK(PlacesOf(CheckDefinition(pipeline)) ==
          std::vector<std::string>{"states[0].moves[1].external_action"});
  }
  SECTION("more conditions than a definition may have") {
    for (int i = 0; i < 200; ++i) {
      *pipeline.mutable_states(0)->mutable_moves(i % 2)->add_conditions() =
          ConditionOf(pipeline, 0);
    }
    CHECK(PlacesOf(CheckDefinition(pipeline)) == std::vector<std::string>{"states"});
  }
}

struct ConditionsFixture : Fixture {
  DefinitionStore definitions{database.postgres()};
  PipelinesHandler pipelines{{definitions, places, case_file, facts, gate, once}};
  FlowsHandler flows{flow_store};
  FactFindsHandler finds{{flow_store, find_store, store, places, gate, once}};

  ConditionsFixture() {
    REQUIRE(flows.PutSection(StaffCall(), WorkSection()).ok());
    v1::PutFlowRequest flow;
    flow.set_flow_id("loan");
    flow.set_type("home-loan");
    flow.set_display_name("Loan");
    flow.add_sections()->set_section_id("work");
    REQUIRE(flows.PutFlow(StaffCall(), flow).ok());
    REQUIRE(pipelines.PutPipeline(StaffCall(), Loans()).ok());
    Stand("deal");
  }
  void Stand(const std::string& case_id) {
    pb::PutCaseRequest mirrored = Mirror(case_id);
    mirrored.set_kind("loan");
    REQUIRE(handler.PutCase(StaffCall(), mirrored).ok());
  }
  static Call As(const std::string& contact_id, const std::string& case_id) {
    return ClientCall({case_id, contact_id, "inv_1", Visibility::kOwn});
  }
  std::string Open(const std::string& contact_id = "ada", const std::string& case_id = "deal") {
    v1::CreateFactFindRequest open;
    open.set_case_id(case_id);
    open.set_contact_id(contact_id);
    open.set_flow_id("loan");
    return finds.CreateFactFind(StaffCall(), open)->fact_find_id();
  }
  void Say(const std::string& id, const std::string& status, const std::string& contact_id = "ada",
           const std::string& case_id = "deal") {
    v1::SaveAnswerRequest answer;
    answer.set_case_id(case_id);
    answer.set_fact_find_id(id);
    answer.set_section_id("work");
    answer.set_field_id("status");
    *answer.mutable_value() = Text(status);
    REQUIRE(finds.SavePortalAnswer(As(contact_id, case_id), answer)->saved());
  }
  absl::Status HandIn(const std::string& id, const std::string& contact_id = "ada",
                      const std::string& case_id = "deal") {
    v1::SubmitFactFindRequest submit;
    submit.set_case_id(case_id);
    submit.set_fact_find_id(id);
    return finds.SubmitFactFind(As(contact_id, case_id), submit).status();
  }
  absl::Status GiveBack(const std::string& id) {
    v1::UnlockFactFindRequest request;
    request.set_case_id("deal");
    request.set_fact_find_id(id);
    request.set_reason("look again");
    return finds.UnlockFactFind(StaffCall(), request).status();
  }
  absl::Status Move(const std::string& state_id, const std::string& action = "") {
    v1::MoveCaseRequest request;
    request.set_case_id("deal");
    request.set_state_id(state_id);
    request.set_external_action(action);
    return pipelines.MoveCase(StaffCall(), request).status();
  }
  // As accepting an offer does it: under the case's lock.
  absl::Status Accept(const std::string& case_id = "deal", PlaceStore* by = nullptr) {
    const Call bob = As("bob", case_id);
    return database.postgres().Write(Rows::Of("acme"), [&](Transaction&) -> absl::Status {
      RETURN_IF_ERROR(case_file.Touch("acme", case_id, "").status());
      return (by == nullptr ? places : *by).Act(bob.caller, case_id, "offer-accepted");
    });
  }
  v1::CaseStatus Status(const std::string& case_id = "deal") {
    v1::GetCaseStatusRequest request;
    request.set_case_id(case_id);
    return pipelines.GetCaseStatus(StaffCall(), request).value();
  }
  std::vector<std::string> WrongIn(const v1::PutPipelineRequest& pipeline) {
    return PlacesOf(pipelines.PutPipeline(StaffCall(), pipeline).status());
  }
};

TEST_CASE_METHOD(ConditionsFixture, "a condition that no answer can meet is refused by its place",
                 "[service]") {
  using Places = std::vector<std::string>;
  const std::string first = "states[0].moves[0].conditions[0].";
  v1::PutPipelineRequest pipeline = Loans();
  SECTION("no such flow") {
    ConditionOf(pipeline, 0).set_flow_id("house");
    CHECK(WrongIn(pipeline) == Places{first + "flow_id"});
  }
  SECTION("no such section, and no such field: both at once") {
    ConditionOf(pipeline, 0).set_section_id("home");
    ConditionOf(pipeline, 1, 1).mutable_answer()->set_field_id("boat");
    CHECK(WrongIn(pipeline) ==
          Places{first + "section_id", "states[0].moves[1].conditions[1].answer.field_id"});
  }
  SECTION("a field of a group, which is answered over and over") {
    ConditionOf(pipeline, 0).mutable_answer()->set_field_id("abroad");
    CHECK(WrongIn(pipeline) == Places{first + "answer.field_id"});
  }
  SECTION("a field that is no choice") {
    ConditionOf(pipeline, 0).mutable_answer()->set_field_id("income");
    CHECK(WrongIn(pipeline) == Places{first + "answer.field_id"});
  }
  SECTION("an answer that there is not") {
    ConditionOf(pipeline, 0).mutable_answer()->add_values("asleep");
    CHECK(WrongIn(pipeline) == Places{first + "answer.values[1]"});
  }
  SECTION("a flow of somebody else's") {
    const auto put = pipelines.PutPipeline(StaffCall("other"), Loans());
    CHECK(PlacesOf(put.status()).front() == first + "flow_id");
  }
}

TEST_CASE_METHOD(ConditionsFixture, "staff and the CRM move a case by what was handed in",
                 "[service]") {
  const std::string id = Open();
  Say(id, "retired");
  // What is not handed in may be another thing tomorrow.
  CHECK(ReasonOf(Move("pension")) == "MOVE_CONDITION_UNMET");
  CHECK(ReasonOf(Move("", "offer-accepted")) == "MOVE_CONDITION_UNMET");
  pb::PutCaseRequest put = Mirror("deal", "Smith-Jones");
  put.set_kind("loan");
  put.mutable_state()->set_state_id("pension");
  CHECK(ReasonOf(handler.PutCase(StaffCall(), put).status()) == "MOVE_CONDITION_UNMET");
  CHECK(Get("deal")->display_name() == "Smith");  // Nothing half put.
  // What staff or the CRM were refused is not made behind their backs.
  REQUIRE(HandIn(id).ok());
  CHECK(Status().state().state_id() == "asked");
  SECTION("given back, it counts no more") {
    REQUIRE(GiveBack(id).ok());
    CHECK(ReasonOf(Move("pension")) == "MOVE_CONDITION_UNMET");
  }
  SECTION("by staff") { CHECK(Move("pension").ok()); }
  SECTION("by the CRM's put") { CHECK(handler.PutCase(StaffCall(), put).ok()); }
  SECTION("out of line, into a pipeline, whatever the facts are") {
    v1::MoveCaseRequest request;
    request.set_case_id("deal");
    request.set_pipeline_id("loans");
    request.set_state_id("wages");
    CHECK(pipelines.MoveCase(StaffCall(), request).ok());
  }
}

TEST_CASE_METHOD(ConditionsFixture, "one put of many cases moves those whose facts let it",
                 "[service]") {
  BulkPlaces bulk_places(database.postgres(), outbox, facts);
  BulkStore bulk_store(database.postgres(), outbox, bulk_places);
  BulkHandler bulk(bulk_store, once);
  Stand("other-deal");
  const std::string id = Open();
  Say(id, "retired");
  REQUIRE(HandIn(id).ok());
  v1::BatchPutCasesRequest request;
  for (const char* case_id : {"deal", "other-deal"}) {
    v1::BatchPutCase& put = *request.add_cases();
    put.set_case_id(case_id);
    put.set_display_name("Smith");
    put.set_kind("loan");
    put.mutable_state()->set_state_id("pension");
  }
  const auto response = bulk.BatchPutCases(StaffCall(), request);
  REQUIRE(response.ok());
  CHECK_FALSE(response->results(0).has_refusal());
  CHECK(response->results(1).refusal().reason() == "MOVE_CONDITION_UNMET");
  CHECK(Status("deal").state().state_id() == "pension");
  CHECK(Status("other-deal").state().state_id() == "asked");
}

TEST_CASE_METHOD(ConditionsFixture, "one contact of a case suffices, whatever the others say",
                 "[service]") {
  const std::string of_ada = Open(), of_bob = Open("bob");
  Say(of_ada, "retired");
  Say(of_bob, "employed", "bob");
  CHECK(ReasonOf(HandIn(of_bob, "bob")) == "FACT_FIND_INCOMPLETE");
  REQUIRE(HandIn(of_ada).ok());
  CHECK(Move("pension").ok());
}

TEST_CASE_METHOD(ConditionsFixture, "an answer counts by the version in which it was given",
                 "[service]") {
  const std::string id = Open();
  Say(id, "retired");
  REQUIRE(HandIn(id).ok());
  v1::PutSectionRequest section = WorkSection();
  section.mutable_subsections()->DeleteSubrange(0, 1);
  REQUIRE(flows.PutSection(StaffCall(), section).ok());
  v1::PutFlowRequest flow;
  flow.set_flow_id("loan");
  flow.set_type("home-loan");
  flow.set_display_name("Loan");
  flow.add_sections()->set_section_id("work");
  REQUIRE(flows.PutFlow(StaffCall(), flow).ok());
  CHECK(Move("pension").ok());
  CHECK(WrongIn(Loans()).size() == 2);  // Nobody is asked that any more.
}

TEST_CASE_METHOD(ConditionsFixture,
                 "what a client did too early moves the case as soon as its facts hold",
                 "[service]") {
  REQUIRE(Accept().ok());
  REQUIRE(Accept().ok());
  CHECK(Status().state().state_id() == "asked");
  REQUIRE(Status().waiting_actions_size() == 1);
  CHECK(Status().waiting_actions(0) == "offer-accepted");
  const std::string id = Open();
  Say(id, "retired");
  REQUIRE(HandIn(id).ok());
  CHECK(Status().state().state_id() == "pension");
  CHECK(Status().waiting_actions().empty());
  v1::ListCaseMovesRequest request;
  request.set_case_id("deal");
  const auto moves = pipelines.ListCaseMoves(StaffCall(), request);
  REQUIRE(moves->moves_size() == 2);
  CHECK(moves->moves(0).external_action() == "offer-accepted");
  CHECK(moves->moves(0).cause() == v1::MOVED_BY_CLIENT);
  CHECK(moves->moves(0).contact_id() == "ada");  // Whose answers it waited for.
}

TEST_CASE_METHOD(ConditionsFixture, "what was done in a state is forgotten when the case leaves it",
                 "[service]") {
  REQUIRE(Accept().ok());
  REQUIRE(Move("dropped").ok());
  CHECK(Status().waiting_actions().empty());
}

TEST_CASE_METHOD(ConditionsFixture, "a client's step is refused until the facts are so",
                 "[service]") {
  v1::SubmitStepRequest step;
  step.set_case_id("deal");
  step.set_state_id("asked");
  const auto submit = [&] { return pipelines.SubmitStep(As("ada", "deal"), step).status(); };
  CHECK(ReasonOf(submit()) == "MOVE_CONDITION_UNMET");
  CHECK(Status().waiting_actions().empty());  // It was told.
  const std::string id = Open();
  Say(id, "retired");
  REQUIRE(HandIn(id).ok());
  CHECK(submit().ok());
  CHECK(Status().state().state_id() == "pension");
}

TEST_CASE_METHOD(ConditionsFixture,
                 "an action and the answers that it waits for, in two replicas at once, move once",
                 "[service]") {
  PlaceStore other(database.postgres(), outbox, case_file, facts);
  for (int round = 0; round < 10; ++round) {
    const std::string case_id = "deal-" + std::to_string(round);
    Stand(case_id);
    const std::string id = Open("ada", case_id);
    Say(id, "retired", "ada", case_id);
    absl::Status accepted;
    std::thread thread([&] { accepted = Accept(case_id, &other); });
    const absl::Status handed_in = HandIn(id, "ada", case_id);
    thread.join();
    CHECK(accepted.ok());
    CHECK(handed_in.ok());
    CHECK(Status(case_id).state().state_id() == "pension");
    v1::ListCaseMovesRequest request;
    request.set_case_id(case_id);
    CHECK(pipelines.ListCaseMoves(StaffCall(), request)->moves_size() == 2);
  }
}

}  // namespace
}  // namespace gatehouse::cases
