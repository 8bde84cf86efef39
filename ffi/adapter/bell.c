/* bell.c - how native code reaches the host without JavaScript: one bell for the whole process, and rings of log lines.
 *
 * A plugin writes to the bell's handle only when the host sleeps (caisson_ring in caisson_report.h); one thread of
 * Deno's pool, and no more whatever the number of plugins, waits for it. The Windows half follows the documentation and
 * has not been run. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <caisson.h>
#include <errno.h>
#include <string.h>

#if defined(_WIN32)
#define BELL_EXPORT __declspec(dllexport)
#include <windows.h>
#else
#define BELL_EXPORT __attribute__((visibility("default")))
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/eventfd.h>
#endif

/* Opens the process's bell, once. Returns what plugins ring, or -errno; it stays open until the process ends. */
BELL_EXPORT int64_t caisson_bell_open(void);
/* What kind of handle that is: CAISSON_BELL_*. */
BELL_EXPORT uint32_t caisson_bell_kind(void);
/* Waits until somebody rings, then takes every ring so far. One thread at a time. */
BELL_EXPORT void caisson_bell_wait(void);
/* Rings; any thread. */
BELL_EXPORT void caisson_bell_ring(void);
/* Address of the function for caisson_host.log. From here on this library stays in memory: a plugin that is parked
 * may go on logging. */
BELL_EXPORT uint64_t caisson_bell_log_function(void);

/* ---- rings of log lines ----------------------------------------------------------------------------------------
 *
 * 64 bytes of words, then a power of two of bytes for entries: caisson_log_entry and text, rounded up to 16. Many
 * threads write, the host reads and leaves zeros behind: an entry whose `state` is 0 is not finished. */

typedef struct caisson_log_ring {
  uint32_t head;                     /* bytes reserved so far, modulo 2^32 */
  uint32_t tail;                     /* bytes read so far; the host's */
  uint32_t dropped;                  /* lines that found no room */
  uint32_t armed;                    /* the host sleeps: the next line rings, once */
  uint32_t reserved[12];
} caisson_log_ring;

typedef struct caisson_log_entry {
  uint32_t state;                    /* length of the text plus one; of a filler, the bytes up to the ring's end */
  uint32_t level;
  uint64_t timestamp_ns;
} caisson_log_entry;

#define LOG_FILLER 0xFFFFu
#define LONGEST_LINE 1024u

CAISSON_STATIC_ASSERT(sizeof(caisson_log_ring) == 64, "caisson_log_ring");
CAISSON_STATIC_ASSERT(sizeof(caisson_log_entry) == 16, "caisson_log_entry");

static uint64_t now_ns(void) {
#if defined(_WIN32)
  FILETIME time;
  GetSystemTimePreciseAsFileTime(&time);
  return (((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) - UINT64_C(116444736000000000)) * 100;
#else
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
#endif
}

/* Reserves `needed` bytes in one piece, with a filler before them where the ring's end is nearer; 0 when there is no room. */
static int reserve(caisson_log_ring *ring, uint32_t bytes, uint32_t needed, uint32_t *at, uint32_t *filler) {
  uint32_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
  for (;;) {
    const uint32_t used = head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
    const uint32_t offset = head & (bytes - 1);
    const uint32_t left = bytes - offset;
    *filler = needed <= left ? 0 : left;
    *at = *filler == 0 ? offset : 0;
    /* A head that is behind by now makes `used` nonsense, but then the exchange fails. */
    if (used > bytes || needed + *filler > bytes - used) {
      const uint32_t again = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
      if (again == head) return 0;
      head = again;
      continue;
    }
    if (__atomic_compare_exchange_n(&ring->head, &head, head + needed + *filler, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      return 1;
    }
  }
}

static void finish(caisson_log_entry *entry, uint32_t level, uint32_t state) {
  entry->level = level;
  entry->timestamp_ns = now_ns();
  __atomic_store_n(&entry->state, state, __ATOMIC_RELEASE);
}

/* Appends a line; any thread, never waits, allocates nothing. */
static void append_line(const caisson_host *host, uint32_t level, const uint8_t *text, uint32_t length) {
  caisson_log_ring *const ring = (caisson_log_ring *)(uintptr_t)host->log_ring;
  const uint32_t bytes = host->log_ring_bytes - (uint32_t)sizeof *ring;
  uint8_t *const entries = (uint8_t *)(ring + 1);
  uint32_t at;
  uint32_t filler;
  if (text == NULL) return;
  if (length > LONGEST_LINE) {
    length = LONGEST_LINE;
    while (length > 0 && (text[length] & 0xC0) == 0x80) length--;
  }
  const uint32_t needed = ((uint32_t)sizeof(caisson_log_entry) + length + 15u) & ~15u;
  if (!reserve(ring, bytes, needed, &at, &filler)) {
    __atomic_fetch_add(&ring->dropped, 1, __ATOMIC_RELAXED);
    return;
  }
  if (filler > 0) finish((caisson_log_entry *)(void *)(entries + bytes - filler), LOG_FILLER, filler);
  caisson_log_entry *const entry = (caisson_log_entry *)(void *)(entries + at);
  memcpy(entry + 1, text, length);
  finish(entry, level, length + 1);
  if (__atomic_exchange_n(&ring->armed, 0, __ATOMIC_SEQ_CST) != 0) caisson_bell_ring();
}

/* ---- the bell -------------------------------------------------------------------------------------------------- */

#if defined(_WIN32)

static HANDLE bell;

int64_t caisson_bell_open(void) {
  if (bell == NULL) bell = CreateEventW(NULL, FALSE, FALSE, NULL);
  return bell == NULL ? -EMFILE : (int64_t)(intptr_t)bell;
}

uint32_t caisson_bell_kind(void) { return CAISSON_BELL_EVENT; }
void caisson_bell_wait(void) { WaitForSingleObject(bell, INFINITE); }
void caisson_bell_ring(void) { SetEvent(bell); }

static int stay_in_memory(void) {
  HMODULE self;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                            (LPCWSTR)(uintptr_t)&caisson_bell_open, &self);
}

#else

/* Of an eventfd both are the same. */
static int waited = -1;
static int rung = -1;

int64_t caisson_bell_open(void) {
  if (rung >= 0) return rung;
#if defined(__linux__)
  waited = rung = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return rung < 0 ? -errno : rung;
#else
  int ends[2];
  if (pipe(ends) != 0) return -errno;
  for (int end = 0; end < 2; end++) {
    fcntl(ends[end], F_SETFD, FD_CLOEXEC);
    fcntl(ends[end], F_SETFL, O_NONBLOCK);
  }
  waited = ends[0];
  rung = ends[1];
  return rung;
#endif
}

uint32_t caisson_bell_kind(void) { return CAISSON_BELL_DESCRIPTOR; }

void caisson_bell_wait(void) {
  struct pollfd ready = {.fd = waited, .events = POLLIN, .revents = 0};
  uint64_t rings[64];
  while (poll(&ready, 1, -1) < 0 && errno == EINTR) {
  }
  while (read(waited, rings, sizeof rings) == (ssize_t)sizeof rings) {
  }
}

void caisson_bell_ring(void) {
  const uint64_t one = 1;
  /* A full pipe or counter has a wake-up pending already, so a failed write loses nothing. */
  const ssize_t written = write(rung, &one, sizeof one);
  (void)written;
}

static int stay_in_memory(void) {
  Dl_info self;
  int64_t (*const function)(void) = caisson_bell_open;
  void *address;
  memcpy(&address, &function, sizeof address);
  return dladdr(address, &self) != 0 && dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE) != NULL;
}

#endif

uint64_t caisson_bell_log_function(void) {
  void (*const function)(const caisson_host *, uint32_t, const uint8_t *, uint32_t) = append_line;
  uint64_t address = 0;
  if (!stay_in_memory()) return 0;
  memcpy(&address, &function, sizeof function);
  return address;
}
