/* map.c - memory of the host in a plugin process: the other half of share.c, and nothing more, because a process that
 * may load it is about to run code nobody reviewed. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../confine/confine.h"

#if defined(_WIN32)
#define MEMORY_EXPORT __declspec(dllexport)
#else
#define MEMORY_EXPORT __attribute__((visibility("default")))
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#endif

/* Maps `bytes` bytes of the file at `path` over a page-aligned part of a buffer; they stay mapped until the process
 * ends. Returns the offset of that part, or -errno. */
MEMORY_EXPORT int64_t caisson_memory_map(uint8_t *buffer, uint64_t capacity, uint64_t bytes, const char *path);
/* Asks the system to kill this process when the one that started it ends, however it ends. 0 or -errno; -ESRCH when
 * `parent` has ended already. */
MEMORY_EXPORT int32_t caisson_memory_end_with(uint32_t parent);

/* Gives up the system calls a plugin does not need; see confine.h. 0 or -errno. */
MEMORY_EXPORT int32_t caisson_memory_confine(void);

int32_t caisson_memory_confine(void) { return caisson_confine(CAISSON_CONFINE_KEEPS_PAIRS); }

#if defined(_WIN32)

int64_t caisson_memory_map(uint8_t *buffer, uint64_t capacity, uint64_t bytes, const char *path) {
  (void)buffer, (void)capacity, (void)bytes, (void)path;
  return -ENOSYS;
}

#else

/* A launcher hands the memory over as an open descriptor, because the process may not look into the host's any more. */
static int open_memory(const char *path) {
  static const char own[] = "/proc/self/fd/";
  if (strncmp(path, own, sizeof own - 1) == 0) return atoi(path + sizeof own - 1);
  return open(path, O_RDWR | O_CLOEXEC);
}

int64_t caisson_memory_map(uint8_t *buffer, uint64_t capacity, uint64_t bytes, const char *path) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t start = ((uintptr_t)buffer + page - 1) & ~(page - 1);
  const uint64_t offset = (uint64_t)(start - (uintptr_t)buffer);
  if (bytes == 0 || bytes % page != 0 || offset > capacity || bytes > capacity - offset) return -EINVAL;
  const int file = open_memory(path);
  if (file < 0) return -(int64_t)errno;
  void *mapped = mmap((void *)start, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
  const int64_t code = mapped == MAP_FAILED ? -(int64_t)errno : (int64_t)offset;
  close(file);
  return code;
}

#endif

#if defined(__linux__)

int32_t caisson_memory_end_with(uint32_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -errno;
  return (uint32_t)getppid() == parent ? 0 : -ESRCH;
}

#else

int32_t caisson_memory_end_with(uint32_t parent) {
  (void)parent;
  return -ENOSYS;
}

#endif
