#include "services/cases/pipelines/domain/status.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

std::string Primary(const std::string& language) { return language.substr(0, language.find('-')); }

v1::PortalState Shown(const State& state, const std::string& language) {
  const v1::ClientText text = TextOf(state, language);
  v1::PortalState shown;
  shown.set_state_id(state.state_id());
  shown.set_display_name(text.display_name());
  shown.set_description(text.description());
  shown.set_view(ViewOf(state));
  return shown;
}

// The state at the top of which it is a part: itself, or that whose sub-state it is.
const State& TopOf(const Pipeline& pipeline, const State& state) {
  const State* parent = FindState(pipeline, state.parent_id());
  return parent == nullptr ? state : *parent;
}

// The visible states that the case stood in, each once, at its last time.
std::vector<const State*> VisiblyPassed(const Pipeline& pipeline,
                                        const std::vector<std::string>& passed) {
  std::vector<const State*> visible;
  for (const std::string& state_id : passed) {
    const State* state = FindState(pipeline, state_id);
    if (state == nullptr || !IsVisible(pipeline, *state)) continue;
    visible.erase(std::remove(visible.begin(), visible.end(), state), visible.end());
    visible.push_back(state);
  }
  return visible;
}

// The first visible states that moves lead to, through hidden ones, in the pipeline's order.
std::vector<const State*> VisiblyNext(const Pipeline& pipeline, const State& from) {
  std::set<std::string> seen = {from.state_id()};
  std::vector<const State*> way = {&from};
  std::set<const State*> found;
  for (size_t i = 0; i < way.size(); ++i) {
    for (const v1::PipelineMove& move : way[i]->moves()) {
      if (!seen.insert(move.to_state_id()).second) continue;
      const State* to = FindState(pipeline, move.to_state_id());
      if (IsVisible(pipeline, *to)) {
        found.insert(to);
      } else {
        way.push_back(to);
      }
    }
  }
  // A repeated field's messages have no order of their addresses: by the list.
  std::vector<const State*> next;
  for (const State& state : pipeline.states()) {
    if (found.count(&state) != 0) next.push_back(&state);
  }
  return next;
}

bool ComesAfter(const Pipeline& pipeline, const State& later, const State& earlier) {
  for (const State& state : pipeline.states()) {
    if (&state == &earlier) return true;
    if (&state == &later) return false;
  }
  return false;
}

// `current` is null where the client has seen none yet.
void AddStages(const Pipeline& pipeline, const State* current, const std::string& language,
               v1::PortalStatus& status) {
  const State* stands_in = current == nullptr ? nullptr : &TopOf(pipeline, *current);
  auto progress = current == nullptr ? v1::PortalStage::AHEAD : v1::PortalStage::PASSED;
  for (const State& state : pipeline.states()) {
    if (&state == stands_in) progress = v1::PortalStage::CURRENT;
    const bool failed = ViewOf(state) == v1::FAILED && &state != stands_in;
    if (state.parent_id().empty() && !state.hidden() && !failed) {
      v1::PortalStage& stage = *status.add_stages();
      stage.set_state_id(state.state_id());
      stage.set_display_name(TextOf(state, language).display_name());
      stage.set_progress(progress);
    }
    if (&state == stands_in) progress = v1::PortalStage::AHEAD;
  }
}

}  // namespace

v1::ClientText TextOf(const State& state, const std::string& language) {
  const auto& texts = state.client_texts();
  for (const v1::ClientText& text : texts) {
    if (absl::EqualsIgnoreCase(text.language(), language)) return text;
  }
  for (const v1::ClientText& text : texts) {
    if (absl::EqualsIgnoreCase(Primary(text.language()), Primary(language))) return text;
  }
  if (!texts.empty()) return texts.at(0);
  v1::ClientText text;
  text.set_display_name(state.display_name());
  return text;
}

v1::PortalStatus StatusOf(const Place& place, const std::vector<std::string>& passed,
                          const std::string& language, bool with_stages) {
  const Pipeline& pipeline = place.pipeline;
  const State& standing = place.state();
  const std::vector<const State*> visible = VisiblyPassed(pipeline, passed);
  const State* current = visible.empty() ? nullptr : visible.back();
  v1::PortalStatus status;
  if (current != nullptr) {
    *status.mutable_current() = Shown(*current, language);
    // When it went on to a state that is hidden, clients are not told either.
    if (current == &standing) *status.mutable_since_time() = ToProto(place.since);
    for (const State* state : visible) {
      if (state != current) *status.add_previous() = Shown(*state, language);
    }
  }
  for (const State* state : VisiblyNext(pipeline, standing)) {
    if (ViewOf(*state) == v1::FAILED || !ComesAfter(pipeline, *state, standing)) continue;
    *status.add_next() = Shown(*state, language);
  }
  status.set_can_submit(MoveBySubmit(pipeline, place.state_id, place.state_id, place.facts).ok());
  status.set_can_restart(IsVisible(pipeline, standing) && standing.restart_allowed());
  if (with_stages) AddStages(pipeline, current, language, status);
  return status;
}

}  // namespace gatehouse::cases
