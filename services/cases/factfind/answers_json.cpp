#include "services/cases/factfind/answers_json.h"

#include <initializer_list>

#include "absl/strings/str_cat.h"

namespace gatehouse::cases {
namespace {

using Json = google::protobuf::Value;
using google::protobuf::Struct;

constexpr int kTextDefault = 1000;
constexpr int kItemsMax = 20;

Json Text(const std::string& text) {
  Json json;
  json.set_string_value(text);
  return json;
}

Json Yes(bool yes) {
  Json json;
  json.set_bool_value(yes);
  return json;
}

Json Number(int number) {
  Json json;
  json.set_number_value(number);
  return json;
}

Json List(const std::vector<Json>& items) {
  Json json;
  json.mutable_list_value();
  for (const Json& item : items) *json.mutable_list_value()->add_values() = item;
  return json;
}

using Members = std::initializer_list<std::pair<const char*, Json>>;

Json Object(const Members& members) {
  Json json;
  auto& fields = *json.mutable_struct_value()->mutable_fields();
  for (const auto& [name, value] : members) fields[name] = value;
  return json;
}

Json AddressJson(const v1::AnswerAddress& address) {
  std::vector<Json> lines;
  for (const std::string& line : address.lines()) lines.push_back(Text(line));
  return Object({{"lines", List(lines)},
                 {"locality", Text(address.locality())},
                 {"region", Text(address.region())},
                 {"postalCode", Text(address.postal_code())},
                 {"country", Text(address.country())}});
}

// Of shown fields those that are answered.
Struct FieldsJson(const std::vector<ShownField>& shown);

Json ValueJson(const Field& field, const Value& value) {
  switch (field.type()) {
    case Field::MULTIPLE_CHOICE: {
      std::vector<Json> choices;
      for (const std::string& choice : value.choices()) choices.push_back(Text(choice));
      return List(choices);
    }
    case Field::MONEY:
      return Object({{"minorUnits", Text(absl::StrCat(value.money().minor_units()))},
                     {"currency", Text(value.money().currency())}});
    case Field::ADDRESS:
      return AddressJson(value.address());
    case Field::YES_NO:
      return Yes(value.yes());
    case Field::GROUP: {
      std::vector<Json> items;
      for (const v1::AnswerItem& item : value.items()) {
        *items.emplace_back().mutable_struct_value() = FieldsJson(ShownFields(field, item));
      }
      return List(items);
    }
    default:
      return Text(value.text());
  }
}

Struct FieldsJson(const std::vector<ShownField>& shown) {
  Struct json;
  for (const ShownField& one : shown) {
    if (one.value == nullptr) continue;
    (*json.mutable_fields())[one.field->field_id()] = ValueJson(*one.field, *one.value);
  }
  return json;
}

// An object that has these properties and no others, of which `required` must be there.
Json ObjectSchema(const Struct& properties, const std::vector<Json>& required = {}) {
  Json schema = Object({{"type", Text("object")}, {"additionalProperties", Yes(false)}});
  auto& fields = *schema.mutable_struct_value()->mutable_fields();
  *fields["properties"].mutable_struct_value() = properties;
  if (!required.empty()) fields["required"] = List(required);
  return schema;
}

Json StringSchema(int max_length) {
  return Object({{"type", Text("string")}, {"maxLength", Number(max_length)}});
}

Json DecimalSchema(int decimals) {
  const std::string part = decimals == 0 ? "" : absl::StrCat("(\\.[0-9]{1,", decimals, "})?");
  return Object(
      {{"type", Text("string")}, {"pattern", Text("^-?(0|[1-9][0-9]{0,11})" + part + "$")}});
}

Json OptionsSchema(const Field& field) {
  std::vector<Json> ids;
  for (const v1::FieldOption& option : field.options()) ids.push_back(Text(option.option_id()));
  return Object({{"type", Text("string")}, {"enum", List(ids)}});
}

Json MoneySchema(const Field& field) {
  std::vector<Json> currencies;
  for (const std::string& currency : field.currencies()) currencies.push_back(Text(currency));
  Struct properties;
  (*properties.mutable_fields())["minorUnits"] =
      Object({{"type", Text("string")}, {"pattern", Text("^-?[0-9]{1,16}$")}});
  (*properties.mutable_fields())["currency"] =
      Object({{"type", Text("string")}, {"enum", List(currencies)}});
  return ObjectSchema(properties, {Text("minorUnits"), Text("currency")});
}

Json AddressSchema() {
  Struct properties;
  auto& fields = *properties.mutable_fields();
  fields["lines"] = Object({{"type", Text("array")},
                            {"items", StringSchema(200)},
                            {"minItems", Number(1)},
                            {"maxItems", Number(4)}});
  fields["locality"] = StringSchema(100);
  fields["region"] = StringSchema(100);
  fields["postalCode"] = StringSchema(20);
  fields["country"] = Object({{"type", Text("string")}, {"pattern", Text("^[A-Z]{2}$")}});
  return ObjectSchema(properties, {Text("lines"), Text("locality"), Text("country")});
}

Json FieldSchema(const Field& field);

Struct PropertiesOf(const google::protobuf::RepeatedPtrField<Field>& fields) {
  Struct properties;
  for (const Field& field : fields) {
    (*properties.mutable_fields())[field.field_id()] = FieldSchema(field);
  }
  return properties;
}

Json TypeSchema(const Field& field) {
  switch (field.type()) {
    case Field::NUMBER:
    case Field::PERCENTAGE:
      return DecimalSchema(field.decimals());
    case Field::DATE:
      return Object({{"type", Text("string")}, {"format", Text("date")}});
    case Field::EMAIL_ADDRESS:
      return Object({{"type", Text("string")}, {"format", Text("email")}});
    case Field::CHOICE:
      return OptionsSchema(field);
    case Field::MULTIPLE_CHOICE:
      return Object(
          {{"type", Text("array")}, {"items", OptionsSchema(field)}, {"uniqueItems", Yes(true)}});
    case Field::MONEY:
      return MoneySchema(field);
    case Field::ADDRESS:
      return AddressSchema();
    case Field::YES_NO:
      return Object({{"type", Text("boolean")}});
    case Field::GROUP:
      return Object({{"type", Text("array")},
                     {"items", ObjectSchema(PropertiesOf(field.fields()))},
                     {"maxItems", Number(field.max_items() > 0 ? field.max_items() : kItemsMax)}});
    default:
      return StringSchema(field.max_length() > 0 ? field.max_length() : kTextDefault);
  }
}

Json FieldSchema(const Field& field) {
  Json schema = TypeSchema(field);
  (*schema.mutable_struct_value()->mutable_fields())["title"] = Text(field.display_name());
  return schema;
}

}  // namespace

Struct AnswersJson(const Flow& flow, const Answers& answers) {
  Struct json;
  for (const Section& section : flow.definition()) {
    Struct fields = FieldsJson(ShownFields(section, answers));
    if (fields.fields().empty()) continue;
    *(*json.mutable_fields())[section.section_id()].mutable_struct_value() = std::move(fields);
  }
  return json;
}

Struct SchemaJson(const Flow& flow) {
  Struct sections;
  for (const Section& section : flow.definition()) {
    Struct properties;
    for (const v1::FactFindSubsection& subsection : section.subsections()) {
      properties.MergeFrom(PropertiesOf(subsection.fields()));
    }
    Json schema = ObjectSchema(properties);
    (*schema.mutable_struct_value()->mutable_fields())["title"] = Text(section.display_name());
    (*sections.mutable_fields())[section.section_id()] = schema;
  }
  Json schema = ObjectSchema(sections);
  auto& fields = *schema.mutable_struct_value()->mutable_fields();
  fields["$schema"] = Text("https://json-schema.org/draft/2020-12/schema");
  fields["title"] = Text(absl::StrCat(flow.display_name(), ", version ", flow.version()));
  return schema.struct_value();
}

}  // namespace gatehouse::cases
