#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/gateway/http/http_server.h"
// Boost.Asio, after <utility>.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "services/gateway/tests/http_client.h"

namespace gatehouse::gateway {
namespace {

struct Fixture {
  std::unique_ptr<HttpServer> server;

  int Start(HttpServer::Options options = {}) {
    options.listen = "127.0.0.1:0";
    auto started = HttpServer::Start(
        options,
        // Answers with the length of the body that it read; some targets do something else.
        [](HttpExchange& http) -> boost::asio::awaitable<void> {
          std::string chunk(1000, '\0');
          size_t total = 0;
          while (http.has_body()) {
            const size_t n = co_await http.Read(chunk.data(), chunk.size());
            if (n == 0) break;
            total += n;
          }
          if (http.target() == "/throw") throw std::runtime_error("thrown");
          if (http.target() == "/wait") {
            boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor,
                                            std::chrono::seconds(2));
            co_await pause.async_wait(boost::asio::use_awaitable);
          }
          std::string answer = absl::StrCat(http.target(), " ", total);
          if (http.target() == "/header") {
            answer = absl::StrCat("[", http.Header("X-A"), "][", http.Header("Cookie"), "]");
          }
          if (http.target() == "/pieces") {
            co_await http.Begin(200, {});
            co_await http.Write("one, ");
            co_await http.Write("two");
            co_await http.End(true);
            co_return;
          }
          co_await http.Respond(200, {}, answer);
          if (http.target() == "/throw-late") throw std::runtime_error("thrown late");
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

TEST_CASE_METHOD(Fixture, "where no connection waits, one too many is closed at once",
                 "[service]") {
  HttpServer::Options options;
  options.connections.all = 2;
  const int port = Start(options);
  RawClient one(port), two(port);
  one.Send(Get("/wait"));
  two.Send(Get("/wait"));
  absl::SleepFor(absl::Milliseconds(200));
  RawClient three(port);
  three.Send(Get("/c"));
  CHECK(three.Receive().empty());
  CHECK(one.Receive("/wait").find("/wait 0") != std::string::npos);
  CHECK(two.Receive("/wait").find("/wait 0") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a newcomer takes the place of who has waited longest", "[service]") {
  HttpServer::Options options;
  options.connections.all = 3;
  const int port = Start(options);
  RawClient one(port), two(port), three(port);
  for (RawClient* client : {&one, &two, &three}) {
    client->Send(Get("/a"));
    CHECK(client->Receive("/a 0").find("/a 0") != std::string::npos);
  }
  one.Send(Get("/b"));
  CHECK(one.Receive("/b 0").find("/b 0") != std::string::npos);
  for (int i = 0; i < 20; ++i) {
    RawClient newcomer(port);
    newcomer.Send(Get("/new"));
    CHECK(newcomer.Receive("/new 0").find("/new 0") != std::string::npos);
  }
  CHECK(two.Receive().empty());
}

TEST_CASE_METHOD(Fixture, "a thousand connections without a request keep nobody out", "[service]") {
  HttpServer::Options options;
  options.connections.all = 300;
  options.connections.per_address = 100;
  const int port = Start(options);
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 500; ++i) {
    idle.push_back(std::make_unique<RawClient>(port));
    if (i % 2 == 0) idle.back()->Send("GET /half HTTP/1.1\r\nHo");
    if (i % 50 != 0) continue;
    RawClient newcomer(port);
    newcomer.Send(Get("/new"));
    CHECK(newcomer.Receive("/new 0").find("/new 0") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a handler that throws is answered for, and its connection counted out",
                 "[service]") {
  HttpServer::Options options;
  options.connections.all = 2;
  const int port = Start(options);
  for (int i = 0; i < 10; ++i) {
    RawClient client(port);
    client.Send(Get("/throw"));
    const std::string answer = client.Receive();
    CHECK(answer.find("HTTP/1.1 500") == 0);
    CHECK(answer.find("Connection: close") != std::string::npos);
  }
  for (int i = 0; i < 10; ++i) {
    RawClient client(port);
    client.Send(Get("/throw-late"));
    CHECK(client.Receive().find("HTTP/1.1 200") == 0);
  }
  RawClient client(port);
  client.Send(Get("/a"));
  CHECK(client.Receive("/a 0").find("/a 0") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a request may come in any pieces", "[service]") {
  const int port = Start();
  const std::string chunked =
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n5;x=y\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n";
  const std::string plain = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  for (const size_t size : {1, 2, 3, 7, 50}) {
    CAPTURE(size);
    RawClient client(port);
    const std::string all = "\r\n\r\n" + chunked + "\r\n" + plain + Get("/end");
    for (size_t at = 0; at < all.size(); at += size) {
      client.Send(all.substr(at, size));
      if (size < 50) absl::SleepFor(absl::Microseconds(300));
    }
    const std::string answers = client.Receive("/end 0");
    CHECK(answers.find("/c 8") != std::string::npos);
    CHECK(answers.find("/p 5") != std::string::npos);
    CHECK(answers.find("/end 0") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a client may end at every byte, and others are served", "[service]") {
  HttpServer::Options options;
  options.threads = 1;
  const int port = Start(options);
  for (const std::string& whole :
       {Get("/a"), std::string("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789"),
        std::string("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n0\r\nA: b\r\n\r\n")}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size, whole);
      RawClient reset(port), finished(port);
      reset.Send(whole.substr(0, size));
      finished.Send(whole.substr(0, size));
      finished.FinishSending();
      const std::string answer = finished.Receive();
      CHECK(answer.find("HTTP/1.1 200") == std::string::npos);
    }
  }
  RawClient client(port);
  client.Send(Get("/after"));
  CHECK(client.Receive("/after 0").find("/after 0") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "an old client is served, and its connection closed", "[service]") {
  const int port = Start();
  RawClient bare(port);
  bare.Send("GET /old HTTP/1.0\r\n\r\n" + Get("/next"));
  const std::string answer = bare.Receive();
  CHECK(answer.find("HTTP/1.1 200") == 0);
  CHECK(answer.find("Connection: close") != std::string::npos);
  CHECK(answer.find("/old 0") != std::string::npos);
  CHECK(answer.find("/next") == std::string::npos);
  // As nginx asks, unless it is told otherwise.
  RawClient nginx(port);
  nginx.Send(
      "POST /old HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\n\r\nabc");
  const std::string closed = nginx.Receive();
  CHECK(closed.find("HTTP/1.1 200") == 0);
  CHECK(closed.find("/old 3") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "empty lines before a request, and a URL as its target, are taken",
                 "[service]") {
  RawClient client(Start());
  client.Send("\r\n\r\nGET http://portal.example/a?b=c HTTP/1.1\r\nHost: other\r\n\r\n");
  CHECK(client.Receive("/a?b=c 0").find("/a?b=c 0") != std::string::npos);
  client.Send("\r\n" + Get("/b"));
  CHECK(client.Receive("/b 0").find("/b 0") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a bare line feed between chunks is refused at once", "[service]") {
  const int port = Start();
  for (const char* body : {"3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r\n0\n\n",
                           "3\r\nabc\r\n0\r\n\n", "3\r\nabc\r\n0\r\nA: b\n\r\n", "0\n", "\n"}) {
    CAPTURE(body);
    RawClient client(port);
    const absl::Time start = absl::Now();
    client.Send(std::string("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n") +
                body);
    CHECK(client.Receive().find("HTTP/1.1 400") == 0);
    CHECK(absl::Now() - start < absl::Seconds(4));
  }
}

TEST_CASE_METHOD(Fixture, "a header on several lines is one, in their order", "[service]") {
  RawClient client(Start());
  client.Send(
      "GET /header HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nCookie: a=b\r\nX-B: z\r\nx-a: 2, 3\r\n"
      "Cookie: c=d\r\nX-A: 4\r\n\r\n");
  CHECK(client.Receive("]").find("[1, 2, 3, 4][a=b; c=d]") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a head of the greatest size is taken, and one byte more is not",
                 "[service]") {
  const int port = Start();
  const std::string before = "GET /a HTTP/1.1\r\nHost: x\r\nX: ", after = "\r\n\r\n";
  const size_t most = (16 << 10) - before.size() - after.size();
  RawClient fits(port), large(port);
  fits.Send(before + std::string(most, 'x') + after);
  CHECK(fits.Receive("/a 0").find("HTTP/1.1 200") == 0);
  large.Send(before + std::string(most + 1, 'x') + after);
  CHECK(large.Receive().find("HTTP/1.1 431") == 0);
}

TEST_CASE_METHOD(Fixture, "a body must come at the least rate, however little comes at once",
                 "[service]") {
  HttpServer::Options options;
  options.progress_timeout = std::chrono::seconds(1);
  options.least_bytes_per_second = 1000;
  const int port = Start(options);
  const std::string head = "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\n";
  const auto upload = [&](int bytes_per_tick, std::string& answer) {
    RawClient client(port);
    client.Send(head);
    for (int sent = 0; sent < 6000; sent += bytes_per_tick) {
      if (!client.Send(std::string(std::min(bytes_per_tick, 6000 - sent), 'x'))) return;
      absl::SleepFor(absl::Milliseconds(100));
    }
    answer = client.Receive("/c 6000");
  };
  std::string fast, slow;
  std::thread other([&] { upload(20, slow); });
  upload(200, fast);
  other.join();
  CHECK(fast.find("/c 6000") != std::string::npos);
  CHECK(slow.find("HTTP/1.1 200") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "what the gateway itself takes is not the client's time", "[service]") {
  HttpServer::Options options;
  options.progress_timeout = options.head_timeout = std::chrono::seconds(1);
  RawClient client(Start(options));
  client.Send(Get("/wait"));
  CHECK(client.Receive("/wait").find("HTTP/1.1 200") == 0);
}

TEST_CASE_METHOD(Fixture, "many clients on few threads get their own answers", "[service]") {
  HttpServer::Options options;
  options.threads = 2;
  const int port = Start(options);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      RawClient client(port);
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        const std::string body(1 + i * 37 % 5000, 'x');
        client.Send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
        const std::string end = path + " " + std::to_string(body.size());
        if (client.Receive(end).find(end) != std::string::npos) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 400);
}

TEST_CASE_METHOD(Fixture, "who will leave says so in every answer, and serves on", "[service]") {
  const int port = Start();
  const std::string close = "Connection: close\r\n";
  RawClient whole(port), pieces(port), waiting(port);
  for (RawClient* client : {&whole, &pieces}) {
    client->Send(Get("/first"));
    CHECK(client->Receive("/first 0").find(close) == std::string::npos);
  }
  waiting.Send(Get("/wait"));
  absl::SleepFor(absl::Milliseconds(200));
  server->Leave();
  whole.Send(Get("/a") + Get("/more"));
  pieces.Send(Get("/pieces") + Get("/more"));
  RawClient newcomer(port);
  newcomer.Send(Get("/a"));
  for (RawClient* client : {&whole, &pieces, &waiting, &newcomer}) {
    const std::string answer = client->Receive();
    CHECK(answer.find("HTTP/1.1 200") == 0);
    CHECK(answer.find(close) != std::string::npos);
    CHECK(answer.find("/more") == std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "at its end a server lets what runs end, and closes what waits",
                 "[service]") {
  const int port = Start();
  RawClient idle(port), working(port);
  idle.Send(Get("/a"));
  CHECK(idle.Receive("/a 0").find("/a 0") != std::string::npos);
  working.Send(Get("/wait"));
  absl::SleepFor(absl::Milliseconds(200));
  const absl::Time start = absl::Now();
  server.reset();
  CHECK(absl::Now() - start < absl::Seconds(5));
  CHECK(idle.Receive().empty());
  const std::string answer = working.Receive();
  CHECK(answer.find("HTTP/1.1 200") == 0);
  CHECK(answer.find("Connection: close") != std::string::npos);
}

}  // namespace
}  // namespace gatehouse::gateway
