#include "services/cases/pipelines/domain/definition.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/cases/pipelines/tests/fixture.h"
#include "services/common/rpc/validate.h"

// What makes a definition one that cannot work, each mistake by its place.

namespace gatehouse::cases {
namespace {

// The places that are refused, joined.
std::string Mistakes(const v1::PutPipelineRequest& pipeline) {
  const absl::Status status = CheckDefinition(pipeline);
  if (status.ok()) return "";
  CHECK(ReasonOf(status) == "INVALID_REQUEST");
  std::string fields;
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const auto& detail : wire.details()) {
    google::rpc::BadRequest wrong;
    if (!detail.UnpackTo(&wrong)) continue;
    for (const auto& violation : wrong.field_violations()) {
      fields += violation.field() + ": " + violation.description() + "\n";
    }
  }
  return fields;
}

bool Names(const v1::PutPipelineRequest& pipeline, const std::string& place) {
  const std::string mistakes = Mistakes(pipeline);
  INFO(mistakes);
  return mistakes.find(place) != std::string::npos;
}

State& StateOf(v1::PutPipelineRequest& pipeline, const std::string& id) {
  for (State& state : *pipeline.mutable_states()) {
    if (state.state_id() == id) return state;
  }
  FAIL("no state " + id);
  return *pipeline.add_states();
}

TEST_CASE("a pipeline that works is taken, down to one state", "[unit]") {
  CHECK(Mistakes(Solar()) == "");
  CHECK(Validate(Solar()).ok());
  v1::PutPipelineRequest one;
  one.add_states()->set_state_id("only");
  CHECK(Mistakes(one) == "");
}

TEST_CASE("a state that nobody reaches is refused by its place", "[unit]") {
  v1::PutPipelineRequest pipeline = Solar();
  pipeline.add_states()->set_state_id("island");
  CHECK(Names(pipeline, "states[7].state_id"));

  SECTION("two that only reach each other as well") {
    State& other = *pipeline.add_states();
    other.set_state_id("atoll");
    other.add_moves()->set_to_state_id("island");
    StateOf(pipeline, "island").add_moves()->set_to_state_id("atoll");
    CHECK(Names(pipeline, "states[7].state_id"));
    CHECK(Names(pipeline, "states[8].state_id"));
  }
}

TEST_CASE("a move to nowhere, to itself, to a heading, or made twice is refused", "[unit]") {
  v1::PutPipelineRequest pipeline = Solar();
  SECTION("to a state that is not there") {
    pipeline.mutable_states(0)->mutable_moves(1)->set_to_state_id("nowhere");
    CHECK(Names(pipeline, "states[0].moves[1].to_state_id"));
  }
  SECTION("to the state itself") {
    pipeline.mutable_states(0)->add_moves()->set_to_state_id("lead");
    CHECK(Names(pipeline, "states[0].moves[2].to_state_id"));
  }
  SECTION("to a state with sub-states, in which no case stands") {
    pipeline.mutable_states(0)->add_moves()->set_to_state_id("planning");
    CHECK(Names(pipeline, "states[0].moves[2].to_state_id"));
  }
  SECTION("from a state with sub-states") {
    StateOf(pipeline, "planning").add_moves()->set_to_state_id("done");
    CHECK(Names(pipeline, "states[1].moves"));
  }
  SECTION("twice to the same state") {
    pipeline.mutable_states(0)->add_moves()->set_to_state_id("failed");
    CHECK(Names(pipeline, "states[0].moves[2].to_state_id"));
  }
}

TEST_CASE("an action makes one move of a state, and a client's only where there is one to do",
          "[unit]") {
  v1::PutPipelineRequest pipeline = Solar();
  SECTION("two moves by one action outside") {
    pipeline.mutable_states(0)->mutable_moves(1)->set_external_action("deposit-paid");
    CHECK(Names(pipeline, "states[0].moves[1].external_action"));
  }
  SECTION("two moves by the client's submission") {
    StateOf(pipeline, "drawing").mutable_moves(1)->set_client_action(v1::SUBMITTED);
    CHECK(Names(pipeline, "states[2].moves[1].client_action"));
  }
  SECTION("a client's submission where the view asks for nothing") {
    pipeline.mutable_states(0)->mutable_moves(0)->set_client_action(v1::SUBMITTED);
    CHECK(Names(pipeline, "states[0].moves[0].client_action"));
  }
  SECTION("a client's submission in a state that clients do not see") {
    StateOf(pipeline, "drawing").set_hidden(true);
    CHECK(Names(pipeline, "states[2].moves[0].client_action"));
  }
  SECTION("nor in a sub-state of one that they do not see") {
    StateOf(pipeline, "planning").set_hidden(true);
    CHECK(Names(pipeline, "states[2].moves[0].client_action"));
  }
}

TEST_CASE("ids, languages and kinds stand once, and sub-states below a state", "[unit]") {
  v1::PutPipelineRequest pipeline = Solar();
  SECTION("an id twice") {
    pipeline.add_states()->set_state_id("lead");
    CHECK(Names(pipeline, "states[7].state_id"));
  }
  SECTION("a language twice, however it is written") {
    AddText(*pipeline.mutable_states(0), "en-AU", "Hello");
    AddText(*pipeline.mutable_states(0), "EN-au", "Hello");
    CHECK(Names(pipeline, "states[0].client_texts[1].language"));
  }
  SECTION("a kind twice, or an empty one") {
    pipeline.add_kinds("installation");
    pipeline.add_kinds("");
    CHECK(Names(pipeline, "kinds[1]"));
    CHECK(Names(pipeline, "kinds[2]"));
  }
  SECTION("a sub-state of nothing, of what comes later, of itself") {
    for (const char* parent : {"nothing", "done", "lead"}) {
      pipeline.mutable_states(0)->set_parent_id(parent);
      CHECK(Names(pipeline, "states[0].parent_id"));
    }
  }
  SECTION("a sub-state of a sub-state") {
    StateOf(pipeline, "checking").set_parent_id("drawing");
    CHECK(Names(pipeline, "states[3].parent_id"));
  }
}

TEST_CASE("only what failed is started again", "[unit]") {
  v1::PutPipelineRequest pipeline = Solar();
  StateOf(pipeline, "done").set_restart_allowed(true);
  CHECK(Names(pipeline, "states[5].restart_allowed"));
}

TEST_CASE("a pipeline is bounded in each direction, and its mistakes are too", "[unit]") {
  v1::PutPipelineRequest pipeline = Solar();
  SECTION("states") {
    for (int i = 0; i < 60; ++i) pipeline.add_states()->set_state_id("s" + std::to_string(i));
    CHECK(ReasonOf(Validate(pipeline)) == "INVALID_REQUEST");
  }
  SECTION("a text") {
    AddText(*pipeline.mutable_states(0), "en", "Hello", std::string(501, 'x'));
    CHECK(ReasonOf(Validate(pipeline)) == "INVALID_REQUEST");
  }
  SECTION("a language that is none") {
    AddText(*pipeline.mutable_states(0), "../en", "Hello");
    CHECK(ReasonOf(Validate(pipeline)) == "INVALID_REQUEST");
  }
  SECTION("a name from right to left, and a language with a script, are taken") {
    AddText(*pipeline.mutable_states(0), "zh-Hant-TW", "\u7a0b\u5e8f");
    AddText(*pipeline.mutable_states(0), "ar", "\u0627\u0644\u0637\u0644\u0628");
    CHECK(Validate(pipeline).ok());
    CHECK(Mistakes(pipeline) == "");
  }
  SECTION("mistakes") {
    for (State& state : *pipeline.mutable_states()) {
      for (int i = 0; i < 50; ++i) state.add_moves()->set_to_state_id("nowhere");
    }
    const std::string mistakes = Mistakes(pipeline);
    CHECK(std::count(mistakes.begin(), mistakes.end(), '\n') == 100);
  }
}

TEST_CASE("a case begins in the first state in which it can stand", "[unit]") {
  Pipeline pipeline;
  *pipeline.mutable_states() = Solar().states();
  CHECK(FirstState(pipeline).state_id() == "lead");
  pipeline.mutable_states()->DeleteSubrange(0, 1);
  CHECK(FirstState(pipeline).state_id() == "drawing");
  CHECK(Standing(pipeline).size() == 5);
}

}  // namespace
}  // namespace gatehouse::cases
