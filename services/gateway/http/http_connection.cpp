#include "services/gateway/http/http_connection.h"

#include <boost/asio/use_awaitable.hpp>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/gateway/http/request_head.h"

namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::use_awaitable;
using boost::system::error_code;

constexpr size_t kBuffer = 64 << 10;
constexpr int64_t kProgress = 16 << 10;
constexpr size_t kLingerBytes = 1 << 20;
constexpr std::chrono::seconds kLinger{2};
constexpr int kHeadTooLarge = 431;

// A value from a service must not end its header.
std::string OneLine(std::string value) {
  for (char& c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return value;
}

}  // namespace

HttpConnection::HttpConnection(HttpThread& thread, asio::ip::tcp::socket socket)
    : thread_(thread), socket_(std::move(socket)), buffer_(kBuffer) {
  error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (!error) peer_ = endpoint.address().to_string();
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  // All at once: a buffer that grows by halves makes uploads four times slower.
  buffer_.reserve(kBuffer);
  Extend(thread_.options->head_timeout);
}

void HttpConnection::Extend(std::chrono::seconds time) {
  deadline_ = std::chrono::steady_clock::now() + time;
}

void HttpConnection::CloseIfLate(std::chrono::steady_clock::time_point now) {
  error_code error;
  if (now > deadline_) socket_.close(error);
}

void HttpConnection::CloseIfIdle() {
  error_code error;
  if (idle_) socket_.close(error);
}

std::string HttpConnection::Header(const std::string& name) const {
  if (!parser_.has_value()) return "";
  const auto& fields = parser_->get();
  const auto found = fields.find(name);
  return found == fields.end() ? "" : std::string(found->value());
}

awaitable<void> HttpConnection::Run() {
  try {
    while (keep_alive_ && !*thread_.draining) {
      std::optional<int> mistake;
      const size_t head = co_await ReadHead(mistake);
      if (head == 0 && !mistake.has_value()) break;
      answered_ = false;
      if (mistake.has_value()) {
        keep_alive_ = false;
        body_read_ = false;
        co_await (*thread_.refuse)(*this, *mistake);
      } else {
        StartRequest(head);
        co_await Serve();
      }
      if (!keep_alive_ && !body_read_) co_await Linger();
    }
  } catch (const boost::system::system_error&) {
    // The client is gone, or was too slow: there is nobody to tell.
  }
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, error);
  socket_.close(error);
}

awaitable<void> HttpConnection::Serve() {
  bool broken = false;
  try {
    co_await (*thread_.handle)(*this);
  } catch (const BrokenBody&) {
    broken = true;
  }
  if (!broken) co_return;
  keep_alive_ = false;
  if (!answered_) co_await (*thread_.refuse)(*this, 400);
}

awaitable<size_t> HttpConnection::ReadHead(std::optional<int>& mistake) {
  idle_ = buffer_.size() == 0;
  Extend(idle_ ? thread_.options->idle_timeout : thread_.options->head_timeout);
  size_t looked = 0;
  while (true) {
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    const size_t end = bytes.find("\r\n\r\n", looked > 3 ? looked - 3 : 0);
    if (end != std::string_view::npos && end + 4 <= kHeadMax) {
      mistake = MistakeInHead(bytes.substr(0, end + 4));
      idle_ = false;
      Extend(thread_.options->progress_timeout);
      co_return mistake.has_value() ? 0 : end + 4;
    }
    if (bytes.size() >= kHeadMax || end != std::string_view::npos) mistake = kHeadTooLarge;
    if (HasBareLineFeed(bytes)) mistake = 400;
    if (mistake.has_value()) co_return 0;
    looked = bytes.size();
    error_code error;
    const size_t n = co_await socket_.async_read_some(buffer_.prepare(kHeadMax),
                                                      asio::redirect_error(use_awaitable, error));
    if (error) co_return 0;
    buffer_.commit(n);
    // The whole head must come within its time, however many pieces it comes in.
    if (idle_) Extend(thread_.options->head_timeout);
    idle_ = false;
  }
}

void HttpConnection::StartRequest(size_t head) {
  parser_.emplace();
  parser_->header_limit(kHeadMax);
  // Who reads the body knows how much it may be.
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  error_code error;
  const size_t used = parser_->put(asio::buffer(buffer_.data(), head), error);
  if (error && error != http::error::need_more) throw boost::system::system_error(error);
  buffer_.consume(used);
  const auto& request = parser_->get();
  method_ = std::string(request.method_string());
  target_ = std::string(request.target());
  keep_alive_ = request.keep_alive();
  chunked_ = parser_->chunked();
  content_length_.reset();
  if (const auto length = parser_->content_length()) {
    content_length_ = static_cast<int64_t>(*length);
  }
  remaining_ = content_length_.value_or(0);
  body_read_ = !chunked_ && remaining_ == 0;
  expects_ = !body_read_ && absl::EqualsIgnoreCase(Header("Expect"), "100-continue");
  progress_ = 0;
}

// curl waits for this before it sends a large body.
awaitable<void> HttpConnection::AskForBody() {
  if (!expects_) co_return;
  expects_ = false;
  static const std::string kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  co_await asio::async_write(socket_, asio::buffer(kContinue), use_awaitable);
}

awaitable<size_t> HttpConnection::Read(char* data, size_t size) {
  if (body_read_ || size == 0) co_return 0;
  co_await AskForBody();
  // GCC 12 miscompiles co_await in the arms of a conditional expression.
  if (chunked_) co_return co_await ReadChunked(data, size);
  co_return co_await ReadPlain(data, size);
}

awaitable<size_t> HttpConnection::ReadPlain(char* data, size_t size) {
  const size_t wanted = std::min<size_t>(size, remaining_);
  size_t done = std::min(wanted, buffer_.size());
  memcpy(data, buffer_.data().data(), done);
  buffer_.consume(done);
  progress_ += done;
  while (done < wanted) {
    const size_t n =
        co_await socket_.async_read_some(asio::buffer(data + done, wanted - done), use_awaitable);
    done += n;
    progress_ += n;
    if (progress_ >= kProgress) {
      progress_ = 0;
      Extend(thread_.options->progress_timeout);
    }
  }
  remaining_ -= done;
  body_read_ = remaining_ == 0;
  if (body_read_) Extend(thread_.options->progress_timeout);
  co_return done;
}

awaitable<size_t> HttpConnection::ReadChunked(char* data, size_t size) {
  auto& body = parser_->get().body();
  body.data = data;
  body.size = size;
  while (body.size > 0 && !parser_->is_done()) {
    const size_t before = body.size;
    error_code error;
    co_await http::async_read_some(socket_, buffer_, *parser_,
                                   asio::redirect_error(use_awaitable, error));
    if (error == http::error::need_buffer) break;
    if (error == http::error::partial_message ||
        error.category() != http::make_error_code(http::error::bad_chunk).category()) {
      if (error) throw boost::system::system_error(error);
    } else if (error) {
      throw BrokenBody();
    }
    progress_ += before - body.size;
    if (progress_ >= kProgress) {
      progress_ = 0;
      Extend(thread_.options->progress_timeout);
    }
  }
  const size_t done = size - body.size;
  body_read_ = parser_->is_done();
  if (body_read_) Extend(thread_.options->progress_timeout);
  co_return done;
}

std::string HttpConnection::HeadOf(int status, const HttpHeaders& headers) const {
  const auto phrase = http::obsolete_reason(static_cast<http::status>(status));
  std::string head = absl::StrCat("HTTP/1.1 ", status, " ", std::string(phrase), "\r\n");
  for (const auto& [name, value] : headers) {
    absl::StrAppend(&head, name, ": ", OneLine(value), "\r\n");
  }
  if (!keep_alive_) head += "Connection: close\r\n";
  return head;
}

awaitable<void> HttpConnection::Respond(int status, const HttpHeaders& headers,
                                        const std::string& body) {
  answered_ = true;
  // What is left of a body that nobody wanted would be taken for the next request.
  keep_alive_ = keep_alive_ && body_read_ && !*thread_.draining;
  std::string head = HeadOf(status, headers);
  if (status != 204 && status != 304)
    absl::StrAppend(&head, "Content-Length: ", body.size(), "\r\n");
  head += "\r\n";
  Extend(thread_.options->progress_timeout);
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head), asio::buffer(body)};
  co_await asio::async_write(socket_, buffers, use_awaitable);
}

awaitable<void> HttpConnection::Begin(int status, const HttpHeaders& headers) {
  answered_ = true;
  chunking_ = true;
  for (const auto& [name, value] : headers) chunking_ = chunking_ && name != "Content-Length";
  keep_alive_ = keep_alive_ && body_read_;
  std::string head = HeadOf(status, headers);
  if (chunking_) head += "Transfer-Encoding: chunked\r\n";
  head += "\r\n";
  Extend(thread_.options->progress_timeout);
  co_await asio::async_write(socket_, asio::buffer(head), use_awaitable);
}

awaitable<void> HttpConnection::Write(const std::string& data) {
  if (data.empty()) co_return;
  Extend(thread_.options->progress_timeout);
  if (!chunking_) {
    co_await asio::async_write(socket_, asio::buffer(data), use_awaitable);
    co_return;
  }
  const std::string size = absl::StrFormat("%x\r\n", data.size());
  const std::array<asio::const_buffer, 3> buffers = {asio::buffer(size), asio::buffer(data),
                                                     asio::buffer("\r\n", 2)};
  co_await asio::async_write(socket_, buffers, use_awaitable);
}

awaitable<void> HttpConnection::End(bool whole) {
  if (!whole) {
    keep_alive_ = false;
  } else if (chunking_) {
    co_await asio::async_write(socket_, asio::buffer("0\r\n\r\n", 5), use_awaitable);
  }
}

// Closing while the client still sends would reset the connection, and the answer with it.
awaitable<void> HttpConnection::Linger() {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  deadline_ = std::chrono::steady_clock::now() + kLinger;
  std::string waste(16 << 10, '\0');
  for (size_t total = 0; total < kLingerBytes && !error;) {
    total += co_await socket_.async_read_some(asio::buffer(waste),
                                              asio::redirect_error(use_awaitable, error));
  }
}

}  // namespace gatehouse::gateway
