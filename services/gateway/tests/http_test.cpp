#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/gateway/http/http_server.h"
#include "services/gateway/tests/http_client.h"

namespace gatehouse::gateway {
namespace {

struct Fixture {
  std::unique_ptr<HttpServer> server;

  int Start(HttpServer::Options options = {}) {
    options.listen = "127.0.0.1:0";
    options.threads = 2;
    auto started = HttpServer::Start(
        options,
        // Answers with the length of the body that it read.
        [](HttpExchange& http) -> boost::asio::awaitable<void> {
          std::string chunk(1000, '\0');
          size_t total = 0;
          while (http.has_body()) {
            const size_t n = co_await http.Read(chunk.data(), chunk.size());
            if (n == 0) break;
            total += n;
          }
          co_await http.Respond(200, {}, absl::StrCat(http.target(), " ", total));
        },
        [](HttpExchange& http, int status) -> boost::asio::awaitable<void> {
          co_await http.Respond(status, {}, "refused");
        });
    REQUIRE(started.ok());
    server = *std::move(started);
    return server->port();
  }
  static std::string Get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
};

TEST_CASE_METHOD(Fixture, "requests on one connection are answered in their order", "[service]") {
  RawClient client(Start());
  client.Send(Get("/a") + Get("/b") +
              "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz" + Get("/d"));
  const std::string answers = client.Receive("/d 0");
  CHECK(answers.find("/a 0") < answers.find("/b 0"));
  CHECK(answers.find("/b 0") < answers.find("/c 3"));
  CHECK(answers.find("/c 3") < answers.find("/d 0"));
}

TEST_CASE_METHOD(Fixture, "a chunked body is read to its end, and a broken one closes",
                 "[service]") {
  const std::string head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const int port = Start();
  RawClient good(port);
  good.Send(head + "3\r\nabc\r\n5;x=y\r\nabcde\r\n0\r\n\r\n" + Get("/next"));
  CHECK(good.Receive("/next 0").find("/c 8") != std::string::npos);
  for (const char* body : {"zz\r\nabc\r\n", "3\r\nabcde\r\n", "-1\r\n", "ffffffffffffffffff\r\n"}) {
    RawClient bad(port);
    bad.Send(head + body + Get("/smuggled"));
    const std::string answer = bad.Receive();
    INFO(body);
    CHECK(answer.find("/smuggled") == std::string::npos);
    CHECK((answer.empty() || answer.find("HTTP/1.1 400") == 0));
  }
}

TEST_CASE_METHOD(Fixture, "what is refused is answered once, and the connection closed",
                 "[service]") {
  RawClient client(Start());
  client.Send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n" + Get("/b"));
  const std::string answer = client.Receive();
  CHECK(answer.find("HTTP/1.1 400") == 0);
  CHECK(answer.find("Connection: close") != std::string::npos);
  CHECK(answer.find("/b") == std::string::npos);
  RawClient large(server->port());
  large.Send("GET /a HTTP/1.1\r\nHost: x\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  CHECK(large.Receive().find("HTTP/1.1 431") == 0);
}

TEST_CASE_METHOD(Fixture, "who is too slow is not waited for", "[service]") {
  HttpServer::Options options;
  options.head_timeout = options.idle_timeout = options.progress_timeout = std::chrono::seconds(1);
  const int port = Start(options);
  for (const char* half : {"", "GET /a HTTP/1.1\r\nHo",
                           "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"}) {
    RawClient client(port);
    const absl::Time start = absl::Now();
    client.Send(half);
    CHECK(client.Receive().empty());
    CHECK(absl::Now() - start < absl::Seconds(3));
  }
  // A byte now and then does not help.
  RawClient dripping(port);
  std::thread drip([&] {
    for (int i = 0; i < 25; ++i) {
      dripping.Send("G");
      absl::SleepFor(absl::Milliseconds(100));
    }
  });
  const absl::Time start = absl::Now();
  CHECK(dripping.Receive().empty());
  CHECK(absl::Now() - start < absl::Seconds(3));
  drip.join();
}

TEST_CASE_METHOD(Fixture, "a client that waits to be asked for its body is asked", "[service]") {
  RawClient client(Start());
  client.Send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.Receive("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("abc");
  CHECK(client.Receive("/a 3").find("/a 3") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "one connection too many is closed at once", "[service]") {
  HttpServer::Options options;
  options.connections = 2;
  const int port = Start(options);
  RawClient one(port), two(port);
  one.Send(Get("/a"));
  two.Send(Get("/b"));
  CHECK(one.Receive("/a 0").find("/a 0") != std::string::npos);
  CHECK(two.Receive("/b 0").find("/b 0") != std::string::npos);
  RawClient three(port);
  three.Send(Get("/c"));
  CHECK(three.Receive().empty());
}

}  // namespace
}  // namespace gatehouse::gateway
