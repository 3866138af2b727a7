#include "services/previewer/confinement.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>

namespace gatehouse::previewer {
namespace {

constexpr rlim_t kDescriptorsMax = 64;

void Require(bool done) {
  if (!done) throw std::runtime_error("cannot give up what it must not have");
}

void LimitOne(int resource, rlim_t most) {
  const rlimit limit = {most, most};
  Require(setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0);
}

// These system calls fail from now on, as if they were forbidden to everybody.
void Deny(std::initializer_list<int> calls) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  Require(filter != nullptr);
  for (const int call : calls) {
    Require(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) == 0);
  }
  Require(seccomp_load(filter) == 0);  // Sets no_new_privs, too.
  seccomp_release(filter);
}

void Allow(int rules, const char* path, uint64_t rights) {
  const int descriptor = open(path, O_PATH | O_CLOEXEC);
  if (descriptor < 0) return;  // Not every system has each of them.
  landlock_path_beneath_attr below = {};
  below.allowed_access = rights;
  below.parent_fd = descriptor;
  Require(syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == 0);
  close(descriptor);
}

}  // namespace

void Limit(rlim_t cpu_seconds, rlim_t memory_bytes, rlim_t output_bytes) {
  LimitOne(RLIMIT_CPU, cpu_seconds);
  LimitOne(RLIMIT_AS, memory_bytes);
  LimitOne(RLIMIT_FSIZE, output_bytes);
  LimitOne(RLIMIT_CORE, 0);
  LimitOne(RLIMIT_NOFILE, kDescriptorsMax);
}

void LeaveNetwork() {
  Deny({SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen),
        SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
        SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(kill), SCMP_SYS(io_uring_setup),
        SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(keyctl), SCMP_SYS(unshare),
        SCMP_SYS(setns), SCMP_SYS(mount)});
}

void LeaveFiles() {
  Deny({SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(creat),
        SCMP_SYS(open_by_handle_at), SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
        SCMP_SYS(vfork)});
}

void ReadSystemFilesOnly() {
  landlock_ruleset_attr all = {};
  // What the first version of Landlock knows, from execute to making links.
  all.handled_access_fs = (uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1) - 1;
  const auto rules = static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0));
  if (rules < 0) return;
  constexpr uint64_t kFile = LANDLOCK_ACCESS_FS_READ_FILE;
  constexpr uint64_t kFolder = kFile | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_DIR;
  for (const char* folder : {"/usr", "/lib", "/lib64", "/etc/fonts", "/var/cache/fontconfig"}) {
    Allow(rules, folder, kFolder);
  }
  Allow(rules, "/etc/ld.so.cache", kFile);
  Require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  Require(syscall(SYS_landlock_restrict_self, rules, 0) == 0);
  close(rules);
}

}  // namespace gatehouse::previewer
