#include "raw.pb.h"
#include "services/gateway/tests/gateway_fixture.h"

namespace gatehouse::gateway {
namespace {

const char kPut[] = "gatehouse.raw.v1.Things/PutThing", kGet[] = "gatehouse.raw.v1.Things/GetThing";

// A service that the gateway was not built with.
struct RawFixture : GatewayFixture {
  RawFixture() {
    const auto* file = raw::v1::PutThingRequest::descriptor()->file();
    options.services = {file->service(0), file->service(1)};
  }
};

TEST_CASE_METHOD(RawFixture, "a unary call takes a body as it is", "[service][no-tsan]") {
  raw::v1::PutThingResponse kept;
  kept.set_location("/v1/things/a");
  kept.set_size(3);
  service.Set(kPut, {.answers = {kept.SerializeAsString()}});
  Start();
  const std::string answer =
      Ask("PUT /v1/things/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          "Content-Type: text/x-thing\r\nContent-Length: 3\r\n\r\n{\xff}");
  CHECK(StatusOf(answer) == 201);  // As the method declares.
  // A field that travels as a header is one, and stands in no body.
  CHECK(Has(answer, "Location: /v1/things/a\r\n"));
  CHECK(Has(answer, "\r\n\r\n{\"size\":3}"));
  raw::v1::PutThingRequest sent;
  REQUIRE(service.seen().size() == 1);
  REQUIRE(sent.ParseFromString(service.seen()[0].first));
  CHECK(sent.thing_id() == "a");
  CHECK(sent.data() == "{\xff}");
  CHECK(sent.content_type() == "text/x-thing");
  // As large as JSON may be, and no larger.
  const std::string large(1 << 20, 'x');
  const std::string head =
      "PUT /v1/things/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ";
  CHECK(StatusOf(Ask(head + std::to_string(large.size()) + "\r\n\r\n" + large)) == 201);
  CHECK(StatusOf(Ask(head + std::to_string(large.size() + 1) + "\r\n\r\n" + large + "x")) == 413);
}

TEST_CASE_METHOD(RawFixture, "an answer that declares no content has none", "[service][no-tsan]") {
  raw::v1::Note note;
  note.set_text("gone");
  for (const char* method : {"GetNote", "DeleteNote"}) {
    service.Set(std::string("gatehouse.raw.v1.Notes/") + method,
                {.answers = {note.SerializeAsString()}});
  }
  RawClient client(Start());
  const std::string target = " /v1/things/a/note HTTP/1.1\r\nHost: x\r\n\r\n";
  client.Send("DELETE" + target + "GET" + target);
  const std::string answers = client.Receive("\"}");
  CHECK(Has(answers, "HTTP/1.1 204 No Content\r\n"));
  const std::string first = answers.substr(0, answers.find("\r\n\r\n") + 4);
  CHECK_FALSE(Has(first, "Content-Length"));
  CHECK_FALSE(Has(first, "\r\nContent-Type"));
  // What follows on the connection is the next answer.
  CHECK(answers.substr(first.size()).find("HTTP/1.1 200 OK\r\n") == 0);
  CHECK(Has(answers, "{\"text\":\"gone\"}"));
}

TEST_CASE_METHOD(RawFixture, "a unary call gives a body as it is", "[service][no-tsan]") {
  raw::v1::GetThingResponse thing;
  thing.set_data(std::string("\0{\xff}", 4));
  service.Set(kGet, {.answers = {thing.SerializeAsString()}});
  Start();
  const std::string plain = Get("/v1/things/a");
  CHECK(Has(plain, "Content-Type: application/octet-stream\r\n"));
  CHECK(Has(plain, "Content-Length: 4\r\n"));
  CHECK(plain.substr(plain.size() - 8) == std::string("\r\n\r\n\0{\xff}", 8));
  thing.set_content_type("text/x-thing");
  service.Set(kGet, {.answers = {thing.SerializeAsString()}});
  const std::string typed = Get("/v1/things/a");
  CHECK(Has(typed, "Content-Type: text/x-thing\r\n"));
  CHECK_FALSE(Has(typed, "octet-stream"));
}

TEST_CASE_METHOD(RawFixture, "what a client has already by its entity tag is not sent again",
                 "[service][no-tsan]") {
  raw::v1::GetThingResponse thing;
  thing.set_data("much");
  thing.set_etag("\"tag\"");
  thing.set_cache_control("private, no-cache");
  service.Set(kGet, {.answers = {thing.SerializeAsString()}});
  Start();
  const std::string first = Get("/v1/things/a");
  CHECK(StatusOf(first) == 200);
  CHECK(Has(first, "ETag: \"tag\"\r\n"));
  for (const char* has : {"\"tag\"", "W/\"tag\"", "\"other\", \"tag\"", "*"}) {
    CAPTURE(has);
    const std::string again = Get("/v1/things/a", "If-None-Match: " + std::string(has) + "\r\n");
    CHECK(StatusOf(again) == 304);
    CHECK(Has(again, "ETag: \"tag\"\r\n"));
    CHECK(Has(again, "Cache-Control: private, no-cache\r\n"));
    CHECK_FALSE(Has(again, "no-store"));
    CHECK_FALSE(Has(again, "\r\nContent-Type:"));
    CHECK_FALSE(Has(again, "much"));
  }
  CHECK(Has(Get("/v1/things/a", "If-None-Match: \"other\"\r\n"), "much"));
}

}  // namespace
}  // namespace gatehouse::gateway
