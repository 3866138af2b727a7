#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gatehouse {

// Stands before a server of this machine and passes bytes on, until it is stopped: then it is what
// a process looks like from outside that was sent SIGSTOP. Connections live on, the kernel takes
// new ones, and nobody answers.
class StallingProxy {
 public:
  explicit StallingProxy(int server_port) : server_port_(server_port) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = Loopback(0);
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_, 64) == 0);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~StallingProxy() {
    ending_ = true;
    thread_.join();
    close(listener_);
    for (const auto& [from, to] : ways_) close(from);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void Stop() { stopped_ = true; }
  void Continue() { stopped_ = false; }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }

  void Run() {
    while (!ending_) {
      if (stopped_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
      for (const auto& [from, to] : ways_) polled.push_back({from, POLLIN, 0});
      if (poll(polled.data(), polled.size(), 10) <= 0 || stopped_) continue;
      for (size_t i = polled.size() - 1; i > 0; --i) {
        if (polled[i].revents != 0) Pass(polled[i].fd);
      }
      if (polled[0].revents != 0) Accept();
    }
  }

  void Accept() {
    const int client = accept(listener_, nullptr, nullptr);
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(server_port_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(client);
      close(server);
      return;
    }
    ways_.emplace_back(client, server);
    ways_.emplace_back(server, client);
  }

  void Pass(int from) {
    const auto way = std::find_if(ways_.begin(), ways_.end(),
                                  [from](const auto& known) { return known.first == from; });
    if (way == ways_.end()) return;  // Its other end has just closed.
    const int to = way->second;
    std::array<char, 65536> bytes;
    const ssize_t size = read(from, bytes.data(), bytes.size());
    if (size > 0 && send(to, bytes.data(), size, MSG_NOSIGNAL) == size) return;
    std::erase_if(ways_,
                  [&](const auto& known) { return known.first == from || known.first == to; });
    close(from);
    close(to);
  }

  const int server_port_;
  int listener_ = -1, port_ = 0;
  std::vector<std::pair<int, int>> ways_;  // From which socket to which; both ways of each.
  std::atomic<bool> stopped_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace gatehouse
