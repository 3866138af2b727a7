#include "services/common/process/operations.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds kPatience{5};
constexpr uint32_t kHeaderMax = 8192;

http::response<http::string_body> Answer(beast::string_view target, const Readiness& readiness) {
  http::response<http::string_body> response(http::status::ok, 11);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.keep_alive(false);
  if (target == "/metrics") {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = MetricsText();
  } else if (target == "/readyz") {
    const absl::Status status = readiness.Now();
    response.result(status.ok() ? http::status::ok : http::status::service_unavailable);
    response.body() = status.ok() ? "ready\n" : absl::StrCat(std::string(status.message()), "\n");
  } else if (target == "/healthz") {
    response.body() = "alive\n";
  } else {
    response.result(http::status::not_found);
    response.body() = "try /healthz, /readyz or /metrics\n";
  }
  response.prepare_payload();
  return response;
}

// One question, one answer, and the end.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(tcp::socket socket, const Readiness& readiness)
      : stream_(std::move(socket)), readiness_(readiness) {
    parser_.header_limit(kHeaderMax);
  }

  void Start() {
    stream_.expires_after(kPatience);
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](beast::error_code error, size_t) {
                              if (!error) self->Write();
                            });
  }

 private:
  void Write() {
    response_ = Answer(parser_.get().target(), readiness_);
    stream_.expires_after(kPatience);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, size_t) {
                        self->stream_.socket().shutdown(tcp::socket::shutdown_both, error);
                      });
  }

  beast::tcp_stream stream_;
  const Readiness& readiness_;
  beast::flat_buffer buffer_{kHeaderMax};
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

class Operations::State {
 public:
  State(const std::string& host, const std::string& port, const Readiness& readiness)
      : readiness_(readiness),
        acceptor_(context_, *tcp::resolver(context_).resolve(host, port).begin()) {
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~State() {
    context_.stop();
    thread_.join();
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) std::make_shared<Exchange>(std::move(socket), readiness_)->Start();
      Accept();
    });
  }

  const Readiness& readiness_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

Operations::Operations() = default;
Operations::~Operations() = default;

absl::StatusOr<std::unique_ptr<Operations>> Operations::Start(const std::string& listen,
                                                              const Readiness& readiness) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("not host:port: ", listen));
  }
  std::unique_ptr<Operations> operations(new Operations);
  try {
    operations->state_ =
        std::make_unique<State>(listen.substr(0, colon), listen.substr(colon + 1), readiness);
  } catch (const boost::system::system_error& error) {
    return absl::UnavailableError(absl::StrCat("cannot listen at ", listen, ": ", error.what()));
  }
  return operations;
}

}  // namespace gatehouse
