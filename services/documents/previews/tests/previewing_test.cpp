#include "services/documents/previews/domain/previewing.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/documents/previews/handler.h"
#include "services/documents/previews/previewer_process.h"
#include "services/documents/previews/store/postgres_previews.h"
#include "services/documents/previews/tests/pictures.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

TEST_CASE("images and PDFs have previews, and nothing that a browser would run", "[unit]") {
  for (const char* type : {"application/pdf", "image/jpeg", "image/heic", "image/tiff"}) {
    CHECK(PreviewAtFirst(type, true) == PreviewState::kWaiting);
    CHECK(PreviewAtFirst(type, false) == PreviewState::kNotAsked);
  }
  for (const char* type : {"image/svg+xml", "text/html", "application/msword", "image/bmp", ""}) {
    CHECK(PreviewAtFirst(type, true) == PreviewState::kNone);
  }
}

// Says what it was told to say.
class FakePreviewer : public Previewer {
 public:
  absl::StatusOr<Preview> Make(BlobReader& blob, const std::string& content_type,
                               int pixels) override {
    std::string bytes;
    RETURN_IF_ERROR(blob.Read(0, 9, bytes));
    asked.push_back(absl::StrCat(content_type, " ", pixels));
    if (const auto once = std::exchange(meanwhile, nullptr)) once();
    return answer;
  }
  absl::StatusOr<Preview> MakeSmaller(const std::string& jpeg, int pixels) override {
    asked.push_back(absl::StrCat(jpeg, " ", pixels));
    return Preview{.jpeg = "small"};
  }
  absl::StatusOr<Preview> answer = Preview{.jpeg = "as large"};
  std::function<void()> meanwhile;
  std::vector<std::string> asked;
};

struct PreviewFixture : Fixture {
  Effects making_effects{outbox, true};
  PostgresDocuments stored{database.postgres(), making_effects};
  PostgresPreviews previews{database.postgres(), making_effects};
  Uploads unscanned{{stored, request_store, blobs, rules, cases, *sniffer, clock}};
  Uploads scanned{{stored, request_store, blobs, rules, cases, *sniffer, clock, true}};
  FakePreviewer previewer;
  Previewing previewing{{previews, stored, blobs, rules, previewer, false}};
  Previewing where_scanned{{previews, stored, blobs, rules, previewer, true}};
  PreviewsHandler handler{previews, stored, blobs, rules};

  Document Keep(Uploads& uploads, const std::string& bytes = kPdf) {
    const auto kept = Take(uploads.BeginByClient(By(ada), ada, {}), {bytes});
    INFO(kept.status().ToString());
    REQUIRE(kept.ok());
    return *kept;
  }
  absl::Status Make(Previewing& by, const Document& document) {
    return by.Make("acme", "deal-1", document.document_id);
  }
  PreviewState StateOf(const Document& document) {
    return stored.Get("acme", "deal-1", nullptr, document.document_id)->preview;
  }
  int Jobs() {
    return database.Exec("SELECT count(*) FROM job WHERE kind = 'document.preview'")[0][0]
        .as<int>();
  }
  void SetScan(const Document& document, Scan scan) {
    REQUIRE(stored.SetScan("acme", "deal-1", document.document_id, {scan, "said"}).ok());
  }
  // What a GET gives: its bytes, or the reason why there are none.
  std::string Get(const Document& document, const Call& call,
                  pb::PreviewSize size = pb::PREVIEW_SMALL) {
    pb::DownloadPreviewRequest request;
    request.set_case_id("deal-1");
    request.set_document_id(document.document_id);
    request.set_size(size);
    auto source = call.caller.kind == CallerKind::kClient
                      ? handler.DownloadPortalPreview(call, request)
                      : handler.DownloadPreview(call, request);
    if (!source.ok()) return ReasonOf(source.status());
    pb::DownloadPreviewResponse first, second;
    REQUIRE((*source)->Next(first).value());
    CHECK_FALSE((*source)->Next(second).value());
    CHECK(first.content_type() == "image/jpeg");
    CHECK(first.content_length() == std::ssize(first.data()));
    CHECK(first.cache_control() == "private, no-cache");
    etag = first.etag();
    return first.data();
  }
  std::string etag;
};

TEST_CASE_METHOD(PreviewFixture, "a preview is made once, in two sizes, by a job", "[service]") {
  const Document kept = Keep(unscanned);
  CHECK(Jobs() == 1);
  CHECK(StateOf(kept) == PreviewState::kWaiting);
  CHECK(Get(kept, StaffCall()) == "PREVIEW_NOT_READY");
  REQUIRE(Make(previewing, kept).ok());
  CHECK(StateOf(kept) == PreviewState::kReady);
  CHECK(previewer.asked == std::vector<std::string>{"application/pdf 1024", "as large 256"});
  CHECK(Get(kept, StaffCall()) == "small");
  const std::string small_etag = etag;
  CHECK(Get(kept, StaffCall(), pb::PREVIEW_LARGE) == "as large");
  CHECK(etag != small_etag);
  // Nobody makes it again, whatever the program of the day would say of it.
  previewer.answer = Preview{.refused = "BROKEN"};
  REQUIRE(Make(previewing, kept).ok());
  CHECK(previewer.asked.size() == 2);
  CHECK(StateOf(kept) == PreviewState::kReady);
  CHECK(Files() == 2);
  CHECK(previewing.Make("acme", "deal-1", "doc_none").ok());
  CHECK(previewing.Make("other", "deal-1", kept.document_id).ok());
}

TEST_CASE_METHOD(PreviewFixture, "who may see a document may see its preview, and nobody else",
                 "[service]") {
  const Document kept = Keep(unscanned);
  REQUIRE(Make(previewing, kept).ok());
  CHECK(Get(kept, ClientCall(ada)) == "small");
  CHECK(Get(kept, ClientCall(bob)) == "NOT_FOUND");
  CHECK(Get(kept, StaffCall("other")) == "NOT_FOUND");
  // What is found to be harmful later shows nothing any more.
  database.Exec("UPDATE documents.document SET scan = 3");
  CHECK(Get(kept, StaffCall()) == "DOCUMENT_INFECTED");
  database.Exec("UPDATE documents.document SET scan = 4");
  rules.rules.unscanned_downloads = false;
  CHECK(Get(kept, ClientCall(ada)) == "DOCUMENT_NOT_SCANNED");
}

TEST_CASE_METHOD(PreviewFixture, "nothing is made of what the scanner has not found clean",
                 "[service]") {
  const Document kept = Keep(scanned);
  CHECK(Jobs() == 0);
  CHECK(Get(kept, StaffCall()) == "PREVIEW_NOT_READY");
  // A job of before the scanner was set up.
  REQUIRE(Make(where_scanned, kept).ok());
  CHECK(StateOf(kept) == PreviewState::kWaiting);
  CHECK(previewer.asked.empty());
  SetScan(kept, Scan::kClean);
  CHECK(Jobs() == 1);
  REQUIRE(Make(where_scanned, kept).ok());
  CHECK(StateOf(kept) == PreviewState::kReady);
  for (const Scan scan : {Scan::kInfected, Scan::kUnscanned, Scan::kError}) {
    const Document other = Keep(scanned);
    SetScan(other, scan);
    REQUIRE(Make(where_scanned, other).ok());
    CHECK(StateOf(other) == PreviewState::kNone);
    CHECK(Get(other, StaffCall()) == "PREVIEW_UNAVAILABLE");
  }
  CHECK(previewer.asked.size() == 2);
}

TEST_CASE_METHOD(PreviewFixture, "without a scanner the organisation's rule decides", "[service]") {
  const Document kept = Keep(unscanned);
  rules.rules.unscanned_downloads = false;
  REQUIRE(Make(previewing, kept).ok());
  CHECK(StateOf(kept) == PreviewState::kNone);
  CHECK(previewer.asked.empty());
}

TEST_CASE_METHOD(PreviewFixture, "of other files there is none, and no job", "[service]") {
  const Document kept = Keep(unscanned, "just text\n");
  CHECK(kept.content_type == "text/plain");
  CHECK(Jobs() == 0);
  CHECK(Get(kept, StaffCall()) == "PREVIEW_UNAVAILABLE");
}

TEST_CASE_METHOD(PreviewFixture, "what cannot be made has failed, and is not tried for ever",
                 "[service]") {
  const Document broken = Keep(unscanned), faulty = Keep(unscanned), damaged = Keep(unscanned);
  previewer.answer = Preview{.refused = "BROKEN"};
  REQUIRE(Make(previewing, broken).ok());
  CHECK(StateOf(broken) == PreviewState::kFailed);
  CHECK(Get(broken, StaffCall()) == "PREVIEW_UNAVAILABLE");
  // A fault may be of the machine's: the job is tried again, and in the end given up.
  previewer.answer = absl::InternalError("no memory");
  CHECK(absl::IsInternal(Make(previewing, faulty)));
  CHECK(StateOf(faulty) == PreviewState::kWaiting);
  REQUIRE(previewing.GiveUp("acme", "deal-1", faulty.document_id).ok());
  CHECK(StateOf(faulty) == PreviewState::kFailed);
  REQUIRE(keys.Erase("acme").ok());
  REQUIRE(Make(previewing, damaged).ok());
  CHECK(StateOf(damaged) == PreviewState::kFailed);
}

TEST_CASE_METHOD(PreviewFixture, "a preview goes with its document", "[service]") {
  const Document first = Keep(unscanned), second = Keep(unscanned);
  REQUIRE(Make(previewing, first).ok());
  REQUIRE(Make(previewing, second).ok());
  CHECK(Files() == 4);
  const auto any = [](const Document&) { return absl::OkStatus(); };
  REQUIRE(stored.Remove("acme", "deal-1", nullptr, first.document_id, any).ok());
  CHECK(Count("documents.preview") == 1);
  // Replaced by another one, which gets its own.
  Document again = By(ada);
  again.replaces_document_id = second.document_id;
  REQUIRE(Take(unscanned.BeginByClient(again, ada, {}), {kPdf}).ok());
  CHECK(Count("documents.preview") == 0);
  CHECK(Count("documents.loose_blob") == 4);
  CHECK(Jobs() == 3);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 4);
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(PreviewFixture, "a document that goes while its preview is made leaves nothing",
                 "[service]") {
  const Document kept = Keep(unscanned);
  previewer.meanwhile = [&] {
    const auto any = [](const Document&) { return absl::OkStatus(); };
    REQUIRE(stored.Remove("acme", "deal-1", nullptr, kept.document_id, any).ok());
  };
  REQUIRE(Make(previewing, kept).ok());
  CHECK(Count("documents.preview") == 0);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).ok());
  CHECK(Files() == 0);
}

TEST_CASE_METHOD(PreviewFixture, "two that make the same preview at once keep one of them",
                 "[service]") {
  const Document kept = Keep(unscanned);
  previewer.meanwhile = [&] { REQUIRE(Make(previewing, kept).ok()); };
  REQUIRE(Make(previewing, kept).ok());
  CHECK(Count("documents.preview") == 1);
  CHECK(Count("documents.loose_blob") == 0);
  CHECK(Files() == 2);
}

TEST_CASE_METHOD(PreviewFixture, "what came in while nothing made previews is made up for",
                 "[service]") {
  const Document pdf = TakeByStaff().value();
  const Document text = TakeByStaff("just text\n", "a.txt").value();
  CHECK(StateOf(pdf) == PreviewState::kNotAsked);
  CHECK(Get(pdf, StaffCall()) == "PREVIEW_UNAVAILABLE");
  CHECK(previewing.CatchUp().value() == 2);
  CHECK(previewing.CatchUp().value() == 0);
  CHECK(Jobs() == 1);
  CHECK(StateOf(text) == PreviewState::kNone);
  REQUIRE(Make(previewing, pdf).ok());
  CHECK(StateOf(pdf) == PreviewState::kReady);
}

TEST_CASE_METHOD(PreviewFixture, "a phone's photo is upright in both sizes", "[service]") {
  PreviewerProcess program(kPreviewerProgram);
  Previewing real{{previews, stored, blobs, rules, program, false}};
  const Document kept = Keep(unscanned, PhonePhoto());
  CHECK(kept.content_type == "image/heic");
  REQUIRE(Make(real, kept).ok());
  CHECK(Look(Get(kept, StaffCall())) == "192x256 tr");
  CHECK(Look(Get(kept, StaffCall(), pb::PREVIEW_LARGE)) == "300x400 tr");
}

}  // namespace
}  // namespace gatehouse::documents
