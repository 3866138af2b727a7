#include "services/gateway/http/http_connection.h"

#include <boost/asio/use_awaitable.hpp>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/common/observe/log.h"
#include "services/gateway/http/request_head.h"

namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::use_awaitable;
using boost::system::error_code;

constexpr size_t kBuffer = 64 << 10;
// Whoever is answered before their body was read may send this much more of it: a connection that
// is closed while bytes come is reset, and the answer lost with it (RFC 9112, 9.6).
constexpr size_t kLingerBytes = 64 << 20;
constexpr std::chrono::seconds kLinger{10};
constexpr std::chrono::seconds kEnough{1};
constexpr size_t kWriteMax = 64 << 10;
constexpr int kBadRequest = 400, kHeadTooLarge = 431, kFault = 500;

// A value from a service must not end its header.
std::string OneLine(std::string value) {
  for (char& c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return value;
}

// IMF-fixdate (RFC 9110, 5.6.7), made once a second.
const std::string& DateNow(HttpThread& thread) {
  const absl::Time now = absl::Now();
  if (const int64_t second = absl::ToUnixSeconds(now); second != thread.date_second) {
    thread.date_second = second;
    thread.date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
  }
  return thread.date;
}

}  // namespace

HttpConnection::HttpConnection(HttpThread& thread, asio::ip::tcp::socket socket,
                               std::shared_ptr<ConnectionTable::Entry> entry)
    : thread_(thread), socket_(std::move(socket)), entry_(std::move(entry)), buffer_(kBuffer) {
  error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (!error) peer_ = endpoint.address().to_string();
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  // All at once: a buffer that grows by halves makes uploads four times slower.
  buffer_.reserve(kBuffer);
  Extend(thread_.options->head_timeout);
}

void HttpConnection::StopClock(Clock::duration left) {
  left_ = left;
  clock_stands_ = true;
}

void HttpConnection::StartClock() {
  if (clock_stands_) deadline_ = Clock::now() + left_;
  clock_stands_ = false;
}

void HttpConnection::Progress(size_t bytes) {
  progress_ += static_cast<int64_t>(bytes);
  const auto& options = *thread_.options;
  if (progress_ < options.least_bytes_per_second * options.progress_timeout.count()) return;
  progress_ = 0;
  Extend(options.progress_timeout);
}

void HttpConnection::CloseIfLate(Clock::time_point now) {
  error_code error;
  if (!clock_stands_ && now > deadline_) socket_.close(error);
}

void HttpConnection::CloseIfIdle() {
  error_code error;
  if (idle_) socket_.close(error);
}

void HttpConnection::CloseIfWaiting() {
  error_code error;
  if (waiting_) socket_.close(error);
}

std::string HttpConnection::Header(const std::string& name) const {
  // Of a head that was refused, there may be this much.
  if (!parser_.has_value()) {
    return FindHeader({static_cast<const char*>(buffer_.data().data()), buffer_.size()}, name);
  }
  const auto [first, last] = parser_->get().equal_range(name);
  std::string value;
  for (auto line = first; line != last; ++line) {
    if (line != first) value += absl::EqualsIgnoreCase(name, "Cookie") ? "; " : ", ";
    value.append(line->value().data(), line->value().size());
  }
  return value;
}

awaitable<void> HttpConnection::Run() {
  try {
    co_await ServeRequests();
  } catch (const boost::system::system_error&) {
    // The client is gone, or was too slow: there is nobody to tell.
  }
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, error);
  socket_.close(error);
}

awaitable<void> HttpConnection::ServeRequests() {
  while (keep_alive_ && !*thread_.draining) {
    std::optional<int> mistake;
    const size_t head = co_await ReadHead(mistake);
    if (head == 0 && !mistake.has_value()) co_return;
    answered_ = false;
    waiting_ = false;
    entry_->Work();
    if (mistake.has_value()) {
      parser_.reset();
      method_.clear();
      target_.clear();
      keep_alive_ = false;
      body_read_ = false;
      co_await (*thread_.refuse)(*this, *mistake);
    } else {
      StartRequest(head);
      co_await Serve();
    }
    if (!keep_alive_ && !body_read_) co_await Linger();
  }
}

awaitable<void> HttpConnection::Serve() {
  int refused = 0;
  try {
    co_await (*thread_.handle)(*this);
  } catch (const boost::system::system_error&) {
    throw;
  } catch (const BrokenBody&) {
    refused = kBadRequest;
  } catch (const std::exception& exception) {
    LogError("http.exception", {{"error", exception.what()}});
    refused = kFault;
  }
  if (refused == 0) co_return;
  keep_alive_ = false;
  if (!answered_) co_await (*thread_.refuse)(*this, refused);
}

awaitable<size_t> HttpConnection::ReadHead(std::optional<int>& mistake) {
  idle_ = buffer_.size() == 0;
  waiting_ = true;
  entry_->Wait();
  clock_stands_ = false;
  Extend(idle_ ? thread_.options->idle_timeout : thread_.options->head_timeout);
  size_t looked = 0;
  while (true) {
    SkipEmptyLines();
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    const size_t end = bytes.find("\r\n\r\n", looked > 3 ? looked - 3 : 0);
    if (end != std::string_view::npos && end + 4 <= kHeadMax) {
      mistake = MistakeInHead(bytes.substr(0, end + 4));
      idle_ = false;
      StopClock(thread_.options->progress_timeout);
      co_return mistake.has_value() ? 0 : end + 4;
    }
    if (bytes.size() >= kHeadMax || end != std::string_view::npos) mistake = kHeadTooLarge;
    if (HasBareLineFeed(bytes)) mistake = kBadRequest;
    if (mistake.has_value()) {
      StopClock(thread_.options->progress_timeout);
      co_return 0;
    }
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

// Old clients send one after a body (RFC 9112, 2.2).
void HttpConnection::SkipEmptyLines() {
  while (buffer_.size() >= 2 && memcmp(buffer_.data().data(), "\r\n", 2) == 0) buffer_.consume(2);
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
  target_ = PathAndQuery(std::string(request.target()));
  old_ = request.version() < 11;
  keep_alive_ = !old_ && request.keep_alive();
  chunked_ = parser_->chunked();
  content_length_.reset();
  if (const auto length = parser_->content_length()) {
    content_length_ = static_cast<int64_t>(*length);
  }
  remaining_ = content_length_.value_or(0);
  body_read_ = !chunked_ && remaining_ == 0;
  expects_ = !old_ && !body_read_ && absl::EqualsIgnoreCase(Header("Expect"), "100-continue");
  progress_ = 0;
}

// curl waits for this before it sends a large body.
awaitable<void> HttpConnection::AskForBody() {
  if (!expects_) co_return;
  expects_ = false;
  static const std::string kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code error;  // Who has gone, or is not asked any more, is noticed by what follows.
  co_await asio::async_write(socket_, asio::buffer(kContinue),
                             asio::redirect_error(use_awaitable, error));
}

awaitable<size_t> HttpConnection::Read(char* data, size_t size) {
  return ReadUntil(data, size, Clock::time_point::max());
}

awaitable<size_t> HttpConnection::ReadSome(char* data, size_t size) {
  return ReadUntil(data, size, Clock::now() + kEnough);
}

// What has come by then is enough, if anything has.
awaitable<size_t> HttpConnection::ReadUntil(char* data, size_t size, Clock::time_point enough) {
  if (body_read_ || size == 0) co_return 0;
  interrupted_ = false;
  StartClock();
  co_await AskForBody();
  size_t done = 0;
  // GCC 12 miscompiles co_await in the arms of a conditional expression.
  if (chunked_) {
    done = co_await ReadChunked(data, size, enough);
  } else {
    done = co_await ReadPlain(data, size, enough);
  }
  StopClock(body_read_ ? thread_.options->progress_timeout : deadline_ - Clock::now());
  co_return done;
}

void HttpConnection::InterruptRead() {
  if (interrupted_) return;
  interrupted_ = true;
  error_code error;
  socket_.cancel(error);
}

awaitable<size_t> HttpConnection::ReadPlain(char* data, size_t size, Clock::time_point enough) {
  const size_t wanted = std::min<size_t>(size, remaining_);
  size_t done = std::min(wanted, buffer_.size());
  memcpy(data, buffer_.data().data(), done);
  buffer_.consume(done);
  Progress(done);
  while (done < wanted && !interrupted_ && (done == 0 || Clock::now() < enough)) {
    error_code error;
    const size_t n = co_await socket_.async_read_some(asio::buffer(data + done, wanted - done),
                                                      asio::redirect_error(use_awaitable, error));
    if (error && !interrupted_) throw boost::system::system_error(error);
    done += n;
    Progress(n);
  }
  remaining_ -= done;
  body_read_ = remaining_ == 0;
  co_return done;
}

awaitable<size_t> HttpConnection::ReadChunked(char* data, size_t size, Clock::time_point enough) {
  auto& body = parser_->get().body();
  body.data = data;
  body.size = size;
  while (body.size > 0 && !parser_->is_done() && !interrupted_) {
    const bool wants_more = ParseChunks();
    if (!wants_more) continue;
    if (body.size < size && Clock::now() >= enough) break;
    error_code error;
    const size_t n = co_await socket_.async_read_some(buffer_.prepare(kBuffer - buffer_.size()),
                                                      asio::redirect_error(use_awaitable, error));
    if (error && !interrupted_) throw boost::system::system_error(error);
    buffer_.commit(n);
  }
  const size_t done = size - body.size;
  body_read_ = parser_->is_done();
  co_return done;
}

// Takes what is in the buffer as far as it goes; true: nothing more can be made of it yet.
bool HttpConnection::ParseChunks() {
  if (buffer_.size() == 0) return true;
  const size_t before = parser_->get().body().size;
  error_code error;
  const size_t used = parser_->put(buffer_.data(), error);
  buffer_.consume(used);
  Progress(before - parser_->get().body().size);
  if (error && error != http::error::need_more && error != http::error::need_buffer) {
    throw BrokenBody();
  }
  if (used > 0 || error == http::error::need_buffer) return false;
  // What is left is the beginning of a line between chunks: the parser waits for its CRLF.
  const std::string_view line(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  if (HasBareLineFeed(line) || line.size() >= kHeadMax) throw BrokenBody();
  return true;
}

std::string HttpConnection::HeadOf(int status, const HttpHeaders& headers) const {
  const auto phrase = http::obsolete_reason(static_cast<http::status>(status));
  std::string head = absl::StrCat("HTTP/1.1 ", status, " ", std::string(phrase), "\r\n");
  for (const auto& [name, value] : headers) {
    absl::StrAppend(&head, name, ": ", OneLine(value), "\r\n");
  }
  absl::StrAppend(&head, "Date: ", DateNow(thread_), "\r\n");
  if (!keep_alive_) head += "Connection: close\r\n";
  return head;
}

// At the least rate, as the client takes it.
template <typename Buffers>
awaitable<void> HttpConnection::Send(const Buffers& buffers) {
  StartClock();
  size_t seen = 0;
  const auto whenever_some_was_written = [&](const error_code& error, size_t sent) -> size_t {
    Progress(sent - seen);
    seen = sent;
    return error ? 0 : kWriteMax;
  };
  co_await asio::async_write(socket_, buffers, whenever_some_was_written, use_awaitable);
  StopClock(deadline_ - Clock::now());
}

awaitable<void> HttpConnection::Respond(int status, const HttpHeaders& headers,
                                        const std::string& body) {
  answered_ = true;
  // What is left of a body that nobody wanted would be taken for the next request.
  keep_alive_ = keep_alive_ && body_read_ && !*thread_.leaving;
  std::string head = HeadOf(status, headers);
  if (status != 204 && status != 304)
    absl::StrAppend(&head, "Content-Length: ", body.size(), "\r\n");
  head += "\r\n";
  StopClock(thread_.options->progress_timeout);
  const size_t shown = method_ == "HEAD" ? 0 : body.size();
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head),
                                                     asio::buffer(body.data(), shown)};
  co_await Send(buffers);
}

awaitable<void> HttpConnection::Begin(int status, const HttpHeaders& headers) {
  answered_ = true;
  chunking_ = !old_ && method_ != "HEAD";
  for (const auto& [name, value] : headers) chunking_ = chunking_ && name != "Content-Length";
  keep_alive_ = keep_alive_ && body_read_ && !*thread_.leaving;
  std::string head = HeadOf(status, headers);
  if (chunking_) head += "Transfer-Encoding: chunked\r\n";
  head += "\r\n";
  StopClock(thread_.options->progress_timeout);
  co_await Send(asio::buffer(head));
}

awaitable<void> HttpConnection::Write(const std::string& data) {
  if (data.empty() || method_ == "HEAD") co_return;
  if (!chunking_) {
    co_await Send(asio::buffer(data));
    co_return;
  }
  const std::string size = absl::StrFormat("%x\r\n", data.size());
  const std::array<asio::const_buffer, 3> buffers = {asio::buffer(size), asio::buffer(data),
                                                     asio::buffer("\r\n", 2)};
  co_await Send(buffers);
}

awaitable<void> HttpConnection::End(bool whole) {
  if (!whole) {
    keep_alive_ = false;
  } else if (chunking_) {
    co_await Send(asio::buffer("0\r\n\r\n", 5));
  }
}

awaitable<void> HttpConnection::Linger() {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  clock_stands_ = false;
  Extend(kLinger);
  std::string waste(kBuffer, '\0');
  for (size_t total = 0; total < kLingerBytes && !error;) {
    total += co_await socket_.async_read_some(asio::buffer(waste),
                                              asio::redirect_error(use_awaitable, error));
  }
}

}  // namespace gatehouse::gateway
