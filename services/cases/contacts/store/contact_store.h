#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/contacts/domain/contact_edit.h"
#include "services/cases/domain/store.h"
#include "services/cases/store/case_file.h"
#include "services/common/base/page.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// What clients change of the contacts in the mirror. Every method is about one organisation's rows.
class ContactStore {
 public:
  ContactStore(Postgres& postgres, Outbox& outbox, Store& mirror, CaseFile& cases)
      : postgres_(postgres), outbox_(outbox), mirror_(mirror), cases_(cases) {}

  // One contact that a client changes.
  struct Target {
    std::string case_id, contact_id;
    std::string etag;  // Of the contact; empty: whichever.
  };
  using Change = std::function<absl::StatusOr<std::vector<FieldChange>>(Contact&)>;
  // The contact after the change, which is kept with who made it, in the one transaction that tells
  // `contact.updated`, and invitations where it concerns them. Changes of one case are one after
  // the other. Refuses NOT_FOUND, ETAG_MISMATCH, and what `change` refuses.
  absl::StatusOr<Contact> Update(const Caller& caller, const Target& target, const Change& change);

  // Newest first, by their numbers, which are the keys of a page.
  struct Row {
    int64_t number = 0;
    std::string contact_id, by_contact_id;
    FieldChange change;
    absl::Time time;
  };
  absl::StatusOr<std::vector<Row>> ListChanges(const std::string& organisation_id,
                                               const std::string& case_id, const Page& page);

 private:
  void Tell(Transaction& tx, const Caller& caller, const Target& target, const std::string& etag,
            const std::vector<FieldChange>& changes);

  Postgres& postgres_;
  Outbox& outbox_;
  Store& mirror_;
  CaseFile& cases_;
};

}  // namespace gatehouse::cases
