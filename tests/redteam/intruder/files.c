/* files.c - reading and writing what was not granted. */
#include "intruder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

int intruder_read(int descriptor, char answer[ANSWER_BYTES]) {
  size_t length = 0;
  if (descriptor < 0) return errno;
  while (length < ANSWER_BYTES - 1) {
    const ssize_t got = read(descriptor, answer + length, ANSWER_BYTES - 1 - length);
    if (got < 0) {
      const int failure = errno;
      close(descriptor);
      return failure;
    }
    if (got == 0) break;
    length += (size_t)got;
  }
  close(descriptor);
  for (size_t at = 0; at < length; at++) {
    if (answer[at] == 0) answer[at] = '\n';
  }
  answer[length] = 0;
  return 0;
}

static int read_open(const intruder_target *target, char answer[ANSWER_BYTES]) {
  return intruder_read(open(target->secret_file, O_RDONLY), answer);
}

static int read_openat2(const intruder_target *target, char answer[ANSWER_BYTES]) {
  struct open_how how = {.flags = O_RDONLY};
  return intruder_read((int)syscall(SYS_openat2, AT_FDCWD, target->secret_file, &how, sizeof how), answer);
}

static int read_parent(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[1100];
  snprintf(path, sizeof path, "%s/../%s", target->folder, strrchr(target->secret_file, '/') + 1);
  return intruder_read(open(path, O_RDONLY), answer);
}

static int read_own_link(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[600];
  snprintf(path, sizeof path, "%s/own-link", target->folder);
  if (symlink(target->secret_file, path) != 0 && errno != EEXIST) return errno;
  return intruder_read(open(path, O_RDONLY), answer);
}

static int read_hard_link(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[600];
  snprintf(path, sizeof path, "%s/own-hard-link", target->folder);
  if (link(target->secret_file, path) != 0) return errno;
  return intruder_read(open(path, O_RDONLY), answer);
}

static int read_planted_link(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[600];
  snprintf(path, sizeof path, "%s/planted", target->folder);
  return intruder_read(open(path, O_RDONLY), answer);
}

/* A path that is a harmless file when it is looked at, and a link to the secret when it is opened. */
static int read_link_race(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[600];
  snprintf(path, sizeof path, "%s/raced", target->folder);
  for (int attempt = 0; attempt < 200; attempt++) {
    unlink(path);
    const int made = open(path, O_CREAT | O_WRONLY, 0600);
    if (made >= 0) close(made);
    unlink(path);
    if (symlink(target->secret_file, path) != 0) return errno;
    const int failure = intruder_read(open(path, O_RDONLY), answer);
    if (failure == 0) return 0;
  }
  return EACCES;
}

static int read_etc(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return intruder_read(open("/etc/passwd", O_RDONLY), answer);
}

static int read_root_of_process(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[600];
  snprintf(path, sizeof path, "/proc/self/root%s", target->secret_file);
  return intruder_read(open(path, O_RDONLY), answer);
}

static int read_descriptors(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  /* A descriptor of the host's that was left open would be here; only files are read, pipes would make it wait. */
  for (int descriptor = 3; descriptor < 256; descriptor++) {
    struct stat about;
    if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode) || about.st_nlink == 0) continue;
    if (pread(descriptor, answer, ANSWER_BYTES - 1, 0) > 0) return 0;
  }
  return EBADF;
}

static int read_handle(const intruder_target *target, char answer[ANSWER_BYTES]) {
  struct {
    struct file_handle head;
    unsigned char bytes[128];
  } handle = {.head = {.handle_bytes = 128}};
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, target->secret_file, &handle.head, &mount, 0) != 0) return errno;
  const int root = open("/", O_RDONLY | O_DIRECTORY);
  if (root < 0) return errno;
  const int descriptor = open_by_handle_at(root, &handle.head, O_RDONLY);
  const int failure = errno;
  close(root);
  if (descriptor < 0) return failure;
  return intruder_read(descriptor, answer);
}

static int write_outside(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const int descriptor = open(target->drop, O_CREAT | O_WRONLY, 0644);
  if (descriptor < 0) return errno;
  close(descriptor);
  return 0;
}

static int make_folder(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  return mkdir(target->drop, 0755) == 0 ? 0 : errno;
}

static int make_device(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  return mknod(target->drop, S_IFIFO | 0644, 0) == 0 ? 0 : errno;
}

static int rename_out(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  char path[600];
  snprintf(path, sizeof path, "%s/moving", target->folder);
  const int descriptor = open(path, O_CREAT | O_WRONLY, 0644);
  if (descriptor < 0) return errno;
  close(descriptor);
  return rename(path, target->drop) == 0 ? 0 : errno;
}

static int truncate_secret(const intruder_target *target, char answer[ANSWER_BYTES]) {
  snprintf(answer, ANSWER_BYTES, "its length is 0");
  return truncate(target->secret_file, 0) == 0 ? 0 : errno;
}

static int change_mode(const intruder_target *target, char answer[ANSWER_BYTES]) {
  snprintf(answer, ANSWER_BYTES, "mode 0777");
  return chmod(target->secret_file, 0777) == 0 ? 0 : errno;
}

static int read_environment(const intruder_target *target, char answer[ANSWER_BYTES]) {
  const char *const value = getenv(target->variable);
  if (value == NULL) return ENOENT;
  snprintf(answer, ANSWER_BYTES, "%s", value);
  return 0;
}

static int read_own_environ(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return intruder_read(open("/proc/self/environ", O_RDONLY), answer);
}

static int read_host_environ(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
  return intruder_read(open(path, O_RDONLY), answer);
}

const intruder_named intruder_files[] = {
    {"read-open", read_open},
    {"read-openat2", read_openat2},
    {"read-parent", read_parent},
    {"read-own-link", read_own_link},
    {"read-hard-link", read_hard_link},
    {"read-planted-link", read_planted_link},
    {"read-link-race", read_link_race},
    {"read-etc", read_etc},
    {"read-root-of-process", read_root_of_process},
    {"read-descriptors", read_descriptors},
    {"read-handle", read_handle},
    {"write-outside", write_outside},
    {"make-folder", make_folder},
    {"make-device", make_device},
    {"rename-out", rename_out},
    {"truncate-secret", truncate_secret},
    {"change-mode", change_mode},
    {"read-environment", read_environment},
    {"read-own-environ", read_own_environ},
    {"read-host-environ", read_host_environ},
    {NULL, NULL},
};
