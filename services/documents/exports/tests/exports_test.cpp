#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/jobs/sweeper.h"
#include "services/documents/erasure/store/erasure_store.h"
#include "services/documents/exports/handler.h"
#include "services/documents/exports/store/own_records.h"
#include "services/documents/signing/tests/seal_authority.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

// The other services: what they know of Ada, and whether they are there.
class FakeServices : public ExportServices {
 public:
  explicit FakeServices(Postgres& postgres) : postgres_(postgres) {}

  absl::StatusOr<cases::v1::IdentifyContactResponse> Identify(
      const std::string&, const std::string& contact_id) override {
    if (away == ExportSource::kIdentify) return absl::UnavailableError("away");
    if (erasing) return Refuse(cases::v1::CONTACT_ERASURE_UNDER_WAY, "it is being erased");
    cases::v1::IdentifyContactResponse found;
    found.mutable_subject()->set_contact_id(contact_id);
    found.mutable_subject()->add_case_ids("deal-1");
    if (present) found.add_present_case_ids("deal-1");
    found.mutable_subject()->add_name_parts("Lovelace");
    found.mutable_others()->add_name_parts("Bob");
    return found;
  }
  absl::StatusOr<common::v1::ExportContactResponse> Export(
      ExportSource source, const std::string& organisation_id,
      const common::v1::ExportContactRequest& request) override {
    if (away == source) return absl::UnavailableError("away");
    asked.push_back(source);
    if (source == ExportSource::kDocuments) return ExportKept(postgres_, organisation_id, request);
    common::v1::ExportContactResponse part;
    if (source != ExportSource::kCases) return part;
    // In two parts, of which the second goes on with the first one's kind.
    const bool first = request.page_token().empty();
    if (first) part.set_next_page_token("1");
    auto& note = *part.add_records();
    note.set_kind(common::v1::NOTE);
    note.set_json(first ? R"({"text": "Lovelace rang"})" : R"({"text": "and again"})");
    return part;
  }
  ExportSource away = ExportSource::kDone;
  bool erasing = false, present = true;
  std::vector<ExportSource> asked;

 private:
  Postgres& postgres_;
};

struct Exporting : Fixture {
  const Secret key{RandomBytes(32)};
  Outbox told{database.postgres(), {.key = key, .services = {}}};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  ExportStore exports{
      database.postgres(), told, {.key = Secret(RandomBytes(32)), .kept = absl::Hours(168)}};
  FakeServices services{database.postgres()};
  ContactExporting exporting{exports, services};
  ExportsHandler handler{{exports, services, blobs, rules, once}};

  absl::StatusOr<v1::Export> Ask(const std::string& request_id = "",
                                 const std::string& contact_id = "ada") {
    v1::CreateExportRequest request;
    request.set_contact_id(contact_id);
    request.set_request_id(request_id);
    return handler.CreateExport(StaffCall(), request);
  }
  absl::StatusOr<v1::Export> Get(const std::string& export_id,
                                 const std::string& organisation_id = "acme") {
    v1::GetExportRequest request;
    request.set_export_id(export_id);
    return handler.GetExport(StaffCall(organisation_id), request);
  }
  // What waits, next.
  std::string Payload() {
    const auto rows =
        database.Exec("SELECT id, payload FROM job WHERE lane = 'exports' ORDER BY number LIMIT 1");
    if (rows.empty()) return "";
    return Open(key, rows[0]["id"].c_str(), BytesFromSql(rows[0]["payload"])).value();
  }
  absl::Status Step() {
    const absl::Status done = exporting.Do("acme", Payload());
    if (done.ok()) {
      database.Exec(
          "DELETE FROM job WHERE number = (SELECT min(number) FROM job "
          "WHERE lane = 'exports')");
    }
    return done;
  }
  void RunAll() {
    while (!Payload().empty()) {
      const absl::Status done = Step();
      INFO(done.ToString());
      REQUIRE(done.ok());
    }
  }
  v1::Export Made() {
    const auto begun = Ask();
    INFO(begun.status().ToString());
    REQUIRE(begun.ok());
    RunAll();
    return Get(begun->export_id()).value();
  }
  DownloadsHandler::Sends Download(const std::string& export_id,
                                   const std::string& organisation_id = "acme") {
    v1::DownloadExportRequest request;
    request.set_export_id(export_id);
    return handler.DownloadExport(StaffCall(organisation_id), request);
  }
  // What a reader that is not ours finds in it, by the script's words.
  std::string Read(const std::string& export_id, const std::string& script) {
    return ReadZip(Download(export_id), script);
  }
  std::string Names(const std::string& export_id) {
    return Read(export_id, "print(z.namelist())\n");
  }
  int Told(const std::string& method) { return Count("job WHERE kind LIKE '%/" + method + "'"); }
};

TEST_CASE_METHOD(Exporting, "an export asks every service for all it has, and is ready once",
                 "[service][no-tsan]") {
  const auto begun = Ask();
  REQUIRE(begun.ok());
  CHECK(begun->state() == v1::Export::UNDER_WAY);
  CHECK(begun->waits_for() == "cases");
  CHECK(Told("RecordAuditEvent") == 1);
  RunAll();
  using enum ExportSource;
  CHECK(services.asked ==
        std::vector{kCases, kCases, kInvitation, kIdentity, kNotification, kDocuments});
  const auto made = Get(begun->export_id());
  CHECK(made->state() == v1::Export::READY);
  CHECK(made->records() == 2);
  CHECK(made->waits_for().empty());
  CHECK(made->has_ready_time());
  CHECK(Told("PublishEvent") == 1);
  // At rest nobody reads it.
  CHECK(Count("contact_export_part WHERE position('rang' in encode(sealed, 'escape')) > 0") == 0);
}

TEST_CASE_METHOD(Exporting,
                 "the archive has the records and the contact's files, and nobody else's",
                 "[service][no-tsan]") {
  const std::string large = kPdf + std::string(700'000, '%');
  REQUIRE(TakeBy(ada, large).ok());
  REQUIRE(TakeBy(bob).ok());
  REQUIRE(TakeByStaff(kPdf, "secret.pdf").ok());
  const auto own = TakeByStaff(kPdf, "own.pdf"), all = TakeByStaff(kPdf, "all.pdf"),
             bobs = TakeByStaff(kPdf, "bobs.pdf");
  for (const auto& [document, contact] :
       {std::pair{own, "ada"}, std::pair{all, ""}, std::pair{bobs, "bob"}}) {
    database.Exec(absl::StrCat("UPDATE documents.document SET share_time = now(), ",
                               "shared_contact_id = '", contact, "' WHERE document_id = '",
                               document->document_id, "'"));
  }
  const v1::Export made = Made();
  CHECK(made.files() == 3);
  const std::string names = Names(made.export_id());
  for (const char* there : {"README.txt", "records/note.json", "records/document.json",
                            "documents/Client-Documents/a.pdf", "own.pdf", "all.pdf"}) {
    INFO(there);
    CHECK(absl::StrContains(names, there));
  }
  for (const char* not_there : {"secret.pdf", "bobs.pdf", "a (2).pdf"}) {
    CHECK_FALSE(absl::StrContains(names, not_there));
  }
  CHECK(Read(made.export_id(), "print(json.loads(z.read('records/note.json')))\n") ==
        "[{'text': 'Lovelace rang'}, {'text': 'and again'}]\n");
  CHECK(Read(made.export_id(), "print(len(json.loads(z.read('records/document.json'))))\n") ==
        "3\n");
  // Whoever left the case, or had its id before another family, is not given what that one's have.
  services.present = false;
  CHECK(Made().files() == 2);
}

TEST_CASE_METHOD(Exporting, "what the contact was sent to sign is there; other signers are not",
                 "[service][no-tsan]") {
  auto writer = blobs.Write("acme", "sgr_1");
  REQUIRE((*writer)->Append(kPdf).ok());
  REQUIRE((*writer)->Commit().ok());
  database.Exec(absl::StrCat(
      "INSERT INTO signature_request (organisation_id, signature_request_id, case_id, document_id, "
      "title, filename, content_type, size_bytes, sha256, method, state, in_order, countersign, "
      "message, sender_name, create_time, expire_time, next_look) VALUES ('acme', 'sgr_1', "
      "'deal-1', 'doc_1', 't', 'contract.pdf', 'c', ",
      kPdf.size(),
      ", 's', 1, 3, false, false, '', 'Sam', now(), now(), 'infinity'); "
      "INSERT INTO signer (organisation_id, signature_request_id, position, contact_id, name, "
      "state, passkey_name) VALUES ('acme', 'sgr_1', 0, 'ada', 'Ada Lovelace', 4, 'her laptop'), "
      "('acme', 'sgr_1', 1, 'bob', 'Bob', 2, ''); "
      "INSERT INTO signature_field (organisation_id, signature_request_id, position, field_id, "
      "kind, contact_id, page, place_left, place_top, place_width, place_height, page_width, "
      "page_height, required, wrapped, label, value) SELECT 'acme', 'sgr_1', i, 'field-' || i, 4, "
      "(ARRAY['ada', 'ada', 'bob'])[i], 1, 0, 0, 1, 1, 9, 9, false, false, '', "
      "(ARRAY['12 years', '', 'theirs'])[i] FROM generate_series(1, 3) AS i"));
  const v1::Export made = Made();
  CHECK(absl::StrContains(Names(made.export_id()), "signing/sgr_1/contract.pdf"));
  const std::string said =
      Read(made.export_id(), "print(z.read('records/signature_request.json').decode())\n");
  for (const char* const own : {"Ada Lovelace", "her laptop", "12 years"}) {
    CHECK(absl::StrContains(said, own));
  }
  CHECK_FALSE(absl::StrContains(said, "field-2"));
  CHECK_FALSE(absl::StrContains(said, "theirs"));
  CHECK_FALSE(absl::StrContains(said, "Bob"));
  CHECK_FALSE(absl::StrContains(said, "Sam"));
}

TEST_CASE_METHOD(Exporting, "a part that is asked for again is kept once, whoever asks",
                 "[service][no-tsan]") {
  const auto begun = Ask();
  REQUIRE(Step().ok());
  const std::string again = Payload();
  REQUIRE(Step().ok());
  REQUIRE(exporting.Do("acme", again).ok());
  RunAll();
  REQUIRE(exporting.Do("acme", again).ok());
  CHECK(Get(begun->export_id())->records() == 2);
  CHECK(Count("contact_export_part") == 2);
  CHECK(Told("PublishEvent") == 1);
}

TEST_CASE_METHOD(Exporting, "a service that is away is waited for", "[service][no-tsan]") {
  const auto begun = Ask();
  REQUIRE(Step().ok());
  services.away = ExportSource::kCases;
  CHECK(absl::IsUnavailable(Step()));
  CHECK(Get(begun->export_id())->waits_for() == "cases");
  CHECK(ReasonOf(Download(begun->export_id()).status()) == "EXPORT_NOT_READY");
  services.away = ExportSource::kDone;
  RunAll();
  CHECK(Get(begun->export_id())->state() == v1::Export::READY);
}

TEST_CASE_METHOD(Exporting, "who asks twice has one export; who asks later, another one",
                 "[service][no-tsan]") {
  const auto first = Ask("r1");
  CHECK(Ask("r1")->export_id() == first->export_id());
  CHECK(Ask("r2")->export_id() == first->export_id());
  CHECK(Ask("r3", "bob")->export_id() != first->export_id());
  RunAll();
  const auto later = Ask("r4");
  CHECK(later->export_id() != first->export_id());
  const auto listed = handler.ListExports(StaffCall(), {});
  REQUIRE(listed->exports_size() == 3);
  CHECK(listed->exports(0).export_id() == later->export_id());
  CHECK(handler.ListExports(StaffCall("other"), {})->exports_size() == 0);
  CHECK(ReasonOf(Get(first->export_id(), "other").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Download(first->export_id(), "other").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Exporting,
                 "an erasure takes exports with it, ready or not, also while one is read",
                 "[service][no-tsan]") {
  ErasureStore erasures{
      database.postgres(), outbox,
      SealedTraces({.job_keys = {key}, .once_key = Secret(RandomBytes(32)), .spared_lanes = {}})};
  const v1::Export made = Made();
  REQUIRE(Ask().ok());
  REQUIRE(Step().ok());
  REQUIRE(Step().ok());
  const std::string waiting = Payload();
  REQUIRE(Ask("", "bob").ok());
  auto reading = Download(made.export_id());
  REQUIRE(reading.ok());
  common::v1::Subject subject;
  subject.set_contact_id("ada");
  subject.add_case_ids("deal-1");
  subject.add_names("Ada Lovelace");
  const auto erased = erasures.Erase("acme", subject);
  REQUIRE(erased.ok());
  CHECK(Count("contact_export WHERE contact_id = 'ada'") == 0);
  CHECK(Count("contact_export_part") == 0);
  CHECK(Count("contact_export") == 1);
  CHECK(exporting.Do("acme", waiting).ok());
  CHECK(ReasonOf(Download(made.export_id()).status()) == "NOT_FOUND");
  absl::StatusOr<bool> more = true;
  pb::DownloadDocumentResponse part;
  while (more.ok() && *more) more = (*reading)->Next(part);
  CHECK(ReasonOf(more.status()) == "NOT_FOUND");
  services.erasing = true;
  CHECK(ReasonOf(Ask().status()) == "CONTACT_ERASURE_UNDER_WAY");
}

TEST_CASE_METHOD(Exporting, "an export is gone after its time, and swept with what it has",
                 "[service][no-tsan]") {
  const v1::Export made = Made();
  CHECK(made.expire_time().seconds() - made.ready_time().seconds() == 7 * 24 * 3600);
  database.Exec("UPDATE contact_export SET expire_time = now() - interval '1 second'");
  CHECK(ReasonOf(Get(made.export_id()).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Download(made.export_id()).status()) == "NOT_FOUND");
  CHECK(handler.ListExports(StaffCall(), {})->exports_size() == 0);
  Sweeper sweeper(database.postgres(),
                  {{"contact_export", "expire_time < $1", absl::ZeroDuration()}}, clock);
  CHECK(sweeper.Sweep().value() == 1);
  CHECK(Count("contact_export_part") == 0);
}

TEST_CASE_METHOD(Exporting, "of too much nothing is kept, and too many are refused",
                 "[service][no-tsan]") {
  const auto begun = Ask();
  REQUIRE(Step().ok());
  database.Exec(absl::StrCat("UPDATE contact_export SET bytes = ", kExportBytesMax));
  RunAll();
  CHECK(Get(begun->export_id())->state() == v1::Export::TOO_LARGE);
  CHECK(Count("contact_export_part") == 0);
  CHECK(Told("PublishEvent") == 0);
  CHECK(ReasonOf(Download(begun->export_id()).status()) == "EXPORT_NOT_READY");
  database.Exec(
      "INSERT INTO contact_export (organisation_id, export_id, contact_id, actor_id, actor_name, "
      "expire_time) SELECT 'acme', 'x' || n, 'x', '', '', now() + interval '1 day' "
      "FROM generate_series(2, 1000) AS n");
  CHECK(ReasonOf(Ask().status()) == "EXPORT_LIMIT_REACHED");
}

TEST_CASE_METHOD(Exporting, "what may not be downloaded is left out and named, what is gone is not",
                 "[service][no-tsan]") {
  const auto bad = TakeBy(ada), gone = TakeBy(ada);
  REQUIRE((bad.ok() && gone.ok()));
  const v1::Export made = Made();
  CHECK(made.files() == 2);
  database.Exec("UPDATE documents.document SET scan = 3 WHERE document_id = '" + bad->document_id +
                "'; DELETE FROM documents.document WHERE document_id = '" + gone->document_id +
                "'");
  const std::string names = Names(made.export_id());
  CHECK_FALSE(absl::StrContains(names, "a.pdf"));
  CHECK(absl::StrContains(Read(made.export_id(), "print(z.read('Left out.txt').decode())\n"),
                          "malware was found in it"));
  CHECK(Told("RecordAuditEvent") == 3);
}

}  // namespace
}  // namespace gatehouse::documents
