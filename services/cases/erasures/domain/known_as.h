#pragma once

#include <set>
#include <string>
#include <vector>

#include "services/cases/domain/case.h"

namespace gatehouse::cases {

// What a contact is known by. Sorted, so that the same is said alike.
struct KnownAs {
  std::set<std::string> names, name_parts, emails, mobiles;

  // By what is in the mirror.
  void Add(const Contact& contact);
  // By a whole name.
  void AddName(const std::string& name);
  // As it is written, and in small letters.
  void AddEmail(const std::string& email);
  void AddMobile(const std::string& mobile);
};

// Without what others of its cases have as well: who shares a name, an address or a number with
// somebody is not known by that alone, and only the one goes.
KnownAs WithoutThatOf(KnownAs known, const std::vector<Contact>& others);

}  // namespace gatehouse::cases
