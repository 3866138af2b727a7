#include "services/cases/factfind/tests/fixture.h"
#include "services/cases/pipelines/handler.h"

// A submission moves the case where its pipeline waits for it, and only there.

namespace gatehouse::cases {
namespace {

struct SubmitFixture : Fixture {
  DefinitionStore definitions{database.postgres()};
  PipelinesHandler pipelines{{definitions, places, case_file, facts, gate, once}};
  FlowsHandler flows{flow_store};
  FactFindsHandler finds{{flow_store, find_store, store, places, gate, once}};

  // A pipeline from `asked`, where the action moves to `answered`; and a case in it.
  void Stand(const std::string& action) {
    auto pipeline = FromText<v1::PutPipelineRequest>(R"pb(
      pipeline_id: "loans"
      display_name: "Loans"
      kinds: "loan"
      states {
        state_id: "asked"
        display_name: "Asked"
        moves { to_state_id: "answered" }
      }
      states { state_id: "answered" display_name: "Answered" }
    )pb");
    pipeline.mutable_states(0)->mutable_moves(0)->set_external_action(action);
    REQUIRE(pipelines.PutPipeline(StaffCall(), pipeline).ok());
    pb::PutCaseRequest mirrored = Mirror("deal");
    mirrored.set_kind("loan");
    REQUIRE(handler.PutCase(StaffCall(), mirrored).ok());
  }
  // Asks, answers and hands in.
  absl::StatusOr<v1::FactFind> HandIn(const std::string& submit_action = "") {
    REQUIRE(flows.PutSection(StaffCall(), WorkSection()).ok());
    v1::PutFlowRequest flow;
    flow.set_flow_id("loan");
    flow.set_type("home-loan");
    flow.set_display_name("Loan");
    flow.set_submit_action(submit_action);
    flow.add_sections()->set_section_id("work");
    REQUIRE(flows.PutFlow(StaffCall(), flow).ok());
    v1::CreateFactFindRequest open;
    open.set_case_id("deal");
    open.set_contact_id("ada");
    open.set_flow_id("loan");
    v1::SaveAnswerRequest answer;
    answer.set_case_id("deal");
    answer.set_fact_find_id(finds.CreateFactFind(StaffCall(), open)->fact_find_id());
    answer.set_section_id("work");
    answer.set_field_id("status");
    *answer.mutable_value() = Text("retired");
    const Call ada = ClientCall({"deal", "ada", "inv_1", Visibility::kOwn});
    REQUIRE(finds.SavePortalAnswer(ada, answer).ok());
    v1::SubmitFactFindRequest submit;
    submit.set_case_id("deal");
    submit.set_fact_find_id(answer.fact_find_id());
    return finds.SubmitFactFind(ada, submit);
  }
  v1::ListCaseMovesResponse Moves() {
    v1::ListCaseMovesRequest request;
    request.set_case_id("deal");
    return pipelines.ListCaseMoves(StaffCall(), request).value();
  }
};

TEST_CASE_METHOD(SubmitFixture, "[X-7] a submission moves the case on, and the history says so",
                 "[service]") {
  Stand("fact-find-submitted");
  REQUIRE(HandIn().ok());
  const auto moves = Moves();
  REQUIRE(moves.moves_size() == 2);
  CHECK(moves.moves(0).to_state_id() == "answered");
  CHECK(moves.moves(0).cause() == v1::MOVED_BY_CLIENT);
  CHECK(moves.moves(0).contact_id() == "ada");
  CHECK(moves.moves(0).external_action() == "fact-find-submitted");
}

TEST_CASE_METHOD(SubmitFixture, "the flow may name an action of its own", "[service]") {
  Stand("loan-answered");
  REQUIRE(HandIn("loan-answered").ok());
  CHECK(Moves().moves_size() == 2);
}

TEST_CASE_METHOD(SubmitFixture, "where the case does not wait for it, it is handed in all the same",
                 "[service]") {
  SECTION("another action") {
    Stand("something-else");
    CHECK(HandIn()->state() == v1::FactFind::SUBMITTED);
    CHECK(Moves().moves_size() == 1);
  }
  SECTION("no pipeline") {
    REQUIRE(Put("deal", "Smith").ok());
    CHECK(HandIn()->state() == v1::FactFind::SUBMITTED);
    CHECK(Moves().moves_size() == 0);
  }
}

}  // namespace
}  // namespace gatehouse::cases
