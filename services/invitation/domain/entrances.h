#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/portal.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// What the page of a portal shows to whom no link has led there.
struct PortalEntrance {
  Face face;
  // Whether a password, or a passkey, leads in by itself.
  bool takes_passwords = false, takes_passkeys = false;
};

class Entrances {
 public:
  Entrances(Store& store, Directory& directory) : store_(store), directory_(directory) {}

  // Of the organisation that is named, or of the only one whose portal it is. Refuses NOT_FOUND,
  // which says nothing else of it, and PORTAL_DISABLED.
  absl::StatusOr<PortalEntrance> Find(const std::string& portal_url,
                                      const std::string& organisation_id);

 private:
  absl::StatusOr<std::string> WhoseIs(const std::string& portal_url,
                                      const std::string& organisation_id);

  Store& store_;
  Directory& directory_;
};

}  // namespace gatehouse::invitation
