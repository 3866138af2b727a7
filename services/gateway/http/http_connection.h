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
  const std::atomic<bool>* draining = nullptr;
};

// A client's connection: its requests, one after the other. It has one coarse deadline, which
// the thread's watchdog looks at: a timer for each read and write would cost a third of a request.
class HttpConnection : public HttpExchange {
 public:
  HttpConnection(HttpThread& thread, boost::asio::ip::tcp::socket socket);

  boost::asio::awaitable<void> Run();
  void CloseIfLate(std::chrono::steady_clock::time_point now);
  void CloseIfIdle();

  const std::string& method() const override { return method_; }
  const std::string& target() const override { return target_; }
  std::string Header(const std::string& name) const override;
  bool has_body() const override { return chunked_ || remaining_ > 0; }
  std::optional<int64_t> content_length() const override { return content_length_; }
  std::string peer_address() const override { return peer_; }
  boost::asio::awaitable<size_t> Read(char* data, size_t size) override;
  bool answered() const override { return answered_; }
  boost::asio::awaitable<void> Respond(int status, const HttpHeaders& headers,
                                       const std::string& body) override;
  boost::asio::awaitable<void> Begin(int status, const HttpHeaders& headers) override;
  boost::asio::awaitable<void> Write(const std::string& data) override;
  boost::asio::awaitable<void> End(bool whole) override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  boost::asio::awaitable<void> Serve();
  // The head's length in the buffer; 0: the client has closed, or sent what is no head: `mistake`.
  boost::asio::awaitable<size_t> ReadHead(std::optional<int>& mistake);
  void StartRequest(size_t head);
  boost::asio::awaitable<void> AskForBody();
  boost::asio::awaitable<size_t> ReadChunked(char* data, size_t size);
  boost::asio::awaitable<size_t> ReadPlain(char* data, size_t size);
  boost::asio::awaitable<void> Linger();
  std::string HeadOf(int status, const HttpHeaders& headers) const;
  void Extend(std::chrono::seconds time);

  HttpThread& thread_;
  boost::asio::ip::tcp::socket socket_;
  std::string peer_;
  boost::beast::flat_buffer buffer_;
  std::chrono::steady_clock::time_point deadline_;

  // Of the current request.
  std::optional<Parser> parser_;
  std::string method_, target_;
  std::optional<int64_t> content_length_;
  int64_t remaining_ = 0;
  int64_t progress_ = 0;  // Bytes since the deadline was last moved.
  bool chunked_ = false, body_read_ = true, expects_ = false;
  bool answered_ = false, keep_alive_ = true, idle_ = true, chunking_ = false;
};

}  // namespace gatehouse::gateway
