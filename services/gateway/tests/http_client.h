#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

namespace gatehouse::gateway {

// A client that says exactly what it is told to.
class RawClient {
 public:
  // `window`: of the receiving socket, for a client that reads slowly; 0: the system's.
  explicit RawClient(int port, int window = 0) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (window > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect");
    }
    const timeval patience = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False: the server takes no more.
  bool Send(const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t n = send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += n;
    }
    return true;
  }
  void FinishSending() { shutdown(fd_, SHUT_WR); }

  // What comes until `end` is in it, or the server closes.
  std::string Receive(const std::string& end = "") {
    std::string all;
    char bytes[65536];
    while (end.empty() || all.find(end) == std::string::npos) {
      const ssize_t n = recv(fd_, bytes, sizeof(bytes), 0);
      if (n <= 0) break;
      all.append(bytes, n);
    }
    return all;
  }
  // As many bytes as there are, up to this many.
  std::string ReceiveBytes(size_t size) {
    std::string all(size, '\0');
    size_t got = 0;
    while (got < size) {
      const ssize_t n = recv(fd_, all.data() + got, size - got, 0);
      if (n <= 0) break;
      got += n;
    }
    all.resize(got);
    return all;
  }

 private:
  const int fd_;
};

}  // namespace gatehouse::gateway
