#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/time/clock.h"
#include "services/common/redis/redis.h"

namespace gatehouse {

// A Redis of the test's own, which may hang and die as no shared one may.
class PrivateRedis {
 public:
  PrivateRedis() {
    char name[] = "/tmp/gatehouse-redis-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder_ = name;
    Start();
  }
  ~PrivateRedis() {
    Kill();
    std::filesystem::remove_all(folder_);
  }
  PrivateRedis(const PrivateRedis&) = delete;
  PrivateRedis& operator=(const PrivateRedis&) = delete;

  Secret url() const { return Secret("unix://" + folder_ + "/socket"); }

  void Start() {
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      // Whatever becomes of the test, it ends with it, and keeps no pipe of it open.
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      (void)freopen("/dev/null", "w", stdout);
      (void)freopen("/dev/null", "w", stderr);
      const std::string socket = folder_ + "/socket", log = folder_ + "/log";
      execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket.c_str(),
             "--logfile", log.c_str(), "--save", "", "--appendonly", "no", nullptr);
      _exit(127);
    }
    Redis redis(url());
    for (int i = 0; i < 200 && !redis.Command({"PING"}).ok(); ++i) {
      absl::SleepFor(absl::Milliseconds(20));
    }
    REQUIRE(redis.Command({"PING"}).ok());
  }
  // Takes connections and answers nothing, until it goes on.
  void Hang() const { kill(process_, SIGSTOP); }
  void GoOn() const { kill(process_, SIGCONT); }
  void Kill() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  std::string folder_;
  pid_t process_ = 0;
};

}  // namespace gatehouse
