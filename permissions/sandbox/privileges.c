/* privileges.c - descriptors, limits and capabilities.
 *
 * A host that runs as root keeps its user id: its own files, which the plugin's process has to read, may lie where only
 * root can. Without any capability that id is a user like others, and Landlock says which files it has. */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORY_DESCRIPTOR 3
#define CLOSE_RANGE 436
#define LAST_CAPABILITY 63

static int fail(const char *what, char *wrong, size_t capacity) {
  snprintf(wrong, capacity, "%.200s: %s", what, strerror(errno));
  return -1;
}

int descriptors_keep(const policy *what, char *wrong, size_t capacity) {
  unsigned from = MEMORY_DESCRIPTOR;
  if (what->memory != NULL) {
    const int file = open(what->memory, O_RDWR);
    if (file < 0) return fail(what->memory, wrong, capacity);
    if (file != MEMORY_DESCRIPTOR && dup2(file, MEMORY_DESCRIPTOR) < 0) return fail("the memory", wrong, capacity);
    from = MEMORY_DESCRIPTOR + 1;
  }
  if (syscall(CLOSE_RANGE, from, ~0u, 0) == 0) return 0;
  for (long descriptor = from, most = sysconf(_SC_OPEN_MAX); descriptor < most; descriptor++) close((int)descriptor);
  return 0;
}

static int limit(int which, uint64_t value, char *wrong, size_t capacity) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)which, &now) != 0) return fail("a limit", wrong, capacity);
  const rlim_t most = now.rlim_max != RLIM_INFINITY && now.rlim_max < value ? now.rlim_max : (rlim_t)value;
  const struct rlimit set = {.rlim_cur = most, .rlim_max = most};
  return setrlimit((__rlimit_resource_t)which, &set) == 0 ? 0 : fail("a limit", wrong, capacity);
}

int limits_set(const policy *what, char *wrong, size_t capacity) {
  if (limit(RLIMIT_CORE, 0, wrong, capacity) != 0) return -1;
  if (what->files > 0 && limit(RLIMIT_NOFILE, what->files, wrong, capacity) != 0) return -1;
  if (what->file_bytes > 0 && limit(RLIMIT_FSIZE, what->file_bytes, wrong, capacity) != 0) return -1;
  return what->data_bytes > 0 ? limit(RLIMIT_DATA, what->data_bytes, wrong, capacity) : 0;
}

int privileges_drop(char *wrong, size_t capacity) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct none[2];
  memset(none, 0, sizeof none);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail("no_new_privs", wrong, capacity);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (geteuid() == 0) {
    /* Refused to a root that has no such capability, which then has nothing to lose either: capset below decides. */
    for (int which = 0; which <= LAST_CAPABILITY; which++) prctl(PR_CAPBSET_DROP, which, 0, 0, 0);
    setgroups(0, NULL);
    /* Starting a program as root would otherwise give all of the bounding set back. */
    const unsigned long locked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (prctl(PR_SET_SECUREBITS, locked, 0, 0, 0) != 0 && errno != EPERM) return fail("securebits", wrong, capacity);
  }
  if (syscall(SYS_capset, &header, none) != 0) return fail("capabilities", wrong, capacity);
  return 0;
}
