/* kernel.c - interfaces of the kernel that go around files and sockets, or have a history of faults. */
#include "intruder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int opened(long descriptor, const char *what, char answer[ANSWER_BYTES]) {
  if (descriptor < 0) return errno;
  close((int)descriptor);
  snprintf(answer, ANSWER_BYTES, "%s", what);
  return 0;
}

static int use_io_uring(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  struct io_uring_params parameters;
  memset(&parameters, 0, sizeof parameters);
  return opened(syscall(SYS_io_uring_setup, 4, &parameters), "an io_uring", answer);
}

static int use_bpf(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return opened(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes), "a bpf map", answer);
}

static int use_perf(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  return opened(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0), "a perf event", answer);
}

static int use_userfaultfd(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return opened(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */), "a userfaultfd", answer);
}

static int use_keyring(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const long key = syscall(SYS_add_key, "user", "redteam", "x", (size_t)1, KEY_SPEC_USER_KEYRING);
  if (key < 0) return errno;
  syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
  snprintf(answer, ANSWER_BYTES, "a key that other processes of the user can read");
  return 0;
}

static int use_namespace(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  if (unshare(CLONE_FS) != 0) return errno;
  if (syscall(SYS_unshare, CLONE_NEWUTS) != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "a namespace of its own");
  return 0;
}

static int use_user_namespace(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  /* Refused to processes of several threads; a process of one, made without fork, is what clone gives. */
  const long made = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
  if (made < 0) return errno;
  if (made == 0) _exit(0);
  waitpid((pid_t)made, NULL, 0);
  snprintf(answer, ANSWER_BYTES, "a user namespace");
  return 0;
}

static int mount_something(const intruder_target *target, char answer[ANSWER_BYTES]) {
  if (mount("none", target->folder, "tmpfs", 0, "size=4k") != 0) return errno;
  umount(target->folder);
  snprintf(answer, ANSWER_BYTES, "a mount");
  return 0;
}

static int change_root(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  if (chroot("/") != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "chroot");
  return 0;
}

static int change_host_name(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  char name[128] = "";
  if (gethostname(name, sizeof name - 1) != 0) return errno;
  if (sethostname(name, strlen(name)) != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "the machine's name");
  return 0;
}

static int type_into_terminal(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return opened(open("/dev/tty", O_RDWR), "the terminal", answer) == 0 ? 0
                                                                        : opened(open("/dev/ptmx", O_RDWR), "a terminal", answer);
}

static int load_library(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return opened(open("/dev/kmsg", O_RDONLY), "the kernel's log", answer);
}

static int take_descriptor(const intruder_target *target, char answer[ANSWER_BYTES]) {
  const int victim = (int)syscall(SYS_pidfd_open, (pid_t)target->victim, 0);
  if (victim < 0) return errno;
  return opened(syscall(SYS_pidfd_getfd, victim, 1, 0), "a descriptor of the victim", answer);
}

static int watch_files(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return opened(syscall(SYS_fanotify_init, 0, O_RDONLY), "a watch on all files", answer);
}

static int read_module_list(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return intruder_read(open("/proc/kallsyms", O_RDONLY), answer);
}

const intruder_named intruder_kernel[] = {
    {"use-io-uring", use_io_uring},
    {"use-bpf", use_bpf},
    {"use-perf", use_perf},
    {"use-userfaultfd", use_userfaultfd},
    {"use-keyring", use_keyring},
    {"use-namespace", use_namespace},
    {"use-user-namespace", use_user_namespace},
    {"mount", mount_something},
    {"change-root", change_root},
    {"change-host-name", change_host_name},
    {"open-terminal", type_into_terminal},
    {"open-kernel-log", load_library},
    {"take-descriptor", take_descriptor},
    {"watch-files", watch_files},
    {"read-kernel-symbols", read_module_list},
    {NULL, NULL},
};
