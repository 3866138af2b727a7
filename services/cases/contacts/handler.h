#pragma once

#include "gatehouse/cases/v1/contacts.pb.h"
#include "services/cases/contacts/store/contact_store.h"
#include "services/cases/portal/gate.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/contacts.proto, translated into calls of the store and the
// rules.
class ContactsHandler {
 public:
  ContactsHandler(ContactStore& contacts, CaseFile& cases, const PortalGate& gate, Once& once)
      : contacts_(contacts), cases_(cases), gate_(gate), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListContactChangesResponse> ListContactChanges(
      const Call& call, const v1::ListContactChangesRequest& request);
  absl::StatusOr<v1::PortalContact> UpdatePortalContact(
      const Call& call, const v1::UpdatePortalContactRequest& request);

 private:
  ContactStore& contacts_;
  CaseFile& cases_;
  const PortalGate& gate_;
  Once& once_;
};

}  // namespace gatehouse::cases
