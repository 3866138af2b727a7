#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gatehouse/cases/v1/pipelines.pb.h"

namespace gatehouse::cases {

// A pipeline's definition is the contract's message, as it was put.
using Pipeline = v1::Pipeline;
using State = v1::PipelineState;

// OK, or INVALID_REQUEST with every mistake by which the definition could not work, each with its
// place: ids and languages that stand twice, sub-states of nothing, moves to nowhere, two moves by
// the same action of which the first has no conditions, an action of a client who sees nothing to
// do, a state that no case can reach, more than 200 conditions. Whether there is what a condition
// asks for, it does not know.
absl::Status CheckDefinition(const v1::PutPipelineRequest& pipeline);

// Null where there is none of this id.
const State* FindState(const Pipeline& pipeline, const std::string& state_id);
// The states in which cases stand: those without sub-states, in the pipeline's order.
std::vector<const State*> Standing(const Pipeline& pipeline);
// Where cases begin.
const State& FirstState(const Pipeline& pipeline);
// Whether clients see it: neither it nor the state whose sub-state it is is hidden.
bool IsVisible(const Pipeline& pipeline, const State& state);
v1::StateView ViewOf(const State& state);

}  // namespace gatehouse::cases
