#include "services/cases/factfind/domain/definition.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include "services/cases/factfind/domain/decimal.h"
#include "services/cases/factfind/tests/fixture.h"
#include "services/common/rpc/validate.h"

// What a section and a flow may be, and what is refused with its place.

namespace gatehouse::cases {

std::vector<std::string> PlacesOf(const absl::Status& status) {
  std::vector<std::string> places;
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const auto& detail : wire.details()) {
    google::rpc::BadRequest fields;
    if (!detail.UnpackTo(&fields)) continue;
    for (const auto& violation : fields.field_violations()) places.push_back(violation.field());
  }
  return places;
}

std::vector<Violation> ViolationsOf(const absl::Status& status) {
  std::vector<Violation> violations;
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const auto& detail : wire.details()) {
    google::rpc::PreconditionFailure conditions;
    if (!detail.UnpackTo(&conditions)) continue;
    for (const auto& one : conditions.violations()) {
      violations.push_back({one.type(), one.subject(), one.description()});
    }
  }
  return violations;
}

namespace {

using Places = std::vector<std::string>;

Field& At(v1::PutSectionRequest& section, int subsection, int field) {
  return *section.mutable_subsections(subsection)->mutable_fields(field);
}

TEST_CASE("a decimal is read exactly, or not at all", "[unit]") {
  CHECK(ParseDecimal("0", 0) == 0);
  CHECK(ParseDecimal("-1.5", 1) == -1500000);
  CHECK(ParseDecimal("999999999999.999999", 6) == 999999999999999999);
  for (const char* text : {"", "-", "1.", ".5", "01", "1e3", "+1", " 1", "1,5", "0x1", "NaN",
                           "1000000000000", "--1", "1.5.5", "٣"}) {
    INFO(text);
    CHECK_FALSE(ParseDecimal(text, 6).has_value());
  }
  CHECK_FALSE(ParseDecimal("1.25", 1).has_value());
  CHECK_FALSE(ParseDecimal("1.0000001", 6).has_value());
}

TEST_CASE("a section with every type of field can work", "[unit]") {
  CHECK(Validate(WorkSection()).ok());
  CHECK(CheckSection(WorkSection()).ok());
}

TEST_CASE("ids that stand twice are refused where they stand again", "[unit]") {
  v1::PutSectionRequest section = WorkSection();
  section.mutable_subsections(1)->set_subsection_id("now");
  At(section, 1, 0).set_field_id("status");
  At(section, 0, 0).mutable_options(1)->set_option_id("employed");
  At(section, 0, 1).mutable_shown_if()->set_values(0, "employed");
  CHECK(PlacesOf(CheckSection(section)) == Places{"subsections[0].fields[0].options[1].option_id",
                                                  "subsections[1].subsection_id",
                                                  "subsections[1].fields[0].field_id"});
}

TEST_CASE("a condition is on a choice that stands before, and on an answer that it has", "[unit]") {
  v1::PutSectionRequest section = WorkSection();
  v1::FieldCondition& condition = *At(section, 0, 1).mutable_shown_if();
  SECTION("no such field") { condition.set_field_id("nothing"); }
  SECTION("one that comes after, which could be a circle") { condition.set_field_id("extras"); }
  SECTION("itself") { condition.set_field_id("employer"); }
  SECTION("one of a group") { condition.set_field_id("abroad"); }
  CHECK(PlacesOf(CheckSection(section)) == Places{"subsections[0].fields[1].shown_if.field_id"});
}

TEST_CASE("a condition on what is no choice, or on no answer to it, is refused", "[unit]") {
  v1::PutSectionRequest section = WorkSection();
  At(section, 0, 1).mutable_shown_if()->set_values(0, "rich");
  *At(section, 1, 0).mutable_shown_if() =
      FromText<v1::FieldCondition>(R"pb(field_id: "since" values: "2026-01-01")pb");
  At(section, 0, 3).set_required(true);
  CHECK(PlacesOf(CheckSection(section)) == Places{"subsections[0].fields[1].shown_if.values[0]",
                                                  "subsections[0].fields[3].required_if",
                                                  "subsections[1].fields[0].shown_if.field_id"});
}

TEST_CASE("what does not go with a field's type is refused", "[unit]") {
  v1::PutSectionRequest section = WorkSection();
  At(section, 0, 0).clear_options();
  At(section, 0, 1).clear_shown_if();
  At(section, 0, 2).set_max_length(5);
  At(section, 0, 3).clear_currencies();
  At(section, 0, 3).clear_required_if();
  At(section, 1, 0).add_currencies("AUD");
  At(section, 1, 1).set_decimals(2);
  At(section, 1, 2).set_min_value("ten");
  At(section, 1, 3).set_max_value("-1");
  At(section, 1, 4).set_min_items(1);
  CHECK(PlacesOf(CheckSection(section)) ==
        Places{"subsections[0].fields[0].options", "subsections[0].fields[2].max_length",
               "subsections[0].fields[3].currencies", "subsections[1].fields[0].currencies",
               "subsections[1].fields[1].decimals", "subsections[1].fields[2].min_value",
               "subsections[1].fields[3].max_value", "subsections[1].fields[4].fields"});
}

TEST_CASE("a group has fields, and no group within, however deep", "[unit]") {
  v1::PutSectionRequest section = WorkSection();
  Field& group = At(section, 1, 7);
  SECTION("empty") {
    group.clear_fields();
    CHECK(PlacesOf(CheckSection(section)) == Places{"subsections[1].fields[7].fields"});
  }
  SECTION("more at least than at most") {
    group.set_min_items(4);
    CHECK(PlacesOf(CheckSection(section)) == Places{"subsections[1].fields[7].max_items"});
  }
  SECTION("a tree a hundred deep") {
    Field* deep = &group;
    for (int i = 0; i < 100; ++i) {
      Field& child = *deep->add_fields();
      child.set_field_id("deep");
      child.set_display_name("Deep");
      child.set_type(Field::GROUP);
      deep = &child;
    }
    CHECK(PlacesOf(CheckSection(section)) == Places{"subsections[1].fields[7].fields[3].type"});
  }
}

TEST_CASE("a section, its fields and its texts are bounded by the contract", "[unit]") {
  v1::PutSectionRequest section = WorkSection();
  SECTION("ten thousand fields") {
    for (int i = 0; i < 10000; ++i)
      *section.mutable_subsections(0)->add_fields() = At(section, 0, 2);
    CHECK(PlacesOf(Validate(section)) == Places{"subsections[0].fields"});
  }
  SECTION("a thousand subsections") {
    for (int i = 0; i < 1000; ++i) *section.add_subsections() = section.subsections(0);
    CHECK(PlacesOf(Validate(section)) == Places{"subsections"});
  }
  SECTION("a text of a megabyte") {
    At(section, 0, 0).set_help(std::string(1 << 20, 'x'));
    CHECK(PlacesOf(Validate(section)) == Places{"subsections[0].fields[0].help"});
  }
  SECTION("a field of no type, an id that is no property") {
    At(section, 0, 2).clear_type();
    At(section, 0, 2).set_field_id("__proto__");
    CHECK(PlacesOf(Validate(section)) ==
          Places{"subsections[0].fields[2].field_id", "subsections[0].fields[2].type"});
  }
  SECTION("three hundred fields altogether") {
    for (int i = 0; i < 10; ++i) {
      v1::FactFindSubsection& more = *section.add_subsections();
      more.set_subsection_id("more" + std::to_string(i));
      for (int j = 0; j < 30; ++j) {
        Field& field = *more.add_fields();
        field.set_field_id("f" + std::to_string(i) + "_" + std::to_string(j));
        field.set_type(Field::DATE);
      }
    }
    CHECK(PlacesOf(CheckSection(section)) == Places{"subsections"});
  }
}

std::map<std::string, Section> Known() {
  Section other = AsSection(WorkSection());
  other.set_section_id("other");
  return {{"work", AsSection(WorkSection())}, {"other", other}};
}

TEST_CASE("[S2-13] a flow is made of chosen sections and subsections", "[unit]") {
  v1::PutFlowRequest flow;
  flow.add_sections()->set_section_id("other");
  v1::FlowSection& work = *flow.add_sections();
  work.set_section_id("work");
  work.add_subsection_ids("more");
  const auto sections = Resolve(flow, Known());
  REQUIRE(sections.ok());
  REQUIRE(sections->size() == 2);
  CHECK(sections->at(0).section_id() == "other");
  CHECK(sections->at(0).subsections_size() == 2);
  REQUIRE(sections->at(1).subsections_size() == 1);
  CHECK(sections->at(1).subsections(0).subsection_id() == "more");
}

TEST_CASE("a flow of what is not there is refused with the place", "[unit]") {
  v1::PutFlowRequest flow;
  flow.add_sections()->set_section_id("nothing");
  flow.add_sections()->set_section_id("work");
  flow.add_sections()->set_section_id("work");
  flow.mutable_sections(2)->add_subsection_ids("now");
  flow.mutable_sections(2)->add_subsection_ids("now");
  flow.mutable_sections(2)->add_subsection_ids("never");
  CHECK(PlacesOf(Resolve(flow, Known()).status()) ==
        Places{"sections[0].section_id", "sections[2].section_id", "sections[2].subsection_ids[1]",
               "sections[2].subsection_ids"});
}

TEST_CASE("a flow that leaves out what a condition is on is refused", "[unit]") {
  v1::PutSectionRequest section = WorkSection();
  *At(section, 1, 0).mutable_shown_if() = FromText<v1::FieldCondition>(R"pb(field_id: "status"
                                                                            values: "retired")pb");
  REQUIRE(CheckSection(section).ok());
  v1::PutFlowRequest flow;
  flow.add_sections()->set_section_id("work");
  flow.mutable_sections(0)->add_subsection_ids("more");
  CHECK(PlacesOf(Resolve(flow, {{"work", AsSection(section)}}).status()) ==
        Places{"sections[0].subsection_ids"});
}

TEST_CASE("each ready-made flow can work", "[unit]") {
  const auto& presets = *v1::FlowPreset_descriptor();
  REQUIRE(presets.value_count() == 5);
  for (int i = 1; i < presets.value_count(); ++i) {
    INFO(presets.value(i)->name());
    const auto& ready = presets.value(i)->options().GetExtension(v1::flow_preset);
    std::map<std::string, Section> known;
    v1::PutFlowRequest flow;
    flow.set_flow_id("ready");
    flow.set_type(ready.type());
    flow.set_display_name(ready.display_name());
    for (const Section& section : ready.sections()) {
      v1::PutSectionRequest put;
      put.set_section_id(section.section_id());
      put.set_display_name(section.display_name());
      *put.mutable_subsections() = section.subsections();
      CHECK(PlacesOf(Validate(put)) == Places());
      CHECK(PlacesOf(CheckSection(put)) == Places());
      known[section.section_id()] = section;
      flow.add_sections()->set_section_id(section.section_id());
    }
    CHECK(Validate(flow).ok());
    CHECK(Resolve(flow, known).ok());
  }
}

TEST_CASE("[S2-8] a page of a flow has one video, of YouTube or Vimeo", "[unit]") {
  v1::PutFlowVideosRequest videos;
  v1::FlowVideo& video = *videos.add_videos();
  video.set_section_id("work");
  video.mutable_video()->set_url("https://youtu.be/dQw4w9WgXcQ?t=42");
  CHECK(CheckFlowVideos(videos).ok());
  *videos.add_videos() = video;
  CHECK(PlacesOf(CheckFlowVideos(videos)) == Places{"videos[1].section_id"});
  videos.mutable_videos(1)->set_subsection_id("now");
  CHECK(CheckFlowVideos(videos).ok());
  videos.mutable_videos(1)->mutable_video()->set_url("https://example.com/a.mp4");
  const absl::Status refused = CheckFlowVideos(videos);
  CHECK(ReasonOf(refused) == "VIDEO_LINK_UNKNOWN");
  CHECK(FactsOf(refused)["field"] == "videos[1]");
}

}  // namespace
}  // namespace gatehouse::cases
