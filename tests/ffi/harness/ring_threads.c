/* ring_threads.c - both ends of a ring on two threads of one process, so that ThreadSanitizer sees what two processes do.
 *
 *   ring_threads BATCHES
 *
 * The producer fills slots, the consumer checks them and answers with a verdict the producer checks. Each sleeps on a
 * condition when the other is behind, with the bell armed as the runner does it. */
#include "../../../ffi/runner/ring.h"
#include "../../../ffi/runner/slot.h"
#include "require.h"

#include <pthread.h>
#include <string.h>

#define SLOTS 4u
#define CAPACITY 8u
#define ARENA 256u

static uint8_t *memory;
static uint32_t batches;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rung = PTHREAD_COND_INITIALIZER;
static uint32_t rings;
static uint32_t sleeps;

static void wake(void) {
  pthread_mutex_lock(&lock);
  rings++;
  pthread_cond_broadcast(&rung);
  pthread_mutex_unlock(&lock);
}

/* Sleeps until `ready`, as runner_wait does: count the rings, arm, look again, sleep. */
static void wait_for(ring *end, uint32_t bell, int (*ready)(ring *)) {
  while (!ready(end)) {
    pthread_mutex_lock(&lock);
    const uint32_t heard = rings;
    pthread_mutex_unlock(&lock);
    ring_arm(end, bell, 1);
    if (!ready(end)) {
      pthread_mutex_lock(&lock);
      sleeps++;
      while (rings == heard) pthread_cond_wait(&rung, &lock);
      pthread_mutex_unlock(&lock);
    }
    ring_arm(end, bell, 0);
  }
}

static int has_batch(ring *end) {
  const uint32_t available = ring_available(end);
  REQUIRE(available != RING_BROKEN, "the head of the ring jumped");
  return available > 0;
}

static int has_room(ring *end) {
  const uint32_t pending = ring_pending(end);
  REQUIRE(pending != RING_BROKEN, "the tail of the ring jumped");
  return pending < SLOTS;
}

static uint8_t expected(uint32_t counter, uint32_t index) { return (uint8_t)(counter * 31 + index * 7); }

static void *produce(void *unused) {
  ring end;
  (void)unused;
  ring_attach_producer(&end, memory, SLOTS, CAPACITY, ARENA);
  for (uint32_t counter = 0; counter < batches; counter++) {
    wait_for(&end, RING_SPACE_BELL, has_room);
    const batch_view slot = batch_view_of_slot(&end, end.own);
    if (counter >= SLOTS) {
      REQUIRE(slot.verdicts[0].code == (int32_t)(counter - SLOTS), "verdict %d on batch %u", slot.verdicts[0].code, counter - SLOTS);
    }
    batch_format(&slot);
    slot.block->batch_id = counter;
    slot.block->count = counter % (CAPACITY + 1);
    for (uint32_t index = 0; index < slot.block->count; index++) {
      slot.records[index].payload_offset = index * 8;
      slot.records[index].payload_length = 8;
      memset(slot.arena + index * 8, expected(counter, index), 8);
    }
    if (ring_publish(&end)) wake();
  }
  return NULL;
}

static void *consume(void *unused) {
  ring end;
  (void)unused;
  ring_attach_consumer(&end, memory, SLOTS, CAPACITY, ARENA);
  for (uint32_t counter = 0; counter < batches; counter++) {
    wait_for(&end, RING_DATA_BELL, has_batch);
    const batch_view slot = batch_view_of_slot(&end, end.own);
    REQUIRE(slot.block->batch_id == counter, "batch %llu, not %u", (unsigned long long)slot.block->batch_id, counter);
    REQUIRE(slot.block->count == counter % (CAPACITY + 1), "%u events in batch %u", slot.block->count, counter);
    for (uint32_t index = 0; index < slot.block->count; index++) {
      for (uint32_t at = 0; at < 8; at++) {
        REQUIRE(slot.arena[slot.records[index].payload_offset + at] == expected(counter, index), "payload of batch %u", counter);
      }
    }
    slot.verdicts[0].code = (int32_t)counter;
    if (ring_consume(&end)) wake();
  }
  return NULL;
}

int main(int count, char **arguments) {
  pthread_t threads[2];
  REQUIRE(count == 2, "usage: ring_threads BATCHES");
  batches = (uint32_t)strtoul(arguments[1], NULL, 10);
  const uint64_t bytes = ring_bytes(SLOTS, CAPACITY, ARENA);
  memory = aligned_alloc(64, (bytes + 63) & ~UINT64_C(63));
  REQUIRE(memory != NULL, "no memory");
  memset(memory, 0, bytes);
  REQUIRE(pthread_create(&threads[0], NULL, consume, NULL) == 0 && pthread_create(&threads[1], NULL, produce, NULL) == 0,
          "no threads");
  for (int at = 0; at < 2; at++) pthread_join(threads[at], NULL);
  free(memory);
  printf("%u batches, %u sleeps\nok\n", batches, sleeps);
  return 0;
}
