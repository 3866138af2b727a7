#include <thread>

#include "services/cases/factfind/tests/fixture.h"

// Sections and flows as the database has them.

namespace gatehouse::cases {
namespace {

struct FlowsFixture : Fixture {
  FlowStore store_of_flows{database.postgres()};
  FlowsHandler flows{store_of_flows};

  absl::StatusOr<Section> PutSection(const std::string& name = "Work", const std::string& etag = "",
                                     const std::string& organisation_id = "acme") {
    v1::PutSectionRequest request = WorkSection();
    request.set_display_name(name);
    request.set_etag(etag);
    return flows.PutSection(StaffCall(organisation_id), request);
  }
  absl::StatusOr<Flow> PutFlow(const std::string& name = "Loan", const std::string& etag = "",
                               const std::string& organisation_id = "acme") {
    v1::PutFlowRequest request;
    request.set_flow_id("loan");
    request.set_type("home-loan");
    request.set_display_name(name);
    request.add_sections()->set_section_id("work");
    request.set_etag(etag);
    return flows.PutFlow(StaffCall(organisation_id), request);
  }
  absl::StatusOr<Flow> Get(int version = 0, const std::string& organisation_id = "acme") {
    v1::GetFlowRequest request;
    request.set_flow_id("loan");
    request.set_version(version);
    return flows.GetFlow(StaffCall(organisation_id), request);
  }
  absl::StatusOr<Flow> Apply(v1::FlowPreset preset, const std::string& flow_id) {
    v1::ApplyFlowPresetRequest request;
    request.set_flow_id(flow_id);
    request.set_preset(preset);
    return flows.ApplyFlowPreset(StaffCall(), request);
  }
};

TEST_CASE_METHOD(FlowsFixture, "[S2-14] a flow has type, name and sections, and goes by versions",
                 "[service]") {
  REQUIRE(PutSection().ok());
  const auto first = PutFlow();
  REQUIRE(first.ok());
  CHECK(first->version() == 1);
  CHECK(first->type() == "home-loan");
  REQUIRE(first->definition_size() == 1);
  CHECK(first->definition(0).subsections_size() == 2);
  CHECK(PutFlow()->version() == 1);
  CHECK(PutFlow("Home loan")->version() == 2);
  CHECK(Get(1)->display_name() == "Loan");
  CHECK(Get()->display_name() == "Home loan");
  CHECK(ReasonOf(Get(3).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(FlowsFixture, "a flow keeps its sections as they were until it is put again",
                 "[service]") {
  REQUIRE(PutSection().ok());
  REQUIRE(PutFlow().ok());
  REQUIRE(PutSection("Work and income").ok());
  CHECK(Get()->definition(0).display_name() == "Work");
  const auto again = PutFlow();
  CHECK(again->version() == 2);
  CHECK(again->definition(0).display_name() == "Work and income");
  CHECK(Get(1)->definition(0).display_name() == "Work");
}

TEST_CASE_METHOD(FlowsFixture, "who read an older section or flow is told, and loses nothing",
                 "[service]") {
  const auto section = PutSection();
  REQUIRE(section.ok());
  REQUIRE(PutSection("New", section->etag()).ok());
  CHECK(ReasonOf(PutSection("Other", section->etag()).status()) == "ETAG_MISMATCH");
  const auto flow = PutFlow();
  REQUIRE(PutFlow("New", flow->etag()).ok());
  CHECK(ReasonOf(PutFlow("Other", flow->etag()).status()) == "ETAG_MISMATCH");
  CHECK(Get()->display_name() == "New");
}

TEST_CASE_METHOD(FlowsFixture, "what cannot work is refused whole", "[service]") {
  CHECK(PlacesOf(PutFlow().status()) == std::vector<std::string>{"sections[0].section_id"});
  CHECK(ReasonOf(Get().status()) == "NOT_FOUND");
  CHECK(flows.ListFlows(StaffCall(), {})->flows_size() == 0);
}

TEST_CASE_METHOD(FlowsFixture, "sections and flows are their organisation's alone", "[service]") {
  REQUIRE(PutSection().ok());
  REQUIRE(PutFlow().ok());
  CHECK(ReasonOf(Get(0, "other").status()) == "NOT_FOUND");
  CHECK_FALSE(PutFlow("Loan", "", "other").ok());
  CHECK(flows.ListSections(StaffCall("other"), {})->sections_size() == 0);
  CHECK(flows.ListSections(StaffCall(), {})->sections_size() == 1);
  REQUIRE(flows.ListFlows(StaffCall(), {})->flows_size() == 1);
  CHECK(flows.ListFlows(StaffCall(), {})->flows(0).definition_size() == 0);
  v1::PutFlowVideosRequest videos;
  videos.set_flow_id("loan");
  CHECK(ReasonOf(flows.PutFlowVideos(StaffCall("other"), videos).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(FlowsFixture, "of two first puts at once both are versions", "[service]") {
  REQUIRE(PutSection().ok());
  absl::Status other;
  std::thread thread([&] { other = PutFlow("One").status(); });
  const absl::Status one = PutFlow("Other").status();
  thread.join();
  CHECK(one.ok());
  CHECK(other.ok());
  CHECK(Get()->version() == 2);
}

TEST_CASE_METHOD(FlowsFixture, "there are a hundred flows and two hundred sections at most",
                 "[service]") {
  REQUIRE(PutSection().ok());
  database.Exec(
      "INSERT INTO flow (organisation_id, flow_id, version) "
      "SELECT 'acme', 'f' || n, 1 FROM generate_series(1, 100) AS n");
  CHECK(ReasonOf(PutFlow().status()) == "FLOW_LIMIT_REACHED");
  database.Exec(
      "INSERT INTO fact_section (organisation_id, section_id, version, display_name, definition) "
      "SELECT 'acme', 's' || n, 1, '', '' FROM generate_series(1, 199) AS n");
  CHECK(PutSection("Again").ok());
  v1::PutSectionRequest more = WorkSection();
  more.set_section_id("more");
  CHECK(ReasonOf(flows.PutSection(StaffCall(), more).status()) == "SECTION_LIMIT_REACHED");
}

TEST_CASE_METHOD(FlowsFixture, "a ready-made flow is taken with its sections, and again",
                 "[service]") {
  const auto taken = Apply(v1::AU_HOME_LOAN, "loan");
  REQUIRE(taken.ok());
  CHECK(taken->definition_size() == 4);
  CHECK(taken->version() == 1);
  CHECK(Apply(v1::AU_HOME_LOAN, "loan")->version() == 1);
  for (const v1::FlowPreset preset : {v1::NZ_HOME_LOAN, v1::HOUSE_BUILD, v1::SOLAR_INSTALLATION}) {
    CHECK(Apply(preset, v1::FlowPreset_Name(preset)).ok());
  }
  CHECK(flows.ListFlows(StaffCall(), {})->flows_size() == 4);
}

TEST_CASE_METHOD(FlowsFixture, "a ready-made flow leaves alone what the organisation has",
                 "[service]") {
  v1::PutSectionRequest own = WorkSection();
  own.set_section_id("personal");
  own.set_display_name("Ours");
  REQUIRE(flows.PutSection(StaffCall(), own).ok());
  CHECK(Apply(v1::AU_HOME_LOAN, "loan")->definition(0).display_name() == "Ours");
}

TEST_CASE_METHOD(FlowsFixture, "the schema is that of the version", "[service][no-tsan]") {
  REQUIRE(PutSection().ok());
  REQUIRE(PutFlow().ok());
  v1::PutSectionRequest shorter = WorkSection();
  shorter.mutable_subsections()->RemoveLast();
  REQUIRE(flows.PutSection(StaffCall(), shorter).ok());
  REQUIRE(PutFlow().ok());
  const auto fields_of = [&](int version) {
    v1::GetFlowSchemaRequest request;
    request.set_flow_id("loan");
    request.set_version(version);
    const auto schema = flows.GetFlowSchema(StaffCall(), request);
    REQUIRE(schema.ok());
    const auto& sections = schema->schema().fields().at("properties").struct_value();
    const auto& work = sections.fields().at("work").struct_value();
    return work.fields().at("properties").struct_value().fields_size();
  };
  CHECK(fields_of(1) == 12);
  CHECK(fields_of(2) == 4);
  CHECK(fields_of(0) == 4);
}

}  // namespace
}  // namespace gatehouse::cases
