#include "services/documents/child/child.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(10);

// How it ended, as waitpid() says; killed where that took longer than `wait`.
int Await(pid_t child, absl::Duration wait) {
  const absl::Time end = absl::Now() + wait;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (absl::Now() >= end) kill(child, SIGKILL);
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kLook));
  }
  return status;
}

// Starts the program with an environment of nothing but what finds fonts.
absl::StatusOr<pid_t> Start(std::vector<std::string> words, const MemoryFile& in,
                            const MemoryFile& out, const MemoryFile& error) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error.descriptor(), STDERR_FILENO);
  // Not every library's connections are closed on exec.
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string locale = "LC_ALL=C.UTF-8", cache = "XDG_CACHE_HOME=/tmp";
  char* const environment[] = {locale.data(), cache.data(), nullptr};
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, words[0].c_str(), &actions, nullptr, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return absl::InternalError(absl::StrCat(words[0], " does not start"));
  return child;
}

}  // namespace

absl::StatusOr<ChildEnd> RunChild(const std::string& program, const ChildLimits& limits,
                                  const std::vector<std::string>& more, const MemoryFile& in) {
  const MemoryFile out("child-out"), error("child-error");
  std::vector<std::string> words = {program, absl::StrCat(limits.cpu_seconds),
                                    absl::StrCat(limits.memory_bytes)};
  words.insert(words.end(), more.begin(), more.end());
  lseek(in.descriptor(), 0, SEEK_SET);
  ASSIGN_OR_RETURN(const pid_t child, Start(std::move(words), in, out, error));
  const int status = Await(child, limits.wait);
  return ChildEnd{.killed = !WIFEXITED(status),
                  .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                  .output = out.ReadAll(),
                  .error = error.ReadAll()};
}

}  // namespace gatehouse::documents
