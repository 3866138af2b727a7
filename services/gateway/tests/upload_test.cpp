#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/rpc/server_call.h"
#include "services/gateway/tests/gateway_fixture.h"

namespace gatehouse::gateway {
namespace {

const char kUpload[] = "gatehouse.documents.v1.Documents/UploadDocument";
const char kHead[] =
    "POST /v1/cases/deal-1/documents?filename=a.pdf HTTP/1.1\r\nHost: x\r\n"
    "Authorization: Bearer staff-1\r\nContent-Type: application/pdf\r\n";

struct UploadFixture : GatewayFixture {
  // An upload that is answered once this many messages have come: the first is the description.
  void AnswerAfter(int messages, grpc::Status status = grpc::Status::OK) {
    documents::v1::Document document;
    document.set_document_id("doc_1");
    service.Set(kUpload, {.reads = messages,
                          .answers = {document.SerializeAsString()},
                          .status = std::move(status)});
  }
  static std::string Length(size_t size) {
    return "Content-Length: " + std::to_string(size) + "\r\n\r\n";
  }
};

TEST_CASE_METHOD(UploadFixture, "an upload is answered once its end has come",
                 "[service][no-tsan]") {
  AnswerAfter(1 << 30);
  RawClient client(Start());
  for (const size_t size : {0, 1, 16 << 10, (16 << 10) + 1, 256 << 10, 3 << 20}) {
    CAPTURE(size);
    client.Send(kHead + Length(size) + std::string(size, 'x'));
    const std::string answer = client.Receive("}");
    CHECK(StatusOf(answer) == 200);
    CHECK(Has(answer, "doc_1"));
    CHECK_FALSE(Has(answer, "Connection: close"));
  }
}

TEST_CASE_METHOD(UploadFixture, "a service that answers without reading ends the upload at once",
                 "[service][no-tsan]") {
  Start();
  const bool refused = GENERATE(false, true);
  const int reads = GENERATE(0, 1, 2);
  if (refused) {
    AnswerAfter(reads, ToGrpc(gatehouse::Refuse(common::v1::REQUEST_ID_REUSED, "there is one")));
  } else {
    AnswerAfter(reads);
  }
  CAPTURE(refused, reads);
  // 50 MB, as fast as they are taken, and before anything is read.
  RawClient client(server->port());
  const absl::Time start = absl::Now();
  const std::string body(50 << 20, 'x');
  CHECK(client.Send(kHead + Length(body.size()) + body));
  const std::string answer = client.Receive();
  CHECK(StatusOf(answer) == (refused ? 409 : 200));
  CHECK(Has(answer, "Connection: close"));
  CHECK(absl::Now() - start < absl::Seconds(5));
}

TEST_CASE_METHOD(UploadFixture, "what a slow client sends is handed on as it comes",
                 "[service][no-tsan]") {
  AnswerAfter(1 << 30);
  Start();
  const bool chunked = GENERATE(false, true);
  CAPTURE(chunked);
  RawClient client(server->port());
  client.Send(kHead +
              (chunked ? std::string("Transfer-Encoding: chunked\r\n\r\n") : Length(1 << 20)));
  // The pieces have grown by now: this one would be of 64 KiB.
  const auto send = [&](size_t size) {
    const std::string bytes(size, 'x');
    client.Send(chunked ? absl::StrCat(absl::Hex(size), "\r\n", bytes, "\r\n") : bytes);
  };
  const auto arrived = [&] { return service.seen().back().bytes; };
  send(48 << 10);
  for (int i = 0; i < 20; ++i) {
    absl::SleepFor(absl::Milliseconds(200));
    send(1000);
  }
  absl::SleepFor(absl::Milliseconds(200));
  CHECK(arrived() > (48 << 10) + 15000);
}

TEST_CASE_METHOD(UploadFixture, "whoever sends or takes for long uses the session all the while",
                 "[service][no-tsan]") {
  AnswerAfter(1 << 30);
  options.use_noted_every = absl::Milliseconds(50);
  RawClient client(Start());
  client.Send(kHead + Length(5000));
  for (int i = 0; i < 5; ++i) {
    client.Send(std::string(1000, 'x'));
    absl::SleepFor(absl::Milliseconds(1100));
    authenticator.Forget(Secret("staff-1"));
  }
  CHECK(StatusOf(client.Receive("}")) == 200);
  // At its beginning, and each time that the principal was known no more.
  CHECK(authenticator.asked >= 4);
}

TEST_CASE_METHOD(UploadFixture, "an early answer does not wait for a client that sends nothing",
                 "[service][no-tsan]") {
  AnswerAfter(0);
  Start();
  for (const std::string& framing :
       {Length(50 << 20), std::string("Transfer-Encoding: chunked\r\n\r\n"), Length(100) + "abc",
        std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
        "Expect: 100-continue\r\n" + Length(50 << 20)}) {
    CAPTURE(framing);
    RawClient client(server->port());
    const absl::Time start = absl::Now();
    client.Send(kHead + framing);
    const std::string answer = client.Receive("}");
    CHECK(Has(answer, "doc_1"));
    CHECK(Has(answer, "Connection: close"));
    CHECK(absl::Now() - start < absl::Seconds(2));
  }
}

TEST_CASE_METHOD(UploadFixture, "what is answered early leaves the thread to others",
                 "[service][no-tsan]") {
  http.threads = 1;
  AnswerAfter(1);
  Start();
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::make_unique<RawClient>(server->port()));
    waiting.back()->Send(kHead + Length(50 << 20));
  }
  CHECK(StatusOf(Get("/v1/cases", "Authorization: Bearer staff-1\r\n")) == 200);
  for (const auto& client : waiting) CHECK(Has(client->Receive("}"), "doc_1"));
}

TEST_CASE_METHOD(UploadFixture, "an upload that breaks off is cancelled, and never ended",
                 "[service][no-tsan]") {
  AnswerAfter(1 << 30);
  Start();
  const std::string broken = GENERATE(as<std::string>(), "Content-Length: 100000\r\n\r\nabc",
                                      "Transfer-Encoding: chunked\r\n\r\n8\r\nabc",
                                      "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                                      "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n");
  CAPTURE(broken);
  Ask(kHead + broken);
  bool cancelled = false;
  for (int i = 0; i < 100 && !cancelled; ++i) {
    absl::SleepFor(absl::Milliseconds(20));
    cancelled = service.seen().size() == 1 && service.seen()[0].cancelled;
  }
  CHECK(cancelled);
}

TEST_CASE_METHOD(UploadFixture, "a small upload is made again where the service was not there",
                 "[service][no-tsan]") {
  const grpc::Status going(grpc::StatusCode::CANCELLED, "going");
  AnswerAfter(0, going);
  RawClient client(Start());
  client.Send(kHead + Length(5) + "hello");
  CHECK(StatusOf(client.Receive("}")) == 503);
  CHECK(service.seen().size() == 3);
  // One that comes in pieces is made once, and whole.
  AnswerAfter(1 << 30);
  RawClient slow(server->port());
  slow.Send(kHead + Length(100000) + std::string(90000, 'a'));
  absl::SleepFor(absl::Milliseconds(100));
  slow.Send(std::string(10000, 'b'));
  CHECK(StatusOf(slow.Receive("}")) == 200);
  CHECK(service.seen().size() == 4);
  CHECK(service.seen().back().bytes > 100000);
}

TEST_CASE_METHOD(UploadFixture, "an upload that nobody answers is made again if it has an id",
                 "[service][no-tsan]") {
  service.Set(kUpload, {.answers_at_all = false});
  RawClient client(Start());
  const auto begin = absl::Now();
  client.Send(
      "POST /v1/cases/deal-1/documents?filename=a.pdf&requestId=r1 HTTP/1.1\r\nHost: x\r\n"
      "Authorization: Bearer staff-1\r\nContent-Type: application/pdf\r\n" +
      Length(5) + "hello");
  for (int i = 0; i < 100 && service.seen().empty(); ++i) absl::SleepFor(absl::Milliseconds(20));
  REQUIRE(service.seen().size() == 1);
  AnswerAfter(1 << 30);
  CHECK(StatusOf(client.Receive("}")) == 200);
  CHECK(service.seen().size() == 2);
  CHECK(service.seen()[0].cancelled);
  CHECK(absl::Now() - begin < absl::Seconds(6));
}

TEST_CASE_METHOD(UploadFixture, "uploads by the hundred that wait keep no other one waiting",
                 "[service][no-tsan]") {
  AnswerAfter(1 << 30);
  Start();
  // Who is known from here on: else more than may wait would wait for that at once.
  REQUIRE(StatusOf(Get("/v1/cases", "Authorization: Bearer staff-1\r\n")) == 200);
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 250; ++i) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    slow.back()->Send(kHead + Length(100000) + std::string(20000, 'x'));
  }
  for (int i = 0; i < 3; ++i) {
    RawClient client(server->port());
    const absl::Time start = absl::Now();
    client.Send(kHead + Length(5) + "hello");
    CHECK(StatusOf(client.Receive("}")) == 200);
    CHECK(absl::Now() - start < absl::Seconds(2));
  }
  CHECK(StatusOf(Get("/v1/cases", "Authorization: Bearer staff-1\r\n")) == 200);
  for (const auto& client : slow) client->Send(std::string(80000, 'x'));
  for (const auto& client : slow) CHECK(StatusOf(client->Receive("}")) == 200);
}

}  // namespace
}  // namespace gatehouse::gateway
