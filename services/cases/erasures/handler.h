#pragma once

#include "gatehouse/cases/v1/erasures.pb.h"
#include "services/cases/erasures/store/erasure_store.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/erasures.proto.
class ErasuresHandler {
 public:
  ErasuresHandler(ErasureStore& erasures, Once& once) : erasures_(erasures), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<v1::Erasure> EraseContact(const Call& call,
                                           const v1::EraseContactRequest& request);
  absl::StatusOr<v1::Erasure> GetErasure(const Call& call, const v1::GetErasureRequest& request);
  absl::StatusOr<v1::ListErasuresResponse> ListErasures(const Call& call,
                                                        const v1::ListErasuresRequest& request);

 private:
  ErasureStore& erasures_;
  Once& once_;
};

}  // namespace gatehouse::cases
