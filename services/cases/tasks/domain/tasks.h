#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gatehouse/cases/v1/drawings.pb.h"
#include "gatehouse/cases/v1/factfind.pb.h"
#include "gatehouse/cases/v1/offers.pb.h"
#include "gatehouse/cases/v1/tasks.pb.h"
#include "gatehouse/cases/v1/visits.pb.h"
#include "services/cases/pipelines/domain/moves.h"

namespace gatehouse::cases {

// A fact find, and the external action that handing it in is.
struct AskedFactFind {
  v1::FactFind find;
  std::string submit_action;
};

// What there is in a case, of which tasks may follow; for a client, what it sees.
struct TaskSources {
  std::optional<Place> place;  // Nothing: the case is in no pipeline.
  std::vector<v1::Offer> offers;
  std::vector<v1::Visit> visits;
  v1::Drawing drawing;
  std::vector<AskedFactFind> fact_finds;
  int terms_to_accept = 0;  // 0: none.
  // The language that the client reads.
  std::string language;
};

// What is asked of clients: first what blocks the case, terms before all, then by the time that it
// is due, what has none last.
std::vector<v1::Task> TasksOf(const TaskSources& sources);

}  // namespace gatehouse::cases
