/* platform.h - what differs between systems, in one place: platform_posix.c and platform_windows.c. Threads are POSIX
 * threads everywhere; on Windows the compiler brings them (mingw-w64, zig cc).
 *
 * Linux is tested. The macOS parts and those for Windows compile and follow the documentation, but have not been run. */
#ifndef CAISSON_RUNNER_PLATFORM_H
#define CAISSON_RUNNER_PLATFORM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NANOSECONDS UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* The clock that conditions of platform_condition go by. */
#if defined(__linux__)
#define PLATFORM_WAIT_CLOCK CLOCK_MONOTONIC
#else
#define PLATFORM_WAIT_CLOCK CLOCK_REALTIME
#endif

/* Has the system, or a thread, end this process when the one that started it ends: an endless loop in a plugin, with
 * every thread of it blocked, must not outlive the host. 0 when `parent` has ended already. */
int platform_end_with(long parent);

/* Maps a file of at least `bytes` bytes for reading and writing, or NULL. */
uint8_t *platform_map(const char *path, uint64_t bytes);
/* Zeroed memory on an alignment, or NULL; given back with platform_free. */
void *platform_allocate(size_t alignment, size_t bytes);
/* Gives memory of platform_allocate back; NULL is fine. */
void platform_free(void *memory);

/* Loads a library with everything bound, or NULL and words why. */
void *platform_load(const char *path, char *why, size_t capacity);
/* A symbol of a library, or NULL. */
void *platform_symbol(void *library, const char *name);

/* Moves standard input and output out of the plugin's reach; what it prints goes to standard error from here on. 0 when
 * that fails. Writing to `output` never waits, where the system can do that. */
int platform_take_standard(int *input, int *output);
/* Reads some bytes; 0 at the end, negative on failure. Goes on after a signal. */
int64_t platform_read(int from, void *bytes, size_t length);
/* Writes some bytes; 0 when there is no room now, negative when nobody reads any more. */
int64_t platform_write(int to, const void *bytes, size_t length);
/* Waits until platform_write has room again. */
void platform_wait_writable(int to);

/* Starts a thread that is never joined; signals belong to the plugin's threads. 0 when that fails. */
int platform_start_thread(void *(*run)(void *), void *argument);
/* Prepares a condition that goes by PLATFORM_WAIT_CLOCK. */
void platform_condition(pthread_cond_t *condition);
/* Processors that can be used. */
uint32_t platform_processors(void);

/* Tells the processor that this is a loop that waits. */
static inline void platform_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static inline uint64_t platform_now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

#endif
