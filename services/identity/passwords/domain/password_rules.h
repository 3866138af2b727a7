#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace gatehouse::identity {

// What NIST SP 800-63B-4 (3.1.1.2) asks of a password: a least length, which is longer where it is
// the only factor, a list of those that are tried first, and no rules of composition.
constexpr size_t kLeastAlone = 15, kLeastBesideACode = 8, kPasswordMost = 128;

// Passwords that are tried first, and words that passwords are made of. Lines that begin with `#`
// say something of the list.
class BlockedPasswords {
 public:
  // The words of these texts, one on each line.
  explicit BlockedPasswords(const std::vector<std::string>& lists);

  // Whether a normalised password is one of them; or nothing but one of them, or of `context` (the
  // client's address, the organisation's name), with digits and signs around it or again and again;
  // or has fewer than five characters that differ.
  bool Has(const std::string& password, const std::vector<std::string>& context) const;
  size_t size() const { return words_.size(); }

 private:
  std::set<std::string> words_;  // Folded.
};

// A password as it is hashed. What is longer than any can be stays so.
std::string NormalisedPassword(const std::string& typed);

// OK if a normalised password has so many characters. Refuses PASSWORD_TOO_SHORT.
absl::Status CheckLength(const std::string& password, size_t least);

// OK if a client may choose this normalised password. Refuses INVALID_REQUEST (NUL),
// PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG and PASSWORD_TOO_COMMON.
absl::Status CheckPassword(const std::string& password, size_t least,
                           const std::vector<std::string>& context,
                           const BlockedPasswords& blocked);

}  // namespace gatehouse::identity
