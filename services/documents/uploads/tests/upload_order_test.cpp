// In which order an upload touches the two stores, and what each failure leaves: without either.

#include <catch2/catch.hpp>

#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/documents/blobs/domain/collector.h"
#include "services/documents/uploads/domain/uploads.h"

namespace gatehouse::documents {
namespace {

using Steps = std::vector<std::string>;

// What was asked of the stores, in order; a step that `fails` names answers that instead.
struct Journal {
  absl::Status Step(const std::string& step) {
    steps.push_back(step);
    const auto failing = fails.find(step);
    return failing == fails.end() ? absl::OkStatus() : failing->second;
  }
  Steps steps;
  std::map<std::string, absl::Status> fails;
};

class MemoryWriter : public BlobWriter {
 public:
  explicit MemoryWriter(Journal& journal) : journal_(journal) {}
  ~MemoryWriter() override { (void)journal_.Step("close"); }
  absl::Status Append(const std::string& bytes) override {
    bytes_ += bytes;
    return journal_.Step("append " + std::to_string(bytes.size()));
  }
  absl::Status Commit() override { return journal_.Step("commit"); }
  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    bytes = bytes_.substr(std::min<size_t>(offset, bytes_.size()), size);
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Size() override { return static_cast<int64_t>(bytes_.size()); }

 private:
  Journal& journal_;
  std::string bytes_;
};

class MemoryBlobs : public BlobStore {
 public:
  explicit MemoryBlobs(Journal& journal) : journal_(journal) {}
  absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string&,
                                                    const std::string&) override {
    RETURN_IF_ERROR(journal_.Step("open"));
    return std::make_unique<MemoryWriter>(journal_);
  }
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string&,
                                                   const std::string&) override {
    return absl::UnimplementedError("not read here");
  }
  absl::Status Remove(const std::string&, const std::string&) override {
    return journal_.Step("remove");
  }
  absl::Status RemoveAbandoned(absl::Time) override { return journal_.Step("abandoned"); }
  absl::Status Ready() override { return absl::OkStatus(); }

 private:
  Journal& journal_;
};

class MemoryDocuments : public DocumentStore {
 public:
  explicit MemoryDocuments(Journal& journal) : journal_(journal) {}
  absl::StatusOr<Usages> Used(const std::string&, const std::string&,
                              const std::string& contact_id) override {
    RETURN_IF_ERROR(journal_.Step("used " + contact_id));
    return used;
  }
  absl::Status NoteLoose(const LooseBlob&) override { return journal_.Step("note"); }
  absl::StatusOr<Document> Add(const Document& document, const Quotas&) override {
    RETURN_IF_ERROR(journal_.Step("add"));
    added = document;
    return document;
  }
  absl::StatusOr<Document> Change(const std::string&, const std::string&, const std::string&,
                                  const Step&, absl::Time) override {
    return absl::UnimplementedError("not changed here");
  }
  absl::Status Remove(const std::string&, const std::string&, const CaseAccess*, const std::string&,
                      const Check&) override {
    return absl::UnimplementedError("not changed here");
  }
  absl::StatusOr<std::vector<Document>> ListShared(const std::string&, const std::string&,
                                                   absl::Time) override {
    return absl::UnimplementedError("not read here");
  }
  absl::Status SetScan(const std::string&, const std::string&, const std::string&,
                       const Verdict&) override {
    return absl::UnimplementedError("not scanned here");
  }
  absl::Status Forget(const LooseBlob&) override { return journal_.Step("forget"); }
  absl::StatusOr<std::vector<LooseBlob>> ListLoose(absl::Time, int max) override {
    RETURN_IF_ERROR(journal_.Step("loose"));
    const auto size = std::min<size_t>(loose.size(), max);
    std::vector<LooseBlob> found(loose.begin(), loose.begin() + size);
    loose.erase(loose.begin(), loose.begin() + size);
    return found;
  }
  absl::StatusOr<Document> Get(const std::string&, const std::string&, const CaseAccess*,
                               const std::string&) override {
    return absl::UnimplementedError("not read here");
  }
  absl::StatusOr<std::vector<Document>> List(const std::string&, const std::string&,
                                             const CaseAccess*, const DocumentFilter&,
                                             const Page&) override {
    return absl::UnimplementedError("not read here");
  }
  absl::StatusOr<std::vector<Document>> ListAnswers(const std::string&, const std::string&,
                                                    const CaseAccess*,
                                                    const std::vector<std::string>&, int) override {
    return absl::UnimplementedError("not read here");
  }
  absl::StatusOr<std::vector<std::string>> ListLabels(const std::string&,
                                                      const std::string&) override {
    return absl::UnimplementedError("not read here");
  }

  Usages used;
  Document added;
  std::vector<LooseBlob> loose;

 private:
  Journal& journal_;
};

class OneRequest : public RequestStore {
 public:
  absl::StatusOr<std::vector<DocumentRequest>> Add(std::vector<DocumentRequest> requests, int,
                                                   absl::Time) override {
    return requests;
  }
  absl::StatusOr<DocumentRequest> Get(const std::string&, const std::string&, const CaseAccess*,
                                      const std::string& id) override {
    if (id == "drq_1") return DocumentRequest{.document_request_id = id, .label = "Payslip"};
    if (id == "drq_2") return DocumentRequest{.state = RequestState::kAccepted};
    return Refuse(common::v1::NOT_FOUND, "there is no such document request");
  }
  absl::StatusOr<std::vector<DocumentRequest>> List(const std::string&, const std::string&,
                                                    const CaseAccess*, const Page&) override {
    return std::vector<DocumentRequest>();
  }
  absl::StatusOr<std::vector<std::string>> ListIds(const std::string&,
                                                   const std::string&) override {
    return std::vector<std::string>();
  }
  absl::StatusOr<std::vector<DocumentRequest>> ListOpen(const std::string&, const std::string&,
                                                        int) override {
    return std::vector<DocumentRequest>();
  }
  absl::StatusOr<DocumentRequest> Change(const std::string&, const std::string&, const std::string&,
                                         const Step&, absl::Time) override {
    return absl::UnimplementedError("not changed here");
  }
  absl::Status Remove(const std::string&, const std::string&, const std::string&) override {
    return absl::UnimplementedError("not changed here");
  }
};

struct FixedRules : RulesStore {
  absl::StatusOr<DocumentRules> Get(const std::string&) override { return rules; }
  DocumentRules rules = {.max_document_bytes = 1 << 20,
                         .quotas = {{100, 1 << 30}, {100, 1 << 30}, {100, 1 << 30}},
                         .allowed_types = {"application/pdf"}};
};

struct AnyCase : CaseDirectory {
  explicit AnyCase(Journal& journal) : journal(journal) {}
  absl::StatusOr<MirroredCase> LookUp(const std::string&, const std::string&) override {
    RETURN_IF_ERROR(journal.Step("case"));
    return MirroredCase();
  }
  Journal& journal;
};

struct Pdfs : TypeSniffer {
  absl::StatusOr<std::string> Sniff(const std::string& head) const override {
    sniffed = head.size();
    return "application/pdf";
  }
  mutable size_t sniffed = 0;
};

struct UploadFixture {
  const absl::Status down = absl::UnavailableError("down");
  const std::string bytes = "%PDF-1.4 hello";
  Journal journal;
  MemoryDocuments documents{journal};
  MemoryBlobs blobs{journal};
  OneRequest requests;
  FixedRules rules;
  AnyCase cases{journal};
  Pdfs sniffer;
  const Clock clock;
  Uploads uploads{{documents, requests, blobs, rules, cases, sniffer, clock}};

  absl::StatusOr<std::unique_ptr<Upload>> Begin(const SaidOfFile& said = {},
                                                const std::string& filename = "a.pdf") {
    return uploads.BeginByStaff(
        {.organisation_id = "acme", .case_id = "deal-1", .filename = filename}, said);
  }
  static absl::StatusOr<std::string> KeepIt(const std::string&,
                                            const std::function<absl::StatusOr<Document>()>& keep) {
    ASSIGN_OR_RETURN(const Document kept, keep());
    return kept.document_id;
  }
  // The steps of the end of an upload that came whole.
  Steps Finish(absl::Status& status, const KeepOnce& once = KeepIt) {
    auto upload = Begin().value();
    REQUIRE(upload->Append(bytes).ok());
    journal.steps.clear();
    status = upload->Finish(once);
    return journal.steps;
  }
  absl::Status status;
};

TEST_CASE_METHOD(UploadFixture, "bytes are noted, then durable, and only then a row", "[unit]") {
  CHECK(Finish(status) == Steps{"note", "commit", "add"});
  CHECK(status.ok());
  CHECK(documents.added.size_bytes == static_cast<int64_t>(bytes.size()));
  CHECK(documents.added.sha256 == Hex(Sha256(bytes)));
  CHECK(documents.added.content_type == "application/pdf");
  CHECK_FALSE(documents.added.document_id.empty());
}

TEST_CASE_METHOD(UploadFixture, "what cannot be noted is not committed", "[unit]") {
  journal.fails["note"] = down;
  CHECK(Finish(status) == Steps{"note"});
  CHECK(status == down);
}

TEST_CASE_METHOD(UploadFixture, "what is not durable becomes no row, and stays noted", "[unit]") {
  journal.fails["commit"] = Refuse(v1::STORAGE_UNAVAILABLE, "away");
  CHECK(Finish(status) == Steps{"note", "commit"});
  CHECK(ReasonOf(status) == "STORAGE_UNAVAILABLE");
}

TEST_CASE_METHOD(UploadFixture, "bytes that were refused a row go at once", "[unit]") {
  journal.fails["add"] = Refuse(v1::CASE_QUOTA_REACHED, "full");
  CHECK(Finish(status) == Steps{"note", "commit", "add", "remove", "forget"});
  CHECK(ReasonOf(status) == "CASE_QUOTA_REACHED");
}

TEST_CASE_METHOD(UploadFixture, "bytes whose row may be there stay", "[unit]") {
  journal.fails["add"] = down;
  CHECK(Finish(status) == Steps{"note", "commit", "add"});
  CHECK(status == down);
}

TEST_CASE_METHOD(UploadFixture, "bytes that another document stands for go, if they can",
                 "[unit]") {
  const KeepOnce other = [](const std::string&, const auto&) { return "doc_first"; };
  CHECK(Finish(status, other) == Steps{"note", "commit", "remove", "forget"});
  CHECK(status.ok());
  // What cannot be removed stays noted: the collector looks later.
  journal.fails["remove"] = Refuse(v1::STORAGE_UNAVAILABLE, "away");
  CHECK(Finish(status, other) == Steps{"note", "commit", "remove"});
  CHECK(status.ok());
}

TEST_CASE_METHOD(UploadFixture, "the same bytes in the same place have the same fingerprint",
                 "[unit]") {
  std::vector<std::string> seen;
  const KeepOnce once = [&](const std::string& fingerprint, const auto& keep) {
    seen.push_back(fingerprint);
    return KeepIt(fingerprint, keep);
  };
  (void)Finish(status, once);
  (void)Finish(status, once);
  auto again =
      Uploads::BeginAgain({.organisation_id = "acme", .case_id = "deal-1", .filename = "a.pdf"})
          .value();
  journal.steps.clear();
  REQUIRE(again->Append(bytes.substr(0, 3)).ok());
  REQUIRE(again->Append(bytes.substr(3)).ok());
  CHECK(absl::IsAborted(again->Finish(once)));
  CHECK(journal.steps.empty());  // Nothing of a repeat is kept.
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == seen[1]);
  CHECK(seen[0] == seen[2]);
}

TEST_CASE_METHOD(UploadFixture, "what is refused by its name or size is not begun", "[unit]") {
  CHECK(ReasonOf(Begin({}, "a.exe").status()) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(ReasonOf(Begin({}, "..").status()) == "FILENAME_INVALID");
  CHECK(ReasonOf(Begin({.size = (1 << 20) + 1}).status()) == "DOCUMENT_TOO_LARGE");
  documents.used.of_case.documents = 100;
  CHECK(ReasonOf(Begin().status()) == "CASE_QUOTA_REACHED");
  for (const std::string& step : journal.steps) CHECK(step != "open");
  journal.fails["case"] = Refuse(common::v1::NOT_FOUND, "no such case");
  journal.steps.clear();
  CHECK(ReasonOf(Begin().status()) == "NOT_FOUND");
  CHECK(journal.steps == Steps{"case"});
}

TEST_CASE_METHOD(UploadFixture, "an upload ends with the byte that is too much, unwritten",
                 "[unit]") {
  rules.rules.max_document_bytes = 20;
  auto upload = Begin().value();
  REQUIRE(upload->Append(bytes).ok());
  journal.steps.clear();
  CHECK(ReasonOf(upload->Append("1234567")) == "DOCUMENT_TOO_LARGE");
  CHECK(journal.steps.empty());
}

TEST_CASE_METHOD(UploadFixture, "a kind that is not taken ends an upload with its head", "[unit]") {
  rules.rules.allowed_types = {"image/png"};
  auto upload = Begin().value();
  REQUIRE(upload->Append(bytes + std::string(kHead - bytes.size() - 1, 'x')).ok());
  CHECK(sniffer.sniffed == 0);
  CHECK(ReasonOf(upload->Append("xx")) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(sniffer.sniffed == kHead);
}

TEST_CASE_METHOD(UploadFixture, "other than was said, or nothing, is not kept", "[unit]") {
  auto fewer = Begin({.size = 100}).value();
  REQUIRE(fewer->Append(bytes).ok());
  journal.steps.clear();
  CHECK(ReasonOf(fewer->Finish(KeepIt)) == "SIZE_MISMATCH");
  auto empty = Begin().value();
  CHECK(ReasonOf(empty->Finish(KeepIt)) == "DOCUMENT_EMPTY");
  for (const std::string& step : journal.steps) CHECK(step != "note");
}

TEST_CASE_METHOD(UploadFixture, "a client's document is labelled by what it answers", "[unit]") {
  const CaseAccess ada = {"deal-1", "ada", "inv_1", Visibility::kOwn};
  Document document = {.organisation_id = "acme",
                       .case_id = "deal-1",
                       .filename = "a.pdf",
                       .label = "mine",
                       .from_client = true,
                       .uploader_id = "ada",
                       .document_request_id = "drq_1"};
  auto upload = uploads.BeginByClient(document, ada, {}).value();
  CHECK(journal.steps == Steps{"used ada", "open"});  // Whose case it is its session says.
  REQUIRE(upload->Append(bytes).ok());
  REQUIRE(upload->Finish(KeepIt).ok());
  CHECK(documents.added.label == "Payslip");
  document.document_request_id = "drq_2";
  CHECK(ReasonOf(uploads.BeginByClient(document, ada, {}).status()) == "DOCUMENT_REQUEST_ACCEPTED");
  document.document_request_id = "drq_3";
  CHECK(ReasonOf(uploads.BeginByClient(document, ada, {}).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(UploadFixture, "loose bytes are removed before they are forgotten", "[unit]") {
  BlobCollector collector(documents, blobs);
  documents.loose = {{"acme", "doc_1"}};
  CHECK(collector.Collect(absl::UnixEpoch()).value() == 1);
  CHECK(journal.steps == Steps{"abandoned", "loose", "remove", "forget"});
  journal.steps.clear();
  documents.loose = {{"acme", "doc_1"}, {"acme", "doc_2"}};
  journal.fails["remove"] = Refuse(v1::STORAGE_UNAVAILABLE, "away");
  CHECK_FALSE(collector.Collect(absl::UnixEpoch()).ok());
  CHECK(journal.steps == Steps{"abandoned", "loose", "remove"});
}

}  // namespace
}  // namespace gatehouse::documents
