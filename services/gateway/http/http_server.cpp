#include "services/gateway/http/http_server.h"

#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/gateway/http/http_connection.h"

namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr std::chrono::milliseconds kWatch{250};

}  // namespace

class HttpServer::State {
 public:
  State(const Options& options, Handle handle, Refuse refuse)
      : options_(options),
        handle_(std::move(handle)),
        refuse_(std::move(refuse)),
        table_(options_.connections),
        gauges_([this] { SetGauge("gatehouse_http_connections", {}, table_.open()); }) {}

  absl::Status Listen() {
    const size_t colon = options_.listen.rfind(':');
    if (colon == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat("not host:port: ", options_.listen));
    }
    try {
      asio::io_context context;
      tcp::endpoint endpoint =
          *tcp::resolver(context)
               .resolve(options_.listen.substr(0, colon), options_.listen.substr(colon + 1))
               .begin();
      for (int i = 0; i < options_.threads; ++i) {
        workers_.push_back(std::make_unique<Worker>());
        Prepare(*workers_.back(), endpoint);
        endpoint.port(static_cast<unsigned short>(port_));
      }
    } catch (const boost::system::system_error& error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen at ", options_.listen, ": ", error.what()));
    }
    for (auto& worker : workers_)
      worker->thread = std::thread([&w = *worker] { w.shared.loop.Run(); });
    return absl::OkStatus();
  }

  void Leave() { leaving_ = true; }

  ~State() {
    leaving_ = draining_ = true;
    for (auto& worker : workers_) {
      asio::post(worker->shared.loop.context(), [&w = *worker] {
        error_code error;
        w.acceptor->close(error);
        for (const auto& [number, connection] : w.connections) connection->CloseIfIdle();
      });
    }
    const auto end = std::chrono::steady_clock::now() + options_.drain;
    while (serving_ > 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    for (auto& worker : workers_) worker->shared.loop.Stop();
    for (auto& worker : workers_) {
      if (worker->thread.joinable()) worker->thread.join();
    }
  }

  int port_ = 0;

 private:
  struct Worker {
    // By the order in which they came. Before the loop, whose end takes them out.
    std::map<uint64_t, HttpConnection*> connections;
    uint64_t last = 0;
    HttpThread shared;
    std::optional<tcp::acceptor> acceptor;
    std::thread thread;
  };

  // Each thread accepts for itself: the kernel spreads the connections over them.
  void Prepare(Worker& worker, const tcp::endpoint& endpoint) {
    worker.shared.options = &options_;
    worker.shared.handle = &handle_;
    worker.shared.refuse = &refuse_;
    worker.shared.leaving = &leaving_;
    worker.shared.draining = &draining_;
    worker.acceptor.emplace(worker.shared.loop.context());
    worker.acceptor->open(endpoint.protocol());
    worker.acceptor->set_option(tcp::acceptor::reuse_address(true));
    worker.acceptor->set_option(ReusePort(true));
    worker.acceptor->bind(endpoint);
    worker.acceptor->listen(1024);
    port_ = worker.acceptor->local_endpoint().port();
    asio::co_spawn(worker.shared.loop.context(), Accept(worker), asio::detached);
    asio::co_spawn(worker.shared.loop.context(), Watch(worker), asio::detached);
  }

  awaitable<void> Accept(Worker& worker) {
    while (!draining_) {
      error_code error;
      tcp::socket socket =
          co_await worker.acceptor->async_accept(asio::redirect_error(use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        // Out of file descriptors, as a rule: others must end first.
        asio::steady_timer timer(worker.shared.loop.context(), std::chrono::milliseconds(50));
        co_await timer.async_wait(asio::redirect_error(use_awaitable, error));
        continue;
      }
      asio::co_spawn(worker.shared.loop.context(), Serve(worker, std::move(socket)),
                     [](const std::exception_ptr& thrown) { Tell(thrown); });
    }
  }

  // Of what nobody else has caught: its connection is closed and counted out all the same.
  static void Tell(const std::exception_ptr& thrown) {
    try {
      if (thrown != nullptr) std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      LogError("http.exception", {{"error", exception.what()}});
    }
  }

  // A connection among those of its thread, and in the table of all, while it is served.
  struct Place {
    Place(State& state, Worker& worker, tcp::socket socket) : state(state), worker(worker) {
      error_code error;
      const auto endpoint = socket.remote_endpoint(error);
      const uint64_t number = ++worker.last;
      entry = state.table_.Enter(error ? "" : endpoint.address().to_string(), [&worker, number] {
        asio::post(worker.shared.loop.context(), [&worker, number] {
          const auto found = worker.connections.find(number);
          if (found != worker.connections.end()) found->second->CloseIfWaiting();
        });
      });
      if (entry == nullptr) return;
      ++state.serving_;
      connection.emplace(worker.shared, std::move(socket), entry);
      at = worker.connections.emplace(number, &*connection).first;
    }
    ~Place() {
      if (entry == nullptr) return;
      worker.connections.erase(at);
      state.table_.Leave(entry);
      --state.serving_;
    }
    State& state;
    Worker& worker;
    std::shared_ptr<ConnectionTable::Entry> entry;
    std::optional<HttpConnection> connection;
    std::map<uint64_t, HttpConnection*>::iterator at;
  };

  awaitable<void> Serve(Worker& worker, tcp::socket socket) {
    Place place(*this, worker, std::move(socket));
    if (place.entry == nullptr) {
      Count("gatehouse_http_connections_refused_total", {});
      co_return;
    }
    co_await place.connection->Run();
  }

  awaitable<void> Watch(Worker& worker) {
    asio::steady_timer timer(worker.shared.loop.context());
    while (true) {
      timer.expires_after(kWatch);
      error_code error;
      co_await timer.async_wait(asio::redirect_error(use_awaitable, error));
      const auto now = std::chrono::steady_clock::now();
      for (const auto& [number, connection] : worker.connections) connection->CloseIfLate(now);
    }
  }

  const Options options_;
  const Handle handle_;
  const Refuse refuse_;
  std::atomic<bool> leaving_ = false, draining_ = false;
  ConnectionTable table_;
  std::atomic<int> serving_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
  const GaugeSource gauges_;
};

HttpServer::HttpServer() = default;
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return state_->port_; }
void HttpServer::Leave() { state_->Leave(); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options, Handle handle,
                                                              Refuse refuse) {
  std::unique_ptr<HttpServer> server(new HttpServer);
  server->state_ = std::make_unique<State>(options, std::move(handle), std::move(refuse));
  if (absl::Status status = server->state_->Listen(); !status.ok()) return status;
  return server;
}

}  // namespace gatehouse::gateway
