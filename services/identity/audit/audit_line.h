#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "services/identity/domain/organisation.h"

namespace gatehouse::identity {

// A row of the trail in its place.
struct AuditLink {
  int64_t number = 0;
  std::string hash;  // As it is kept: of its line, in hex.
  AuditEvent event;
};

// The hash before the first row of all.
extern const char kNoAuditHash[];

// What is hashed of a row, and exported: one line of JSON, its names in their alphabetical order,
// without blanks, a line feed or what is empty. It never changes for a row that there is: hashes
// stand on it.
std::string AuditLine(const std::string& organisation_id, int64_t number,
                      const std::string& previous_hash, const AuditEvent& event);

// SHA-256 in hex.
std::string AuditHash(const std::string& line);

// How a link is broken; the numbers are the contract's (v1::AuditBreak).
enum class AuditBreak { kAltered = 1, kMissing = 2 };
struct BrokenLink {
  int64_t number = 0;
  std::string audit_event_id;
  AuditBreak kind = AuditBreak::kAltered;
};

// Follows the chain row by row.
class AuditWalk {
 public:
  // From the row with this number and hash on, which are trusted.
  AuditWalk(std::string organisation_id, int64_t number, std::string hash)
      : organisation_id_(std::move(organisation_id)), number_(number), hash_(std::move(hash)) {}

  // The next row; what is broken about it, if anything. The walk stays before a broken one.
  std::optional<BrokenLink> Step(const AuditLink& link);

  // The last row that was whole.
  int64_t number() const { return number_; }
  const std::string& hash() const { return hash_; }

 private:
  const std::string organisation_id_;
  int64_t number_;
  std::string hash_;
};

}  // namespace gatehouse::identity
