#pragma once

#include "gatehouse/cases/v1/search.pb.h"
#include "services/cases/domain/places.h"
#include "services/cases/search/store/search_store.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPC of proto/gatehouse/cases/v1/search.proto.
class SearchHandler {
 public:
  SearchHandler(SearchStore& search, Places& places) : search_(search), places_(places) {}
  void Register(Server& server);

  absl::StatusOr<v1::SearchCasesResponse> SearchCases(const Call& call,
                                                      const v1::SearchCasesRequest& request);

 private:
  SearchStore& search_;
  Places& places_;
};

}  // namespace gatehouse::cases
