#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::cases {

enum class ContactType { kPerson = 1, kCompany = 2 };

// How far a contact's access has come, as the invitation service says.
enum class Portal { kNotInvited = 1, kInvited = 2, kActive = 3, kRevoked = 4 };

struct Contact {
  std::string contact_id;
  ContactType type = ContactType::kPerson;
  std::string given_name, family_name;
  std::string email, mobile;  // As the CRM has them.
  std::string e164;           // The mobile, normalised; empty where it is not possible.
  std::string role;
  Portal portal = Portal::kNotInvited;
};

struct Owner {
  std::string id, display_name, email, phone;
  std::string e164;  // The phone, normalised; empty where it is not possible.
};

// Where a case stands in its pipeline, which the pipelines know (Places).
struct CaseState {
  std::string state_id, pipeline_id;
  int version = 0;  // Of the pipeline.
};

// The mirror of a CRM's case.
struct Case {
  std::string case_id, display_name, kind;
  Owner owner;
  std::vector<Contact> contacts;
  std::string etag;
  std::optional<CaseState> state;  // Nothing: in no pipeline; in a put: not said.
  absl::Time create_time, update_time;
};

struct Note {
  std::string note_id, text, author;
  absl::Time create_time;
};

// OK where the case has the contact, or the id is empty: all of them are meant. Else NOT_FOUND.
absl::Status CheckContact(const Case& mirrored, const std::string& contact_id);

// The id of a contact that is listed twice; empty if none is.
std::string RepeatedContact(const Case& mirrored);

// Whether invitations must hear of a change: somebody left, or is reached otherwise than before.
// Who has come is not invited yet.
bool ConcernsInvitations(const std::vector<Contact>& before, const std::vector<Contact>& after);

}  // namespace gatehouse::cases
