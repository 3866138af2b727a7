#pragma once

#include "gatehouse/cases/v1/bulk.pb.h"
#include "services/cases/bulk/store/bulk_store.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/bulk.proto, translated into calls of the store.
class BulkHandler {
 public:
  BulkHandler(BulkStore& bulk, Once& once) : bulk_(bulk), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<v1::BatchPutCasesResponse> BatchPutCases(const Call& call,
                                                          const v1::BatchPutCasesRequest& request);
  absl::StatusOr<v1::DeleteUnputCasesResponse> DeleteUnputCases(
      const Call& call, const v1::DeleteUnputCasesRequest& request);

 private:
  BulkStore& bulk_;
  Once& once_;
};

}  // namespace gatehouse::cases
