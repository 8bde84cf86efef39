/* platform.h - what differs between systems, in one place. POSIX is required; the rest is a refinement of it.
 *
 * Linux is tested. On macOS a runner outlives a host that was killed until it notices the end of its standard input. */
#ifndef CAISSON_RUNNER_PLATFORM_H
#define CAISSON_RUNNER_PLATFORM_H

#if defined(_WIN32)
#error "The runner needs a POSIX system; on Windows load the plugin natively."
#endif

#include <stdint.h>
#include <time.h>

#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#endif

#define NANOSECONDS UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* Asks the system to kill this process when the thread that started it ends: an endless loop in a plugin, with every
 * thread of it blocked, must not outlive the host. */
static inline void platform_die_with_parent(void) {
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

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

/* The clock that pthread_cond_timedwait goes by: only Linux lets a condition go by the monotonic one. */
#if defined(__linux__)
#define PLATFORM_WAIT_CLOCK CLOCK_MONOTONIC
#else
#define PLATFORM_WAIT_CLOCK CLOCK_REALTIME
#endif

#endif
