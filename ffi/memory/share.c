/* share.c - memory of the host that one other process can map: the host's half.
 *
 * A page-aligned part of a JavaScript buffer is replaced by a mapping of an unnamed file. On Linux the file is sealed: the
 * other process can write into it but not shrink it, which would end the host with SIGBUS at its next read.
 *
 * Windows gives -ENOSYS. macOS follows the documentation and has not been run. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(_WIN32)
#define MEMORY_EXPORT __declspec(dllexport)
#else
#define MEMORY_EXPORT __attribute__((visibility("default")))
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

/* Shares `bytes` bytes of a buffer of `capacity` bytes; both must leave a page to align in. `path` has room for
 * `path_capacity` bytes: what comes in names a file to make where the system needs one, what goes out is what the other
 * process opens. Returns the offset of the shared part in the buffer, or -errno. */
MEMORY_EXPORT int64_t caisson_memory_share(uint8_t *buffer, uint64_t capacity, uint64_t bytes, char *path,
                                           uint32_t path_capacity, int32_t *handle);
/* Takes the path away, so that nobody else can open it; mappings stay. */
MEMORY_EXPORT void caisson_memory_unlink(int32_t handle, const char *path);
/* Gives the buffer memory of its own again, so that it can be freed like any other. 0 or -errno. */
MEMORY_EXPORT int32_t caisson_memory_unshare(uint8_t *buffer, uint64_t offset, uint64_t bytes);
/* Copies `bytes` bytes that do not overlap. The other process may change `from` meanwhile: what was copied is checked. */
MEMORY_EXPORT void caisson_memory_copy(uint8_t *to, const uint8_t *from, uint32_t bytes);
/* Bytes of physical memory a process holds, -errno where it cannot be told. */
MEMORY_EXPORT int64_t caisson_memory_resident(uint32_t pid);

void caisson_memory_copy(uint8_t *to, const uint8_t *from, uint32_t bytes) { memcpy(to, from, bytes); }

#if defined(_WIN32)

int64_t caisson_memory_share(uint8_t *buffer, uint64_t capacity, uint64_t bytes, char *path, uint32_t path_capacity,
                             int32_t *handle) {
  (void)buffer, (void)capacity, (void)bytes, (void)path, (void)path_capacity, (void)handle;
  return -ENOSYS;
}

void caisson_memory_unlink(int32_t handle, const char *path) { (void)handle, (void)path; }

int32_t caisson_memory_unshare(uint8_t *buffer, uint64_t offset, uint64_t bytes) {
  (void)buffer, (void)offset, (void)bytes;
  return -ENOSYS;
}

#else

static int64_t give_up(int file) {
  const int64_t code = -(int64_t)errno;
  close(file);
  return code;
}

/* A file of this size that only the receiver of `path` can open. */
static int64_t make_file(uint64_t bytes, char *path, uint32_t path_capacity) {
#if defined(__linux__)
  const int file = memfd_create("caisson", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -(int64_t)errno;
  if (ftruncate(file, (off_t)bytes) != 0) return give_up(file);
  if (fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return give_up(file);
  snprintf(path, path_capacity, "/proc/%ld/fd/%d", (long)getpid(), file);
#else
  (void)path_capacity;
  const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return -(int64_t)errno;
  if (ftruncate(file, (off_t)bytes) != 0) {
    unlink(path);
    return give_up(file);
  }
#endif
  return file;
}

int64_t caisson_memory_share(uint8_t *buffer, uint64_t capacity, uint64_t bytes, char *path, uint32_t path_capacity,
                             int32_t *handle) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t start = ((uintptr_t)buffer + page - 1) & ~(page - 1);
  const uint64_t offset = (uint64_t)(start - (uintptr_t)buffer);
  if (bytes == 0 || bytes % page != 0 || offset > capacity || bytes > capacity - offset) return -EINVAL;
  const int64_t file = make_file(bytes, path, path_capacity);
  if (file < 0) return file;
  if (mmap((void *)start, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, (int)file, 0) == MAP_FAILED) {
    const int64_t code = -(int64_t)errno;
    caisson_memory_unlink((int32_t)file, path);
    return code;
  }
  *handle = (int32_t)file;
  return (int64_t)offset;
}

void caisson_memory_unlink(int32_t handle, const char *path) {
#if !defined(__linux__)
  unlink(path);
#else
  (void)path;
#endif
  close(handle);
}

int32_t caisson_memory_unshare(uint8_t *buffer, uint64_t offset, uint64_t bytes) {
  void *mapped = mmap(buffer + offset, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return mapped == MAP_FAILED ? -errno : 0;
}

#endif

#if defined(__linux__)

int64_t caisson_memory_resident(uint32_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%lu/statm", (unsigned long)pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return -(int64_t)errno;
  unsigned long long size = 0;
  unsigned long long resident = 0;
  const int read = fscanf(file, "%llu %llu", &size, &resident);
  fclose(file);
  return read == 2 ? (int64_t)resident * sysconf(_SC_PAGESIZE) : -EIO;
}

#else

int64_t caisson_memory_resident(uint32_t pid) {
  (void)pid;
  return -ENOSYS;
}

#endif
