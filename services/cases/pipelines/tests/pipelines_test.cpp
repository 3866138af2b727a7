#include <thread>

#include "services/cases/pipelines/tests/fixture.h"

// Definitions and places as the database has them.

namespace gatehouse::cases {
namespace {

TEST_CASE_METHOD(PipelinesFixture, "a pipeline is kept in versions, and the same makes none",
                 "[service]") {
  v1::PutPipelineRequest request = Solar();
  const auto first = pipelines.PutPipeline(StaffCall(), request);
  REQUIRE(first.ok());
  CHECK(first->version() == 1);
  CHECK(first->states_size() == 7);
  CHECK(pipelines.PutPipeline(StaffCall(), request)->version() == 1);
  request.mutable_states(0)->set_display_name("Enquiry");
  CHECK(pipelines.PutPipeline(StaffCall(), request)->version() == 2);

  v1::GetPipelineRequest get;
  get.set_pipeline_id("solar");
  CHECK(pipelines.GetPipeline(StaffCall(), get)->states(0).display_name() == "Enquiry");
  get.set_version(1);
  CHECK(pipelines.GetPipeline(StaffCall(), get)->states(0).display_name() == "Staff's lead");
  get.set_version(3);
  CHECK(ReasonOf(pipelines.GetPipeline(StaffCall(), get).status()) == "NOT_FOUND");
  get.set_version(0);
  CHECK(ReasonOf(pipelines.GetPipeline(StaffCall("other"), get).status()) == "NOT_FOUND");
  CHECK(pipelines.ListPipelines(StaffCall(), {})->pipelines_size() == 1);
  CHECK(pipelines.ListPipelines(StaffCall("other"), {})->pipelines_size() == 0);
}

TEST_CASE_METHOD(PipelinesFixture, "what was got of a pipeline can be put back", "[service]") {
  const auto put = pipelines.PutPipeline(StaffCall(), Solar());
  REQUIRE(put.ok());
  v1::PutPipelineRequest back;
  REQUIRE(back.ParseFromString(put->SerializeAsString()));
  CHECK(v1::Pipeline::descriptor()->field_count() ==
        v1::PutPipelineRequest::descriptor()->field_count());
  const auto again = pipelines.PutPipeline(StaffCall(), back);
  REQUIRE(again.ok());
  CHECK(again->SerializeAsString() == put->SerializeAsString());
}

TEST_CASE_METHOD(PipelinesFixture, "an old etag of a pipeline changes nothing", "[service]") {
  v1::PutPipelineRequest request = Solar();
  request.set_etag("1");
  CHECK(ReasonOf(pipelines.PutPipeline(StaffCall(), request).status()) == "ETAG_MISMATCH");
  CHECK(pipelines.ListPipelines(StaffCall(), {})->pipelines_size() == 0);
  request.clear_etag();
  REQUIRE(pipelines.PutPipeline(StaffCall(), request).ok());
  request.set_etag("1");
  request.set_display_name("Solar panels");
  REQUIRE(pipelines.PutPipeline(StaffCall(), request).ok());
  request.set_display_name("Lost");
  CHECK(ReasonOf(pipelines.PutPipeline(StaffCall(), request).status()) == "ETAG_MISMATCH");
}

TEST_CASE_METHOD(PipelinesFixture, "a kind begins on one pipeline, and what is refused is not kept",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  v1::PutPipelineRequest other = Solar();
  other.set_pipeline_id("other");
  const auto refused = pipelines.PutPipeline(StaffCall(), other).status();
  CHECK(ReasonOf(refused) == "KIND_TAKEN");
  CHECK(FactsOf(refused)["kind"] == "installation");
  CHECK(FactsOf(refused)["pipelineId"] == "solar");
  CHECK(pipelines.ListPipelines(StaffCall(), {})->pipelines_size() == 1);
  CHECK(pipelines.PutPipeline(StaffCall("other"), other).ok());

  v1::PutPipelineRequest without = Solar();
  without.clear_kinds();
  REQUIRE(pipelines.PutPipeline(StaffCall(), without).ok());
  CHECK(pipelines.PutPipeline(StaffCall(), other).ok());
}

TEST_CASE_METHOD(PipelinesFixture, "an organisation has a hundred pipelines at most", "[service]") {
  database.Exec(
      "INSERT INTO pipeline (organisation_id, pipeline_id, display_name, version) "
      "SELECT 'acme', 'p' || n, '', 0 FROM generate_series(1, 99) AS n");
  CHECK(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  v1::PutPipelineRequest more = Solar();
  more.set_pipeline_id("more");
  more.clear_kinds();
  CHECK(ReasonOf(pipelines.PutPipeline(StaffCall(), more).status()) == "PIPELINE_LIMIT_REACHED");
  CHECK(pipelines.PutPipeline(StaffCall(), Solar()).ok());
}

TEST_CASE_METHOD(PipelinesFixture,
                 "a case begins on the pipeline of its kind, or where the CRM has it",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  const auto begun = PutAt("new", "");
  REQUIRE(begun.ok());
  CHECK(begun->state().state_id() == "lead");
  CHECK(begun->state().pipeline_id() == "solar");
  CHECK(begun->state().pipeline_version() == 1);
  CHECK(PutAt("old", "offer")->state().state_id() == "offer");
  CHECK(Get("old")->state().state_id() == "offer");
  CHECK_FALSE(PutAt("deal", "", "deal")->has_state());
  CHECK(ReasonOf(PutAt("deal-2", "lead", "deal").status()) == "NOT_IN_PIPELINE");
  CHECK(ReasonOf(Get("deal-2").status()) == "NOT_FOUND");
  CHECK(ReasonOf(PutAt("odd", "planning").status()) == "STATE_UNKNOWN");
  const auto list = handler.ListCases(StaffCall(), {});
  REQUIRE(list->cases_size() == 3);
  CHECK_FALSE(list->cases(0).has_state());
  CHECK(list->cases(1).state().state_id() == "offer");
}

TEST_CASE_METHOD(PipelinesFixture,
                 "a put moves a case where its pipeline knows the move, and is whole",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "").ok());
  CHECK(PutAt("deal", "drawing")->state().state_id() == "drawing");
  CHECK(PutAt("deal", "")->state().state_id() == "drawing");
  CHECK(PutAt("deal", "drawing")->state().state_id() == "drawing");
  const auto refused = PutAt("deal", "done").status();
  CHECK(ReasonOf(refused) == "MOVE_UNKNOWN");
  CHECK(Stands("deal") == "drawing");
  // Another kind takes no case out of the pipeline that it is in.
  CHECK(PutAt("deal", "", "deal")->state().state_id() == "drawing");
  CHECK(Told("PublishEvent") == 2);
}

TEST_CASE_METHOD(PipelinesFixture, "staff move a case, with who and why in its history",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "").ok());
  const auto moved = Move("deal", "drawing");
  REQUIRE(moved.ok());
  CHECK(moved->state().state_id() == "drawing");
  CHECK(moved->etag() == Get("deal")->etag());
  CHECK(ReasonOf(Move("deal", "done").status()) == "MOVE_UNKNOWN");
  CHECK(ReasonOf(Move("gone", "done").status()) == "NOT_FOUND");
  CHECK(moved->etag() == Get("deal")->etag());

  v1::ListCaseMovesRequest list;
  list.set_case_id("deal");
  const auto moves = pipelines.ListCaseMoves(StaffCall(), list);
  REQUIRE(moves->moves_size() == 2);
  CHECK(moves->moves(0).number() == 2);
  CHECK(moves->moves(0).from_state_id() == "lead");
  CHECK(moves->moves(0).to_state_id() == "drawing");
  CHECK(moves->moves(0).cause() == v1::MOVED_BY_STAFF);
  CHECK(moves->moves(0).actor_name() == "Sam Staff");
  CHECK(moves->moves(0).reason() == "as agreed");
  CHECK(moves->moves(1).cause() == v1::MOVED_BY_PUT);
  CHECK(moves->moves(1).from_state_id().empty());
  list.set_page_size(1);
  const auto page = pipelines.ListCaseMoves(StaffCall(), list);
  CHECK(page->moves_size() == 1);
  list.set_page_token(page->next_page_token());
  CHECK(pipelines.ListCaseMoves(StaffCall(), list)->moves(0).number() == 1);
  list.clear_page_token();
  list.set_case_id("gone");
  CHECK(ReasonOf(pipelines.ListCaseMoves(StaffCall(), list).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Status("deal", "other").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(PipelinesFixture, "of two moves by the same etag at once one wins", "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  for (int round = 0; round < 5; ++round) {
    const std::string id = "deal-" + std::to_string(round);
    const std::string etag = PutAt(id, "")->etag();
    absl::Status one, other;
    std::thread thread([&] { one = Move(id, "drawing", etag).status(); });
    other = Move(id, "failed", etag).status();
    thread.join();
    CHECK(one.ok() != other.ok());
    CHECK(ReasonOf(one.ok() ? other : one) == "ETAG_MISMATCH");
    CHECK(Stands(id) == (one.ok() ? "drawing" : "failed"));
  }
}

TEST_CASE_METHOD(PipelinesFixture, "a client's submission that staff's move crosses is told so",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  for (int round = 0; round < 5; ++round) {
    const std::string id = "deal-" + std::to_string(round);
    REQUIRE(PutAt(id, "drawing").ok());
    absl::Status client, staff;
    std::thread thread([&] { client = Submit(id, "drawing").status(); });
    staff = Move(id, "failed").status();
    thread.join();
    CHECK(client.ok() != staff.ok());
    CHECK((client.ok() || ReasonOf(client) == "STEP_PASSED"));
    CHECK((staff.ok() || ReasonOf(staff) == "MOVE_UNKNOWN"));
  }
}

TEST_CASE_METHOD(PipelinesFixture,
                 "what happened outside moves a case where its state waits for it", "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "").ok());
  v1::MoveCaseRequest request;
  request.set_case_id("deal");
  CHECK(ReasonOf(pipelines.MoveCase(StaffCall(), request).status()) == "INVALID_REQUEST");
  request.set_external_action("deposit-paid");
  request.set_request_id("paid-1");
  REQUIRE(pipelines.MoveCase(StaffCall(), request).ok());
  CHECK(Stands("deal") == "drawing");
  CHECK(pipelines.MoveCase(StaffCall(), request)->state().state_id() == "drawing");
  request.set_request_id("paid-2");
  CHECK(ReasonOf(pipelines.MoveCase(StaffCall(), request).status()) == "MOVE_UNKNOWN");
  request.set_state_id("offer");
  CHECK(ReasonOf(pipelines.MoveCase(StaffCall(), request).status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(PipelinesFixture, "a case stays on its version until staff move it", "[service]") {
  v1::PutPipelineRequest request = Solar();
  REQUIRE(pipelines.PutPipeline(StaffCall(), request).ok());
  REQUIRE(PutAt("deal", "").ok());
  // The next version knows no way from the lead to a drawing.
  request.mutable_states(0)->mutable_moves(0)->set_to_state_id("offer");
  request.mutable_states(4)->add_moves()->set_to_state_id("drawing");
  REQUIRE(pipelines.PutPipeline(StaffCall(), request).ok());
  CHECK(PutAt("deal", "")->state().pipeline_version() == 1);
  REQUIRE(Move("deal", "drawing").ok());
  CHECK(PutAt("new", "")->state().pipeline_version() == 2);

  v1::MoveCaseRequest move;
  move.set_case_id("deal");
  move.set_pipeline_id("nowhere");
  CHECK(ReasonOf(pipelines.MoveCase(StaffCall(), move).status()) == "NOT_FOUND");
  move.set_pipeline_id("solar");
  const auto moved = pipelines.MoveCase(StaffCall(), move);
  REQUIRE(moved.ok());
  CHECK(moved->pipeline_version() == 2);
  CHECK(moved->state().state_id() == "drawing");
}

TEST_CASE_METHOD(PipelinesFixture, "staff put a case into a pipeline, and into another",
                 "[service]") {
  REQUIRE(PutAt("deal", "", "deal").ok());
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  CHECK(Status("deal")->pipeline_id().empty());
  CHECK(Seen("deal")->stages_size() == 0);
  CHECK(ReasonOf(Move("deal", "lead").status()) == "NOT_IN_PIPELINE");
  v1::MoveCaseRequest move;
  move.set_case_id("deal");
  move.set_pipeline_id("solar");
  CHECK(pipelines.MoveCase(StaffCall(), move)->state().state_id() == "lead");
  v1::PutPipelineRequest other;
  other.set_pipeline_id("other");
  other.add_states()->set_state_id("start");
  REQUIRE(pipelines.PutPipeline(StaffCall(), other).ok());
  move.set_pipeline_id("other");
  CHECK(pipelines.MoveCase(StaffCall(), move)->state().state_id() == "start");
  // What it passed in the pipeline before is not part of this one.
  CHECK(Seen("deal")->previous_size() == 0);
}

TEST_CASE_METHOD(PipelinesFixture, "a client sees its case go on, and moves it on itself",
                 "[service]") {
  v1::PutPipelineRequest request = Solar();
  AddText(*request.mutable_states(4), "en", "Your offer", "Have a look.");
  AddText(*request.mutable_states(4), "es", "Su oferta");
  REQUIRE(pipelines.PutPipeline(StaffCall(), request).ok());
  REQUIRE(PutAt("deal", "").ok());
  REQUIRE(Move("deal", "drawing").ok());
  CHECK(ReasonOf(Submit("deal", "lead").status()) == "STEP_PASSED");
  const auto submitted = Submit("deal", "drawing", "once");
  REQUIRE(submitted.ok());
  CHECK(submitted->current().state_id() == "drawing");
  CHECK(Stands("deal") == "checking");
  CHECK(Submit("deal", "drawing", "once")->current().state_id() == "drawing");
  CHECK(ReasonOf(Submit("deal", "drawing").status()) == "STEP_PASSED");
  REQUIRE(Move("deal", "offer").ok());
  CHECK(Seen("deal", "es-MX")->current().display_name() == "Su oferta");
  CHECK(Seen("deal", "fr")->current().description() == "Have a look.");
  CHECK(Seen("deal")->previous_size() == 2);
  CHECK(ReasonOf(Restart("deal", "offer").status()) == "MOVE_UNKNOWN");
  REQUIRE(Move("deal", "failed").ok());
  CHECK(Restart("deal", "failed")->current().state_id() == "lead");
  CHECK(Stands("deal") == "lead");

  v1::ListCaseMovesRequest list;
  list.set_case_id("deal");
  const auto moves = pipelines.ListCaseMoves(StaffCall(), list);
  CHECK(moves->moves(0).cause() == v1::MOVED_BY_CLIENT);
  CHECK(moves->moves(0).contact_id() == "ada");
  CHECK(Told("PublishEvent") == moves->moves_size());
}

TEST_CASE_METHOD(PipelinesFixture, "a client who goes round and round fills no history",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "").ok());
  REQUIRE(Move("deal", "drawing").ok());
  // As if it had done so three thousand times; every tenth move is staff's.
  database.Exec("DELETE FROM case_move");
  database.Exec(
      "INSERT INTO case_move (organisation_id, case_id, number, pipeline_id, pipeline_version, "
      "from_state_id, to_state_id, cause, actor_id, actor_name, contact_id, reason, "
      "external_action) SELECT 'acme', 'deal', n, 'solar', 1, 'failed', 'lead', 1, '', '', "
      "CASE WHEN n % 10 = 0 THEN '' ELSE 'ada' END, '', '' FROM generate_series(1, 3000) AS n");
  database.Exec("UPDATE case_place SET moves = 3000");
  REQUIRE(Submit("deal", "drawing").ok());
  // The first thousand, staff's, and the newest five hundred.
  const auto count = [&](const std::string& which) {
    return database.Exec("SELECT count(*) FROM case_move WHERE " + which)[0][0].as<int>();
  };
  CHECK(count("number <= 1000") == 1000);
  CHECK(count("number > 1000 AND number <= 2501") == 150);
  CHECK(count("number > 2501") == 500);
}

TEST_CASE_METHOD(PipelinesFixture, "a report counts the cases of each state, old ones too",
                 "[service]") {
  v1::PutPipelineRequest request = Solar();
  REQUIRE(pipelines.PutPipeline(StaffCall(), request).ok());
  for (const char* id : {"a", "b"}) REQUIRE(PutAt(id, "").ok());
  REQUIRE(PutAt("c", "done").ok());
  database.Exec("UPDATE case_place SET since_time = now() - interval '3 days' WHERE case_id = 'a'");
  database.Exec("UPDATE case_place SET since_time = now() - interval '1 day' WHERE case_id = 'b'");
  request.mutable_states()->DeleteSubrange(5, 1);
  request.mutable_states(4)->mutable_moves()->DeleteSubrange(0, 1);
  REQUIRE(pipelines.PutPipeline(StaffCall(), request).ok());
  v1::ReportPipelineRequest ask;
  ask.set_pipeline_id("solar");
  CHECK(ReasonOf(pipelines.ReportPipeline(StaffCall("other"), ask).status()) == "NOT_FOUND");
  const auto report = pipelines.ReportPipeline(StaffCall(), ask);
  REQUIRE(report.ok());
  REQUIRE(report->states_size() == 6);
  CHECK(report->states(0).state_id() == "lead");
  CHECK(report->states(0).cases() == 2);
  CHECK(report->states(0).greatest_age().seconds() / 3600 == 72);
  CHECK(report->states(0).mean_age().seconds() / 3600 == 48);
  CHECK(report->states(1).cases() == 0);
  CHECK(report->states(5).state_id() == "done");
  CHECK(report->states(5).cases() == 1);
  CHECK(report->states(5).display_name().empty());
}

TEST_CASE_METHOD(PipelinesFixture, "a case that is deleted leaves its pipeline, with its history",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "drawing").ok());
  REQUIRE(Delete("deal").ok());
  CHECK(ReasonOf(Submit("deal", "drawing").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Seen("deal").status()) == "NOT_FOUND");
  CHECK(database.Exec("SELECT count(*) FROM case_place")[0][0].as<int>() == 0);
  CHECK(database.Exec("SELECT count(*) FROM case_move")[0][0].as<int>() == 0);
  CHECK(PutAt("deal", "")->state().state_id() == "lead");
}

}  // namespace
}  // namespace gatehouse::cases
