/* filter.c - a list of refused system calls: it stays in force beside the list of allowed ones that the program sets
 * for itself, and is all there is until then. */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "The sandbox knows x86-64 and aarch64."
#endif

#define OFFSET_NUMBER 0
#define OFFSET_ARCHITECTURE 4
#define OFFSET_ARGUMENT(index) (16 + 8 * (index))

#define REFUSE(error) (SECCOMP_RET_ERRNO | (error))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
/* The next statement only where the loaded word is this one. */
#define WHEN(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define PROGRAM_MOST 512u

/* By name where the headers know it; the later ones have the same number everywhere. */
static const uint32_t refused[] = {
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
    425 /* io_uring_setup */, 426 /* io_uring_enter */, 427 /* io_uring_register */,
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
    SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns,
    428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */,
    442 /* mount_setattr */,
    SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_fanotify_init, SYS_fanotify_mark,
    434 /* pidfd_open */, 438 /* pidfd_getfd */, 424 /* pidfd_send_signal */, 440 /* process_madvise */, 448 /* process_mrelease */,
    SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_sethostname, SYS_setdomainname, SYS_acct, SYS_quotactl, SYS_syslog, SYS_vhangup,
    SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex,
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid, SYS_setfsgid,
    SYS_setpriority, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr, SYS_ioprio_set,
    SYS_shmget, SYS_shmat, SYS_shmctl, SYS_shmdt, SYS_semget, SYS_semop, SYS_semctl, SYS_semtimedop,
    SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink,
    SYS_setsid, SYS_setpgid, SYS_personality, SYS_memfd_create, 447 /* memfd_secret */,
    /* Landlock does not know them, and a host that is root owns most files: modes, owners, times and attributes. */
    SYS_fchmod, SYS_fchmodat, 452 /* fchmodat2 */, SYS_fchown, SYS_fchownat, SYS_utimensat,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    463 /* setxattrat */, 466 /* removexattrat */, 469 /* file_setattr */,
    SYS_mbind, SYS_set_mempolicy, SYS_migrate_pages, SYS_move_pages, SYS_lookup_dcookie, SYS_nfsservctl,
#if defined(__x86_64__)
    SYS_fork, SYS_vfork, SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS_ustat, SYS_sysfs,
    320 /* kexec_file_load */, SYS_mknod, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat,
#endif
    SYS_mknodat, 461 /* lsm_set_self_attr */,
};

typedef struct assembly {
  struct sock_filter code[PROGRAM_MOST];
  uint16_t length;
} assembly;

static void emit(assembly *to, struct sock_filter statement) {
  if (to->length < PROGRAM_MOST) to->code[to->length++] = statement;
}

static void start(assembly *to) {
  const struct sock_filter head[] = {
      LOAD(OFFSET_ARCHITECTURE),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
      RETURN(SECCOMP_RET_KILL_PROCESS),
      LOAD(OFFSET_NUMBER),
#if defined(__x86_64__)
      /* The x32 numbers are another way to the same calls. */
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),
      RETURN(SECCOMP_RET_KILL_PROCESS),
#endif
  };
  for (size_t index = 0; index < sizeof head / sizeof *head; index++) emit(to, head[index]);
}

/* Leads over `count` statements unless the call is this one. */
static void unless_call(assembly *to, uint32_t call, uint8_t count) {
  const struct sock_filter jump = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, count);
  emit(to, jump);
}

static void emit_all(assembly *to, const struct sock_filter *statements, size_t count) {
  for (size_t index = 0; index < count; index++) emit(to, statements[index]);
}

/* Threads are what a clone may make. */
static void filter_clone(assembly *to) {
  const struct sock_filter only_threads[] = {
      LOAD(OFFSET_ARGUMENT(0)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
      RETURN(REFUSE(EPERM)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET, 0, 1),
      RETURN(REFUSE(EPERM)),
      RETURN(SECCOMP_RET_ALLOW),
  };
  unless_call(to, SYS_clone, sizeof only_threads / sizeof *only_threads);
  emit_all(to, only_threads, sizeof only_threads / sizeof *only_threads);
  /* Its flags lie in memory, where no filter can look: the C library then takes clone. */
  unless_call(to, 435 /* clone3 */, 1);
  emit(to, (struct sock_filter)RETURN(REFUSE(ENOSYS)));
}

/* Signals go to this process, whose id stays what it is now. */
static void filter_signals(assembly *to) {
  static const uint32_t calls[] = {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo};
  for (size_t index = 0; index < sizeof calls / sizeof *calls; index++) {
    const struct sock_filter only_itself[] = {
        LOAD(OFFSET_ARGUMENT(0)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0),
        RETURN(REFUSE(EPERM)),
        RETURN(SECCOMP_RET_ALLOW),
    };
    unless_call(to, calls[index], sizeof only_itself / sizeof *only_itself);
    emit_all(to, only_itself, sizeof only_itself / sizeof *only_itself);
  }
  unless_call(to, SYS_tkill, 1);
  emit(to, (struct sock_filter)RETURN(REFUSE(EPERM)));
}

/* Reading limits is fine, setting them is not; nor anything about another process. */
static void filter_limits(assembly *to) {
  const struct sock_filter only_reading[] = {
      LOAD(OFFSET_ARGUMENT(2)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      RETURN(REFUSE(EPERM)),
      LOAD(OFFSET_ARGUMENT(2) + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      RETURN(REFUSE(EPERM)),
      RETURN(SECCOMP_RET_ALLOW),
  };
  unless_call(to, SYS_prlimit64, sizeof only_reading / sizeof *only_reading);
  emit_all(to, only_reading, sizeof only_reading / sizeof *only_reading);
  unless_call(to, SYS_setrlimit, 1);
  emit(to, (struct sock_filter)RETURN(REFUSE(EPERM)));
}

/* Pairs of sockets within the process are how an event loop wakes itself. Landlock does not know UDP, nor other
 * protocols over the internet: only TCP is left of it, and UDP where names have to be resolved. */
static void filter_sockets(assembly *to, const policy *what) {
  assembly body = {.length = 0};
  if (what->internet) {
    const struct sock_filter families[] = {
        LOAD(OFFSET_ARGUMENT(0)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0),
        RETURN(REFUSE(EPERM)),
        LOAD(OFFSET_ARGUMENT(1)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xF),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what->datagrams ? SOCK_DGRAM : SOCK_STREAM, 1, 0),
        RETURN(REFUSE(EPERM)),
        /* 0 and TCP or UDP by number; multipath TCP and others go around the rules for ports. */
        LOAD(OFFSET_ARGUMENT(2)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what->datagrams ? 17 : 6, 1, 0),
        RETURN(REFUSE(EPERM)),
        RETURN(SECCOMP_RET_ALLOW),
    };
    emit_all(&body, families, sizeof families / sizeof *families);
  } else {
    emit(&body, (struct sock_filter)RETURN(REFUSE(EPERM)));
  }
  unless_call(to, SYS_socket, (uint8_t)body.length);
  emit_all(to, body.code, body.length);
  /* A datagram socket of a pair still sends to any path: Landlock does not know those. */
  const struct sock_filter only_streams[] = {
      LOAD(OFFSET_ARGUMENT(1)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xF),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0),
      RETURN(REFUSE(EPERM)),
      RETURN(SECCOMP_RET_ALLOW),
  };
  unless_call(to, SYS_socketpair, sizeof only_streams / sizeof *only_streams);
  emit_all(to, only_streams, sizeof only_streams / sizeof *only_streams);
}

/* A fast open connects without a connect, past the rules for ports; listening without bind takes any port. */
static void filter_ways_around(assembly *to, const policy *what) {
  static const uint32_t sending[] = {SYS_sendto, SYS_sendmmsg};
  for (size_t index = 0; index < sizeof sending / sizeof *sending; index++) {
    const struct sock_filter no_fast_open[] = {
        LOAD(OFFSET_ARGUMENT(3)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MSG_FASTOPEN, 0, 1),
        RETURN(REFUSE(EPERM)),
        RETURN(SECCOMP_RET_ALLOW),
    };
    unless_call(to, sending[index], sizeof no_fast_open / sizeof *no_fast_open);
    emit_all(to, no_fast_open, sizeof no_fast_open / sizeof *no_fast_open);
  }
  const struct sock_filter no_fast_message[] = {
      LOAD(OFFSET_ARGUMENT(2)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MSG_FASTOPEN, 0, 1),
      RETURN(REFUSE(EPERM)),
      RETURN(SECCOMP_RET_ALLOW),
  };
  unless_call(to, SYS_sendmsg, sizeof no_fast_message / sizeof *no_fast_message);
  emit_all(to, no_fast_message, sizeof no_fast_message / sizeof *no_fast_message);
  if (what->bind_count > 0) return;
  unless_call(to, SYS_listen, 1);
  emit(to, (struct sock_filter)RETURN(REFUSE(EPERM)));
}

/* Nor does Landlock know who watches a folder; Deno does. */
static void filter_watching(assembly *to, const policy *what) {
  if (what->watch) return;
  unless_call(to, SYS_inotify_add_watch, 1);
  emit(to, (struct sock_filter)RETURN(REFUSE(EPERM)));
}

/* Characters pushed into a terminal would be typed by its user. */
static void filter_terminal(assembly *to) {
  const struct sock_filter no_typing[] = {
      LOAD(OFFSET_ARGUMENT(1)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5412 /* TIOCSTI */, 0, 1),
      RETURN(REFUSE(EPERM)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x541C /* TIOCLINUX */, 0, 1),
      RETURN(REFUSE(EPERM)),
      RETURN(SECCOMP_RET_ALLOW),
  };
  unless_call(to, SYS_ioctl, sizeof no_typing / sizeof *no_typing);
  emit_all(to, no_typing, sizeof no_typing / sizeof *no_typing);
}

int filter_possible(void) {
  const uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int filter_enforce(const policy *what, char *wrong, size_t capacity) {
  assembly all = {.length = 0};
  start(&all);
  filter_clone(&all);
  filter_signals(&all);
  filter_limits(&all);
  filter_sockets(&all, what);
  filter_ways_around(&all, what);
  filter_watching(&all, what);
  filter_terminal(&all);
  for (size_t index = 0; index < sizeof refused / sizeof *refused; index++) {
    const struct sock_filter pair[] = {WHEN(refused[index]), RETURN(REFUSE(EPERM))};
    emit_all(&all, pair, 2);
  }
  emit(&all, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
  const struct sock_fprog program = {.len = all.length, .filter = all.code};
  if (all.length < PROGRAM_MOST && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return 0;
  snprintf(wrong, capacity, "seccomp: %s", all.length < PROGRAM_MOST ? strerror(errno) : "the filter is too long");
  return -1;
}
