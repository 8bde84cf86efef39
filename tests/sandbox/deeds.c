/* deeds.c - does one thing that a sandbox should refuse, and says what came of it: "done", or the error's number.
 *
 *   deeds [--confine] DEED [ARGUMENT...]
 *
 * With --confine it first gives up the system calls that no plugin needs, as a plugin's process does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../ffi/confine/confine.h"

static int number(const char *text) { return (int)strtol(text, NULL, 10); }

/* ---- files ---------------------------------------------------------------------------------------------------- */

static int read_file(char **with) {
  char byte;
  const int file = open(with[0], O_RDONLY);
  return file < 0 ? -1 : read(file, &byte, 1) >= 0 ? 0 : -1;
}
static int list_folder(char **with) { return open(with[0], O_RDONLY | O_DIRECTORY) < 0 ? -1 : 0; }
static int write_file(char **with) { return open(with[0], O_WRONLY | O_CREAT, 0600) < 0 ? -1 : 0; }
static int truncate_file(char **with) { return truncate(with[0], 0); }
static int make_folder(char **with) { return mkdir(with[0], 0700); }
static int remove_file(char **with) { return unlink(with[0]); }
static int rename_file(char **with) { return rename(with[0], with[1]); }
static int link_file(char **with) { return link(with[0], with[1]); }
static int symlink_file(char **with) { return symlink("/etc", with[0]); }
static int chmod_file(char **with) { return chmod(with[0], 04755); }
static int chown_file(char **with) { return chown(with[0], getuid(), getgid()); }
static int fchmod_file(char **with) {
  const int file = open(with[0], O_RDONLY);
  return file < 0 ? -1 : fchmod(file, 04755);
}
static int fchmodat2_file(char **with) { return (int)syscall(452, AT_FDCWD, with[0], 04755, AT_SYMLINK_NOFOLLOW); }
static int touch_file(char **with) { return utimensat(AT_FDCWD, with[0], NULL, 0); }
static int mark_file(char **with) { return (int)syscall(SYS_setxattr, with[0], "user.caisson", "x", 1, 0); }
static int watch_folder(char **with) { return inotify_add_watch(inotify_init1(IN_CLOEXEC), with[0], IN_OPEN) < 0 ? -1 : 0; }
static int make_device(char **with) { return mknod(with[0], S_IFCHR | 0600, 0x0103); }
static int make_pipe(char **with) { return mknod(with[0], S_IFIFO | 0600, 0); }
static int descriptor(char **with) { return fcntl(number(with[0]), F_GETFD) < 0 ? -1 : 0; }

/* ---- programs ------------------------------------------------------------------------------------------------- */

static int execute(char **with) { return execl(with[0], "echo", "done", (char *)NULL); }
static int execute_memory(char **with) {
  char buffer[65536];
  char *const arguments[] = {"echo", "done", NULL};
  char *const nothing[] = {NULL};
  const int memory = (int)syscall(SYS_memfd_create, "program", 0);
  const int program = memory < 0 ? -1 : open(with[0], O_RDONLY);
  if (program < 0) return -1;
  for (ssize_t got; (got = read(program, buffer, sizeof buffer)) > 0;) {
    if (write(memory, buffer, (size_t)got) != got) return -1;
  }
  return fexecve(memory, arguments, nothing);
}
static int leave_child(long child) {
  if (child == 0) _exit(0);
  if (child > 0) waitpid((pid_t)child, NULL, 0);
  return child < 0 ? -1 : 0;
}
static int fork_process(char **with) {
  (void)with;
  return leave_child(fork());
}
static int clone_process(char **with) {
  (void)with;
  return leave_child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static int clone3_process(char **with) {
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  } how = {.exit_signal = SIGCHLD};
  (void)with;
  return leave_child(syscall(435, &how, sizeof how));
}
static void *nothing(void *given) { return given; }
static int make_thread(char **with) {
  pthread_t thread;
  (void)with;
  errno = pthread_create(&thread, NULL, nothing, NULL);
  return errno == 0 ? pthread_join(thread, NULL) : -1;
}

/* ---- network -------------------------------------------------------------------------------------------------- */

static struct sockaddr_in local(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}
static int connect_port(char **with) {
  const struct sockaddr_in to = local(with[0]);
  const int tcp = socket(AF_INET, SOCK_STREAM, 0);
  return tcp < 0 ? -1 : connect(tcp, (const struct sockaddr *)&to, sizeof to);
}
static int connect_multipath(char **with) {
  const struct sockaddr_in to = local(with[0]);
  const int tcp = socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */);
  return tcp < 0 ? -1 : connect(tcp, (const struct sockaddr *)&to, sizeof to);
}
static int fast_open(char **with) {
  struct sockaddr_in to = local(with[1]);
  struct iovec bytes = {.iov_base = "x", .iov_len = 1};
  struct mmsghdr one = {.msg_hdr = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &bytes, .msg_iovlen = 1}};
  const int tcp = socket(AF_INET, SOCK_STREAM, 0);
  if (tcp < 0) return -1;
  if (strcmp(with[0], "sendto") == 0) return sendto(tcp, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to) < 0 ? -1 : 0;
  if (strcmp(with[0], "sendmsg") == 0) return sendmsg(tcp, &one.msg_hdr, MSG_FASTOPEN) < 0 ? -1 : 0;
  return sendmmsg(tcp, &one, 1, MSG_FASTOPEN) < 0 ? -1 : 0;
}
static int listen_port(char **with) {
  const struct sockaddr_in at = local(with[0]);
  const int tcp = socket(AF_INET, SOCK_STREAM, 0);
  const int again = 1;
  if (tcp < 0) return -1;
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  return bind(tcp, (const struct sockaddr *)&at, sizeof at) != 0 ? -1 : listen(tcp, 1);
}
static int listen_anywhere(char **with) {
  const int tcp = socket(AF_INET, SOCK_STREAM, 0);
  (void)with;
  return tcp < 0 ? -1 : listen(tcp, 1);
}
static int send_datagram(char **with) {
  const struct sockaddr_in to = local(with[0]);
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  return udp < 0 ? -1 : sendto(udp, "x", 1, 0, (const struct sockaddr *)&to, sizeof to) < 0 ? -1 : 0;
}
static int connect_unix(char **with) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  const int stream = socket(AF_UNIX, SOCK_STREAM, 0);
  if (stream < 0 || strlen(with[0]) >= sizeof to.sun_path) return -1;
  memcpy(to.sun_path, with[0], strlen(with[0]));
  return connect(stream, (const struct sockaddr *)&to, sizeof to);
}
static int open_socket(char **with) { return socket(number(with[0]), number(with[1]), number(with[2])) < 0 ? -1 : 0; }
static int pair_sockets(char **with) {
  int both[2];
  return socketpair(AF_UNIX, number(with[0]), 0, both);
}

/* ---- other processes ------------------------------------------------------------------------------------------ */

static int signal_process(char **with) { return kill(number(with[0]), 0); }
static int signal_thread(char **with) { return (int)syscall(SYS_tgkill, number(with[0]), number(with[0]), 0); }
static int signal_descriptor(char **with) {
  const int process = (int)syscall(434, number(with[0]), 0);
  return process < 0 ? -1 : (int)syscall(424, process, 0, NULL, 0);
}
static int trace(char **with) { return (int)ptrace(PTRACE_SEIZE, number(with[0]), NULL, NULL); }
static int peek(char **with) {
  char byte;
  struct iovec here = {.iov_base = &byte, .iov_len = 1};
  struct iovec there = {.iov_base = (void *)16, .iov_len = 1};
  /* Nothing lies there; whoever may look is told so. */
  return process_vm_readv(number(with[0]), &here, 1, &there, 1, 0) == 1 || errno == EFAULT ? 0 : -1;
}
static int open_memory(char **with) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", number(with[0]));
  return open(path, O_RDWR) < 0 ? -1 : 0;
}
static int limit_process(char **with) {
  const struct rlimit limits = {.rlim_cur = 0, .rlim_max = 0};
  return (int)syscall(SYS_prlimit64, number(with[0]), RLIMIT_CORE, &limits, NULL);
}

/* ---- the kernel ----------------------------------------------------------------------------------------------- */

static int ring(char **with) {
  uint8_t parameters[256] = {0};
  (void)with;
  return syscall(425, 1, parameters) < 0 ? -1 : 0;
}
static int keyring(char **with) {
  (void)with;
  return syscall(SYS_add_key, "user", "caisson-test", "x", 1, -2 /* the process's */) < 0 ? -1 : 0;
}
static int perf(char **with) {
  struct perf_event_attr what = {.type = PERF_TYPE_SOFTWARE, .size = sizeof what, .config = PERF_COUNT_SW_CPU_CLOCK};
  (void)with;
  return syscall(SYS_perf_event_open, &what, 0, -1, -1, 0) < 0 ? -1 : 0;
}
static int faults(char **with) {
  (void)with;
  return syscall(SYS_userfaultfd, 1 /* user mode only */) < 0 ? -1 : 0;
}
static int maps(char **with) {
  uint32_t create[32] = {2 /* array */, 4, 4, 1};
  (void)with;
  return syscall(SYS_bpf, 0, create, sizeof create) < 0 ? -1 : 0;
}
static int new_user(char **with) {
  (void)with;
  return unshare(CLONE_NEWUSER);
}
static int new_mounts(char **with) {
  (void)with;
  return unshare(CLONE_NEWNS);
}
static int enter(char **with) {
  const int name = open("/proc/self/ns/uts", O_RDONLY);
  (void)with;
  return name < 0 ? -1 : setns(name, 0);
}
static int new_root(char **with) { return chroot(with[0]); }
static int open_mounts(char **with) { return (int)syscall(428, AT_FDCWD, with[0], 1 /* a copy */) < 0 ? -1 : 0; }
static int by_handle(char **with) {
  struct {
    uint32_t bytes;
    int32_t type;
    uint8_t handle[128];
  } handle = {.bytes = 128};
  int mount = 0;
  return (int)syscall(SYS_name_to_handle_at, AT_FDCWD, with[0], &handle, &mount, 0);
}
static int other_user(char **with) {
  (void)with;
  return setresuid(65534, 65534, 65534);
}
static int capabilities(char **with) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct held[2];
  (void)with;
  if (syscall(SYS_capget, &header, held) != 0) return -1;
  errno = EPERM;
  return held[0].permitted != 0 ? 0 : -1;
}
static int more_files(char **with) {
  struct rlimit limits;
  (void)with;
  if (getrlimit(RLIMIT_NOFILE, &limits) != 0) return -1;
  limits.rlim_cur = limits.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limits);
}
static int dump(char **with) {
  (void)with;
  return prctl(PR_SET_DUMPABLE, 1);
}
static int real_time(char **with) {
  const struct sched_param first = {.sched_priority = 0};
  (void)with;
  return sched_setscheduler(0, SCHED_BATCH, &first);
}
static int shared_segment(char **with) {
  (void)with;
  return (int)syscall(SYS_shmget, 0 /* private */, 4096, 0600);
}
static int new_session(char **with) {
  (void)with;
  return setsid() < 0 ? -1 : 0;
}
static int old_layout(char **with) {
  (void)with;
  return (int)syscall(SYS_personality, 0x0040000 /* no random addresses */) < 0 ? -1 : 0;
}
static int handle_refusals(char **with) {
  const struct sigaction ignore = {.sa_handler = SIG_IGN};
  (void)with;
  return sigaction(SIGSYS, &ignore, NULL);
}
static int memory(char **with) {
  (void)with;
  return syscall(SYS_memfd_create, "memory", 0) < 0 ? -1 : 0;
}
static int allocate(char **with) {
  const size_t bytes = (size_t)number(with[0]) << 20;
  char *const all = malloc(bytes);
  if (all == NULL) return -1;
  memset(all, 1, bytes);
  return 0;
}

static const struct {
  const char *name;
  int (*act)(char **with);
} deeds[] = {
    {"read", read_file},           {"list", list_folder},          {"write", write_file},
    {"truncate", truncate_file},   {"make-folder", make_folder},   {"remove", remove_file},
    {"rename", rename_file},       {"link", link_file},            {"symlink", symlink_file},
    {"chmod", chmod_file},         {"chown", chown_file},          {"fchmod", fchmod_file},
    {"fchmodat2", fchmodat2_file}, {"touch", touch_file},          {"mark", mark_file},
    {"watch", watch_folder},       {"make-device", make_device},   {"make-pipe", make_pipe},
    {"descriptor", descriptor},    {"execute", execute},           {"execute-memory", execute_memory},
    {"fork", fork_process},        {"clone", clone_process},       {"clone3", clone3_process},
    {"thread", make_thread},       {"connect", connect_port},      {"connect-multipath", connect_multipath},
    {"fast-open", fast_open},      {"listen", listen_port},        {"listen-anywhere", listen_anywhere},
    {"datagram", send_datagram},   {"connect-unix", connect_unix}, {"socket", open_socket},
    {"pair", pair_sockets},        {"signal", signal_process},     {"signal-thread", signal_thread},
    {"signal-descriptor", signal_descriptor}, {"trace", trace},    {"peek", peek},
    {"open-memory", open_memory},  {"limit-process", limit_process}, {"ring", ring},
    {"keyring", keyring},          {"perf", perf},                 {"faults", faults},
    {"maps", maps},                {"new-user", new_user},         {"new-mounts", new_mounts},
    {"enter", enter},              {"new-root", new_root},         {"open-mounts", open_mounts},
    {"by-handle", by_handle},      {"other-user", other_user},     {"capabilities", capabilities},
    {"more-files", more_files},    {"dump", dump},                 {"real-time", real_time},
    {"shared-segment", shared_segment}, {"new-session", new_session}, {"old-layout", old_layout},
    {"handle-refusals", handle_refusals}, {"memory", memory},      {"allocate", allocate},
};

int main(int count, char **arguments) {
  char **words = arguments + 1;
  if (count > 1 && strcmp(words[0], "--confine") == 0) {
    if (caisson_confine(0) != 0) return 3;
    words++;
  }
  for (size_t index = 0; words[0] != NULL && index < sizeof deeds / sizeof *deeds; index++) {
    if (strcmp(words[0], deeds[index].name) != 0) continue;
    if (deeds[index].act(words + 1) >= 0) puts("done");
    else printf("%d\n", errno);
    return 0;
  }
  fputs("no such deed\n", stderr);
  return 2;
}
