#pragma once

#include "gatehouse/documents/v1/erasure.pb.h"
#include "services/common/base/clock.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/documents/blobs/domain/collector.h"
#include "services/documents/erasure/store/erasure_store.h"

namespace gatehouse::documents {

// The RPC of proto/gatehouse/documents/v1/erasure.proto.
class ErasureHandler {
 public:
  ErasureHandler(ErasureStore& store, BlobCollector& collector, Once& once, const Clock& clock)
      : store_(store), collector_(collector), once_(once), clock_(clock) {}

  absl::StatusOr<common::v1::EraseContactResponse> EraseContact(
      const Call& call, const common::v1::EraseContactRequest& request) {
    ASSIGN_OR_RETURN(const common::v1::EraseContactResponse receipt, once_.Run(call, request, [&] {
      return store_.Erase(call.caller.organisation_id, request.subject());
    }));
    // Each time: where the bytes' store was away, whoever asks again finds the rows gone, and the
    // bytes still to be collected.
    RETURN_IF_ERROR(collector_.Collect(clock_.Now()).status());
    return receipt;
  }

 private:
  ErasureStore& store_;
  BlobCollector& collector_;
  Once& once_;
  const Clock& clock_;
};

}  // namespace gatehouse::documents
