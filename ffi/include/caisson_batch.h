/* caisson_batch.h - inline helpers to read and write batches without ever leaving the memory they were given.
 *
 * As with strchr, a pointer into a const batch comes back without const; input batches stay read-only all the same. */
#ifndef CAISSON_BATCH_H
#define CAISSON_BATCH_H

#include <string.h>

#include "caisson.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of memory that belong to someone else. */
typedef struct caisson_slice {
  const uint8_t *data;
  uint32_t length;
} caisson_slice;

/* Whether records of this batch are long enough to have a field: ask before writing one that a later minor added. */
#define CAISSON_RECORD_HAS(batch, field) \
  ((batch)->record_stride >= offsetof(caisson_record, field) + sizeof(((caisson_record *)0)->field))

static inline uint8_t *caisson_batch_bytes(const caisson_batch *batch, uint64_t offset) {
  return (uint8_t *)((uintptr_t)batch + (uintptr_t)offset);
}

/* The record at an index below batch->capacity. */
static inline caisson_record *caisson_record_at(const caisson_batch *batch, uint32_t index) {
  return (caisson_record *)(void *)caisson_batch_bytes(batch, batch->record_offset + (uint64_t)index * batch->record_stride);
}

/* The segment table. */
static inline caisson_segment *caisson_segments(const caisson_batch *batch) {
  return (caisson_segment *)(void *)caisson_batch_bytes(batch, batch->segment_offset);
}

/* The list of verdicts. */
static inline caisson_verdict *caisson_verdicts(const caisson_batch *batch) {
  return (caisson_verdict *)(void *)caisson_batch_bytes(batch, batch->verdict_offset);
}

/* Bytes of a segment, NULL when the number, the offset or the length points outside it. */
static inline caisson_slice caisson_slice_of(const caisson_batch *batch, uint16_t segment, uint32_t offset, uint32_t length) {
  caisson_slice slice = {NULL, 0};
  if (segment < batch->segment_count) {
    const caisson_segment *from = caisson_segments(batch) + segment;
    if (from->base != 0 && (uint64_t)offset + length <= from->length) {
      slice.data = (const uint8_t *)(uintptr_t)from->base + offset;
      slice.length = length;
    }
  }
  return slice;
}

/* The payload of a record. */
static inline caisson_slice caisson_payload(const caisson_batch *batch, const caisson_record *record) {
  return caisson_slice_of(batch, record->payload_segment, record->payload_offset, record->payload_length);
}

/* The key of a record. */
static inline caisson_slice caisson_key(const caisson_batch *batch, const caisson_record *record) {
  return caisson_slice_of(batch, record->key_segment, record->key_offset, record->key_length);
}

/* The metadata of a record. */
static inline caisson_slice caisson_meta(const caisson_batch *batch, const caisson_record *record) {
  return caisson_slice_of(batch, record->meta_segment, record->meta_offset, record->meta_length);
}

/* Zeroes the next record, exactly as long as the host's stride, and counts it; NULL when the batch is full.
 * A memset of sizeof(caisson_record) instead would write past the table of an older host. */
static inline caisson_record *caisson_record_begin(caisson_batch *batch) {
  caisson_record *record;
  if (batch->count >= batch->capacity) return NULL;
  record = caisson_record_at(batch, batch->count);
  memset((void *)record, 0, batch->record_stride);
  batch->count++;
  return record;
}

/* Appends an event whose payload lies in a segment; NULL when the batch is full. */
static inline caisson_record *caisson_append(caisson_batch *batch, uint16_t segment, uint32_t offset, uint32_t length,
                                             uint64_t timestamp_ns) {
  caisson_record *record = caisson_record_begin(batch);
  if (record == NULL) return NULL;
  record->timestamp_ns = timestamp_ns;
  record->payload_segment = segment;
  record->payload_offset = offset;
  record->payload_length = length;
  return record;
}

/* Takes `length` bytes, starting on a multiple of 8, from the host's arena in segment 0 and stores where they begin;
 * NULL when they do not fit, and nothing is taken. */
static inline uint8_t *caisson_arena_take(caisson_batch *batch, uint32_t length, uint32_t *offset) {
  caisson_segment *arena = caisson_segments(batch);
  const uint64_t start = ((uint64_t)batch->arena_used + 7) & ~UINT64_C(7);
  if (arena->base == 0 || start + length > arena->capacity) return NULL;
  *offset = (uint32_t)start;
  batch->arena_used = arena->length = (uint32_t)(start + length);
  return (uint8_t *)(uintptr_t)(arena->base + start);
}

/* Copies a payload into the arena and appends its event; NULL when the batch or the arena is full. */
static inline caisson_record *caisson_append_bytes(caisson_batch *batch, const void *data, uint32_t length,
                                                   uint64_t timestamp_ns) {
  uint32_t offset = 0;
  uint8_t *target;
  if (batch->count >= batch->capacity) return NULL;
  target = caisson_arena_take(batch, length, &offset);
  if (target == NULL) return NULL;
  if (length > 0) memcpy(target, data, length);
  return caisson_append(batch, 0, offset, length, timestamp_ns);
}

/* Adds memory of the plugin's own to the segment table and returns its number, or -1 when the table is full. The host
 * gives it back with caisson_release_1. */
static inline int32_t caisson_lend(caisson_batch *batch, const void *data, uint32_t length, uint32_t instance) {
  caisson_segment *segment;
  if (batch->segment_count >= batch->segment_capacity) return -1;
  segment = caisson_segments(batch) + batch->segment_count;
  segment->base = (uint64_t)(uintptr_t)data;
  segment->shared_offset = CAISSON_NO_SHARED_OFFSET;
  segment->length = length;
  segment->capacity = length;
  segment->flags = CAISSON_SEGMENT_LENT;
  segment->owner = instance;
  return batch->segment_count++;
}

/* Makes segment numbers of `from` mean the same in `out`, whose arena is given up. `out` must have room for them. */
static inline void caisson_share_segments(caisson_batch *out, const caisson_batch *from) {
  const uint16_t count = from->segment_count < out->segment_capacity ? from->segment_count : out->segment_capacity;
  memcpy((void *)caisson_segments(out), (const void *)caisson_segments(from), (size_t)count * sizeof(caisson_segment));
  out->segment_count = count;
}

/* Copies a record, never its payload, to an index below out->capacity; the caller sets out->count. */
static inline caisson_record *caisson_copy_record(caisson_batch *out, uint32_t to, const caisson_batch *from, uint32_t index) {
  caisson_record *record = caisson_record_at(out, to);
  const uint32_t common = out->record_stride < from->record_stride ? out->record_stride : from->record_stride;
  memcpy((void *)record, (const void *)caisson_record_at(from, index), common);
  if (out->record_stride > common) {
    memset((void *)((uintptr_t)record + common), 0, out->record_stride - common);
  }
  return record;
}

/* Lists a verdict that differs from batch->verdict_default. 0 when the list is full: the events not listed are RETRY. */
static inline int32_t caisson_add_verdict(caisson_batch *batch, const caisson_verdict *verdict) {
  if (batch->verdict_count >= batch->verdict_capacity) {
    batch->flags |= CAISSON_BATCH_OVERFLOW;
    return 0;
  }
  caisson_verdicts(batch)[batch->verdict_count++] = *verdict;
  return 1;
}

#ifdef __cplusplus
}
#endif
#endif
