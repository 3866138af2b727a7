#pragma once

#include "gatehouse/cases/v1/cases.pb.h"
#include "services/cases/contacts/domain/contact_edit.h"
#include "services/cases/domain/case.h"

namespace gatehouse::cases {

// Between the contract's cases and the domain's. Phones are normalised by the region, ISO 3166-1
// alpha-2.
Case FromProto(const v1::PutCaseRequest& request, const std::string& region);

v1::Case ToProto(const Case& mirrored);
// As the client with this access sees it, of whose view `mirrored` is: Store::ListVisible. It may
// edit the fields of contacts that are `editable`.
v1::PortalCase ToPortal(const Case& mirrored, const CaseAccess& access,
                        const ContactFields& editable);
v1::PortalContact ToPortal(const Contact& contact, const CaseAccess& access,
                           const ContactFields& editable);
// As other services look at it.
v1::LookUpCaseResponse ToMirror(const Case& mirrored);
v1::Note ToProto(const Note& note);

}  // namespace gatehouse::cases
