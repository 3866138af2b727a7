#include "services/cases/pipelines/domain/status.h"

#include "services/cases/pipelines/tests/fixture.h"

// What clients see of a case's place: rules without a store.

namespace gatehouse::cases {
namespace {

using Ids = std::vector<std::string>;

Place At(const std::string& state_id) {
  Place place;
  place.pipeline.set_pipeline_id("solar");
  *place.pipeline.mutable_states() = Solar().states();
  place.state_id = state_id;
  place.since = absl::FromUnixSeconds(1'800'000'000);
  return place;
}

Ids IdsOf(const google::protobuf::RepeatedPtrField<v1::PortalState>& states) {
  Ids ids;
  for (const v1::PortalState& state : states) ids.push_back(state.state_id());
  return ids;
}

std::string BarOf(const v1::PortalStatus& status) {
  std::string bar;
  for (const v1::PortalStage& stage : status.stages()) {
    bar += stage.state_id() + "=" + v1::PortalStage::Progress_Name(stage.progress()) + " ";
  }
  return bar;
}

TEST_CASE("clients see where the case stands, what has passed, and what comes next", "[unit]") {
  const auto first = StatusOf(At("lead"), {"lead"}, "");
  CHECK(first.current().state_id() == "lead");
  CHECK(first.current().display_name() == "Staff's lead");
  CHECK(first.current().view() == v1::GENERAL);
  CHECK(first.previous().empty());
  CHECK(IdsOf(first.next()) == Ids{"drawing"});
  CHECK_FALSE(first.can_submit());
  CHECK(BarOf(first) == "lead=CURRENT planning=AHEAD done=AHEAD ");

  const auto offer = StatusOf(At("offer"), {"lead", "drawing", "checking", "offer"}, "");
  CHECK(offer.current().view() == v1::OFFER);
  CHECK(IdsOf(offer.previous()) == Ids{"lead", "drawing"});
  CHECK(IdsOf(offer.next()) == Ids{"done"});
  CHECK(BarOf(offer) == "lead=PASSED planning=CURRENT done=AHEAD ");
}

TEST_CASE("what comes next is found behind what is hidden", "[unit]") {
  const auto drawing = StatusOf(At("drawing"), {"lead", "drawing"}, "");
  CHECK(IdsOf(drawing.next()) == Ids{"offer"});
  CHECK(drawing.can_submit());
}

TEST_CASE("a hidden state shows the last that was visible, and not when it went on", "[unit]") {
  const auto hidden = StatusOf(At("checking"), {"lead", "drawing", "checking"}, "");
  CHECK(hidden.current().state_id() == "drawing");
  CHECK_FALSE(hidden.has_since_time());
  CHECK_FALSE(hidden.can_submit());
  CHECK(IdsOf(hidden.previous()) == Ids{"lead"});
  CHECK(StatusOf(At("drawing"), {"drawing"}, "").has_since_time());

  SECTION("and where none was, nothing is current and all is ahead") {
    const auto unseen = StatusOf(At("checking"), {"checking"}, "");
    CHECK_FALSE(unseen.has_current());
    CHECK(BarOf(unseen) == "lead=AHEAD planning=AHEAD done=AHEAD ");
  }
}

TEST_CASE("a failure is told once it is there, and never announced", "[unit]") {
  const auto failed = StatusOf(At("failed"), {"lead", "drawing", "failed"}, "");
  CHECK(failed.current().view() == v1::FAILED);
  CHECK(failed.can_restart());
  CHECK(failed.next().empty());
  CHECK(BarOf(failed) == "lead=PASSED planning=PASSED done=PASSED failed=CURRENT ");
  CHECK_FALSE(StatusOf(At("done"), {"lead", "done"}, "").can_restart());
}

TEST_CASE("a state that was passed twice is shown once, at its last time", "[unit]") {
  const auto again = StatusOf(At("drawing"), {"lead", "drawing", "failed", "lead", "drawing"}, "");
  CHECK(IdsOf(again.previous()) == Ids{"failed", "lead"});
}

TEST_CASE("a state that an older version had is not shown", "[unit]") {
  const auto status = StatusOf(At("drawing"), {"gone", "lead", "drawing"}, "");
  CHECK(IdsOf(status.previous()) == Ids{"lead"});
}

TEST_CASE("clients read their language, one like it, or the first", "[unit]") {
  State state;
  state.set_display_name("STAFF ONLY 7");
  CHECK(TextOf(state, "en").display_name() == "STAFF ONLY 7");
  AddText(state, "en-AU", "Your plans", "We draw them.");
  AddText(state, "pt-BR", "Seus planos");
  CHECK(TextOf(state, "pt-br").display_name() == "Seus planos");
  CHECK(TextOf(state, "pt").display_name() == "Seus planos");
  CHECK(TextOf(state, "en-GB").description() == "We draw them.");
  CHECK(TextOf(state, "de").display_name() == "Your plans");
  CHECK(TextOf(state, "").display_name() == "Your plans");
  CHECK(TextOf(state, "e").display_name() == "Your plans");
}

TEST_CASE("a case moves where a move leads, and is told of what does not by name", "[unit]") {
  const Pipeline pipeline = At("lead").pipeline;
  CHECK(MoveTo(pipeline, "lead", "drawing").value() == "drawing");
  const auto unknown = MoveTo(pipeline, "lead", "done").status();
  CHECK(ReasonOf(unknown) == "MOVE_UNKNOWN");
  CHECK(FactsOf(unknown)["from"] == "lead");
  CHECK(ReasonOf(MoveTo(pipeline, "lead", "nowhere").status()) == "STATE_UNKNOWN");
  CHECK(ReasonOf(MoveTo(pipeline, "lead", "planning").status()) == "STATE_UNKNOWN");
  CHECK(ReasonOf(MoveTo(pipeline, "lead", "lead").status()) == "MOVE_UNKNOWN");
}

TEST_CASE("an action outside moves a case where a move waits for it", "[unit]") {
  const Pipeline pipeline = At("lead").pipeline;
  CHECK(MoveByExternalAction(pipeline, "lead", "deposit-paid").value() == "drawing");
  CHECK(ReasonOf(MoveByExternalAction(pipeline, "offer", "deposit-paid").status()) ==
        "MOVE_UNKNOWN");
  CHECK(ReasonOf(MoveByExternalAction(pipeline, "lead", "moon-rose").status()) == "MOVE_UNKNOWN");
}

TEST_CASE("a client moves the case from what its page shows, and no other", "[unit]") {
  const Pipeline pipeline = At("lead").pipeline;
  CHECK(MoveBySubmit(pipeline, "drawing", "drawing").value() == "checking");
  CHECK(ReasonOf(MoveBySubmit(pipeline, "offer", "drawing").status()) == "STEP_PASSED");
  CHECK(ReasonOf(MoveBySubmit(pipeline, "offer", "offer").status()) == "MOVE_UNKNOWN");
  CHECK(MoveByRestart(pipeline, "failed", "failed").value() == "lead");
  CHECK(ReasonOf(MoveByRestart(pipeline, "done", "done").status()) == "MOVE_UNKNOWN");
  CHECK(ReasonOf(MoveByRestart(pipeline, "lead", "failed").status()) == "STEP_PASSED");
}

TEST_CASE("a pipeline is entered at a state, at the one of before, or at its first", "[unit]") {
  const Pipeline pipeline = At("lead").pipeline;
  CHECK(EnterPipeline(pipeline, "", "offer").value() == "offer");
  CHECK(EnterPipeline(pipeline, "offer", "").value() == "offer");
  CHECK(EnterPipeline(pipeline, "gone", "").value() == "lead");
  CHECK(EnterPipeline(pipeline, "", "").value() == "lead");
  CHECK(EnterPipeline(pipeline, "planning", "").value() == "lead");
  CHECK(ReasonOf(EnterPipeline(pipeline, "", "planning").status()) == "STATE_UNKNOWN");
}

}  // namespace
}  // namespace gatehouse::cases
