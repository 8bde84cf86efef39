/* landlock.c - the kernel's rules about files, ports, signals and abstract sockets.
 *
 * The structures are written out: the headers of an older system know fewer rights than its kernel may have. */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define RULE_PATH 1
#define RULE_PORT 2

enum {
  FS_EXECUTE = 1 << 0,
  FS_WRITE_FILE = 1 << 1,
  FS_READ_FILE = 1 << 2,
  FS_READ_DIR = 1 << 3,
  FS_REMOVE_DIR = 1 << 4,
  FS_REMOVE_FILE = 1 << 5,
  FS_MAKE_CHAR = 1 << 6,
  FS_MAKE_DIR = 1 << 7,
  FS_MAKE_REG = 1 << 8,
  FS_MAKE_SOCK = 1 << 9,
  FS_MAKE_FIFO = 1 << 10,
  FS_MAKE_BLOCK = 1 << 11,
  FS_MAKE_SYM = 1 << 12,
  FS_REFER = 1 << 13,
  FS_TRUNCATE = 1 << 14,
  FS_IOCTL_DEV = 1 << 15,
};

enum { NET_BIND = 1, NET_CONNECT = 2 };
enum { SCOPE_ABSTRACT_SOCKET = 1, SCOPE_SIGNAL = 2 };

/* Rights that make sense for a file that is no folder. */
#define OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define WRITING                                                                                                    \
  (FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_TRUNCATE | FS_REFER)

struct ruleset {
  uint64_t files;
  uint64_t ports;
  uint64_t scoped;
};

struct path_rule {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

struct port_rule {
  uint64_t allowed;
  uint64_t port;
};

int landlock_version(void) {
  const long version = syscall(CREATE_RULESET, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
  return version < 0 ? 0 : (int)version;
}

/* What this version of the kernel knows of files. */
static uint64_t known_files(int version) {
  uint64_t known = ((uint64_t)FS_MAKE_SYM << 1) - 1;
  if (version >= 2) known |= FS_REFER;
  if (version >= 3) known |= FS_TRUNCATE;
  if (version >= 5) known |= FS_IOCTL_DEV;
  return known;
}

#define READING (FS_READ_FILE | FS_READ_DIR)

/* Where loaders and libraries lie, and what C libraries look at in every process. */
static const char *const libraries[] = {
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/etc/ld.so.cache",
    "/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom",
    /* Of the process itself, which keeps the number this one has: the end of the stack is found there. */
    "/proc/self/maps",
};

/* What the kernel starts for a program that needs shared libraries. */
static const char *const loaders[] = {
    "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1",
};

static const char *const resolver[] = {
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
};

/* Takes over `file`. */
static int add_file(int ruleset, int file, uint64_t wanted, const char *path, char *wrong, size_t capacity) {
  struct stat about;
  long added = -1;
  if (fstat(file, &about) == 0 && !S_ISLNK(about.st_mode)) {
    const uint64_t allowed = S_ISDIR(about.st_mode) ? wanted : wanted & OF_FILES;
    const struct path_rule beneath = {.allowed = allowed, .parent = file};
    added = syscall(ADD_RULE, ruleset, RULE_PATH, &beneath, 0);
  } else {
    errno = ELOOP;
  }
  if (added != 0) snprintf(wrong, capacity, "%.200s: %s", path, strerror(errno));
  close(file);
  return added == 0 ? 0 : -1;
}

/* Paths of the system, through whatever links they lead; those that are not there are left out. */
static int add_system(int ruleset, const char *const *paths, size_t count, uint64_t allowed, char *wrong, size_t capacity) {
  for (size_t index = 0; index < count; index++) {
    const int file = open(paths[index], O_PATH | O_CLOEXEC);
    if (file < 0) continue;
    if (add_file(ruleset, file, allowed, paths[index], wrong, capacity) != 0) return -1;
  }
  return 0;
}

static int add_path(int ruleset, const policy_path *rule, uint64_t known, char *wrong, size_t capacity) {
  /* A link at the end was resolved by whoever wrote the policy; one that came since is refused. */
  const int file = open(rule->path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
  if (file >= 0) {
    const uint64_t allowed = (rule->access & POLICY_WRITE) ? READING | WRITING : READING;
    return add_file(ruleset, file, allowed & known, rule->path, wrong, capacity);
  }
  /* Nothing to read is no error: the program finds out by itself, as it would outside. */
  if (errno == ENOENT && !(rule->access & POLICY_WRITE)) return 0;
  snprintf(wrong, capacity, "%.200s: %s", rule->path, strerror(errno));
  return -1;
}

static int add_ports(int ruleset, const uint16_t *ports, uint32_t count, uint64_t right, char *wrong, size_t capacity) {
  for (uint32_t index = 0; index < count; index++) {
    const struct port_rule rule = {.allowed = right, .port = ports[index]};
    if (syscall(ADD_RULE, ruleset, RULE_PORT, &rule, 0) == 0) continue;
    snprintf(wrong, capacity, "port %u: %s", ports[index], strerror(errno));
    return -1;
  }
  return 0;
}

static int add_rules(int ruleset, const policy *what, uint64_t known, uint64_t ports, char *wrong, size_t capacity) {
  const char *const program[] = {what->program[0]};
  const char *const nowhere[] = {"/dev/null"};
#define LIST(name) (name), sizeof(name) / sizeof *(name)
  if (add_system(ruleset, LIST(libraries), READING, wrong, capacity) != 0 ||
      add_system(ruleset, LIST(loaders), READING | FS_EXECUTE, wrong, capacity) != 0 ||
      add_system(ruleset, LIST(program), READING | FS_EXECUTE, wrong, capacity) != 0 ||
      add_system(ruleset, LIST(nowhere), READING | FS_WRITE_FILE, wrong, capacity) != 0 ||
      (what->names && add_system(ruleset, LIST(resolver), READING, wrong, capacity) != 0)) {
    return -1;
  }
#undef LIST
  for (uint32_t index = 0; index < what->path_count; index++) {
    if (add_path(ruleset, &what->paths[index], known, wrong, capacity) != 0) return -1;
  }
  if ((ports & NET_CONNECT) && add_ports(ruleset, what->connect, what->connect_count, NET_CONNECT, wrong, capacity) != 0) {
    return -1;
  }
  return (ports & NET_BIND) ? add_ports(ruleset, what->bind, what->bind_count, NET_BIND, wrong, capacity) : 0;
}

int landlock_enforce(const policy *what, char *wrong, size_t capacity) {
  const int version = landlock_version();
  if (version == 0) {
    snprintf(wrong, capacity, "this kernel has no Landlock, or it is switched off");
    return -1;
  }
  const uint64_t known = known_files(version);
  const uint64_t ports = version < 4 ? 0 : what->any_connect ? NET_BIND : NET_BIND | NET_CONNECT;
  if (what->internet && !what->any_connect && version < 4) {
    snprintf(wrong, capacity, "this kernel's Landlock (version %d) knows no ports; 4 is needed", version);
    return -1;
  }
  const struct ruleset handled = {
      .files = known,
      .ports = ports,
      .scoped = version < 6 ? 0 : SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL,
  };
  const size_t size = version < 4 ? sizeof handled.files
                      : version < 6 ? sizeof handled.files + sizeof handled.ports
                                    : sizeof handled;
  const int ruleset = (int)syscall(CREATE_RULESET, &handled, size, 0);
  if (ruleset < 0) {
    snprintf(wrong, capacity, "Landlock: %s", strerror(errno));
    return -1;
  }
  int result = add_rules(ruleset, what, known, ports, wrong, capacity);
  if (result == 0 && syscall(RESTRICT_SELF, ruleset, 0) != 0) {
    snprintf(wrong, capacity, "Landlock: %s", strerror(errno));
    result = -1;
  }
  close(ruleset);
  return result;
}
