#include "services/documents/scanning/clamd.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kChunk = 256 << 10;
constexpr size_t kAnswerMax = 4096;

absl::Status Away(const char* step) {
  return absl::UnavailableError(absl::StrCat("clamd: ", step, ": ", std::strerror(errno)));
}

class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection() {
    if (socket_ >= 0) close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_; }
  void SetPatience(absl::Duration patience) const {
    const timeval limit = absl::ToTimeval(patience);
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  bool Send(const std::string& bytes) const {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      sent += static_cast<size_t>(n);
    }
    return true;
  }
  // All that comes until the other side ends the connection.
  absl::StatusOr<std::string> Receive() const {
    std::string answer(kAnswerMax, '\0');
    size_t size = 0;
    while (size < answer.size()) {
      const ssize_t n = recv(socket_, answer.data() + size, answer.size() - size, 0);
      if (n < 0 && errno == EINTR) continue;
      // It ends a stream that is too long while we still send: what it said is there all the same.
      if (n < 0 && size == 0) return Away("receive");
      if (n <= 0) break;
      size += static_cast<size_t>(n);
    }
    answer.resize(size);
    return answer;
  }

 private:
  const int socket_;
};

bool Connect(const Connection& connection, const sockaddr* address, socklen_t size,
             absl::Duration patience) {
  if (connection.socket() < 0) return false;
  connection.SetPatience(patience);
  return connect(connection.socket(), address, size) == 0;
}

absl::StatusOr<std::unique_ptr<Connection>> Open(const ClamdAddress& to, absl::Duration patience) {
  if (!to.path.empty()) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::copy_n(to.path.c_str(), to.path.size() + 1, address.sun_path);
    auto connection = std::make_unique<Connection>(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (Connect(*connection, generic, sizeof address, patience)) return connection;
    return Away("connect");
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(to.host.c_str(), to.port.c_str(), &hints, &found) != 0) {
    return absl::UnavailableError("clamd: its name is not known");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    auto connection =
        std::make_unique<Connection>(socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (Connect(*connection, one->ai_addr, one->ai_addrlen, patience)) return connection;
  }
  return Away("connect");
}

std::string LengthOf(size_t size) {
  const uint32_t length = htonl(static_cast<uint32_t>(size));
  return {reinterpret_cast<const char*>(&length), sizeof length};
}

// Whether all was sent. Where clamd took no more, it says why.
absl::StatusOr<bool> SendAll(const Connection& connection, BlobReader& blob, int64_t size) {
  if (!connection.Send(std::string("zINSTREAM", 10))) return false;
  std::string bytes;
  for (int64_t at = 0; at < size; at += static_cast<int64_t>(bytes.size())) {
    RETURN_IF_ERROR(blob.Read(at, std::min<int64_t>(kChunk, size - at), bytes));
    if (bytes.empty()) return absl::DataLossError("the blob is shorter than known");
    if (!connection.Send(LengthOf(bytes.size()) + bytes)) return false;
  }
  return connection.Send(LengthOf(0));
}

}  // namespace

absl::StatusOr<ClamdAddress> ClamdAddress::Parse(const std::string& url) {
  absl::string_view rest = url;
  ClamdAddress address;
  if (absl::ConsumePrefix(&rest, "unix://")) {
    address.path = std::string(rest);
    const bool fits =
        rest.size() > 1 && rest[0] == '/' && rest.size() < sizeof sockaddr_un::sun_path;
    if (fits) return address;
  } else if (absl::ConsumePrefix(&rest, "tcp://")) {
    const size_t colon = rest.rfind(':');
    int port = 0;
    if (colon != absl::string_view::npos && colon > 0 &&
        absl::SimpleAtoi(rest.substr(colon + 1), &port) && port > 0 && port < 65536) {
      address.host = std::string(rest.substr(0, colon));
      address.port = absl::StrCat(port);
      return address;
    }
  }
  return absl::InvalidArgumentError("must be tcp://host:port or unix:///path");
}

absl::StatusOr<Verdict> Clamd::Scan(BlobReader& blob, int64_t size) {
  ASSIGN_OR_RETURN(const auto connection, Open(address_, patience_));
  ASSIGN_OR_RETURN(const bool sent, SendAll(*connection, blob, size));
  const auto answer = connection->Receive();
  // A connection that breaks before any answer says nothing of the file.
  if (!answer.ok()) return answer.status();
  if (answer->empty()) return absl::UnavailableError("clamd: it ended without an answer");
  ASSIGN_OR_RETURN(const Verdict verdict, VerdictOf(*answer));
  if (!sent && verdict.scan == documents::Scan::kClean) {
    return absl::UnavailableError("clamd: it answered before it had all");
  }
  return verdict;
}

absl::StatusOr<int64_t> Clamd::Database() {
  ASSIGN_OR_RETURN(const auto connection, Open(address_, patience_));
  if (!connection->Send(std::string("zVERSION", 9))) return Away("send");
  ASSIGN_OR_RETURN(const std::string answer, connection->Receive());
  if (!absl::StartsWith(answer, "ClamAV ")) {
    return absl::UnavailableError("clamd: it does not say its version");
  }
  return DatabaseOf(answer);
}

}  // namespace gatehouse::documents
