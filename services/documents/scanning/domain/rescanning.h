#pragma once

#include <string>

#include "services/common/base/clock.h"
#include "services/documents/scanning/domain/rescan_store.h"
#include "services/documents/scanning/domain/scanning.h"

namespace gatehouse::documents {

// For so long a new signature database is asked about what came in before it.
constexpr absl::Duration kRescanned = absl::Hours(24 * 30);

// Scans again, by a new signature database, what an older one has found clean.
class Rescanning {
 public:
  Rescanning(RescanStore& store, Scanning& scanning, Scanner& scanner, const Clock& clock)
      : store_(store), scanning_(scanning), scanner_(scanner), clock_(clock) {}

  // Looks whether there is one: 1 where documents are to be scanned again. Harmless to repeat.
  // Unavailable where the scanner is away.
  absl::StatusOr<int> Look();
  // Some more of an organisation's documents: whether there may be others. What cannot be read or
  // scanned is passed over: it has been scanned once. Unavailable where the scanner or the store is
  // away.
  absl::StatusOr<bool> Go(const std::string& organisation_id);

 private:
  RescanStore& store_;
  Scanning& scanning_;
  Scanner& scanner_;
  const Clock& clock_;
};

}  // namespace gatehouse::documents
