#include "services/cases/factfind/domain/progress.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <set>

#include "services/cases/factfind/answers_json.h"
#include "services/cases/factfind/tests/fixture.h"

// What is shown, what must be answered, how far it has come, and what a CRM reads of it.

namespace gatehouse::cases {
namespace {

Answers With(const std::vector<std::pair<std::string, Value>>& values) {
  Answers answers;
  for (const auto& [field_id, value] : values) answers[{"work", field_id}] = value;
  return answers;
}

Value Money(int64_t minor_units) {
  Value value;
  value.mutable_money()->set_minor_units(minor_units);
  value.mutable_money()->set_currency("AUD");
  return value;
}

std::vector<std::string> GapsOf(const Answers& answers) {
  std::vector<std::string> gaps;
  const absl::Status status = CheckComplete(WorkFlow(), answers);
  if (!status.ok()) CHECK(ReasonOf(status) == "FACT_FIND_INCOMPLETE");
  for (const Violation& violation : ViolationsOf(status)) {
    CHECK(violation.type == "ANSWER_MISSING");
    gaps.push_back(violation.subject);
  }
  return gaps;
}

std::set<std::string> ShownBy(const Answers& answers) {
  std::set<std::string> shown;
  const Flow flow = WorkFlow();  // Whose fields are pointed at.
  for (const ShownField& field : ShownFields(flow.definition(0), answers)) {
    shown.insert(field.field->field_id());
  }
  return shown;
}

// As it is written, whatever the order of its members.
nlohmann::json Json(const google::protobuf::Struct& json) {
  std::string text;
  REQUIRE(google::protobuf::util::MessageToJsonString(json, &text).ok());
  return nlohmann::json::parse(text);
}

nlohmann::json Parsed(const std::string& text) { return nlohmann::json::parse(text); }

using Gaps = std::vector<std::string>;

TEST_CASE("a field is shown while its condition holds, and asked for only then", "[unit]") {
  CHECK(ShownBy({}).count("employer") == 0);
  CHECK(GapsOf({}) == Gaps{"work.status"});
  CHECK(ShownBy(With({{"status", Text("employed")}})).count("employer") == 1);
  CHECK(GapsOf(With({{"status", Text("employed")}})) == Gaps{"work.employer", "work.income"});
  CHECK(GapsOf(With({{"status", Text("retired")}})).empty());
}

TEST_CASE("an answer to what is not shown any more counts for nothing, and comes back",
          "[unit][no-tsan]") {
  Answers answers = With({{"status", Text("employed")}, {"employer", Text("Acme")}});
  answers[{"work", "status"}] = Text("retired");
  CHECK(Json(AnswersJson(WorkFlow(), answers)) == Parsed(R"({"work":{"status":"retired"}})"));
  answers[{"work", "status"}] = Text("employed");
  CHECK(Json(AnswersJson(WorkFlow(), answers)) ==
        Parsed(R"({"work":{"employer":"Acme","status":"employed"}})"));
}

TEST_CASE("a blank is no answer", "[unit]") {
  CHECK(GapsOf(
            With({{"status", Text("employed")}, {"employer", Text("  ")}, {"income", Money(0)}})) ==
        Gaps{"work.employer"});
}

TEST_CASE("what a group's item must have is asked for in each item", "[unit]") {
  const Value jobs = FromText<Value>(R"pb(
    items {
      answers {
        field_id: "name"
        value { text: "Acme" }
      }
    }
    items {
      answers {
        field_id: "abroad"
        value { yes: true }
      }
    })pb");
  CHECK(GapsOf(With({{"status", Text("retired")}, {"jobs", jobs}})) ==
        Gaps{"work.jobs[1].name", "work.jobs[1].country"});
}

TEST_CASE("a group that must have items has them", "[unit]") {
  Flow flow = WorkFlow();
  Field& group = *flow.mutable_definition(0)->mutable_subsections(1)->mutable_fields(7);
  group.set_required(true);
  group.set_min_items(2);
  Answers answers = With({{"status", Text("retired")}});
  CHECK_FALSE(CheckComplete(flow, answers).ok());
  const char* item = R"pb(items {
                            answers {
                              field_id: "name"
                              value { text: "Acme" }
                            }
                          })pb";
  answers[{"work", "jobs"}] = FromText<Value>(item);
  CHECK_FALSE(CheckComplete(flow, answers).ok());
  answers[{"work", "jobs"}] = FromText<Value>(std::string(item) + item);
  CHECK(CheckComplete(flow, answers).ok());
}

TEST_CASE("progress is by section, of what is shown", "[unit]") {
  const auto progress =
      ProgressOf(WorkFlow(), With({{"status", Text("employed")}, {"income", Money(1)}}));
  REQUIRE(progress.size() == 1);
  CHECK(progress[0].section_id() == "work");
  CHECK(progress[0].shown() == 12);
  CHECK(progress[0].answered() == 2);
  CHECK(progress[0].required() == 3);
  CHECK(progress[0].required_answered() == 2);
}

TEST_CASE("answers are JSON without a number: money and decimals are texts", "[unit][no-tsan]") {
  const Answers answers = With({{"status", Text("employed")},
                                {"income", Money(900000000000001)},
                                {"share", Text("99.5")},
                                {"extras", FromText<Value>(R"pb(choices: "car")pb")},
                                {"jobs", FromText<Value>(R"pb(items {
                                                                answers {
                                                                  field_id: "abroad"
                                                                  value { yes: false }
                                                                }
                                                                answers {
                                                                  field_id: "country"
                                                                  value { text: "NZ" }
                                                                }
                                                              })pb")}});
  CHECK(Json(AnswersJson(WorkFlow(), answers)) ==
        Parsed(R"({"work":{"extras":["car"],"income":{"currency":"AUD",)"
               R"("minorUnits":"900000000000001"},)"
               R"("jobs":[{"abroad":false}],"share":"99.5","status":"employed"}})"));
}

TEST_CASE("the schema says the shape of every field, and lets nothing else in", "[unit][no-tsan]") {
  const auto schema = SchemaJson(WorkFlow());
  CHECK(schema.fields().at("$schema").string_value() ==
        "https://json-schema.org/draft/2020-12/schema");
  CHECK_FALSE(schema.fields().at("additionalProperties").bool_value());
  const auto& work =
      schema.fields().at("properties").struct_value().fields().at("work").struct_value();
  CHECK_FALSE(work.fields().at("additionalProperties").bool_value());
  const auto& fields = work.fields().at("properties").struct_value().fields();
  CHECK(fields.size() == 12);
  const auto type_of = [&](const char* id) {
    return fields.at(id).struct_value().fields().at("type").string_value();
  };
  CHECK(type_of("status") == "string");
  CHECK(type_of("income") == "object");
  CHECK(type_of("jobs") == "array");
  CHECK(fields.at("employer").struct_value().fields().at("maxLength").number_value() == 20);
  CHECK(fields.at("share").struct_value().fields().at("pattern").string_value() ==
        "^-?(0|[1-9][0-9]{0,11})(\\.[0-9]{1,1})?$");
  CHECK(fields.at("since").struct_value().fields().at("format").string_value() == "date");
}

TEST_CASE("a condition holds of what is shown and answered so", "[unit]") {
  const auto section = AsSection(FromText<v1::PutSectionRequest>(R"pb(
    section_id: "home"
    subsections {
      fields { field_id: "owns" type: YES_NO }
      fields {
        field_id: "kind"
        type: CHOICE
        options { option_id: "flat" }
        options { option_id: "house" }
        shown_if { field_id: "owns" values: "true" }
      }
    }
  )pb"));
  const auto wants = FromText<v1::FieldCondition>(R"pb(field_id: "kind" values: "house")pb");
  Answers answers;
  CHECK_FALSE(Holds(wants, section, answers));
  answers[{"home", "kind"}] = Text("house");
  CHECK_FALSE(Holds(wants, section, answers));  // It is asked of owners only.
  answers[{"home", "owns"}].set_yes(true);
  CHECK(Holds(wants, section, answers));
  answers[{"home", "kind"}] = Text("flat");
  CHECK_FALSE(Holds(wants, section, answers));
}

}  // namespace
}  // namespace gatehouse::cases
