#include "services/cases/factfind/domain/values.h"

#include "services/cases/factfind/tests/fixture.h"

// What is an answer to a field, and what a client reads where it is none.

namespace gatehouse::cases {
namespace {

using Places = std::vector<std::string>;

const Field& FieldOf(const std::string& field_id) {
  static const Flow flow = WorkFlow();
  const Field* field = FindField(flow, "work", field_id);
  REQUIRE(field != nullptr);
  return *field;
}

absl::Status Check(const std::string& field_id, const Value& value) {
  return CheckValue(FieldOf(field_id), value,
                    [](const std::string& text) { return text == "0412 345 678"; });
}

absl::Status Check(const std::string& field_id, const std::string& text) {
  return Check(field_id, FromText<Value>(text));
}

TEST_CASE("a text has at most as many characters as its field says, of any script", "[unit]") {
  CHECK(Check("employer", Text("مؤسسة الخليج للبناء ")).ok());
  CHECK(Check("employer", Text("שלום עולם")).ok());
  CHECK(PlacesOf(Check("employer", Text(std::string(21, 'x')))) == Places{"value.text"});
}

TEST_CASE("a day is one of the calendar, without a zone", "[unit]") {
  CHECK(Check("since", Text("2024-02-29")).ok());
  for (const char* text : {"2023-02-29", "2026-1-5", "2026-13-01", "2026-01-01T00:00:00Z",
                           "01/02/2026", "tomorrow", "02026-01-01", " 2026-01-01"}) {
    INFO(text);
    CHECK(PlacesOf(Check("since", Text(text))) == Places{"value.text"});
  }
}

TEST_CASE("a number and a percentage keep to their bounds and digits", "[unit]") {
  CHECK(Check("years", Text("60")).ok());
  CHECK(Check("share", Text("99.5")).ok());
  CHECK(Check("share", Text("100")).ok());
  for (const char* text : {"61", "-1", "1.5", "1e1", "six"}) {
    INFO(text);
    CHECK_FALSE(Check("years", Text(text)).ok());
  }
  for (const char* text : {"100.1", "-0.1", "1.25", "50%"}) {
    INFO(text);
    CHECK_FALSE(Check("share", Text(text)).ok());
  }
}

TEST_CASE("a choice is one of the options, and each once", "[unit]") {
  CHECK(Check("status", Text("retired")).ok());
  CHECK(PlacesOf(Check("status", Text("Retired"))) == Places{"value.text"});
  CHECK(Check("extras", R"pb(choices: [ "bonus", "car" ])pb").ok());
  CHECK(PlacesOf(Check("extras", R"pb(choices: [ "car", "yacht", "car" ])pb")) ==
        Places{"value.choices[1]", "value.choices[2]"});
}

TEST_CASE("money is whole minor units of a currency that is asked for", "[unit]") {
  CHECK(Check("income", R"pb(money { minor_units: 12345 currency: "AUD" })pb").ok());
  CHECK(Check("income", R"pb(money { minor_units: -1 currency: "JPY" })pb").ok());
  CHECK(PlacesOf(Check("income", R"pb(money { minor_units: 1 currency: "USD" })pb")) ==
        Places{"value.money.currency"});
}

TEST_CASE("a phone number is possible, an address is one, a file has an id", "[unit]") {
  CHECK(Check("phone", Text("0412 345 678")).ok());
  CHECK_FALSE(Check("phone", Text("call me")).ok());
  CHECK_FALSE(Check("phone", Text(std::string(1000, '1'))).ok());
  CHECK(Check("email", Text("ada@example.com")).ok());
  CHECK_FALSE(Check("email", Text("ada@")).ok());
  CHECK(Check("payslip", Text("doc_1")).ok());
  CHECK_FALSE(Check("payslip", Text("../etc/passwd")).ok());
  CHECK(Check("address", R"pb(
          address { lines: "1 High Street" locality: "Sydney" country: "AU" })pb")
            .ok());
  CHECK(PlacesOf(Check("address", R"pb(
          address { lines: "1 High Street" locality: "\xe2\x80\x8b" country: "AU" })pb")) ==
        Places{"value.address.locality"});
  CHECK(PlacesOf(Check("address", R"pb(
          address { lines: "1 High Street" locality: "London" country: "UK" })pb")) ==
        Places{"value.address.country"});
}

TEST_CASE("an answer has the one member that its field's type has", "[unit]") {
  CHECK(PlacesOf(Check("status", "yes: true")) == Places{"value.yes"});
  CHECK(PlacesOf(Check("income", Text("100"))) == Places{"value.text"});
  CHECK(PlacesOf(Check("employer", R"pb(text: "Acme" choices: "car")pb")) ==
        Places{"value.choices"});
  CHECK(PlacesOf(Check("jobs", Text("many"))) == Places{"value.text"});
}

TEST_CASE("an answer that says nothing is taken, and is none", "[unit]") {
  for (const char* id : {"status", "income", "jobs", "since", "phone"}) {
    CHECK(Check(id, Value()).ok());
  }
  CHECK_FALSE(IsAnswered(Value()));
  CHECK_FALSE(IsAnswered(Text(" \u200b")));
  CHECK(IsAnswered(FromText<Value>("yes: false")));
  CHECK(IsAnswered(FromText<Value>("money {}")));
}

TEST_CASE("a group's items are held to the group's fields", "[unit]") {
  CHECK(Check("jobs", R"pb(
          items {
            answers {
              field_id: "name"
              value { text: "Acme" }
            }
          }
          items {})pb")
            .ok());
  CHECK(PlacesOf(Check("jobs", R"pb(items {}
                                    items {}
                                    items {}
                                    items {})pb")) == Places{"value.items"});
  CHECK(PlacesOf(Check("jobs", R"pb(
          items {
            answers {
              field_id: "salary"
              value { text: "1" }
            }
            answers {
              field_id: "name"
              value { yes: true }
            }
            answers {
              field_id: "name"
              value { text: "Acme" }
            }
          })pb")) == Places{"value.items[0].answers[0].field_id",
                             "value.items[0].answers[1].value.yes",
                             "value.items[0].answers[2].field_id"});
  // An item within an item is none: groups are one deep.
  CHECK(PlacesOf(Check("jobs", R"pb(
          items {
            answers {
              field_id: "name"
              value { items {} }
            }
          })pb")) == Places{"value.items[0].answers[0].value.items"});
}

}  // namespace
}  // namespace gatehouse::cases
