/* call_names.h - names of the system calls that somebody may want and does not get. */
#ifndef CAISSON_CALL_NAMES_H
#define CAISSON_CALL_NAMES_H

#include <sys/syscall.h>

typedef struct call_entry {
  int number;
  const char *name;
} call_entry;

#define CALL(name) {SYS_##name, #name}

static const call_entry call_entries[] = {
    CALL(execve), CALL(execveat), CALL(clone), {435, "clone3"}, CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev),
    CALL(kcmp), {425, "io_uring_setup"}, {426, "io_uring_enter"}, {427, "io_uring_register"}, CALL(bpf),
    CALL(perf_event_open), CALL(userfaultfd), CALL(add_key), CALL(request_key), CALL(keyctl), CALL(mount), CALL(umount2),
    CALL(pivot_root), CALL(chroot), CALL(unshare), CALL(setns), {428, "open_tree"}, {429, "move_mount"}, {430, "fsopen"},
    {431, "fsconfig"}, {432, "fsmount"}, {433, "fspick"}, {440, "process_madvise"}, {442, "mount_setattr"},
    {443, "quotactl_fd"}, {445, "landlock_add_rule"}, {447, "memfd_secret"}, {448, "process_mrelease"},
    {461, "lsm_set_self_attr"}, {463, "setxattrat"}, {466, "removexattrat"}, {467, "open_tree_attr"}, {469, "file_setattr"},
    CALL(name_to_handle_at), CALL(open_by_handle_at), CALL(fanotify_init), CALL(fanotify_mark), {434, "pidfd_open"},
    {438, "pidfd_getfd"}, {424, "pidfd_send_signal"}, CALL(kexec_load), CALL(init_module), CALL(finit_module),
    CALL(delete_module), CALL(reboot), CALL(swapon), CALL(swapoff), CALL(sethostname), CALL(setdomainname), CALL(acct),
    CALL(syslog), CALL(settimeofday), CALL(clock_settime), CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid),
    CALL(setresuid), CALL(setresgid), CALL(setgroups), CALL(setpriority), CALL(sched_setscheduler), CALL(sched_setparam),
    CALL(sched_setattr), CALL(shmget), CALL(shmat), CALL(semget), CALL(msgget), CALL(mq_open), CALL(setsid), CALL(setpgid),
    CALL(personality), CALL(memfd_create), CALL(socketpair), CALL(setrlimit), CALL(prctl), CALL(tkill), CALL(wait4),
    CALL(waitid), CALL(mknodat), CALL(sync), CALL(syncfs), CALL(setxattr), CALL(fchmod), CALL(fchmodat), {452, "fchmodat2"}, CALL(fchown),
    CALL(fchownat), CALL(utimensat), CALL(capset), CALL(seccomp), CALL(mlockall),
    {444, "landlock_create_ruleset"}, {446, "landlock_restrict_self"}, CALL(ioprio_set), CALL(tee), CALL(vmsplice),
#if defined(__x86_64__)
    CALL(fork), CALL(vfork), CALL(chmod), CALL(chown), CALL(lchown), CALL(utime), CALL(utimes), CALL(mknod),
    CALL(iopl), CALL(ioperm), CALL(modify_ldt),
#endif
};

/* NULL for a call that nobody gave a name here. */
static inline const char *named_call(int number) {
  for (unsigned index = 0; index < sizeof call_entries / sizeof *call_entries; index++) {
    if (call_entries[index].number == number) return call_entries[index].name;
  }
  return NULL;
}

static inline int call_is_named(int number) {
  return named_call(number) != NULL;
}

static inline const char *call_name(int number) {
  const char *const name = named_call(number);
  return name != NULL ? name : "a system call";
}

#endif
