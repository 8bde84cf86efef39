#if !defined(_WIN32)
#include "platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#elif defined(__APPLE__)
#include <sys/event.h>
#endif

/* ---- the end of the host ---------------------------------------------------------------------------------------- */

#if defined(__linux__)

int platform_end_with(long parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  /* The host may be gone before the system was told. */
  return (long)getppid() == parent;
}

#elif defined(__APPLE__)

static void *wait_for_parent(void *queue) {
  struct kevent ended;
  while (kevent((int)(intptr_t)queue, NULL, 0, &ended, 1, NULL) < 0 && errno == EINTR) {
  }
  _exit(0);
  return NULL;
}

int platform_end_with(long parent) {
  const int queue = kqueue();
  struct kevent watched;
  EV_SET(&watched, (uintptr_t)parent, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, NULL);
  if (queue < 0 || kevent(queue, &watched, 1, NULL, 0, NULL) < 0) return 0;
  return (long)getppid() == parent && platform_start_thread(wait_for_parent, (void *)(intptr_t)queue);
}

#else

int platform_end_with(long parent) { return (long)getppid() == parent; }

#endif

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* A launcher hands the memory over as an open descriptor, because this process may not look into the host's any more. */
static int open_memory(const char *path) {
  static const char own[] = "/proc/self/fd/";
  if (strncmp(path, own, sizeof own - 1) == 0) return atoi(path + sizeof own - 1);
  return open(path, O_RDWR | O_CLOEXEC);
}

uint8_t *platform_map(const char *path, uint64_t bytes) {
  struct stat found;
  const int file = open_memory(path);
  if (file < 0) return NULL;
  uint8_t *memory = NULL;
  if (fstat(file, &found) == 0 && (uint64_t)found.st_size >= bytes) {
    void *const mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) memory = mapped;
  }
  close(file);
  return memory;
}

void *platform_allocate(size_t alignment, size_t bytes) {
  const size_t whole = (bytes + alignment - 1) / alignment * alignment;
  void *const memory = aligned_alloc(alignment, whole);
  if (memory != NULL) memset(memory, 0, whole);
  return memory;
}

void platform_free(void *memory) { free(memory); }

/* ---- libraries --------------------------------------------------------------------------------------------------- */

void *platform_load(const char *path, char *why, size_t capacity) {
  void *const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    const char *reason = dlerror();
    snprintf(why, capacity, "%s", reason == NULL ? "dlopen failed" : reason);
  }
  return library;
}

void *platform_symbol(void *library, const char *name) { return dlsym(library, name); }

/* ---- standard input and output ----------------------------------------------------------------------------------- */

static int take(int standard, int replacement) {
  const int taken = fcntl(standard, F_DUPFD_CLOEXEC, 10);
  return taken < 0 || replacement < 0 || dup2(replacement, standard) < 0 ? -1 : taken;
}

int platform_take_standard(int *input, int *output) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  *input = take(STDIN_FILENO, nothing);
  *output = take(STDOUT_FILENO, STDERR_FILENO);
  if (nothing > STDERR_FILENO) close(nothing);
  if (*input < 0 || *output < 0) return 0;
  fcntl(*output, F_SETFL, fcntl(*output, F_GETFL) | O_NONBLOCK);
  signal(SIGPIPE, SIG_IGN);
  return 1;
}

int64_t platform_read(int from, void *bytes, size_t length) {
  ssize_t got;
  do {
    got = read(from, bytes, length);
  } while (got < 0 && errno == EINTR);
  return got;
}

int64_t platform_write(int to, const void *bytes, size_t length) {
  ssize_t written;
  do {
    written = write(to, bytes, length);
  } while (written < 0 && errno == EINTR);
  return written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : written;
}

void platform_wait_writable(int to) {
  struct pollfd room = {.fd = to, .events = POLLOUT, .revents = 0};
  poll(&room, 1, -1);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

int platform_start_thread(void *(*run)(void *), void *argument) {
  pthread_t thread;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int started = pthread_create(&thread, NULL, run, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (started) pthread_detach(thread);
  return started;
}

void platform_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
#if defined(__linux__)
  pthread_condattr_setclock(&attributes, PLATFORM_WAIT_CLOCK);
#endif
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

uint32_t platform_processors(void) {
  const long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : (uint32_t)count;
}

#else
typedef int platform_posix_is_not_for_windows;
#endif
