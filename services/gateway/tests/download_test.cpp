#include "gatehouse/documents/v1/documents.pb.h"
#include "gatehouse/documents/v1/previews.pb.h"
#include "services/gateway/http/entity_tag.h"
#include "services/gateway/tests/gateway_fixture.h"

namespace gatehouse::gateway {
namespace {

const char kDownload[] = "gatehouse.documents.v1.Documents/DownloadDocument";
const char kTarget[] = "/v1/cases/deal-1/documents/doc_1/content";
const char kStaff[] = "Authorization: Bearer staff-1\r\n";

TEST_CASE("an If-None-Match names tags as RFC 9110 has it", "[unit]") {
  for (const char* list : {"\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\" , \"c\"", "*", " * ",
                           ", ,\"a\"", "\"x,y\", \"a\"", "\"a\",\"b\""}) {
    CAPTURE(list);
    CHECK(NamesTag(list, "\"a\""));
    CHECK(NamesTag(list, "W/\"a\""));
  }
  for (const char* list : {"", "\"b\"", "a", "\"a", "\"A\"", "w/\"a\"", "\"b\" \"a\"", "**",
                           "*, \"a\"", "\"ab\"", "W/a", "W/", "b, \"a\""}) {
    CAPTURE(list);
    CHECK_FALSE(NamesTag(list, "\"a\""));
  }
}

TEST_CASE("one range of bytes can be given", "[unit]") {
  for (const char* range : {"bytes=0-1", "Bytes=5-", "bytes=-3"}) CHECK(IsOneRange(range));
  for (const char* range : {"", "bytes=0-1,3-4", "bytes=0-1, 3-4", "lines=1-2", "0-1", "bytes"}) {
    CHECK_FALSE(IsOneRange(range));
  }
}

struct DownloadFixture : GatewayFixture {
  // A document of so many parts of 1,000 bytes.
  void Give(int parts, const std::string& range = "") {
    std::vector<std::string> answers;
    for (int i = 0; i < parts; ++i) {
      documents::v1::DownloadDocumentResponse part;
      if (i == 0) {
        part.set_etag("\"tag\"");
        part.set_content_type("application/pdf");
        if (range.empty()) part.set_content_length(1000 * parts);
        part.set_content_range(range);
      }
      part.set_data(std::string(1000, static_cast<char>('a' + i % 26)));
      answers.push_back(part.SerializeAsString());
    }
    service.Set(kDownload, {.answers = answers});
  }
};

TEST_CASE_METHOD(DownloadFixture, "a document is asked for again where nobody answers",
                 "[service][no-tsan]") {
  service.Set(kDownload, {.answers_at_all = false});
  RawClient client(Start());
  const auto begin = absl::Now();
  client.Send("GET " + std::string(kTarget) + " HTTP/1.1\r\nHost: x\r\n" + kStaff + "\r\n");
  for (int i = 0; i < 100 && service.seen().empty(); ++i) absl::SleepFor(absl::Milliseconds(20));
  Give(3);
  CHECK(StatusOf(client.Receive("\r\n\r\n")) == 200);
  CHECK(service.seen().size() == 2);
  CHECK(absl::Now() - begin < absl::Seconds(4));
}

TEST_CASE_METHOD(DownloadFixture, "a document comes whole, and the connection is of use after it",
                 "[service][no-tsan]") {
  Give(300);
  RawClient client(Start());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET " + std::string(kTarget) + " HTTP/1.1\r\nHost: x\r\n" + kStaff + "\r\n");
    const std::string head = client.Receive("\r\n\r\n");
    const size_t body = head.size() - head.find("\r\n\r\n") - 4;
    CHECK(StatusOf(head) == 200);
    CHECK(Has(head, "Content-Length: 300000\r\n"));
    CHECK(client.ReceiveBytes(300000 - body).size() == 300000 - body);
  }
}

TEST_CASE_METHOD(DownloadFixture, "HEAD of a document says what GET would, and cancels the call",
                 "[service][no-tsan]") {
  Give(3000);
  RawClient client(Start());
  for (int i = 0; i < 3; ++i) {
    client.Send("HEAD " + std::string(kTarget) + " HTTP/1.1\r\nHost: x\r\n" + kStaff + "\r\n");
    const std::string head = client.Receive("\r\n\r\n");
    CHECK(StatusOf(head) == 200);
    CHECK(Has(head, "Content-Length: 3000000\r\n"));
    CHECK(Has(head, "ETag: \"tag\"\r\n"));
    CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
    CHECK_FALSE(Has(head, "Connection: close"));
  }
}

TEST_CASE_METHOD(DownloadFixture, "a document that the client has is not sent again",
                 "[service][no-tsan]") {
  Give(3);
  Start();
  for (const char* has : {"\"tag\"", "W/\"tag\"", "\"other\", \"tag\"", "*"}) {
    const std::string answer =
        Get(kTarget, kStaff + ("If-None-Match: " + std::string(has)) + "\r\n");
    CAPTURE(has);
    CHECK(StatusOf(answer) == 304);
    CHECK(Has(answer, "ETag: \"tag\"\r\n"));
    CHECK_FALSE(Has(answer, "Content-Length"));
    CHECK_FALSE(Has(answer, "aaa"));
  }
  CHECK(StatusOf(Get(kTarget, kStaff + std::string("If-None-Match: \"other\"\r\n"))) == 200);
}

TEST_CASE_METHOD(DownloadFixture, "what a browser may keep its service says, and nothing else is",
                 "[service][no-tsan]") {
  Give(1);
  documents::v1::DownloadPreviewResponse preview;
  preview.set_etag("\"tag\"");
  preview.set_cache_control("private, no-cache");
  preview.set_data("picture");
  service.Set("gatehouse.documents.v1.Previews/DownloadPreview",
              {.answers = {preview.SerializeAsString()}});
  Start();
  const std::string path = "/v1/cases/deal-1/documents/doc_1/preview?size=PREVIEW_LARGE";
  for (const char* has : {"\"other\"", "\"tag\""}) {
    const std::string answer = Get(path, kStaff + ("If-None-Match: " + std::string(has)) + "\r\n");
    CHECK(Has(answer, "Cache-Control: private, no-cache\r\n"));
    CHECK_FALSE(Has(answer, "no-store"));
  }
  CHECK(Has(Get(kTarget, kStaff), "Cache-Control: no-store\r\n"));
}

TEST_CASE_METHOD(DownloadFixture,
                 "of a document of unknown length an old client gets all, then the end",
                 "[service][no-tsan]") {
  documents::v1::DownloadDocumentResponse part;
  part.set_data("hello ");
  service.Set(kDownload, {.answers = {part.SerializeAsString(), part.SerializeAsString()}});
  Start();
  const std::string old = Ask("GET " + std::string(kTarget) + " HTTP/1.0\r\n" + kStaff + "\r\n");
  CHECK(StatusOf(old) == 200);
  CHECK_FALSE(Has(old, "Transfer-Encoding"));
  CHECK(old.substr(old.size() - 16) == "\r\n\r\nhello hello ");
  const std::string now = Get(kTarget, kStaff);
  CHECK(Has(now, "Transfer-Encoding: chunked\r\n"));
  CHECK(Has(now, "6\r\nhello \r\n6\r\nhello \r\n0\r\n\r\n"));
}

TEST_CASE_METHOD(DownloadFixture, "a download that breaks off closes the connection",
                 "[service][no-tsan]") {
  documents::v1::DownloadDocumentResponse part;
  part.set_data("hello");
  part.set_content_length(100);
  service.Set(kDownload, {.answers = {part.SerializeAsString(), std::string("\xff\xff")}});
  Start();
  RawClient client(server->port());
  client.Send("GET " + std::string(kTarget) + " HTTP/1.1\r\nHost: x\r\n" + kStaff + "\r\n");
  const std::string answer = client.Receive();  // To its close.
  CHECK(Has(answer, "Content-Length: 100\r\n"));
  CHECK(answer.substr(answer.size() - 9) == "\r\n\r\nhello");
}

TEST_CASE_METHOD(DownloadFixture, "who takes nothing is closed, who takes slowly is not",
                 "[service][no-tsan]") {
  Give(20000);
  http.progress_timeout = std::chrono::seconds(2);
  http.least_bytes_per_second = 100000;
  Start();
  const std::string ask =
      "GET " + std::string(kTarget) + " HTTP/1.1\r\nHost: x\r\n" + kStaff + "\r\n";
  RawClient idle(server->port(), 4096), slow(server->port(), 65536);
  idle.Send(ask);
  slow.Send(ask);
  const absl::Time start = absl::Now();
  size_t got = 0;
  while (absl::Now() - start < absl::Seconds(6)) {
    got += slow.ReceiveBytes(65536).size();
    absl::SleepFor(absl::Milliseconds(100));
  }
  CHECK(got > 2000000);
  CHECK(slow.ReceiveBytes(1000).size() == 1000);
  CHECK(idle.Receive().size() < 10000000);
}

}  // namespace
}  // namespace gatehouse::gateway
