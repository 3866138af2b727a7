#pragma once

#include <utility>
// Boost 1.74's awaitable.hpp needs <utility> before it.
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/fields.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gateway/http/connection_table.h"

namespace gatehouse::gateway {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// One request and its answer. Everything may throw boost::system::system_error where the connection
// is gone, which ends it.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  virtual const std::string& method() const = 0;
  virtual const std::string& target() const = 0;  // As sent: path and query.
  // All its lines in their order, joined by commas, a Cookie's by semicolons (RFC 9110, 5.3);
  // empty: not there.
  virtual std::string Header(const std::string& name) const = 0;
  virtual bool has_body() const = 0;
  virtual std::optional<int64_t> content_length() const = 0;
  virtual std::string peer_address() const = 0;

  // Fills `data` with the next bytes of the body, up to `size`; fewer only at its end. Throws
  // BrokenBody where the body is not well formed.
  virtual boost::asio::awaitable<size_t> Read(char* data, size_t size) = 0;
  // The same for who hands the bytes on: fewer also where a second is over and some have come.
  virtual boost::asio::awaitable<size_t> ReadSome(char* data, size_t size) = 0;
  // A Read() that waits ends at once with what it has. Of a body that is answered before it was
  // read to its end, the rest is not wanted, and the connection ends with the answer.
  virtual void InterruptRead() = 0;

  // The request comes from somebody whom we know: their connection goes last where others must go.
  virtual void SignIn() = 0;

  virtual bool answered() const = 0;
  // The server is going: an answer without an end had better end.
  virtual bool leaving() const = 0;
  virtual boost::asio::awaitable<void> Respond(int status, const HttpHeaders& headers,
                                               const std::string& body) = 0;
  // An answer in pieces. The headers say the Content-Length; without one it is chunked. To HEAD
  // nobody sends a body, whatever is written.
  virtual boost::asio::awaitable<void> Begin(int status, const HttpHeaders& headers) = 0;
  virtual boost::asio::awaitable<void> Write(const std::string& data) = 0;
  // `whole` false: the answer broke off, and the connection with it, so that the client knows.
  virtual boost::asio::awaitable<void> End(bool whole) = 0;
};

struct BrokenBody : std::exception {
  const char* what() const noexcept override { return "the body is not well formed"; }
};

// An HTTP/1.1 server (it serves HTTP/1.0, and closes) with what faces strangers: a strict check of
// every head, limits on sizes, counts, times and rates, keep-alive, and a drain at its end. A
// handler that throws is answered for by `refuse` with 500.
class HttpServer {
 public:
  struct Options {
    std::string listen;  // host:port
    // Each accepts and serves for itself; the other half of the machine is for gRPC.
    int threads = std::max(1u, std::thread::hardware_concurrency() / 2);
    ConnectionTable::Limits connections;  // One more than there is room for is closed at once.
    std::chrono::seconds head_timeout{10};
    // Well beyond the time for which proxies keep a connection (60 s in nginx and many others):
    // whoever closes first does it while the other may be sending a request.
    std::chrono::seconds idle_timeout{120};
    // A body must come, or be taken, at this rate, looked at over this time; what the gateway
    // itself or a service takes does not count.
    int64_t least_bytes_per_second = 512;
    std::chrono::seconds progress_timeout{30};
    std::chrono::seconds drain{10};
  };
  using Handle = std::function<boost::asio::awaitable<void>(HttpExchange&)>;
  // Answers what is refused before there is a request: the status and why.
  using Refuse = std::function<boost::asio::awaitable<void>(HttpExchange&, int status)>;

  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Options& options, Handle handle,
                                                           Refuse refuse);
  // It will end: from now on each answer ends its connection, and says so. It serves on.
  void Leave();
  // Stops accepting, lets what runs end, and closes.
  ~HttpServer();
  int port() const;

 private:
  HttpServer();
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::gateway
