#pragma once

#include <google/protobuf/text_format.h>

#include "services/cases/factfind/domain/values.h"
#include "services/cases/factfind/flows_handler.h"
#include "services/cases/factfind/handler.h"
#include "services/cases/tests/fixture.h"

namespace gatehouse::cases {

// A message as protobuf's text format writes it.
template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// Work, with what depends on it, a group, and one field of each other type.
inline v1::PutSectionRequest WorkSection() {
  return FromText<v1::PutSectionRequest>(R"pb(
    section_id: "work"
    display_name: "Work"
    subsections {
      subsection_id: "now"
      display_name: "Now"
      fields {
        field_id: "status"
        display_name: "You are"
        type: CHOICE
        required: true
        options { option_id: "employed" display_name: "Employed" }
        options { option_id: "retired" display_name: "Retired" }
      }
      fields {
        field_id: "employer"
        display_name: "Employer"
        type: TEXT
        required: true
        max_length: 20
        shown_if { field_id: "status" values: "employed" }
      }
      fields { field_id: "since" display_name: "Since" type: DATE }
      fields {
        field_id: "income"
        display_name: "Income"
        type: MONEY
        currencies: [ "AUD", "JPY" ]
        required_if { field_id: "status" values: "employed" }
      }
    }
    subsections {
      subsection_id: "more"
      display_name: "More"
      fields { field_id: "phone" display_name: "Phone" type: PHONE }
      fields { field_id: "email" display_name: "E-mail" type: EMAIL_ADDRESS }
      fields { field_id: "share" display_name: "Share" type: PERCENTAGE decimals: 1 }
      fields { field_id: "years" display_name: "Years" type: NUMBER min_value: "0" max_value: "60" }
      fields { field_id: "address" display_name: "Address" type: ADDRESS }
      fields { field_id: "payslip" display_name: "Payslip" type: FILE }
      fields {
        field_id: "extras"
        display_name: "Extras"
        type: MULTIPLE_CHOICE
        options { option_id: "car" display_name: "Car" }
        options { option_id: "bonus" display_name: "Bonus" }
      }
      fields {
        field_id: "jobs"
        display_name: "Jobs before"
        type: GROUP
        max_items: 3
        fields { field_id: "name" display_name: "Name" type: TEXT required: true }
        fields { field_id: "abroad" display_name: "Abroad?" type: YES_NO }
        fields {
          field_id: "country"
          display_name: "Country"
          type: TEXT
          required: true
          shown_if { field_id: "abroad" values: "true" }
        }
      }
    }
  )pb");
}

inline Section AsSection(const v1::PutSectionRequest& request) {
  Section section;
  section.set_section_id(request.section_id());
  section.set_display_name(request.display_name());
  *section.mutable_subsections() = request.subsections();
  return section;
}

// A flow of that section alone.
inline Flow WorkFlow() {
  Flow flow;
  flow.set_flow_id("loan");
  flow.set_display_name("Loan");
  flow.set_version(1);
  *flow.add_definition() = AsSection(WorkSection());
  return flow;
}

inline Value Text(const std::string& text) {
  Value value;
  value.set_text(text);
  return value;
}

// The fields that a refusal names, and the conditions.
std::vector<std::string> PlacesOf(const absl::Status& status);
std::vector<Violation> ViolationsOf(const absl::Status& status);

}  // namespace gatehouse::cases
