#pragma once

#include "gatehouse/cases/v1/cases.pb.h"
#include "services/cases/domain/places.h"
#include "services/cases/domain/store.h"
#include "services/cases/portal/gate.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

namespace pb = v1;

// The RPCs of proto/gatehouse/cases/v1, translated into calls of the store and the rules.
class Handler {
 public:
  Handler(Store& store, Places& places, const PortalGate& gate, Once& once)
      : store_(store), places_(places), gate_(gate), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<pb::Case> PutCase(const Call& call, const pb::PutCaseRequest& request);
  absl::StatusOr<pb::DeleteCaseResponse> DeleteCase(const Call& call,
                                                    const pb::DeleteCaseRequest& request);
  absl::StatusOr<pb::Case> GetCase(const Call& call, const pb::GetCaseRequest& request);
  absl::StatusOr<pb::ListCasesResponse> ListCases(const Call& call,
                                                  const pb::ListCasesRequest& request);
  absl::StatusOr<pb::ListNotesResponse> ListNotes(const Call& call,
                                                  const pb::ListNotesRequest& request);
  absl::StatusOr<pb::Note> CreateNote(const Call& call, const pb::CreateNoteRequest& request);

  absl::StatusOr<pb::ListPortalCasesResponse> ListPortalCases(
      const Call& call, const pb::ListPortalCasesRequest& request);
  absl::StatusOr<pb::PortalCase> GetPortalCase(const Call& call,
                                               const pb::GetPortalCaseRequest& request);

  absl::StatusOr<pb::LookUpCaseResponse> LookUpCase(const Call& call,
                                                    const pb::LookUpCaseRequest& request);
  absl::StatusOr<pb::AddNoteResponse> AddNote(const Call& call, const pb::AddNoteRequest& request);
  absl::StatusOr<pb::AddNotesResponse> AddNotes(const Call& call,
                                                const pb::AddNotesRequest& request);
  absl::StatusOr<pb::SetContactPortalResponse> SetContactPortal(
      const Call& call, const pb::SetContactPortalRequest& request);
  absl::StatusOr<pb::SetContactPortalsResponse> SetContactPortals(
      const Call& call, const pb::SetContactPortalsRequest& request);

 private:
  Store& store_;
  Places& places_;
  const PortalGate& gate_;
  Once& once_;
};

}  // namespace gatehouse::cases
