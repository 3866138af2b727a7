#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/random.h"

extern char** environ;

namespace gatehouse::documents {

// The file that every scanner takes for malware, and that is none.
inline const std::string kEicar =
    std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$") + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

// A clamd of a test's own, which knows EICAR alone; gone at the end.
class ClamdProcess {
 public:
  // Its limits are so small that a test can go beyond them.
  static constexpr int64_t kMaxFileBytes = 1 << 20, kStreamMaxBytes = 4 << 20;

  ClamdProcess() {
    std::filesystem::create_directories(folder_ / "db");
    std::filesystem::create_directories(folder_ / "tmp");
    std::ofstream(folder_ / "db" / "test.ndb")
        << "Test.EICAR:0:*:" << absl::BytesToHexString(kEicar.substr(0, 40)) << "\n";
    std::ofstream(folder_ / "clamd.conf")
        << "DatabaseDirectory " << (folder_ / "db").string() << "\nLocalSocket " << socket()
        << "\nForeground yes\nTemporaryDirectory " << (folder_ / "tmp").string()
        << "\nStreamMaxLength 4M\nMaxFileSize 1M\nMaxScanSize 20M\nMaxRecursion 10\nMaxFiles 1000\n"
        << "AlertExceedsMax yes\nAlertEncrypted yes\nSelfCheck 0\n";
    Start();
  }
  ~ClamdProcess() {
    Stop();
    std::filesystem::remove_all(folder_);
  }
  ClamdProcess(const ClamdProcess&) = delete;
  ClamdProcess& operator=(const ClamdProcess&) = delete;

  void Start() {
    std::vector<std::string> words = {
        "clamd", absl::StrCat("--config-file=", (folder_ / "clamd.conf").string())};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    // Debian has it beside the administrator's programs.
    const char* program = "/usr/sbin/clamd";
    REQUIRE(posix_spawn(&pid_, program, &quiet, nullptr, arguments.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&quiet);
  }
  void Stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
    std::filesystem::remove(socket());
  }
  std::string socket() const { return (folder_ / "clamd.sock").string(); }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / NewId("gatehouse-clamd");
  pid_t pid_ = 0;
};

}  // namespace gatehouse::documents
