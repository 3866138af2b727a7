#pragma once

#include "services/cases/domain/places.h"
#include "services/cases/domain/store.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The mirror in PostgreSQL.
class PostgresStore : public Store {
 public:
  PostgresStore(Postgres& postgres, Outbox& outbox, Places& places)
      : postgres_(postgres), outbox_(outbox), places_(places) {}

  absl::StatusOr<Case> Put(const Caller& caller, const Case& mirrored) override;
  absl::Status Delete(const std::string& organisation_id, const std::string& case_id,
                      const std::string& author) override;
  absl::StatusOr<Case> Get(const std::string& organisation_id, const std::string& case_id) override;
  absl::StatusOr<std::vector<Case>> ListVisible(const std::string& organisation_id,
                                                const std::vector<CaseAccess>& accesses) override;
  absl::StatusOr<std::vector<Case>> List(const std::string& organisation_id,
                                         const Page& page) override;
  absl::StatusOr<Note> AddNote(const std::string& organisation_id, const std::string& case_id,
                               const Note& note, const std::string& delivery_id) override;
  absl::Status AddNotes(const std::string& organisation_id,
                        const std::vector<DeliveredNote>& notes) override;
  absl::StatusOr<std::vector<Note>> ListNotes(const std::string& organisation_id,
                                              const std::string& case_id,
                                              const Page& page) override;
  absl::Status SetPortal(const std::string& organisation_id, const PortalChange& change) override;
  absl::Status SetPortals(const std::string& organisation_id,
                          const std::vector<PortalChange>& changes) override;

 private:
  Postgres& postgres_;
  Outbox& outbox_;
  Places& places_;
};

}  // namespace gatehouse::cases
