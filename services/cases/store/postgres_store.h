#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/domain/case.h"
#include "services/common/base/page.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The mirror in PostgreSQL. Every method is about one organisation's rows.
class PostgresStore {
 public:
  explicit PostgresStore(Postgres& postgres) : postgres_(postgres) {}

  // Creates or replaces the case, whole, in one transaction. With an etag, only that version:
  // refuses ETAG_MISMATCH.
  absl::StatusOr<Case> Put(const std::string& organisation_id, const Case& mirrored);
  // Refuses NOT_FOUND.
  absl::StatusOr<Case> Get(const std::string& organisation_id, const std::string& case_id);
  // Those of these ids that exist, by name.
  absl::StatusOr<std::vector<Case>> GetAll(const std::string& organisation_id,
                                           const std::vector<std::string>& case_ids);
  // Last changed first.
  absl::StatusOr<std::vector<Case>> List(const std::string& organisation_id, const Page& page);
  static std::string KeyOf(const Case& mirrored);

  // With a `request_id` seen before, the first note. Refuses NOT_FOUND.
  absl::StatusOr<Note> AddNote(const std::string& organisation_id, const std::string& case_id,
                               const std::string& request_id, const std::string& text,
                               const std::string& author);
  // Newest first. Refuses NOT_FOUND.
  absl::StatusOr<std::vector<Note>> ListNotes(const std::string& organisation_id,
                                              const std::string& case_id, const Page& page);

  // An older version than the recorded one changes nothing. From `expire_time` on the contact
  // counts as not invited.
  absl::Status SetPortal(const std::string& organisation_id, const std::string& case_id,
                         const std::string& contact_id, Portal portal, absl::Time expire_time,
                         int64_t version);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::cases
