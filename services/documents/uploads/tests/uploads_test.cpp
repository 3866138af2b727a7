#include <thread>

#include "services/documents/tests/files.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

TEST_CASE("a client sees what it handed in, or everybody where the invitation says so", "[unit]") {
  const Document own = {.case_id = "d", .from_client = true, .uploader_id = "ada"};
  const Document other = {.case_id = "d", .from_client = true, .uploader_id = "bob"};
  const Document staff = {.case_id = "d", .from_client = false, .uploader_id = "ada"};
  CaseAccess access = {"d", "ada", "inv_1", Visibility::kOwn};
  CHECK(MaySee(access, own));
  CHECK_FALSE(MaySee(access, other));
  CHECK_FALSE(MaySee(access, staff));
  access.visibility = Visibility::kAll;
  CHECK(MaySee(access, other));
  CHECK_FALSE(MaySee(access, staff));
  access.case_id = "e";
  CHECK_FALSE(MaySee(access, own));
}

TEST_CASE_METHOD(Fixture, "an upload is kept whole, with its digest and type", "[service]") {
  const std::string rest(300000, 'x');
  const SaidOfFile said = {.type = "application/pdf",
                           .size = static_cast<int64_t>(300000 + kPdf.size())};
  const auto kept = Take(uploads.BeginByStaff(Named(), said), {kPdf, rest});
  REQUIRE(kept.ok());
  CHECK(kept->sha256 == Hex(Sha256(kPdf + rest)));
  CHECK(kept->content_type == "application/pdf");
  std::string bytes;
  REQUIRE(blobs.Read("acme", kept->document_id).value()->Read(5, 400000, bytes).ok());
  CHECK(bytes == (kPdf + rest).substr(5));
  CHECK(documents.Get("acme", "deal-1", nullptr, kept->document_id)->sha256 == kept->sha256);
  for (const auto& [organisation, case_id] :
       {std::pair("other", "deal-1"), std::pair("acme", "deal-2")}) {
    const auto found = documents.Get(organisation, case_id, nullptr, kept->document_id);
    CHECK(ReasonOf(found.status()) == "NOT_FOUND");
  }
  CHECK(Files() == 1);
  CHECK(Count("loose_blob") == 0);
}

TEST_CASE_METHOD(Fixture, "an upload that breaks or is refused leaves nothing", "[service]") {
  const auto refused = [&](const std::vector<std::string>& parts, const SaidOfFile& said = {},
                           const std::string& filename = "a.pdf") {
    const auto kept = Take(uploads.BeginByStaff(Named(filename), said), parts);
    CHECK_FALSE(kept.ok());
    CHECK(Files() == 0);
    return ReasonOf(kept.status());
  };
  CHECK(refused({}) == "DOCUMENT_EMPTY");
  CHECK(refused({kPdf}, {.size = 7}) == "SIZE_MISMATCH");
  CHECK(refused({"MZ\x90", std::string(100, '\0')}) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(refused({"<!doctype html><script>x</script>"}) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(refused({}, {}, "a.exe") == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(refused({}, {}, "..") == "FILENAME_INVALID");
  rules.rules.max_document_bytes = 10;
  CHECK(refused({kPdf}) == "DOCUMENT_TOO_LARGE");
  CHECK(refused({}, {.size = 1 << 20}) == "DOCUMENT_TOO_LARGE");
  {
    auto broken = uploads.BeginByStaff(Named(), {});
    REQUIRE((*broken)->Append("half").ok());
    CHECK(Files() == 1);
  }
  CHECK(Files() == 0);
  CHECK(Count("document") == 0);
  CHECK(Count("job") == 0);
  CHECK(Count("usage") == 0);
}

TEST_CASE_METHOD(Fixture, "what is not taken is refused before it has come whole", "[service]") {
  auto upload = uploads.BeginByStaff(Named(), {}).value();
  CHECK(upload->Append(std::string(kHead - 1, '\0')).ok());
  CHECK(ReasonOf(upload->Append(std::string(1, '\0'))) == "CONTENT_TYPE_NOT_ALLOWED");
}

TEST_CASE_METHOD(Fixture, "a container is judged by what lies at its end", "[service]") {
  const std::string word = Ooxml("word", true), old = Ole({"Workbook"}, {.before_directory = 5000});
  CHECK(TakeByStaff(word, "a.docx")->content_type ==
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  CHECK(TakeByStaff(old, "a.xls")->content_type == "application/vnd.ms-excel");
  const std::string program =
      ZipOf({{"META-INF/MANIFEST.MF", std::string(90000, ' ')}, {"A.class", "x"}});
  CHECK(ReasonOf(TakeByStaff(program, "a.zip").status()) == "CONTENT_TYPE_NOT_ALLOWED");
}

TEST_CASE_METHOD(Fixture, "an organisation's list is what it takes", "[service]") {
  rules.rules.allowed_types = {"text/plain"};
  const auto refused = TakeByStaff(kPdf);
  CHECK(ReasonOf(refused.status()) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(FactsOf(refused.status())["contentType"] == "application/pdf");
  CHECK(TakeByStaff("hello", "a.txt")->content_type == "text/plain");
}

TEST_CASE_METHOD(Fixture, "staff upload to cases that there are, clients to their own",
                 "[service]") {
  Document elsewhere = Named();
  elsewhere.case_id = "deal-2";
  CHECK(ReasonOf(uploads.BeginByStaff(elsewhere, {}).status()) == "NOT_FOUND");
  const auto request = requests.Create({.organisation_id = "acme",
                                        .case_id = "deal-1",
                                        .title = "Payslips",
                                        .label = "Payslip",
                                        .contact_id = "bob"});
  const std::string id = request->document_request_id;
  CHECK(ReasonOf(TakeBy(ada, kPdf, id).status()) == "NOT_FOUND");
  CHECK(ReasonOf(TakeBy(ada, kPdf, "drq_none").status()) == "NOT_FOUND");
  const auto kept = TakeBy(bob, kPdf, id);
  CHECK(kept->label == "Payslip");
  CHECK(kept->document_request_id == id);
}

TEST_CASE_METHOD(Fixture, "quotas hold, also for those who come at once", "[service]") {
  rules.rules.quotas.contact.documents = 5;
  std::vector<std::thread> threads;
  std::atomic<int> kept = 0, refused = 0;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      const auto taken = TakeBy(ada);
      kept += taken.ok();
      refused += ReasonOf(taken.status()) == "CONTACT_QUOTA_REACHED";
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(kept == 5);
  CHECK(refused == 7);
  CHECK(Files() == 5);
  CHECK(Count("loose_blob") == 0);
  CHECK(TakeBy(bob).ok());
  CHECK(TakeByStaff().ok());
  const Usages used = documents.Used("acme", "deal-1", "ada").value();
  CHECK(used.contact.documents == 5);
  CHECK(used.of_case.documents == 7);
  CHECK(used.organisation.bytes == static_cast<int64_t>(7 * kPdf.size()));
}

TEST_CASE_METHOD(Fixture, "a quota refuses before bytes come, where their number is said",
                 "[service]") {
  rules.rules.quotas.of_case.bytes = 100;
  const SaidOfFile said = {.size = 101};
  CHECK(ReasonOf(uploads.BeginByStaff(Named(), said).status()) == "CASE_QUOTA_REACHED");
  CHECK(ReasonOf(TakeByStaff(std::string(101, 'x'), "a.txt").status()) == "CASE_QUOTA_REACHED");
  rules.rules.quotas.organisation.documents = 0;
  rules.rules.quotas.of_case.bytes = 1000;
  CHECK(ReasonOf(uploads.BeginByStaff(Named(), {}).status()) == "ORGANISATION_QUOTA_REACHED");
}

TEST_CASE_METHOD(Fixture, "pages are full of what may be seen", "[service]") {
  for (int i = 0; i < 6; ++i) REQUIRE(TakeBy(i % 2 == 0 ? ada : bob).ok());
  REQUIRE(TakeByStaff().ok());
  const Page page = {.size = 2};
  const auto first = documents.List("acme", "deal-1", &ada, {}, page).value();
  REQUIRE(first.size() == 3);  // One more than the page.
  for (const Document& document : first) CHECK(document.uploader_id == "ada");
  CHECK(first[0].document_id > first[1].document_id);
  const auto rest =
      documents.List("acme", "deal-1", &ada, {}, {.size = 2, .after = first[1].document_id});
  CHECK(rest->size() == 1);
  CaseAccess all = ada;
  all.visibility = Visibility::kAll;
  CHECK(documents.List("acme", "deal-1", &all, {}, {})->size() == 6);
  CHECK(documents.List("acme", "deal-1", nullptr, {}, {})->size() == 7);
  CHECK(documents.List("other", "deal-1", nullptr, {}, {})->empty());
  CHECK(ReasonOf(documents.Get("acme", "deal-1", &bob, first[0].document_id).status()) ==
        "NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "what was kept is told in its transaction", "[service]") {
  REQUIRE(TakeByStaff().ok());
  CHECK(Count("job") == 1);  // The event.
  REQUIRE(TakeBy(ada).ok());
  CHECK(Count("job") == 3);  // And the note of who handed it in.
}

TEST_CASE_METHOD(Fixture, "an upgrade counts what there is", "[service]") {
  const auto request = requests.Create(
      {.organisation_id = "acme", .case_id = "deal-1", .title = "Payslips", .label = "Payslip"});
  REQUIRE(request.ok());
  for (const CaseAccess* access : {&ada, &ada, &bob}) REQUIRE(TakeBy(*access).ok());
  REQUIRE(TakeByStaff().ok());
  const std::string all =
      "SELECT string_agg(concat_ws(' ', organisation_id, case_id, contact_id, documents, bytes, "
      "requests), ';' ORDER BY organisation_id, case_id, contact_id) FROM documents.usage";
  const std::string counted = database.Exec(all)[0][0].c_str();
  const std::string sql = kMigrations[1].sql;
  database.Exec("DROP TABLE documents.usage, documents.loose_blob");
  database.Exec("CREATE INDEX document_request_of_case ON documents.document_request (case_id)");
  database.Exec(
      "DROP INDEX documents.document_of_request, documents.document_request_of_case_by_id");
  database.Exec(sql);
  CHECK(database.Exec(all)[0][0].c_str() == counted);
}

}  // namespace
}  // namespace gatehouse::documents
