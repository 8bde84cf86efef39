/* guarded.h - memory with guard bytes on both sides, and batches laid out in it. */
#ifndef GUARDED_H
#define GUARDED_H

#include <caisson.h>
#include <string.h>

#include "require.h"

#define GUARD_BYTES 64u
#define GUARD_FILL 0x5au
#define BODY_FILL 0xa5u

typedef struct guarded {
  uint8_t *whole;
  uint8_t *body;
  size_t length;
} guarded;

static inline guarded guarded_take(size_t length) {
  guarded self = {.length = length};
  /* The guard keeps the body's alignment of 64; the tail guard starts at the body's very last byte. */
  self.whole = aligned_alloc(64, (length + 2 * GUARD_BYTES + 63) / 64 * 64);
  REQUIRE(self.whole != NULL, "no memory");
  self.body = self.whole + GUARD_BYTES;
  memset(self.whole, GUARD_FILL, GUARD_BYTES);
  memset(self.body, BODY_FILL, length);
  memset(self.body + length, GUARD_FILL, GUARD_BYTES);
  return self;
}

static inline void guarded_check(const guarded *self, const char *what) {
  for (uint32_t at = 0; at < GUARD_BYTES; at++) {
    REQUIRE(self->whole[at] == GUARD_FILL, "%s: wrote %u bytes before its start", what, GUARD_BYTES - at);
    REQUIRE(self->body[self->length + at] == GUARD_FILL, "%s: wrote %u bytes past its end", what, at + 1);
  }
}

static inline void guarded_free(guarded *self) { free(self->whole); }

/* A batch whose block and arena are guarded; records and verdicts nobody wrote keep BODY_FILL. */
typedef struct guarded_batch {
  guarded block;
  guarded arena;
  caisson_batch *batch;
} guarded_batch;

static inline guarded_batch batch_take(uint32_t capacity, uint32_t stride, uint16_t segments, uint32_t verdicts,
                                       uint32_t arena_bytes) {
  guarded_batch self;
  const size_t records = (size_t)capacity * stride;
  const size_t table = (size_t)segments * sizeof(caisson_segment);
  self.block = guarded_take(sizeof(caisson_batch) + records + table + (size_t)verdicts * sizeof(caisson_verdict));
  self.arena = guarded_take(arena_bytes);
  self.batch = (caisson_batch *)(void *)self.block.body;
  *self.batch = (caisson_batch){
      .size = sizeof(caisson_batch),
      .record_stride = stride,
      .capacity = capacity,
      .record_offset = sizeof(caisson_batch),
      .segment_offset = (uint32_t)(sizeof(caisson_batch) + records),
      .segment_count = 1,
      .segment_capacity = segments,
      .verdict_offset = (uint32_t)(sizeof(caisson_batch) + records + table),
      .verdict_capacity = verdicts,
      .batch_id = 1,
  };
  caisson_segment arena = {
      .base = (uint64_t)(uintptr_t)self.arena.body,
      .shared_offset = CAISSON_NO_SHARED_OFFSET,
      .capacity = arena_bytes,
      .flags = CAISSON_SEGMENT_WRITABLE,
  };
  memcpy(self.block.body + self.batch->segment_offset, &arena, sizeof arena);
  return self;
}

static inline void batch_free(guarded_batch *self) {
  guarded_free(&self->block);
  guarded_free(&self->arena);
}

static inline uint8_t *batch_record(const caisson_batch *batch, uint32_t index) {
  return (uint8_t *)(uintptr_t)batch + batch->record_offset + (size_t)index * batch->record_stride;
}

static inline caisson_segment batch_segment(const caisson_batch *batch, uint32_t index) {
  caisson_segment segment;
  memcpy(&segment, (const uint8_t *)batch + batch->segment_offset + index * sizeof segment, sizeof segment);
  return segment;
}

/* Appends an event with a payload copied into the arena; the harness plays a source. */
static inline void batch_append(guarded_batch *self, const char *payload, uint64_t timestamp_ns) {
  caisson_batch *batch = self->batch;
  const uint32_t length = (uint32_t)strlen(payload);
  REQUIRE(batch->count < batch->capacity && batch->arena_used + length <= self->arena.length, "the harness's batch is full");
  memcpy(self->arena.body + batch->arena_used, payload, length);
  uint8_t *place = batch_record(batch, batch->count);
  memset(place, 0, batch->record_stride);
  const caisson_record record = {
      .timestamp_ns = timestamp_ns, .sequence = batch->count, .payload_offset = batch->arena_used, .payload_length = length};
  memcpy(place, &record, sizeof record);
  batch->arena_used += (length + 7) & ~7u;
  if (batch->arena_used > self->arena.length) batch->arena_used = (uint32_t)self->arena.length;
  batch->count++;
  caisson_segment arena = batch_segment(batch, 0);
  arena.length = batch->arena_used;
  memcpy(self->block.body + batch->segment_offset, &arena, sizeof arena);
}

/* Checks what a plugin wrote: guards, header, counts, places of payloads, records it had no business with. */
static inline void guarded_batch_check(const guarded_batch *self, const caisson_batch *before, uint32_t most, const char *what) {
  const caisson_batch *batch = self->batch;
  guarded_check(&self->block, what);
  guarded_check(&self->arena, what);
  REQUIRE(batch->size == before->size && batch->record_stride == before->record_stride &&
              batch->capacity == before->capacity && batch->record_offset == before->record_offset &&
              batch->segment_offset == before->segment_offset && batch->segment_capacity == before->segment_capacity &&
              batch->verdict_offset == before->verdict_offset && batch->verdict_capacity == before->verdict_capacity,
          "%s: changed a field of the header that is the host's", what);
  REQUIRE(batch->count <= most, "%s: %u events, at most %u were asked for", what, batch->count, most);
  REQUIRE(batch->segment_count >= 1 && batch->segment_count <= batch->segment_capacity, "%s: %u segments", what,
          batch->segment_count);
  REQUIRE(batch->arena_used <= self->arena.length, "%s: arena_used %u", what, batch->arena_used);
  for (uint32_t index = 0; index < batch->count; index++) {
    caisson_record record;
    memcpy(&record, batch_record(batch, index), sizeof record);
    REQUIRE(record.payload_segment < batch->segment_count, "%s: record %u names segment %u", what, index,
            record.payload_segment);
    const caisson_segment segment = batch_segment(batch, record.payload_segment);
    REQUIRE((uint64_t)record.payload_offset + record.payload_length <= segment.length,
            "%s: record %u lies at %u+%u of a segment of %u", what, index, record.payload_offset, record.payload_length,
            segment.length);
  }
  for (uint32_t index = batch->count; index < batch->capacity; index++) {
    const uint8_t *record = batch_record(batch, index);
    for (uint32_t at = 0; at < batch->record_stride; at++) {
      REQUIRE(record[at] == BODY_FILL, "%s: wrote record %u, but emitted only %u", what, index, batch->count);
    }
  }
}

/* Reads every payload byte, so that a sanitizer sees a bad address. */
static inline uint64_t batch_read(const caisson_batch *batch) {
  uint64_t sum = 0;
  for (uint32_t index = 0; index < batch->count; index++) {
    caisson_record record;
    memcpy(&record, batch_record(batch, index), sizeof record);
    const uint8_t *payload =
        (const uint8_t *)(uintptr_t)batch_segment(batch, record.payload_segment).base + record.payload_offset;
    for (uint32_t at = 0; at < record.payload_length; at++) sum += payload[at];
  }
  return sum;
}

#endif
