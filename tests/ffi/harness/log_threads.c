/* log_threads.c - many threads of a plugin log at once while the host reads: what runtime/isolation/native_log.ts does, in C,
 * so that the sanitizers see both sides.
 *
 *   log_threads THREADS LINES */
#include "../../../ffi/adapter/bell.c"
#include "require.h"

#include <pthread.h>
#include <stdatomic.h>

#define RING_BYTES 1024u
#define MOST_THREADS 16u

static uint8_t *memory;
static caisson_host host;
static uint32_t lines;
static atomic_uint writing;

static void *write_lines(void *number) {
  char text[64];
  for (uint32_t line = 0; line < lines; line++) {
    const int length = snprintf(text, sizeof text, "%u %u%.*s", (unsigned)(uintptr_t)number, line, (int)(line % 40),
                                "........................................");
    append_line(&host, CAISSON_LOG_INFO, (const uint8_t *)text, (uint32_t)length);
  }
  atomic_fetch_sub(&writing, 1);
  return NULL;
}

/* Takes one entry; 0 when there is none that is finished. */
static int take(uint32_t *tail, uint32_t next[MOST_THREADS], uint32_t *seen) {
  caisson_log_ring *const ring = (caisson_log_ring *)(void *)memory;
  uint8_t *const entries = memory + sizeof *ring;
  if (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == *tail) return 0;
  const uint32_t at = *tail & (RING_BYTES - 1);
  caisson_log_entry *const entry = (caisson_log_entry *)(void *)(entries + at);
  const uint32_t state = __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
  uint32_t bytes = state;
  if (state == 0) return 0;
  if (entry->level != LOG_FILLER) {
    unsigned thread;
    unsigned line;
    char text[64];
    const uint32_t length = state - 1;
    REQUIRE(length < sizeof text && at + sizeof *entry + length <= RING_BYTES, "an entry of %u bytes at %u", length, at);
    memcpy(text, entry + 1, length);
    text[length] = 0;
    REQUIRE(sscanf(text, "%u %u", &thread, &line) == 2 && thread < MOST_THREADS, "\"%s\"", text);
    /* Lines may be left out, never come twice or out of order. */
    REQUIRE(line >= next[thread] && line < lines, "line %u of thread %u after %u", line, thread, next[thread]);
    next[thread] = line + 1;
    (*seen)++;
    bytes = ((uint32_t)sizeof *entry + length + 15u) & ~15u;
  }
  memset(entries + at, 0, bytes);
  *tail += bytes;
  __atomic_store_n(&ring->tail, *tail, __ATOMIC_RELEASE);
  return 1;
}

int main(int count, char **arguments) {
  pthread_t threads[MOST_THREADS];
  uint32_t next[MOST_THREADS] = {0};
  uint32_t tail = 0;
  uint32_t seen = 0;
  REQUIRE(count == 3, "usage: log_threads THREADS LINES");
  const uint32_t number = (uint32_t)strtoul(arguments[1], NULL, 10);
  lines = (uint32_t)strtoul(arguments[2], NULL, 10);
  REQUIRE(number <= MOST_THREADS && caisson_bell_open() >= 0, "threads, or no bell");
  memory = aligned_alloc(64, sizeof(caisson_log_ring) + RING_BYTES);
  REQUIRE(memory != NULL, "no memory");
  memset(memory, 0, sizeof(caisson_log_ring) + RING_BYTES);
  host.log_ring = (uint64_t)(uintptr_t)memory;
  host.log_ring_bytes = (uint32_t)sizeof(caisson_log_ring) + RING_BYTES;
  atomic_store(&writing, number);
  for (uint32_t at = 0; at < number; at++) {
    REQUIRE(pthread_create(&threads[at], NULL, write_lines, (void *)(uintptr_t)at) == 0, "no thread");
  }
  caisson_log_ring *const ring = (caisson_log_ring *)(void *)memory;
  while (atomic_load(&writing) > 0) {
    while (take(&tail, next, &seen)) {
    }
    __atomic_store_n(&ring->armed, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ring->head, __ATOMIC_SEQ_CST) == tail && atomic_load(&writing) > 0) {
      struct pollfd ready = {.fd = waited, .events = POLLIN, .revents = 0};
      poll(&ready, 1, 10);
    }
  }
  for (uint32_t at = 0; at < number; at++) pthread_join(threads[at], NULL);
  while (take(&tail, next, &seen)) {
  }
  REQUIRE(seen + ring->dropped == number * lines, "%u seen and %u dropped of %u", seen, ring->dropped, number * lines);
  REQUIRE(seen > number, "%u lines seen", seen);
  printf("%u lines seen, %u dropped\nok\n", seen, ring->dropped);
  free(memory);
  return 0;
}
