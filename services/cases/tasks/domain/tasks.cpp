#include "services/cases/tasks/domain/tasks.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/cases/pipelines/domain/status.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

// The screen of the state that the case stands in: what is done there is what it waits for.
v1::StateView ShownAt(const std::optional<Place>& place) {
  return place.has_value() ? ViewOf(place->state()) : v1::GENERAL;
}

v1::Task Asked(v1::Task::Kind kind, const std::string& subject_id, const std::string& title,
               bool blocks_case) {
  v1::Task task;
  task.set_kind(kind);
  task.set_subject_id(subject_id);
  task.set_title(title);
  task.set_blocks_case(blocks_case);
  return task;
}

v1::Task TaskOf(const v1::Offer& offer, bool blocks_case) {
  v1::Task task = Asked(v1::Task::OFFER, offer.offer_id(), offer.content().title(), blocks_case);
  task.set_contact_id(offer.contact_id());
  if (offer.content().has_valid_until_time()) {
    *task.mutable_due_time() = offer.content().valid_until_time();
  }
  return task;
}

// Due when the last of its times has come: until then one can be chosen.
v1::Task TaskOf(const v1::Visit& visit, bool blocks_case) {
  v1::Task task = Asked(v1::Task::VISIT, visit.visit_id(), visit.plan().title(), blocks_case);
  task.set_contact_id(visit.contact_id());
  absl::Time last = absl::InfinitePast();
  for (const v1::VisitTime& time : visit.plan().times()) {
    last = std::max(last, FromProto(time.start_time()));
  }
  if (last != absl::InfinitePast()) *task.mutable_due_time() = ToProto(last);
  return task;
}

// The case waits for it where its state moves on when it is handed in.
v1::Task TaskOf(const AskedFactFind& asked, const std::optional<Place>& place) {
  const bool blocks_case = place.has_value() && WaitsFor(place->state(), asked.submit_action);
  v1::Task task =
      Asked(v1::Task::FACT_FIND, asked.find.fact_find_id(), asked.find.display_name(), blocks_case);
  task.set_contact_id(asked.find.contact_id());
  return task;
}

// What the state asks for by itself.
void AddOfPlace(const TaskSources& sources, std::vector<v1::Task>& tasks) {
  if (!sources.place.has_value()) return;
  const State& state = sources.place->state();
  if (!IsVisible(sources.place->pipeline, state)) return;
  const std::string title = TextOf(state, sources.language).display_name();
  if (ViewOf(state) == v1::DRAWING && sources.drawing.faces().empty()) {
    tasks.push_back(Asked(v1::Task::DRAWING, state.state_id(), title, true));
  }
  const bool submits = std::any_of(
      state.moves().begin(), state.moves().end(),
      [](const v1::PipelineMove& move) { return move.client_action() == v1::SUBMITTED; });
  if (submits) tasks.push_back(Asked(v1::Task::STEP, state.state_id(), title, true));
}

auto Order(const v1::Task& task) {
  const bool terms = task.kind() == v1::Task::TERMS;
  const absl::Time due = task.has_due_time() ? FromProto(task.due_time()) : absl::InfiniteFuture();
  // A step is done when what it asks for is.
  const bool step = task.kind() == v1::Task::STEP;
  return std::tuple(!terms, !task.blocks_case(), step, due);
}

}  // namespace

std::vector<v1::Task> TasksOf(const TaskSources& sources) {
  std::vector<v1::Task> tasks;
  if (sources.terms_to_accept != 0) {
    tasks.push_back(Asked(v1::Task::TERMS, absl::StrCat(sources.terms_to_accept), "", true));
  }
  AddOfPlace(sources, tasks);
  const v1::StateView view = ShownAt(sources.place);
  for (const v1::Offer& offer : sources.offers) {
    if (offer.state() == v1::Offer::OPEN) tasks.push_back(TaskOf(offer, view == v1::OFFER));
  }
  for (const v1::Visit& visit : sources.visits) {
    if (visit.state() == v1::Visit::PROPOSED) tasks.push_back(TaskOf(visit, view == v1::VISIT));
  }
  for (const AskedFactFind& asked : sources.fact_finds) {
    if (asked.find.state() != v1::FactFind::IN_PROGRESS) continue;
    tasks.push_back(TaskOf(asked, sources.place));
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const v1::Task& a, const v1::Task& b) { return Order(a) < Order(b); });
  return tasks;
}

}  // namespace gatehouse::cases
