#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// How far an organisation's documents have been scanned again.
struct Rescan {
  int64_t number = 0;       // By which signature database.
  absl::Time from_time;     // What came in before was, or is older than it is done for;
  std::string document_id;  // of that time, those up to this one were.
};

class RescanStore {
 public:
  virtual ~RescanStore() = default;
  // Notes that the scanner has this signature database. Where it knew an older one, what came in
  // since then is to be scanned again: a job for each organisation that has any. Whether it is so.
  // Harmless to repeat, and from several replicas; an older number than is known changes nothing.
  virtual absl::StatusOr<bool> Note(int64_t number, absl::Time since) = 0;
  // Nothing where none was begun.
  virtual absl::StatusOr<std::optional<Rescan>> Get(const std::string& organisation_id) = 0;
  // The next clean documents, in the order in which they came in.
  virtual absl::StatusOr<std::vector<Document>> Next(const std::string& organisation_id,
                                                     const Rescan& rescan, int max) = 0;
  // That far it has come; harmless where another database has begun it anew.
  virtual absl::Status Advance(const std::string& organisation_id, const Rescan& rescan) = 0;
};

}  // namespace gatehouse::documents
