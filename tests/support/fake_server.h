#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gatehouse {

// One connection as its server sees it.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  // Up to and with `end`; empty once the client is gone.
  std::string ReadTo(const std::string& end) {
    size_t at;
    while ((at = buffer_.find(end)) == std::string::npos) {
      if (!Fill()) return "";
    }
    return Take(at + end.size());
  }
  std::string ReadBytes(size_t size) {
    while (buffer_.size() < size && Fill()) {
    }
    return Take(std::min(size, buffer_.size()));
  }
  // False once the client is gone.
  bool Write(const std::string& text) {
    return send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0;
  }

 private:
  bool Fill() {
    char data[4096];
    const ssize_t got = recv(socket_, data, sizeof data, 0);
    if (got > 0) buffer_.append(data, got);
    return got > 0;
  }
  std::string Take(size_t size) {
    const std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  const int socket_;
  std::string buffer_;
};

// A server on a port of its own that runs `serve` for one connection after the other.
class FakeServer {
 public:
  explicit FakeServer(std::function<void(Peer&)> serve)
      : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] { Run(serve); });
  }
  // The clients must be gone by then.
  ~FakeServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string At(const std::string& scheme) const {
    return scheme + "://127.0.0.1:" + std::to_string(port_);
  }

 private:
  void Run(const std::function<void(Peer&)>& serve) {
    for (int client; (client = accept(listener_, nullptr, nullptr)) >= 0; close(client)) {
      Peer peer(client);
      serve(peer);
    }
  }

  const int listener_;
  int port_ = 0;
  std::thread thread_;
};

// An HTTP server that gives its answers in their order, and remembers what it was asked. It hangs
// up after the last one, and instead of an empty one.
class FakeProvider {
 public:
  explicit FakeProvider(std::vector<std::string> answers)
      : answers_(std::move(answers)), server_([this](Peer& peer) { Serve(peer); }) {}
  static std::string Answer(int status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  std::string url() const { return server_.At("http"); }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Serve(Peer& peer) {
    while (true) {
      std::string request = peer.ReadTo("\r\n\r\n");
      if (request.empty()) return;
      const size_t length = request.find("Content-Length: ");
      if (length != std::string::npos) {
        request += peer.ReadBytes(std::stoul(request.substr(length + 16)));
      }
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (requests_.size() > answers_.size()) return;
      const std::string& answer = answers_[requests_.size() - 1];
      peer.Write(answer);
      if (answer.empty() || requests_.size() == answers_.size()) return;
    }
  }

  const std::vector<std::string> answers_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  FakeServer server_;
};

// A mail server that takes everything, but for what `replies` says to the commands that begin so
// ("" is the greeting, "." the end of a text); an empty reply hangs up.
class FakeMailServer {
 public:
  using Replies = std::map<std::string, std::string>;
  explicit FakeMailServer(Replies replies = {})
      : replies_(std::move(replies)), server_([this](Peer& peer) { Serve(peer); }) {}
  std::string url() const { return server_.At("smtp"); }
  // From now on it takes this command.
  void Forget(const std::string& command) {
    const std::lock_guard lock(mutex_);
    replies_.erase(command);
  }
  std::vector<std::string> commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
  }
  // As they travelled, with dots still doubled.
  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  // False where the server hangs up.
  bool Reply(Peer& peer, const std::string& command, const std::string& otherwise) {
    std::string reply = otherwise;
    const std::lock_guard lock(mutex_);
    for (const auto& [start, other] : replies_) {
      if (start.empty() ? command.empty() : command.substr(0, start.size()) == start) reply = other;
    }
    if (!reply.empty()) peer.Write(reply + "\r\n");
    return !reply.empty();
  }
  void Serve(Peer& peer) {
    if (!Reply(peer, "", "220 ready")) return;
    while (true) {
      const std::string command = peer.ReadTo("\r\n");
      if (command.empty()) return;
      {
        const std::lock_guard lock(mutex_);
        commands_.push_back(command);
      }
      const bool data = command == "DATA\r\n";
      if (!Reply(peer, command, data ? "354 go on" : "250 AUTH PLAIN")) return;
      if (data && replies_.count("DATA") == 0) {
        const std::string text = peer.ReadTo("\r\n.\r\n");
        {
          const std::lock_guard lock(mutex_);
          texts_.push_back(text);
        }
        if (!Reply(peer, ".", "250 taken")) return;
      }
    }
  }

  Replies replies_;
  mutable std::mutex mutex_;
  std::vector<std::string> commands_, texts_;
  FakeServer server_;
};

// A server by TLS from the first byte, under a certificate that nobody knows. It is OpenSSL's own,
// and says `text`, as printf has it, at once to the first who connects.
class TlsServer {
 public:
  explicit TlsServer(std::string text) : text_(std::move(text)) {
    char folder[] = "/tmp/gatehouse-tls-XXXXXX";
    REQUIRE(mkdtemp(folder) != nullptr);
    folder_ = folder;
    static int made = 0;
    port_ = std::to_string(20000 + (getpid() + ++made) % 10000);
    Start();
  }
  ~TlsServer() {
    Stop();
    std::system(("rm -r " + folder_).c_str());
  }
  // Another certificate at the same address, and the first who connects is still to come.
  void ChangeCertificate() {
    Stop();
    ++certificates_;
    Start();
  }
  std::string At(const std::string& scheme) const { return scheme + "://127.0.0.1:" + port_; }
  std::string certificate() const {
    return folder_ + "/certificate-" + std::to_string(certificates_);
  }

 private:
  static void Run(const std::string& command) { REQUIRE(std::system(command.c_str()) == 0); }
  void Start() const {
    Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
        "-subj /CN=relay -addext subjectAltName=IP:127.0.0.1 -keyout " +
        folder_ + "/key -out " + certificate() + " 2>/dev/null");
    char port[9];
    snprintf(port, sizeof port, "%04X", std::stoi(port_));
    const std::string listens = std::string("grep -q ':") + port + " .*:0000 0A' /proc/net/tcp";
    Run("(printf '" + text_ + "'; sleep 20) | openssl s_server -quiet -accept 127.0.0.1:" + port_ +
        " -cert " + certificate() + " -key " + folder_ + "/key >/dev/null 2>&1 & echo $! >" +
        folder_ + "/pid; for i in $(seq 500); do " + listens + " && break; sleep 0.02; done");
  }
  void Stop() const { std::system(("kill $(cat " + folder_ + "/pid)").c_str()); }

  const std::string text_;
  std::string folder_, port_;
  int certificates_ = 1;
};

// A mail server that takes one message.
class TlsMailServer : public TlsServer {
 public:
  TlsMailServer()
      : TlsServer("220 a\\r\\n250 b\\r\\n250 c\\r\\n250 d\\r\\n354 e\\r\\n250 f\\r\\n") {}
  std::string url() const { return At("smtps"); }
};

}  // namespace gatehouse
