#include "services/cases/pipelines/domain/moves.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

bool CanStandIn(const Pipeline& pipeline, const std::string& state_id) {
  const std::vector<const State*> standing = Standing(pipeline);
  return std::any_of(standing.begin(), standing.end(),
                     [&](const State* state) { return state->state_id() == state_id; });
}

absl::Status StateUnknown(const std::string& to) {
  return WithFact(Refuse(v1::STATE_UNKNOWN, "the pipeline has no such state to stand in"), "to",
                  to);
}

absl::Status MoveUnknown(const std::string& from) {
  return WithFact(
      Refuse(v1::MOVE_UNKNOWN, "the pipeline has no such move from where the case stands"), "from",
      from);
}

absl::Status ConditionUnmet(const std::string& from, const v1::MoveCondition& condition) {
  const absl::Status refusal = Refuse(v1::MOVE_CONDITION_UNMET,
                                      "what the move waits for was not answered and handed in yet");
  return WithFact(WithFact(refusal, "from", from), "field",
                  absl::StrCat(condition.flow_id(), "/", condition.section_id(), "/",
                               condition.answer().field_id()));
}

// Null where all conditions of the move hold.
const v1::MoveCondition* FirstUnmet(const v1::PipelineMove& move, const Facts& facts) {
  const auto& conditions = move.conditions();
  const auto unmet = std::find_if(
      conditions.begin(), conditions.end(),
      [&](const v1::MoveCondition& condition) { return facts == nullptr || !facts(condition); });
  return unmet == conditions.end() ? nullptr : &*unmet;
}

// Where the first move of the state leads that is such a one and may be made.
template <typename Is>
absl::StatusOr<std::string> FirstMove(const Pipeline& pipeline, const std::string& from,
                                      const Facts& facts, Is is) {
  absl::Status refusal = MoveUnknown(from);
  bool known = false;
  for (const v1::PipelineMove& move : FindState(pipeline, from)->moves()) {
    if (!is(move)) continue;
    const v1::MoveCondition* unmet = FirstUnmet(move, facts);
    if (unmet == nullptr) return move.to_state_id();
    if (!known) refusal = ConditionUnmet(from, *unmet);
    known = true;
  }
  return refusal;
}

absl::Status StepPassed() {
  return Refuse(v1::STEP_PASSED, "the case has moved on: read its status again");
}

}  // namespace

absl::StatusOr<std::string> MoveTo(const Pipeline& pipeline, const std::string& from,
                                   const std::string& to, const Facts& facts) {
  if (!CanStandIn(pipeline, to)) return StateUnknown(to);
  return FirstMove(pipeline, from, facts,
                   [&](const v1::PipelineMove& move) { return move.to_state_id() == to; });
}

absl::StatusOr<std::string> MoveByExternalAction(const Pipeline& pipeline, const std::string& from,
                                                 const std::string& action, const Facts& facts) {
  return FirstMove(pipeline, from, facts,
                   [&](const v1::PipelineMove& move) { return move.external_action() == action; });
}

absl::StatusOr<std::string> MoveBySubmit(const Pipeline& pipeline, const std::string& from,
                                         const std::string& shown, const Facts& facts) {
  if (from != shown) return StepPassed();
  return FirstMove(pipeline, from, facts, [](const v1::PipelineMove& move) {
    return move.client_action() == v1::SUBMITTED;
  });
}

absl::StatusOr<std::string> MoveByRestart(const Pipeline& pipeline, const std::string& from,
                                          const std::string& shown) {
  if (from != shown) return StepPassed();
  if (!FindState(pipeline, from)->restart_allowed()) return MoveUnknown(from);
  return FirstState(pipeline).state_id();
}

bool WaitsFor(const State& state, const std::string& action) {
  return std::any_of(state.moves().begin(), state.moves().end(), [&](const v1::PipelineMove& move) {
    return move.external_action() == action;
  });
}

std::vector<v1::MoveCondition> ConditionsOf(const State& state) {
  std::vector<v1::MoveCondition> conditions;
  for (const v1::PipelineMove& move : state.moves()) {
    conditions.insert(conditions.end(), move.conditions().begin(), move.conditions().end());
  }
  return conditions;
}

absl::StatusOr<std::string> EnterPipeline(const Pipeline& pipeline, const std::string& from,
                                          const std::string& to) {
  if (!to.empty()) {
    if (!CanStandIn(pipeline, to)) return StateUnknown(to);
    return to;
  }
  return CanStandIn(pipeline, from) ? from : FirstState(pipeline).state_id();
}

}  // namespace gatehouse::cases
