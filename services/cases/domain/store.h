#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/domain/case.h"
#include "services/common/base/page.h"

namespace gatehouse::cases {

// How far a contact's access has come, as invitation says. From `expire_time` on an invited contact
// counts as not invited.
struct PortalChange {
  std::string case_id, contact_id;
  Portal portal = Portal::kNotInvited;
  absl::Time expire_time = absl::InfiniteFuture();
  int64_t version = 0;      // Grows with every change of the contact's access.
  std::string etag;         // Of the case that the invitation was made by; empty: none.
  Note note;                // That tells of it; without a text: none.
  std::string delivery_id;  // Under which the note is written once.
};

// The mirror. Every method is about one organisation's rows, and is kept whole or not at all.
// What invitations must hear is told if and only if the change is kept; a method that tells waits
// briefly until it has been heard.
class Store {
 public:
  virtual ~Store() = default;

  // Creates or replaces the case of the caller's organisation, and has it follow its pipeline. With
  // an etag, only that version: refuses ETAG_MISMATCH, and what Places::Follow does. Tells
  // invitations where the change concerns them.
  virtual absl::StatusOr<Case> Put(const Caller& caller, const Case& mirrored) = 0;
  // Deletes the case with its contacts and notes, and tells invitations and the event feed. One
  // that was deleted before changes nothing; refuses NOT_FOUND for one that never was.
  virtual absl::Status Delete(const std::string& organisation_id, const std::string& case_id,
                              const std::string& author) = 0;
  // Without where it stands. Refuses NOT_FOUND.
  virtual absl::StatusOr<Case> Get(const std::string& organisation_id,
                                   const std::string& case_id) = 0;
  // The cases that a client's accesses open, by name, each with the contacts that its access shows:
  // every one where it sees all, else its own.
  virtual absl::StatusOr<std::vector<Case>> ListVisible(
      const std::string& organisation_id, const std::vector<CaseAccess>& accesses) = 0;
  // Without where they stand. Newest first, which no change of a case moves; the key of a page is
  // KeyOf's.
  virtual absl::StatusOr<std::vector<Case>> List(const std::string& organisation_id,
                                                 const Page& page) = 0;

  // Adds the text, by its author. Refuses NOT_FOUND, and what was delivered under this id before;
  // empty: it was not delivered.
  virtual absl::StatusOr<Note> AddNote(const std::string& organisation_id,
                                       const std::string& case_id, const Note& note,
                                       const std::string& delivery_id) = 0;
  // Adds what was delivered, each once; those of cases that are gone are passed over.
  struct DeliveredNote {
    std::string case_id, delivery_id;
    Note note;
  };
  virtual absl::Status AddNotes(const std::string& organisation_id,
                                const std::vector<DeliveredNote>& notes) = 0;
  // Newest first. Refuses NOT_FOUND.
  virtual absl::StatusOr<std::vector<Note>> ListNotes(const std::string& organisation_id,
                                                      const std::string& case_id,
                                                      const Page& page) = 0;

  // An older version than the recorded one changes nothing but that its note is written. Where the
  // mirror is not the one that the invitation looked at, invitations are told how it is now.
  virtual absl::Status SetPortal(const std::string& organisation_id,
                                 const PortalChange& change) = 0;
  // The same of several, that were made by no etag.
  virtual absl::Status SetPortals(const std::string& organisation_id,
                                  const std::vector<PortalChange>& changes) = 0;
};

// What a case is listed by.
std::string KeyOf(const Case& mirrored);

}  // namespace gatehouse::cases
