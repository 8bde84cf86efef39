#include "ring.h"

#include <string.h>

#define MOST_SLOTS 1024u

/* The memory is JavaScript's, whose atomics are sequentially consistent on plain 32-bit words, as these are. */
typedef _Atomic(uint32_t) word;

static word *word_at(const ring *self, uint32_t offset) { return (word *)(void *)(self->base + offset); }

static uint64_t slot_block_bytes(uint32_t capacity) {
  const uint64_t bytes = sizeof(caisson_batch) + (uint64_t)capacity * (sizeof(caisson_record) + sizeof(caisson_verdict)) +
                         sizeof(caisson_segment);
  return (bytes + 63) & ~UINT64_C(63);
}

uint64_t ring_bytes(uint32_t slots, uint32_t capacity, uint32_t arena_bytes) {
  if (slots < 1 || slots > MOST_SLOTS || (slots & (slots - 1)) != 0) return 0;
  if (capacity < 1 || capacity > CAISSON_MAX_EVENTS) return 0;
  if (arena_bytes < 64 || arena_bytes % 64 != 0 || arena_bytes > CAISSON_MAX_SEGMENT_BYTES) return 0;
  return RING_CONTROL_BYTES + slots * (slot_block_bytes(capacity) + arena_bytes);
}

static void attach(ring *self, uint8_t *base, uint32_t slots, uint32_t capacity, uint32_t arena_bytes) {
  memset(self, 0, sizeof *self);
  self->base = base;
  self->slots = slots;
  self->capacity = capacity;
  self->arena_bytes = arena_bytes;
  self->block_bytes = (uint32_t)slot_block_bytes(capacity);
}

void ring_attach_producer(ring *self, uint8_t *base, uint32_t slots, uint32_t capacity, uint32_t arena_bytes) {
  attach(self, base, slots, capacity, arena_bytes);
  self->own = atomic_load(word_at(self, RING_HEAD));
  self->seen = atomic_load(word_at(self, RING_TAIL));
}

void ring_attach_consumer(ring *self, uint8_t *base, uint32_t slots, uint32_t capacity, uint32_t arena_bytes) {
  attach(self, base, slots, capacity, arena_bytes);
  self->own = self->seen = atomic_load(word_at(self, RING_TAIL));
}

uint32_t ring_available(ring *self) {
  const uint32_t head = atomic_load(word_at(self, RING_HEAD));
  const uint32_t distance = head - self->own;
  if (distance > self->slots || distance < self->seen - self->own) return RING_BROKEN;
  self->seen = head;
  return distance;
}

uint32_t ring_pending(ring *self) {
  const uint32_t tail = atomic_load(word_at(self, RING_TAIL));
  const uint32_t distance = self->own - tail;
  if (distance > self->own - self->seen) return RING_BROKEN;
  self->seen = tail;
  return distance;
}

int ring_ended(const ring *self) {
  return atomic_load(word_at(self, RING_PRODUCER_ENDED)) != 0 || atomic_load(word_at(self, RING_CONSUMER_ENDED)) != 0;
}

static uint8_t *slot_bytes(const ring *self, uint32_t counter) {
  const uint64_t slot = counter & (self->slots - 1);
  return self->base + RING_CONTROL_BYTES + slot * ((uint64_t)self->block_bytes + self->arena_bytes);
}

caisson_batch *ring_slot(const ring *self, uint32_t counter) { return (caisson_batch *)(void *)slot_bytes(self, counter); }

uint8_t *ring_arena(const ring *self, uint32_t counter) { return slot_bytes(self, counter) + self->block_bytes; }

/* Clears the armed word and counts a ring when the other side sleeps and waits for this level; the empty line that wakes
 * it is the caller's. */
static int take_armed(const ring *self, uint32_t bell, uint32_t level) {
  if (atomic_load(word_at(self, bell + 4)) <= level) return 0;
  atomic_store(word_at(self, bell + 4), 0);
  atomic_fetch_add(word_at(self, bell), 1);
  return 1;
}

int ring_publish(ring *self) {
  atomic_store(word_at(self, RING_HEAD), ++self->own);
  return take_armed(self, RING_DATA_BELL, 0);
}

int ring_consume(ring *self) {
  atomic_store(word_at(self, RING_TAIL), ++self->own);
  return take_armed(self, RING_SPACE_BELL, self->seen - self->own);
}

void ring_end_producer(ring *self) {
  atomic_store(word_at(self, RING_PRODUCER_ENDED), 1);
  take_armed(self, RING_DATA_BELL, 0);
}

void ring_end_consumer(ring *self) {
  atomic_store(word_at(self, RING_CONSUMER_ENDED), 1);
  take_armed(self, RING_SPACE_BELL, 0);
}

uint32_t ring_low_water(const ring *self) { return self->slots / 2; }

void ring_arm(const ring *self, uint32_t bell, uint32_t armed) { atomic_store(word_at(self, bell + 4), armed); }
