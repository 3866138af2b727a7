#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/cases/domain/facts.h"
#include "services/cases/pipelines/domain/definition.h"

namespace gatehouse::cases {

// Where a case stands: in a state of one version of a pipeline.
struct Place {
  Pipeline pipeline;
  std::string state_id;
  absl::Time since;
  // What clients did here that moves it as soon as the conditions hold, the first first.
  std::vector<std::string> waiting_actions;
  Facts facts;  // Those that the moves of its state ask for.

  const State& state() const { return *FindState(pipeline, state_id); }
};

// Who moves a case, and why.
struct Mover {
  v1::MoveCause cause = v1::MOVED_BY_STAFF;
  std::string actor_id, actor_name;
  std::string contact_id;  // Of a client.
  std::string reason;
  std::string external_action;
};

// The rules by which a case moves: each says which state of `pipeline` it moves to from the state
// `from`, in which it stands. Where there is such a move, and a condition of it does not hold by
// `facts`, they refuse MOVE_CONDITION_UNMET.

// To the state that staff or the CRM name. Refuses STATE_UNKNOWN, and MOVE_UNKNOWN where no move
// leads there.
absl::StatusOr<std::string> MoveTo(const Pipeline& pipeline, const std::string& from,
                                   const std::string& to, const Facts& facts = nullptr);
// By what happened outside. Refuses MOVE_UNKNOWN where no move of the state waits for it.
absl::StatusOr<std::string> MoveByExternalAction(const Pipeline& pipeline, const std::string& from,
                                                 const std::string& action,
                                                 const Facts& facts = nullptr);
// By the client, whose page shows the state `shown`. Refuse STEP_PASSED where the case is not there
// any more, and MOVE_UNKNOWN where the state does not wait for it.
absl::StatusOr<std::string> MoveBySubmit(const Pipeline& pipeline, const std::string& from,
                                         const std::string& shown, const Facts& facts = nullptr);
absl::StatusOr<std::string> MoveByRestart(const Pipeline& pipeline, const std::string& from,
                                          const std::string& shown);

// Whether a move of the state waits for what happens outside, whatever its conditions.
bool WaitsFor(const State& state, const std::string& action);
// The conditions of all moves of the state.
std::vector<v1::MoveCondition> ConditionsOf(const State& state);

// Into a pipeline, from anywhere (`from` empty: from none), whatever moves there are: to the state
// `to`, and where that is empty to the state of the same id, or else the first. Refuses
// STATE_UNKNOWN.
absl::StatusOr<std::string> EnterPipeline(const Pipeline& pipeline, const std::string& from,
                                          const std::string& to);

}  // namespace gatehouse::cases
