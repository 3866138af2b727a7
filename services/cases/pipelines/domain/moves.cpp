#include "services/cases/pipelines/domain/moves.h"

#include <algorithm>

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

// Where the first move of the state leads that is such a one; empty: there is none.
template <typename Is>
std::string FirstMove(const Pipeline& pipeline, const std::string& from, Is is) {
  const auto& moves = FindState(pipeline, from)->moves();
  const auto found = std::find_if(moves.begin(), moves.end(), is);
  return found == moves.end() ? "" : found->to_state_id();
}

absl::Status StepPassed() {
  return Refuse(v1::STEP_PASSED, "the case has moved on: read its status again");
}

}  // namespace

absl::StatusOr<std::string> MoveTo(const Pipeline& pipeline, const std::string& from,
                                   const std::string& to) {
  if (!CanStandIn(pipeline, to)) return StateUnknown(to);
  const std::string found = FirstMove(
      pipeline, from, [&](const v1::PipelineMove& move) { return move.to_state_id() == to; });
  if (found.empty()) return MoveUnknown(from);
  return found;
}

absl::StatusOr<std::string> MoveByExternalAction(const Pipeline& pipeline, const std::string& from,
                                                 const std::string& action) {
  const std::string to = FirstMove(pipeline, from, [&](const v1::PipelineMove& move) {
    return move.external_action() == action;
  });
  if (to.empty()) return MoveUnknown(from);
  return to;
}

absl::StatusOr<std::string> MoveBySubmit(const Pipeline& pipeline, const std::string& from,
                                         const std::string& shown) {
  if (from != shown) return StepPassed();
  const std::string to = FirstMove(pipeline, from, [](const v1::PipelineMove& move) {
    return move.client_action() == v1::SUBMITTED;
  });
  if (to.empty()) return MoveUnknown(from);
  return to;
}

absl::StatusOr<std::string> MoveByRestart(const Pipeline& pipeline, const std::string& from,
                                          const std::string& shown) {
  if (from != shown) return StepPassed();
  if (!FindState(pipeline, from)->restart_allowed()) return MoveUnknown(from);
  return FirstState(pipeline).state_id();
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
