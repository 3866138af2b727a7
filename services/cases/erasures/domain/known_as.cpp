#include "services/cases/erasures/domain/known_as.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gatehouse::cases {
namespace {

// A single letter names nobody.
constexpr size_t kLeastName = 2;

std::string Trimmed(const std::string& text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

void Insert(const std::string& text, size_t least, std::set<std::string>& texts) {
  std::string trimmed = Trimmed(text);
  if (trimmed.size() >= least) texts.insert(std::move(trimmed));
}

// Whatever the case of their letters, as far as that is known without a language.
void Subtract(const std::set<std::string>& others, std::set<std::string>& texts) {
  std::set<std::string> theirs;
  for (const std::string& other : others) theirs.insert(absl::AsciiStrToLower(other));
  std::erase_if(texts, [&](const std::string& text) {
    return theirs.count(absl::AsciiStrToLower(text)) != 0;
  });
}

}  // namespace

void KnownAs::Add(const Contact& contact) {
  AddName(absl::StrCat(Trimmed(contact.given_name), " ", Trimmed(contact.family_name)));
  Insert(contact.given_name, kLeastName, name_parts);
  Insert(contact.family_name, kLeastName, name_parts);
  AddEmail(contact.email);
  AddMobile(contact.mobile);
  AddMobile(contact.e164);
}

void KnownAs::AddName(const std::string& name) { Insert(name, kLeastName, names); }

void KnownAs::AddEmail(const std::string& email) {
  Insert(email, 1, emails);
  Insert(absl::AsciiStrToLower(email), 1, emails);
}

void KnownAs::AddMobile(const std::string& mobile) { Insert(mobile, 1, mobiles); }

KnownAs WithoutThatOf(KnownAs known, const std::vector<Contact>& others) {
  KnownAs theirs;
  for (const Contact& other : others) theirs.Add(other);
  Subtract(theirs.names, known.names);
  Subtract(theirs.name_parts, known.names);  // Who has no other name than one of theirs.
  Subtract(theirs.name_parts, known.name_parts);
  Subtract(theirs.emails, known.emails);
  Subtract(theirs.mobiles, known.mobiles);
  return known;
}

}  // namespace gatehouse::cases
