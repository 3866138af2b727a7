#pragma once

#include <arpa/inet.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/redis/redis.h"

extern char** environ;

namespace gatehouse {

// A port of this machine that nobody listened on just now.
inline int FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(probe);
  return ntohs(address.sin_port);
}

// A redis-server of a test's own, with these lines in its configuration; gone at the end.
class RedisProcess {
 public:
  explicit RedisProcess(const std::string& lines = "", bool sentinel = false,
                        const std::string& port_setting = "port", int port = FreePort())
      : port_(port) {
    std::filesystem::create_directories(folder_);
    const std::string file = folder_ / "redis.conf";
    std::ofstream(file) << "bind 127.0.0.1\nsave \"\"\ndir " << folder_.string() << "\n"
                        << port_setting << " " << port_ << "\n"
                        << "logfile " << (folder_ / "log").string() << "\n"
                        << lines;
    std::vector<std::string> words = {"redis-server", file};
    if (sentinel) words.emplace_back("--sentinel");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    REQUIRE(posix_spawnp(&pid_, "redis-server", nullptr, nullptr, arguments.data(), environ) == 0);
  }
  ~RedisProcess() {
    Signal(SIGCONT);
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  void Signal(int signal) const { kill(pid_, signal); }
  int port() const { return port_; }
  Secret Url() const { return Secret(absl::StrCat("redis://127.0.0.1:", port_)); }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / NewId("gatehouse-redis");
  const int port_;
  pid_t pid_ = 0;
};

// Whether it holds within the time.
template <typename Condition>
bool Within(absl::Duration time, Condition condition) {
  const absl::Time end = absl::Now() + time;
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

inline bool Answers(Redis& redis) { return redis.Command({"PING"}).ok(); }

}  // namespace gatehouse
