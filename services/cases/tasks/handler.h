#pragma once

#include "gatehouse/cases/v1/tasks.pb.h"
#include "services/cases/drawing/store/drawing_store.h"
#include "services/cases/factfind/store/fact_find_store.h"
#include "services/cases/offers/store/offer_store.h"
#include "services/cases/pipelines/store/place_store.h"
#include "services/cases/portal/gate.h"
#include "services/cases/portal/store/terms_store.h"
#include "services/cases/tasks/domain/tasks.h"
#include "services/cases/visits/store/visit_store.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/tasks.proto: the one place where what several nouns ask of
// clients comes together. Each noun is asked by its store.
class TasksHandler {
 public:
  struct Parts {
    PlaceStore& places;
    OfferStore& offers;
    VisitStore& visits;
    DrawingStore& drawings;
    FactFindStore& fact_finds;
    FlowStore& flows;
    TermsStore& terms;
    const PortalGate& gate;
  };
  explicit TasksHandler(const Parts& parts) : parts_(parts) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListTasksResponse> ListTasks(const Call& call,
                                                  const v1::ListTasksRequest& request);
  absl::StatusOr<v1::ListTasksResponse> ListPortalTasks(const Call& call,
                                                        const v1::ListTasksRequest& request);

 private:
  absl::StatusOr<std::vector<AskedFactFind>> FactFindsOf(const FactFindStore::Target& target);
  // Of what the reader sees.
  absl::StatusOr<TaskSources> SourcesOf(const Call& call, const v1::ListTasksRequest& request,
                                        const OfferStore::Reader& reader);

  const Parts parts_;
};

}  // namespace gatehouse::cases
