#include "services/cases/erasures/domain/known_as.h"

#include <catch2/catch.hpp>

#include "services/cases/erasures/domain/steps.h"

namespace gatehouse::cases {
namespace {

using Texts = std::set<std::string>;

Contact Person(const std::string& given, const std::string& family, const std::string& email,
               const std::string& mobile) {
  Contact contact;
  contact.given_name = given;
  contact.family_name = family;
  contact.email = email;
  contact.mobile = mobile;
  return contact;
}

TEST_CASE("a contact is known by its names, addresses and numbers, as they are written", "[unit]") {
  KnownAs known;
  known.Add(Person(" Ada ", "Lovelace", "Ada@example.com", "0412 345 678"));
  CHECK(known.names == Texts{"Ada Lovelace"});
  CHECK(known.name_parts == Texts{"Ada", "Lovelace"});
  CHECK(known.emails == Texts{"Ada@example.com", "ada@example.com"});
  CHECK(known.mobiles == Texts{"0412 345 678"});
}

TEST_CASE("what others have as well names nobody: of two who share an address one goes", "[unit]") {
  KnownAs known;
  known.Add(Person("Ada", "Smith", "home@example.com", "0412 345 678"));
  const KnownAs own = WithoutThatOf(
      known, {Person("Bob", "SMITH", "Home@example.com", "0499 999 999"), Person("", "", "", "")});
  CHECK(own.names == Texts{"Ada Smith"});
  CHECK(own.name_parts == Texts{"Ada"});
  CHECK(own.emails.empty());
  CHECK(own.mobiles == Texts{"0412 345 678"});
}

TEST_CASE("who has one name only is not known by a part of somebody else's", "[unit]") {
  KnownAs known;
  known.Add(Person("Smith", "", "", ""));
  const KnownAs own = WithoutThatOf(known, {Person("Bob", "Smith", "", "")});
  CHECK(own.names.empty());
  CHECK(own.name_parts.empty());
  KnownAs letter;
  letter.Add(Person("A", "", "", ""));
  CHECK(letter.names.empty());
}

TEST_CASE("an erasure goes through all services twice, some time apart", "[unit]") {
  std::string rounds;
  int step = 0;
  for (; ActOf(step) != ErasureAct::kDone; ++step) {
    if (WaitBefore(step, absl::Seconds(60)) > absl::ZeroDuration()) rounds += "| ";
    rounds += ServiceOf(ActOf(step)) + " ";
  }
  CHECK(rounds ==
        "invitation invitation identity documents cases notification "
        "| invitation identity documents cases notification ");
  CHECK(ServiceOf(ActOf(step)).empty());
  CHECK(ActOf(-1) == ErasureAct::kDone);
}

}  // namespace
}  // namespace gatehouse::cases
