#pragma once

#include "gatehouse/cases/v1/drawings.pb.h"
#include "services/cases/drawing/store/drawing_store.h"
#include "services/cases/portal/gate.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/drawings.proto, translated into calls of the store and the
// rules.
class DrawingsHandler {
 public:
  DrawingsHandler(DrawingStore& drawings, const PortalGate& gate)
      : drawings_(drawings), gate_(gate) {}
  void Register(Server& server);

  absl::StatusOr<v1::Drawing> GetDrawing(const Call& call, const v1::GetDrawingRequest& request);
  absl::StatusOr<v1::Drawing> GetPortalDrawing(const Call& call,
                                               const v1::GetDrawingRequest& request);
  absl::StatusOr<v1::Drawing> PutPortalDrawing(const Call& call,
                                               const v1::PutPortalDrawingRequest& request);

 private:
  DrawingStore& drawings_;
  const PortalGate& gate_;
};

}  // namespace gatehouse::cases
