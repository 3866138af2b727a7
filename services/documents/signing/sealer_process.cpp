#include "services/documents/signing/sealer_process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr int kRefused = 3;  // How the program exits then.
constexpr absl::Duration kLook = absl::Milliseconds(10);
constexpr size_t kReasonMax = 100;
constexpr char kPdfTime[] = "D:%Y%m%d%H%M%SZ";  // ISO 32000-1, section 7.9.4.

// A file in memory, which only we and the child have.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : descriptor_(memfd_create(name, MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  int descriptor() const { return descriptor_; }

  bool Write(absl::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }
  void Rewind() const { lseek(descriptor_, 0, SEEK_SET); }
  std::string ReadAll() const {
    std::string bytes(static_cast<size_t>(std::max<off_t>(lseek(descriptor_, 0, SEEK_END), 0)), 0);
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t got =
          pread(descriptor_, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
      if (got <= 0) return "";
      at += static_cast<size_t>(got);
    }
    return bytes;
  }

 private:
  const int descriptor_;
};

std::string InputOf(const SealOrder& order) {
  const std::string time = absl::FormatTime(kPdfTime, order.time, absl::UTCTimeZone());
  std::string lines;
  for (const auto& [label, text] : order.certificate) {
    absl::StrAppend(&lines, label, label.empty() ? "" : "\t", text, "\n");
  }
  return absl::StrCat(time.size(), " ", order.filename.size(), " ", lines.size(), " ",
                      order.document.size(), "\n", time, order.filename, lines);
}

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
absl::StatusOr<pid_t> Start(const std::string& program, const SealerLimits& limits,
                            const MemoryFile& in, const MemoryFile& out, const MemoryFile& error) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error.descriptor(), STDERR_FILENO);
  // Not every library's connections are closed on exec.
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  std::string name = program, cpu = absl::StrCat(limits.cpu_seconds),
              memory = absl::StrCat(limits.memory_bytes);
  char* const arguments[] = {name.data(), cpu.data(), memory.data(), nullptr};
  std::string locale = "LC_ALL=C.UTF-8", cache = "XDG_CACHE_HOME=/tmp";
  char* const environment[] = {locale.data(), cache.data(), nullptr};
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return absl::InternalError("gatehouse-sealer does not start");
  return child;
}

// What came back, with the signature in its place.
absl::StatusOr<std::string> Signed(std::string output, const SealKey& key) {
  const absl::Status wrong = absl::InternalError("gatehouse-sealer answered something else");
  const size_t end = output.find('\n');
  if (end == std::string::npos) return wrong;
  const std::pair<std::string, std::string> numbers = absl::StrSplit(output.substr(0, end), ' ');
  size_t offset = 0, digits = 0;
  if (!absl::SimpleAtoi(numbers.first, &offset) || !absl::SimpleAtoi(numbers.second, &digits)) {
    return wrong;
  }
  std::string pdf = output.substr(end + 1);
  if (offset < 1 || digits > pdf.size() || offset > pdf.size() - digits - 1 ||
      pdf.find_first_not_of('0', offset) != offset + digits) {
    return wrong;
  }
  const absl::string_view all = pdf;
  ASSIGN_OR_RETURN(const std::string signature,
                   key.Sign(all.substr(0, offset - 1), all.substr(offset + digits + 1)));
  const std::string text = Hex(signature);
  if (text.size() > digits) return absl::InternalError("the seal's certificates are too long");
  pdf.replace(offset, text.size(), text);
  return pdf;
}

}  // namespace

absl::StatusOr<Sealed> SealerProcess::Seal(const SealOrder& order) {
  const MemoryFile in("seal-in"), out("seal-out"), error("seal-error");
  if (!in.Write(InputOf(order)) || !in.Write(order.document)) {
    return absl::ResourceExhaustedError("there is no memory to seal in");
  }
  in.Rewind();
  ASSIGN_OR_RETURN(const pid_t child, Start(program_, limits_, in, out, error));
  const int status = Await(child, limits_.wait);
  // Killed by a limit, by itself or by us: the file asks for more than any honest one.
  if (WIFSIGNALED(status)) return Sealed{.refused = "PDF_TOO_COSTLY"};
  if (WEXITSTATUS(status) == kRefused) {
    return Sealed{.refused = error.ReadAll().substr(0, kReasonMax)};
  }
  if (status != 0) return Sealed{.refused = "PDF_TOO_COSTLY"};
  ASSIGN_OR_RETURN(std::string pdf, Signed(out.ReadAll(), key_));
  return Sealed{.document = std::move(pdf)};
}

}  // namespace gatehouse::documents
