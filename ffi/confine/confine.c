/* confine.c - the list of system calls that a plugin process keeps. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "confine.h"

#include <errno.h>

#if !defined(__linux__)

int32_t caisson_confine(uint32_t keeps) {
  (void)keeps;
  return -ENOSYS;
}

#else

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "call_names.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "The sandbox knows x86-64 and aarch64."
#endif

/* Not there on purpose: chmod, chown and utimes. Landlock does not know them, so they would reach every file of the user,
 * and through a descriptor every file that may only be read; a setuid bit would outlive the process.
 *
 * What a C library, an event loop and the engine of Deno use while they run. What each of them may do to files and
 * ports was said by the launcher. */
static const uint16_t allowed[] = {
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2,
    SYS_close, 436 /* close_range */, SYS_lseek, SYS_dup, SYS_dup3, SYS_fcntl, SYS_flock, SYS_ioctl, SYS_sendfile, SYS_splice,
    SYS_copy_file_range, SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_ftruncate, SYS_truncate, SYS_fallocate, SYS_fadvise64,
    SYS_openat, 437 /* openat2 */, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_faccessat,
    439 /* faccessat2 */, SYS_readlinkat, SYS_getdents64, SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_mkdirat, SYS_unlinkat,
    SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat,
    SYS_umask, SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch,
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_msync, SYS_mincore, SYS_mlock, SYS_munlock, SYS_brk,
    SYS_membarrier, SYS_pkey_alloc, SYS_pkey_free, SYS_pkey_mprotect,
    SYS_futex, 449 /* futex_waitv */, SYS_set_robust_list, SYS_get_robust_list, SYS_set_tid_address, SYS_rseq,
    SYS_clone, 435 /* clone3, which answers ENOSYS */, SYS_exit, SYS_exit_group, SYS_gettid, SYS_getpid, SYS_getppid, SYS_getpgid,
    SYS_getsid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getresuid, SYS_getresgid, SYS_getgroups, SYS_capget,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_sched_getparam, SYS_sched_getscheduler,
    SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_getpriority, SYS_getrlimit, SYS_prlimit64, SYS_getrusage,
    SYS_times, SYS_sysinfo, SYS_uname, SYS_getcpu,
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_rt_sigsuspend,
    SYS_sigaltstack, SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_restart_syscall,
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_timer_create,
    SYS_timer_settime, SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_getitimer, SYS_setitimer,
    SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_eventfd2, SYS_epoll_create1, SYS_epoll_ctl,
    SYS_epoll_pwait, 441 /* epoll_pwait2 */, SYS_ppoll, SYS_pselect6, SYS_pipe2, SYS_signalfd4, SYS_getrandom,
    SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_shutdown, SYS_sendto, SYS_recvfrom,
    SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg, SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_getpeername,
#if defined(__x86_64__)
    SYS_open, SYS_creat, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename,
    SYS_link, SYS_symlink, SYS_getdents, SYS_dup2,
    SYS_pipe, SYS_poll, SYS_select, SYS_epoll_create, SYS_epoll_wait, SYS_eventfd, SYS_inotify_init, SYS_signalfd,
    SYS_arch_prctl, SYS_time, SYS_alarm, SYS_pause, SYS_getpgrp,
#endif
};

#define MOST 512u
#define NUMBERS 1024u

static _Atomic uint8_t reported[NUMBERS];

static void put(char *line, size_t *length, const char *text) {
  while (*text != 0 && *length < 120) line[(*length)++] = *text++;
}

static void put_number(char *line, size_t *length, unsigned number) {
  char digits[12];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count > 0) line[(*length)++] = digits[--count];
}

static void report(int number) {
  if (number < 0 || (unsigned)number >= NUMBERS || atomic_exchange(&reported[number], 1) != 0) return;
  char line[160];
  size_t length = 0;
  put(line, &length, "caisson sandbox: refused ");
  put(line, &length, call_name(number));
  put(line, &length, " (");
  put_number(line, &length, (unsigned)number);
  put(line, &length, ")\n");
  const ssize_t written = write(2, line, length);
  (void)written;
}

/* Calls with the same number everywhere, younger than Linux 5.1. A C library tries one that it knows, and does without
 * where the kernel says that it is not there; at "not permitted" some give up. What is refused for a reason has a name. */
#define YOUNG_CALLS 424

static int refusal(int number) {
  return number >= YOUNG_CALLS && !call_is_named(number) ? ENOSYS : EPERM;
}

/* The call did not happen; whoever made it reads why and goes on. */
static void on_refused(int signal, siginfo_t *info, void *context) {
  (void)signal;
  const int saved = errno;
  report(info->si_syscall);
  ucontext_t *const interrupted = context;
#if defined(__x86_64__)
  interrupted->uc_mcontext.gregs[REG_RAX] = -refusal(info->si_syscall);
#else
  interrupted->uc_mcontext.regs[0] = (unsigned long long)-refusal(info->si_syscall);
#endif
  errno = saved;
}

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define ARGUMENT(index) (16 + 8 * (index))

static size_t assemble(struct sock_filter *code, uint32_t keeps) {
  size_t length = 0;
  const struct sock_filter head[] = {
      LOAD(4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
      RETURN(SECCOMP_RET_KILL_PROCESS),
      LOAD(0),
      /* Of prctl only names of threads and of mappings: no new handlers, no dumps, no ends of seccomp. */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 6),
      LOAD(ARGUMENT(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_NAME, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_GET_NAME, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x53564d41 /* PR_SET_VMA */, 1, 0),
      RETURN(SECCOMP_RET_TRAP),
      RETURN(SECCOMP_RET_ALLOW),
      /* Whoever handles the signal of a refused call hides that it was refused. */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigaction, 0, 4),
      LOAD(ARGUMENT(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SIGSYS, 0, 1),
      RETURN(SECCOMP_RET_ERRNO | EPERM),
      RETURN(SECCOMP_RET_ALLOW),
  };
  for (size_t index = 0; index < sizeof head / sizeof *head; index++) code[length++] = head[index];
  for (size_t index = 0; index < sizeof allowed / sizeof *allowed; index++) {
    const struct sock_filter same = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[index], 0, 1);
    const struct sock_filter allow = RETURN(SECCOMP_RET_ALLOW);
    code[length++] = same;
    code[length++] = allow;
  }
  if (keeps & CAISSON_CONFINE_KEEPS_PAIRS) {
    const struct sock_filter same = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socketpair, 0, 1);
    const struct sock_filter allow = RETURN(SECCOMP_RET_ALLOW);
    code[length++] = same;
    code[length++] = allow;
  }
  const struct sock_filter trap = RETURN(SECCOMP_RET_TRAP);
  code[length++] = trap;
  return length;
}

int32_t caisson_confine(uint32_t keeps) {
  static struct sock_filter code[MOST];
  struct sigaction handler;
  memset(&handler, 0, sizeof handler);
  handler.sa_sigaction = on_refused;
  handler.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  if (sigaction(SIGSYS, &handler, NULL) != 0) return -errno;
  const struct sock_fprog program = {.len = (unsigned short)assemble(code, keeps), .filter = code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
  /* A thread that cannot be brought under the filter is named by a positive answer. */
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (result > 0) return -EBUSY;
  return result == 0 ? 0 : -errno;
}

#endif
