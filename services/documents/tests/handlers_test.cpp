#include "services/common/postgres/once.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/requests/handler.h"
#include "services/documents/tests/fixture.h"
#include "services/documents/uploads/handler.h"

namespace gatehouse::documents {
namespace {

struct Handlers : Fixture {
  Once once{database.postgres(), Secret(RandomBytes(32))};
  UploadsHandler uploading{uploads, once};
  DownloadsHandler downloading{documents, blobs, rules, signature_store};
  RequestsHandler requesting{requests, request_store, documents, once};

  using Request = pb::UploadDocumentRequest;
  using PortalRequest = pb::UploadPortalDocumentRequest;

  static Request First(const std::string& request_id = "", const std::string& data = kPdf) {
    Request first;
    first.set_case_id("deal-1");
    first.set_filename("a.pdf");
    first.set_label("Label");
    first.set_request_id(request_id);
    first.set_data(data);
    return first;
  }
  static PortalRequest PortalFirst(const std::string& request_id) {
    PortalRequest first;
    first.set_case_id("deal-1");
    first.set_filename("a.pdf");
    first.set_request_id(request_id);
    first.set_data(kPdf);
    return first;
  }
  // As the server drives a stream.
  template <typename Sinks, typename Message>
  static absl::StatusOr<pb::Document> Drive(Sinks sink, Message first,
                                            const std::vector<std::string>& more = {}) {
    RETURN_IF_ERROR(sink.status());
    RETURN_IF_ERROR((*sink)->Take(first).status());
    for (const std::string& data : more) {
      Message next;
      next.set_data(data);
      RETURN_IF_ERROR((*sink)->Take(next).status());
    }
    return (*sink)->End();
  }
  absl::StatusOr<pb::Document> Upload(const Request& first,
                                      const std::vector<std::string>& more = {},
                                      const Call& call = StaffCall()) {
    return Drive(uploading.UploadDocument(call, first), first, more);
  }
  absl::StatusOr<pb::Document> Upload(const PortalRequest& first, const CaseAccess& access) {
    return Drive(uploading.UploadPortalDocument(ClientCall(access), first), first);
  }
  absl::StatusOr<std::vector<pb::DownloadDocumentResponse>> Download(
      const pb::DownloadDocumentRequest& request) {
    ASSIGN_OR_RETURN(const auto source, downloading.DownloadDocument(StaffCall(), request));
    std::vector<pb::DownloadDocumentResponse> parts;
    while (true) {
      pb::DownloadDocumentResponse part;
      ASSIGN_OR_RETURN(const bool more, source->Next(part));
      if (!more) return parts;
      parts.push_back(part);
    }
  }
};

std::string Reason(const absl::StatusOr<pb::Document>& answer) { return ReasonOf(answer.status()); }

TEST_CASE_METHOD(Handlers, "the same upload under the same id is one document", "[service]") {
  const auto first = Upload(First("r1"));
  REQUIRE(first.ok());
  const auto again = Upload(First("r1", kPdf.substr(0, 9)), {kPdf.substr(9)});
  REQUIRE(again.ok());
  CHECK(again->SerializeAsString() == first->SerializeAsString());
  // Whatever the rules of now say.
  rules.rules.quotas.of_case.documents = 1;
  rules.rules.max_document_bytes = 1;
  CHECK(Upload(First("r1"))->document_id() == first->document_id());
  CHECK(Reason(Upload(First("r2"))) == "CASE_QUOTA_REACHED");
  CHECK(Files() == 1);
  CHECK(Count("documents.document") == 1);
}

TEST_CASE_METHOD(Handlers, "an id that stands for one upload stands for no other", "[service]") {
  REQUIRE(Upload(First("r1")).ok());
  const auto other = [&](const std::function<void(Request&)>& change) {
    Request request = First("r1");
    change(request);
    const auto answer = Upload(request);
    CHECK(absl::IsAlreadyExists(answer.status()));
    return Reason(answer);
  };
  CHECK(other([](Request& r) { r.set_data(kPdf + "more"); }) == "REQUEST_ID_REUSED");
  CHECK(other([](Request& r) { r.set_case_id("deal-2"); }) == "REQUEST_ID_REUSED");
  CHECK(other([](Request& r) { r.set_filename("b.pdf"); }) == "REQUEST_ID_REUSED");
  CHECK(other([](Request& r) { r.set_label("Other"); }) == "REQUEST_ID_REUSED");
  CHECK(other([](Request& r) { r.set_data(""); }) == "REQUEST_ID_REUSED");
  // What the sender says of the type is a hint, and no part of it.
  Request hinted = First("r1");
  hinted.set_content_type("application/octet-stream");
  CHECK(Upload(hinted).ok());
  CHECK(Count("documents.document") == 1);
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(Handlers, "what was refused under an id may be tried again", "[service]") {
  const auto refused = Upload(First("r1", "MZ\x90" + std::string(50, '\0')));
  INFO(refused.status().ToString() << (refused.ok() ? refused->DebugString() : ""));
  CHECK(Reason(refused) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(Upload(First("r1")).ok());
}

TEST_CASE_METHOD(Handlers, "two at once under one id are one document", "[service]") {
  std::vector<std::thread> threads;
  std::vector<absl::StatusOr<pb::Document>> answers(6, absl::UnknownError("not run"));
  for (auto& answer : answers) {
    threads.emplace_back([&] { answer = Upload(First("r1")); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& answer : answers) {
    REQUIRE(answer.ok());
    CHECK(answer->document_id() == answers[0]->document_id());
  }
  CHECK(Files() == 1);
  CHECK(Count("documents.document") == 1);
  CHECK(Count("documents.loose_blob") == 0);
  CHECK(documents.Used("acme", "deal-1", "")->of_case.documents == 1);
}

TEST_CASE_METHOD(Handlers, "the ids of staff and of each client never meet", "[service]") {
  const auto staff = Upload(First("r1"));
  const auto by_ada = Upload(PortalFirst("r1"), ada);
  const auto by_bob = Upload(PortalFirst("r1"), bob);
  REQUIRE((staff.ok() && by_ada.ok() && by_bob.ok()));
  CHECK(staff->document_id() != by_ada->document_id());
  CHECK(by_ada->document_id() != by_bob->document_id());
  // Nor by an id that is written like another one's inner form.
  for (const char* id : {"inv_1:r1", "client/acc_1/ada/r1"}) {
    CHECK(Upload(First(id))->document_id() != by_ada->document_id());
  }
  CHECK(Upload(PortalFirst("r1"), ada)->document_id() == by_ada->document_id());
}

TEST_CASE_METHOD(Handlers, "a request for a document is made once", "[service]") {
  pb::CreateDocumentRequestRequest request;
  request.set_case_id("deal-1");
  request.set_title("Payslips");
  request.set_request_id("r1");
  const auto first = requesting.CreateDocumentRequest(StaffCall(), request);
  REQUIRE(first.ok());
  CHECK(requesting.CreateDocumentRequest(StaffCall(), request)->document_request_id() ==
        first->document_request_id());
  request.set_title("Other");
  CHECK(ReasonOf(requesting.CreateDocumentRequest(StaffCall(), request).status()) ==
        "REQUEST_ID_REUSED");
  // An upload's id is another RPC's.
  CHECK(Reason(Upload(First("r1"))) == "REQUEST_ID_REUSED");
  CHECK(Count("documents.document_request") == 1);
}

TEST_CASE_METHOD(Handlers, "a document says who handed it in, and where it lies", "[service]") {
  const auto staff = Upload(First());
  CHECK(staff->uploader().kind() == pb::Uploader::STAFF);
  CHECK(staff->uploader().id() == "key_1");
  CHECK(staff->folder() == "Documents");
  CHECK(staff->label() == "Label");
  CHECK(staff->scan() == pb::UNSCANNED);
  const auto client = Upload(PortalFirst(""), ada);
  CHECK(client->uploader().kind() == pb::Uploader::CLIENT);
  CHECK(client->uploader().id() == "ada");
  CHECK(client->folder() == "Client-Documents");
}

TEST_CASE_METHOD(Handlers, "a client that is gone leaves nothing", "[service]") {
  {
    auto sink = uploading.UploadDocument(StaffCall(), First()).value();
    Request first = First();
    REQUIRE(sink->Take(first).ok());
    CHECK(Files() == 1);
  }
  CHECK(Files() == 0);
  CHECK(Count("documents.document") == 0);
}

TEST_CASE_METHOD(Handlers, "while the store is away, bytes are refused and lists go on",
                 "[service]") {
  const auto kept = Upload(First());
  REQUIRE(kept.ok());
  const auto away = std::filesystem::path(root.string() + "-away");
  std::filesystem::rename(root, away);
  std::filesystem::create_directories(root / "incoming");
  pb::DownloadDocumentRequest download;
  download.set_case_id("deal-1");
  download.set_document_id(kept->document_id());
  pb::ListDocumentsRequest list;
  list.set_case_id("deal-1");
  const auto refused = Upload(First("r1"));
  CHECK(absl::IsUnavailable(refused.status()));
  CHECK(Reason(refused) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(Download(download).status()) == "STORAGE_UNAVAILABLE");
  CHECK(downloading.ListDocuments(StaffCall(), list)->documents_size() == 1);
  std::filesystem::remove_all(root);
  std::filesystem::rename(away, root);
  CHECK(Download(download).ok());
  CHECK(Upload(First("r1")).ok());
  CHECK(Count("documents.document") == 2);
  CHECK(Files() == 2);
}

TEST_CASE_METHOD(Handlers, "a document comes back as it went, whole or in part", "[service]") {
  const std::string rest(700000, 'x');
  const auto kept = Upload(First(), {rest.substr(0, 500000), rest.substr(500000)});
  REQUIRE(kept.ok());
  pb::DownloadDocumentRequest request;
  request.set_case_id("deal-1");
  request.set_document_id(kept->document_id());
  const auto whole = Download(request).value();
  std::string bytes;
  for (const auto& part : whole) bytes += part.data();
  CHECK(bytes == kPdf + rest);
  CHECK(whole[0].content_type() == "application/pdf");
  CHECK(whole[0].content_length() == static_cast<int64_t>(bytes.size()));
  CHECK(whole[0].content_range().empty());
  CHECK(whole[1].content_type().empty());
  request.set_range("bytes=300000-300009");
  const auto part = Download(request).value();
  REQUIRE(part.size() == 1);
  CHECK(part[0].data() == bytes.substr(300000, 10));
  CHECK(part[0].content_range() == absl::StrCat("bytes 300000-300009/", bytes.size()));
  request.set_range("bytes=9999999-");
  CHECK(ReasonOf(Download(request).status()) == "RANGE_NOT_SATISFIABLE");
  request.set_case_id("deal-2");
  CHECK(ReasonOf(Download(request).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Handlers, "a client downloads what it may see", "[service]") {
  const auto by_ada = Upload(PortalFirst(""), ada);
  const auto by_staff = Upload(First());
  const auto download = [&](const CaseAccess& access, const std::string& id) {
    pb::DownloadDocumentRequest request;
    request.set_case_id("deal-1");
    request.set_document_id(id);
    return ReasonOf(downloading.DownloadPortalDocument(ClientCall(access), request).status());
  };
  CHECK(download(ada, by_ada->document_id()).empty());
  CHECK(download(bob, by_ada->document_id()) == "NOT_FOUND");
  CHECK(download(ada, by_staff->document_id()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Handlers, "lists go on where the last page ended", "[service]") {
  for (int i = 0; i < 5; ++i) REQUIRE(Upload(PortalFirst(""), ada).ok());
  pb::ListDocumentsRequest request;
  request.set_case_id("deal-1");
  request.set_page_size(2);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto page = downloading.ListPortalDocuments(ClientCall(ada), request).value();
    for (const auto& document : page.documents()) seen.insert(document.document_id());
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  CHECK(pages == 3);
  CHECK(seen.size() == 5);
  request.set_page_token("!");
  CHECK(ReasonOf(downloading.ListDocuments(StaffCall(), request).status()) == "PAGE_TOKEN_INVALID");
}

TEST_CASE_METHOD(Handlers, "a case's labels and requests are told to other services", "[service]") {
  pb::CreateDocumentRequestRequest asked;
  asked.set_case_id("deal-1");
  asked.set_title("Payslips");
  const auto made = requesting.CreateDocumentRequest(StaffCall(), asked);
  REQUIRE(Upload(First()).ok());
  REQUIRE(Upload(First()).ok());
  pb::LookUpCaseDocumentsRequest request;
  request.set_case_id("deal-1");
  const auto found = requesting.LookUpCaseDocuments(ServiceCall(), request).value();
  REQUIRE(found.labels_size() == 1);
  CHECK(found.labels(0) == "Label");
  REQUIRE(found.document_request_ids_size() == 1);
  CHECK(found.document_request_ids(0) == made->document_request_id());
  CHECK(requesting.LookUpCaseDocuments(ServiceCall("other"), request)->labels().empty());
}

TEST_CASE_METHOD(Handlers, "requests come page by page, each with its state", "[service]") {
  pb::CreateDocumentRequestRequest asked;
  asked.set_case_id("deal-1");
  for (const char* title : {"one", "two", "three"}) {
    asked.set_title(title);
    const auto made = requesting.CreateDocumentRequest(StaffCall(), asked);
    if (asked.title() != "two") continue;
    PortalRequest answer = PortalFirst("");
    answer.set_document_request_id(made->document_request_id());
    REQUIRE(Upload(answer, ada).ok());
  }
  pb::ListDocumentRequestsRequest request;
  request.set_case_id("deal-1");
  request.set_page_size(2);
  const auto first = requesting.ListDocumentRequests(StaffCall(), request).value();
  REQUIRE(first.document_requests_size() == 2);
  CHECK(first.document_requests(0).state() == pb::REQUIRED);
  CHECK(first.document_requests(1).state() == pb::PENDING_REVIEW);
  CHECK(first.document_requests(1).documents_size() == 1);
  request.set_page_token(first.next_page_token());
  const auto last = requesting.ListPortalDocumentRequests(ClientCall(ada), request).value();
  REQUIRE(last.document_requests_size() == 1);
  CHECK(last.document_requests(0).title() == "three");
  CHECK(last.next_page_token().empty());
}

}  // namespace
}  // namespace gatehouse::documents
