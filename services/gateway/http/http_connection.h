#pragma once

#include "services/gateway/http/http_server.h"
// Boost.Asio, after <utility>.
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "services/gateway/http/event_loop.h"

namespace gatehouse::gateway {

// What the connections of one thread share.
struct HttpThread {
  EventLoop loop;
  const HttpServer::Options* options = nullptr;
  const HttpServer::Handle* handle = nullptr;
  const HttpServer::Refuse* refuse = nullptr;
  const std::atomic<bool>* leaving = nullptr;   // Answers end their connections,
  const std::atomic<bool>* draining = nullptr;  // and no more requests are taken.
  std::string date;                             // As the header says it,
  int64_t date_second = -1;                     // at this Unix time.
};

// A client's connection: its requests, one after the other. It has one coarse deadline, which
// the thread's watchdog looks at: a timer for each read and write would cost a third of a request.
// The deadline stands still while it is not the client who is waited for.
class HttpConnection : public HttpExchange {
 public:
  HttpConnection(HttpThread& thread, boost::asio::ip::tcp::socket socket,
                 std::shared_ptr<ConnectionTable::Entry> entry);

  boost::asio::awaitable<void> Run();
  void CloseIfLate(std::chrono::steady_clock::time_point now);
  void CloseIfIdle();     // Nothing of a next request has come.
  void CloseIfWaiting();  // No request is under way.

  const std::string& method() const override { return method_; }
  const std::string& target() const override { return target_; }
  std::string Header(const std::string& name) const override;
  bool has_body() const override { return chunked_ || remaining_ > 0; }
  std::optional<int64_t> content_length() const override { return content_length_; }
  std::string peer_address() const override { return peer_; }
  boost::asio::awaitable<size_t> Read(char* data, size_t size) override;
  boost::asio::awaitable<size_t> ReadSome(char* data, size_t size) override;
  void InterruptRead() override;
  void SignIn() override { entry_->SignIn(); }
  bool answered() const override { return answered_; }
  bool leaving() const override { return *thread_.leaving; }
  boost::asio::awaitable<void> Respond(int status, const HttpHeaders& headers,
                                       const std::string& body) override;
  boost::asio::awaitable<void> Begin(int status, const HttpHeaders& headers) override;
  boost::asio::awaitable<void> Write(const std::string& data) override;
  boost::asio::awaitable<void> End(bool whole) override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  using Clock = std::chrono::steady_clock;

  boost::asio::awaitable<void> ServeRequests();
  boost::asio::awaitable<void> Serve();
  // The head's length in the buffer; 0: the client has closed, or sent what is no head: `mistake`.
  boost::asio::awaitable<size_t> ReadHead(std::optional<int>& mistake);
  void SkipEmptyLines();
  void StartRequest(size_t head);
  boost::asio::awaitable<void> AskForBody();
  boost::asio::awaitable<size_t> ReadUntil(char* data, size_t size, Clock::time_point enough);
  boost::asio::awaitable<size_t> ReadChunked(char* data, size_t size, Clock::time_point enough);
  bool ParseChunks();
  boost::asio::awaitable<size_t> ReadPlain(char* data, size_t size, Clock::time_point enough);
  template <typename Buffers>
  boost::asio::awaitable<void> Send(const Buffers& buffers);
  boost::asio::awaitable<void> Linger();
  std::string HeadOf(int status, const HttpHeaders& headers) const;

  void Extend(std::chrono::seconds time) { deadline_ = Clock::now() + time; }
  void StopClock(Clock::duration left);
  void StartClock();
  void Progress(size_t bytes);

  HttpThread& thread_;
  boost::asio::ip::tcp::socket socket_;
  const std::shared_ptr<ConnectionTable::Entry> entry_;
  std::string peer_;
  boost::beast::flat_buffer buffer_;
  Clock::time_point deadline_;
  Clock::duration left_{0};  // Of the time, while the clock stands still.
  bool clock_stands_ = false;

  // Of the current request.
  std::optional<Parser> parser_;
  std::string method_, target_;
  std::optional<int64_t> content_length_;
  int64_t remaining_ = 0;
  int64_t progress_ = 0;  // Bytes since the deadline was last moved.
  bool chunked_ = false, body_read_ = true, expects_ = false, interrupted_ = false;
  bool answered_ = false, keep_alive_ = true, chunking_ = false;
  bool old_ = false;  // HTTP/1.0
  // Between requests: nothing of the next one has come; its head has not come whole.
  bool idle_ = true, waiting_ = true;
};

}  // namespace gatehouse::gateway
