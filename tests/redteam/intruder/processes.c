/* processes.c - starting, ending, reading and changing processes. */
#include "intruder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int waited(pid_t child) {
  int status = 0;
  if (child < 0) return errno;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ECHILD;
}

static int run_fork(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const pid_t child = fork();
  if (child != 0) return waited(child);
  execl("/bin/touch", "touch", target->drop, (char *)NULL);
  _exit(1);
}

static int run_vfork(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  pid_t child = 0;
  char *const arguments[] = {(char *)(uintptr_t)"touch", (char *)(uintptr_t)target->drop, NULL};
  const int failure = posix_spawn(&child, "/bin/touch", NULL, NULL, arguments, environ);
  return failure != 0 ? failure : waited(child);
}

static int run_system(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  char command[600];
  snprintf(command, sizeof command, "touch '%s'", target->drop);
  const int status = system(command);
  if (status == -1) return errno;
  return status == 0 ? 0 : ECHILD;
}

/* The process becomes another program: nothing of the plugin is left to answer, the file is there. */
static int run_exec(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  execl("/bin/touch", "touch", target->drop, (char *)NULL);
  return errno;
}

static int run_memory_file(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const int from = open("/bin/touch", O_RDONLY);
  if (from < 0) return errno;
  const int memory = memfd_create("program", 0);
  if (memory < 0) return errno;
  char buffer[65536];
  for (ssize_t got = read(from, buffer, sizeof buffer); got > 0; got = read(from, buffer, sizeof buffer)) {
    if (write(memory, buffer, (size_t)got) != got) return EIO;
  }
  close(from);
  char *const arguments[] = {(char *)(uintptr_t)"touch", (char *)(uintptr_t)target->drop, NULL};
  fexecve(memory, arguments, environ);
  return errno;
}

/* A few processes prove what a bomb would do. */
static int fork_bomb(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  for (int child = 0; child < 8; child++) {
    const pid_t made = fork();
    if (made < 0) return errno;
    if (made == 0) _exit(0);
  }
  while (wait(NULL) > 0) continue;
  snprintf(answer, ANSWER_BYTES, "8 processes");
  return 0;
}

static int clone_process(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const long made = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (made < 0) return errno;
  if (made == 0) _exit(0);
  waitpid((pid_t)made, NULL, 0);
  snprintf(answer, ANSWER_BYTES, "a process by clone");
  return 0;
}

static int clone3_process(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  uint64_t arguments[11] = {0};
  arguments[4] = SIGCHLD;
  const long made = syscall(SYS_clone3, arguments, sizeof arguments);
  if (made < 0) return errno;
  if (made == 0) _exit(0);
  waitpid((pid_t)made, NULL, 0);
  snprintf(answer, ANSWER_BYTES, "a process by clone3");
  return 0;
}

static int kill_victim(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  return kill((pid_t)target->victim, SIGKILL) == 0 ? 0 : errno;
}

static int kill_by_descriptor(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const int victim = (int)syscall(SYS_pidfd_open, (pid_t)target->victim, 0);
  if (victim < 0) return errno;
  return syscall(SYS_pidfd_send_signal, victim, SIGKILL, NULL, 0) == 0 ? 0 : errno;
}

static int kill_queue(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const union sigval nothing = {.sival_int = 0};
  return sigqueue((pid_t)target->victim, SIGKILL, nothing) == 0 ? 0 : errno;
}

static int signal_host(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  /* Signal 0 asks whether a signal would be taken, and hurts nobody. */
  if (kill(getppid(), 0) != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "the host takes its signals");
  return 0;
}

static int trace_victim(const intruder_target *target, char answer[ANSWER_BYTES]) {
  if (ptrace(PTRACE_ATTACH, (pid_t)target->victim, NULL, NULL) != 0) return errno;
  waitpid((pid_t)target->victim, NULL, 0);
  ptrace(PTRACE_DETACH, (pid_t)target->victim, NULL, NULL);
  snprintf(answer, ANSWER_BYTES, "traced the victim");
  return 0;
}

static int read_victim_memory(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", (int)target->victim);
  const int memory = open(path, O_RDWR);
  if (memory < 0) return errno;
  close(memory);
  snprintf(answer, ANSWER_BYTES, "the victim's memory");
  return 0;
}

static int write_victim_memory(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char maps[64];
  char line[256] = {0};
  snprintf(maps, sizeof maps, "/proc/%d/maps", (int)target->victim);
  FILE *const file = fopen(maps, "r");
  unsigned long start = 0x400000;
  if (file != NULL) {
    if (fgets(line, sizeof line, file) != NULL) start = strtoul(line, NULL, 16);
    fclose(file);
  }
  char byte = 0;
  const struct iovec here = {.iov_base = &byte, .iov_len = 1};
  const struct iovec there = {.iov_base = (void *)start, .iov_len = 1};
  if (process_vm_readv((pid_t)target->victim, &here, 1, &there, 1, 0) < 0) return errno;
  snprintf(answer, ANSWER_BYTES, "a byte of the victim's memory");
  return 0;
}

static int list_processes(const intruder_target *target, char answer[ANSWER_BYTES]) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/cmdline", (int)target->victim);
  return intruder_read(open(path, O_RDONLY), answer);
}

static int change_victim_limits(const intruder_target *target, char answer[ANSWER_BYTES]) {
  const struct rlimit limit = {.rlim_cur = 8, .rlim_max = 8};
  if (prlimit((pid_t)target->victim, RLIMIT_NOFILE, &limit, NULL) != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "the victim's limits");
  return 0;
}

static int raise_limits(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "locked memory without limit");
  return 0;
}

static int dump_core(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_CORE, &limit) != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "core files without limit");
  return 0;
}

static int become_root(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  if (setuid(0) != 0) return errno;
  if (getuid() != 0) return EPERM;
  snprintf(answer, ANSWER_BYTES, "root");
  return 0;
}

static int outlive_group(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  if (getpriority(PRIO_PROCESS, (id_t)target->victim) == -1 && errno != 0) return errno;
  if (setpriority(PRIO_PROCESS, (id_t)target->victim, 19) != 0) return errno;
  snprintf(answer, ANSWER_BYTES, "the victim's priority");
  return 0;
}

/* Whether the process is the runner of another plugin of the same host. */
static int is_neighbour(const char *pid) {
  char path[64];
  char text[4096] = {0};
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  const int stat = open(path, O_RDONLY);
  if (stat < 0 || intruder_read(stat, text) != 0) return 0;
  const char *const end = strrchr(text, ')');
  int parent = 0;
  if (end == NULL || sscanf(end + 1, " %*c %d", &parent) != 1) return 0;
  return parent == getppid() && strtol(pid, NULL, 10) != getpid();
}

/* Reads the memory that a neighbour shares with the host: its events. */
static int read_shared(const char *pid, char answer[ANSWER_BYTES]) {
  char path[64];
  char line[512];
  snprintf(path, sizeof path, "/proc/%.20s/maps", pid);
  FILE *const maps = fopen(path, "r");
  if (maps == NULL) return errno;
  snprintf(path, sizeof path, "/proc/%.20s/mem", pid);
  const int memory = open(path, O_RDONLY);
  int failure = memory < 0 ? errno : ENOENT;
  while (memory >= 0 && failure != 0 && fgets(line, sizeof line, maps) != NULL) {
    char byte = 0;
    char *rest = NULL;
    const unsigned long start = strtoul(line, &rest, 16);
    if (strstr(line, "rw-s") == NULL) continue;
    if (pread(memory, &byte, 1, (off_t)start) != 1) continue;
    snprintf(answer, ANSWER_BYTES, "memory that process %.20s shares with the host", pid);
    failure = 0;
  }
  if (memory >= 0) close(memory);
  fclose(maps);
  return failure;
}

static int take_neighbours_events(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  /* The neighbour may be starting: looked for until it is there, for two seconds. */
  int failure = ENOENT;
  for (int round = 0; round < 100 && failure != 0; round++) {
    DIR *const processes = opendir("/proc");
    if (processes == NULL) return errno;
    for (const struct dirent *entry; failure != 0 && (entry = readdir(processes)) != NULL;) {
      if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_neighbour(entry->d_name)) failure = read_shared(entry->d_name, answer);
    }
    closedir(processes);
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 20000000};
    if (failure != 0) nanosleep(&nap, NULL);
  }
  return failure;
}

const intruder_named intruder_processes[] = {
    {"run-fork", run_fork},
    {"run-vfork", run_vfork},
    {"run-system", run_system},
    {"run-exec", run_exec},
    {"run-memory-file", run_memory_file},
    {"fork-bomb", fork_bomb},
    {"clone-process", clone_process},
    {"clone3-process", clone3_process},
    {"kill-victim", kill_victim},
    {"kill-by-descriptor", kill_by_descriptor},
    {"kill-queue", kill_queue},
    {"signal-host", signal_host},
    {"trace-victim", trace_victim},
    {"read-victim-memory", read_victim_memory},
    {"write-victim-memory", write_victim_memory},
    {"take-neighbours-events", take_neighbours_events},
    {"list-processes", list_processes},
    {"change-victim-limits", change_victim_limits},
    {"raise-limits", raise_limits},
    {"dump-core", dump_core},
    {"become-root", become_root},
    {"change-victim-priority", outlive_group},
    {NULL, NULL},
};
