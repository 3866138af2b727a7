#include "services/documents/requests/templates_handler.h"

#include "services/documents/requests/handler.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

struct TemplatesFixture : Fixture {
  Once once{database.postgres(), Secret(RandomBytes(32))};
  TemplatesHandler handler{templates};
  RequestsHandler requesting{requests, request_store, documents, once};

  absl::Status Put(const std::string& id, const std::string& kind,
                   const std::vector<std::string>& titles, const Call& call = StaffCall()) {
    pb::PutDocumentRequestTemplateRequest request;
    request.set_document_request_template_id(id);
    request.set_display_name("Template " + id);
    request.set_case_kind(kind);
    for (const std::string& title : titles) {
      pb::DocumentRequestTemplateItem& item = *request.add_items();
      item.set_title(title);
      item.set_label("label of " + title);
      item.set_due_days(titles.size() > 1 ? 7 : 0);
    }
    return handler.PutDocumentRequestTemplate(call, request).status();
  }
  std::vector<std::string> Ids(const std::string& kind, const Call& call = StaffCall()) {
    pb::ListDocumentRequestTemplatesRequest request;
    request.set_case_kind(kind);
    request.set_page_size(2);
    std::vector<std::string> ids;
    do {
      const auto page = handler.ListDocumentRequestTemplates(call, request).value();
      for (const auto& one : page.document_request_templates()) {
        ids.push_back(one.document_request_template_id());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
  absl::StatusOr<pb::ApplyDocumentRequestTemplateResponse> Apply(
      const std::string& id, const std::string& request_id = "",
      const std::string& contact_id = "ada", const std::string& case_id = "deal-1") {
    pb::ApplyDocumentRequestTemplateRequest request;
    request.set_case_id(case_id);
    request.set_document_request_template_id(id);
    request.set_contact_id(contact_id);
    request.set_request_id(request_id);
    return requesting.ApplyDocumentRequestTemplate(StaffCall(), request);
  }
};

TEST_CASE_METHOD(TemplatesFixture, "there is a list of templates for each kind of case",
                 "[service]") {
  REQUIRE(Put("Z-loan", "loan", {"Payslips"}).ok());
  REQUIRE(Put("any", "", {"Passport"}).ok());
  REQUIRE(Put("loan", "loan", {"Bank statement"}).ok());
  REQUIRE(Put("solar", "opportunity", {"Photo of the roof"}).ok());
  CHECK(Ids("").size() == 4);
  CHECK(Ids("loan") == std::vector<std::string>{"Z-loan", "any", "loan"});
  CHECK(Ids("opportunity") == std::vector<std::string>{"any", "solar"});
  CHECK(Ids("", StaffCall("other")).empty());
}

TEST_CASE_METHOD(TemplatesFixture, "a template that is put again is another one", "[service]") {
  REQUIRE(Put("loan", "loan", {"one", "two", "three"}).ok());
  REQUIRE(Put("loan", "", {"three", "one"}).ok());
  const auto kept = templates.Get("acme", "loan");
  REQUIRE(kept->items.size() == 2);
  CHECK(kept->items[0].title == "three");
  CHECK(kept->items[1].label == "label of one");
  CHECK(kept->case_kind.empty());
  CHECK(ReasonOf(templates.Get("other", "loan").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(TemplatesFixture, "what a template lists is asked for in one go", "[service]") {
  // In Sydney it is the first of March already.
  clock.now = absl::FromCivil(absl::CivilSecond(2027, 2, 28, 20, 0, 0), absl::UTCTimeZone());
  REQUIRE(Put("loan", "loan", {"Payslips", "Passport"}).ok());
  const auto made = Apply("loan", "r1");
  REQUIRE(made.ok());
  REQUIRE(made->document_requests_size() == 2);
  CHECK(made->document_requests(0).title() == "Payslips");
  CHECK(made->document_requests(1).label() == "label of Passport");
  CHECK(made->document_requests(1).contact_id() == "ada");
  CHECK(made->document_requests(1).due_date() == "2027-03-08");
  CHECK(made->document_requests(1).state() == pb::REQUIRED);
  CHECK(Apply("loan", "r1")->SerializeAsString() == made->SerializeAsString());
  CHECK(Count("documents.document_request") == 2);
  // Deleting the template takes nothing back.
  REQUIRE(templates.Remove("acme", "loan").ok());
  CHECK(ReasonOf(templates.Remove("acme", "loan")) == "NOT_FOUND");
  CHECK(ReasonOf(Apply("loan").status()) == "NOT_FOUND");
  CHECK(Count("documents.document_request") == 2);
  CHECK(Count("documents.document_request_template_item") == 0);
}

TEST_CASE_METHOD(TemplatesFixture, "of a template that is too much for the case nothing is asked",
                 "[service]") {
  rules.rules.max_document_requests = 3;
  REQUIRE(Put("loan", "loan", {"Payslips", "Passport"}).ok());
  REQUIRE(Apply("loan").ok());
  const auto refused = Apply("loan");
  CHECK(ReasonOf(refused.status()) == "DOCUMENT_REQUEST_LIMIT_REACHED");
  CHECK(FactsOf(refused.status())["max"] == "3");
  CHECK(Count("documents.document_request") == 2);
  REQUIRE(Put("one", "", {"Passport"}).ok());
  CHECK(Apply("one").ok());
  CHECK(ReasonOf(Apply("one", "", "eve").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Apply("one", "", "", "deal-2").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(TemplatesFixture, "an organisation has so many templates", "[service]") {
  database.Exec(absl::StrCat(
      "INSERT INTO documents.document_request_template (organisation_id, template_id, "
      "display_name, case_kind) SELECT 'acme', 't' || n, '', '' FROM generate_series(2, ",
      kTemplatesMax, ") n"));
  REQUIRE(Put("last", "", {"x"}).ok());
  CHECK(Put("last", "", {"y"}).ok());
  const absl::Status refused = Put("more", "", {"x"});
  CHECK(ReasonOf(refused) == "DOCUMENT_REQUEST_TEMPLATE_LIMIT_REACHED");
  CHECK(FactsOf(refused)["max"] == absl::StrCat(kTemplatesMax));
  CHECK(Put("theirs", "", {"x"}, StaffCall("other")).ok());
}

}  // namespace
}  // namespace gatehouse::documents
