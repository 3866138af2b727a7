#include "services/cases/pipelines/domain/definition.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

// What is wrong over and over need not be said more often.
constexpr size_t kMistakesMax = 100;
constexpr int kConditionsMax = 200;

// Both the request and the stored message have `states`.
template <typename Definition>
const State* Find(const Definition& definition, const std::string& state_id) {
  const auto& states = definition.states();
  const auto found = std::find_if(states.begin(), states.end(),
                                  [&](const State& state) { return state.state_id() == state_id; });
  return found == states.end() ? nullptr : &*found;
}

template <typename Definition>
bool HasSubStates(const Definition& definition, const State& state) {
  return std::any_of(definition.states().begin(), definition.states().end(),
                     [&](const State& other) { return other.parent_id() == state.state_id(); });
}

// Whether a client who sees this view has anything to do.
bool AsksForAction(v1::StateView view) {
  return view != v1::GENERAL && view != v1::SUCCESS && view != v1::FAILED;
}

// Reads a definition once, and notes what is wrong with it.
class Inspection {
 public:
  explicit Inspection(const v1::PutPipelineRequest& pipeline) : pipeline_(pipeline) {}

  std::vector<FieldViolation> Run() {
    CheckKinds();
    for (int i = 0; i < pipeline_.states_size(); ++i) {
      const State& state = pipeline_.states(i);
      const std::string place = PlaceOf(i);
      if (!ids_.insert(state.state_id()).second) Add(place, "state_id", "stands there twice");
      CheckParent(state, i);
      CheckTexts(state, place);
      if (state.restart_allowed() && state.view() != v1::FAILED) {
        Add(place, "restart_allowed", "goes with the view FAILED only");
      }
      CheckMoves(state, place);
    }
    if (conditions_ > kConditionsMax) {
      violations_.push_back(
          {"states", absl::StrCat("must have at most ", kConditionsMax, " conditions altogether")});
    }
    // Who moves where is known only of a definition that names its states rightly.
    if (violations_.empty()) CheckReached();
    return std::move(violations_);
  }

 private:
  static std::string PlaceOf(int index) { return absl::StrCat("states[", index, "]"); }

  void Add(const std::string& place, const std::string& field, const std::string& mistake) {
    if (violations_.size() >= kMistakesMax) return;
    violations_.push_back({absl::StrCat(place, ".", field), mistake});
  }

  void CheckKinds() {
    std::set<std::string> kinds;
    for (int i = 0; i < pipeline_.kinds_size(); ++i) {
      const std::string place = absl::StrCat("kinds[", i, "]");
      if (pipeline_.kinds(i).empty()) violations_.push_back({place, "is empty"});
      if (!kinds.insert(pipeline_.kinds(i)).second) violations_.push_back({place, "stands twice"});
    }
  }

  void CheckParent(const State& state, int index) {
    if (state.parent_id().empty()) return;
    const State* parent = nullptr;
    for (int i = 0; i < index; ++i) {
      if (pipeline_.states(i).state_id() == state.parent_id()) parent = &pipeline_.states(i);
    }
    if (parent == nullptr) {
      Add(PlaceOf(index), "parent_id", "is no state that stands before this one");
    } else if (!parent->parent_id().empty()) {
      Add(PlaceOf(index), "parent_id", "is a sub-state, which has none of its own");
    }
  }

  void CheckTexts(const State& state, const std::string& place) {
    std::set<std::string> languages;
    for (int i = 0; i < state.client_texts_size(); ++i) {
      if (languages.insert(absl::AsciiStrToLower(state.client_texts(i).language())).second)
        continue;
      Add(place, absl::StrCat("client_texts[", i, "].language"), "stands there twice");
    }
  }

  void CheckMoves(const State& state, const std::string& place) {
    if (HasSubStates(pipeline_, state) && state.moves_size() > 0) {
      Add(place, "moves", "belong to its sub-states, in which the cases stand");
    }
    std::set<std::string> targets;
    // What makes a move whatever the facts are: no move after it is ever made by the same.
    std::set<std::string> external;
    std::set<int> client;
    for (int i = 0; i < state.moves_size(); ++i) {
      const v1::PipelineMove& move = state.moves(i);
      const std::string there = absl::StrCat(place, ".moves[", i, "]");
      const State* to = Find(pipeline_, move.to_state_id());
      if (to == nullptr) {
        Add(there, "to_state_id", "is no state of this pipeline");
      } else if (to->state_id() == state.state_id()) {
        Add(there, "to_state_id", "is the state itself");
      } else if (HasSubStates(pipeline_, *to)) {
        Add(there, "to_state_id", "has sub-states: name one of them");
      }
      if (!targets.insert(move.to_state_id()).second) {
        Add(there, "to_state_id", "stands there twice");
      }
      conditions_ += move.conditions_size();
      const bool always = move.conditions().empty();
      if (!move.external_action().empty() && external.count(move.external_action()) != 0) {
        Add(there, "external_action", "makes another move of this state already");
      }
      if (always) external.insert(move.external_action());
      if (move.client_action() == v1::CLIENT_ACTION_UNSPECIFIED) continue;
      if (client.count(move.client_action()) != 0) {
        Add(there, "client_action", "makes another move of this state already");
      }
      if (always) client.insert(move.client_action());
      CheckClientMay(state, there);
    }
  }

  void CheckClientMay(const State& state, const std::string& there) {
    const State* parent = Find(pipeline_, state.parent_id());
    if (state.hidden() || (parent != nullptr && parent->hidden())) {
      Add(there, "client_action", "is nothing that a client can do in a hidden state");
    } else if (!AsksForAction(ViewOf(state))) {
      Add(there, "client_action",
          absl::StrCat("is nothing that the view ", v1::StateView_Name(ViewOf(state)),
                       " asks for"));
    }
  }

  void CheckReached() {
    std::map<std::string, const State*> standing;
    std::vector<const State*> reached;
    for (const State& state : pipeline_.states()) {
      if (HasSubStates(pipeline_, state)) continue;
      if (standing.empty()) reached.push_back(&state);
      standing[state.state_id()] = &state;
    }
    std::set<std::string> seen = {reached.front()->state_id()};
    for (size_t i = 0; i < reached.size(); ++i) {
      for (const v1::PipelineMove& move : reached[i]->moves()) {
        if (seen.insert(move.to_state_id()).second) {
          reached.push_back(standing.at(move.to_state_id()));
        }
      }
    }
    for (int i = 0; i < pipeline_.states_size(); ++i) {
      const std::string& id = pipeline_.states(i).state_id();
      if (standing.count(id) != 0 && seen.count(id) == 0) {
        Add(PlaceOf(i), "state_id", "is a state that no move leads to");
      }
    }
  }

  const v1::PutPipelineRequest& pipeline_;
  std::set<std::string> ids_;
  int conditions_ = 0;
  std::vector<FieldViolation> violations_;
};

}  // namespace

absl::Status CheckDefinition(const v1::PutPipelineRequest& pipeline) {
  const std::vector<FieldViolation> violations = Inspection(pipeline).Run();
  return violations.empty() ? absl::OkStatus() : RefuseFields(violations);
}

const State* FindState(const Pipeline& pipeline, const std::string& state_id) {
  return Find(pipeline, state_id);
}

std::vector<const State*> Standing(const Pipeline& pipeline) {
  std::vector<const State*> standing;
  for (const State& state : pipeline.states()) {
    if (!HasSubStates(pipeline, state)) standing.push_back(&state);
  }
  return standing;
}

const State& FirstState(const Pipeline& pipeline) { return *Standing(pipeline).front(); }

bool IsVisible(const Pipeline& pipeline, const State& state) {
  if (state.hidden()) return false;
  const State* parent = FindState(pipeline, state.parent_id());
  return parent == nullptr || !parent->hidden();
}

v1::StateView ViewOf(const State& state) {
  return state.view() == v1::STATE_VIEW_UNSPECIFIED ? v1::GENERAL : state.view();
}

}  // namespace gatehouse::cases
