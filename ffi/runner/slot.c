#include "slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform.h"

size_t batch_block_bytes(uint32_t capacity, uint32_t segments) {
  return sizeof(caisson_batch) + (size_t)capacity * (sizeof(caisson_record) + sizeof(caisson_verdict)) +
         (size_t)segments * sizeof(caisson_segment);
}

batch_view batch_view_over(void *block, uint8_t *arena, uint32_t capacity, uint32_t segments, uint32_t arena_bytes) {
  uint8_t *const bytes = block;
  uint8_t *const table = bytes + sizeof(caisson_batch) + (size_t)capacity * sizeof(caisson_record);
  const batch_view view = {
      .block = block,
      .records = (caisson_record *)(void *)(bytes + sizeof(caisson_batch)),
      .segments = (caisson_segment *)(void *)table,
      .verdicts = (caisson_verdict *)(void *)(table + (size_t)segments * sizeof(caisson_segment)),
      .arena = arena,
      .arena_bytes = arena_bytes,
      .capacity = capacity,
      .segment_capacity = segments,
  };
  return view;
}

batch_view batch_view_of_slot(const ring *from, uint32_t counter) {
  return batch_view_over(ring_slot(from, counter), ring_arena(from, counter), from->capacity, 1, from->arena_bytes);
}

batch_view batch_allocate(uint32_t capacity, uint8_t *arena, uint32_t arena_bytes) {
  void *const block = platform_allocate(64, batch_block_bytes(capacity, BATCH_SEGMENTS));
  if (block == NULL) {
    fprintf(stderr, "caisson runner: no memory for a batch of %u events\n", capacity);
    _exit(2);
  }
  const batch_view view = batch_view_over(block, arena, capacity, BATCH_SEGMENTS, arena_bytes);
  batch_format(&view);
  return view;
}

static void own_arena(const batch_view *view, uint32_t length) {
  const caisson_segment arena = {
      .base = (uint64_t)(uintptr_t)view->arena,
      .shared_offset = CAISSON_NO_SHARED_OFFSET,
      .length = length,
      .capacity = view->arena_bytes,
      .flags = CAISSON_SEGMENT_WRITABLE,
      .owner = 0,
  };
  view->segments[0] = arena;
}

static void write_layout(const batch_view *view, uint32_t count, uint32_t arena_used) {
  const caisson_batch header = {
      .size = sizeof(caisson_batch),
      .record_stride = sizeof(caisson_record),
      .count = count,
      .capacity = view->capacity,
      .record_offset = (uint32_t)((const uint8_t *)view->records - (const uint8_t *)view->block),
      .segment_offset = (uint32_t)((const uint8_t *)view->segments - (const uint8_t *)view->block),
      .segment_count = 1,
      .segment_capacity = (uint16_t)view->segment_capacity,
      .arena_used = arena_used,
      .verdict_offset = (uint32_t)((const uint8_t *)view->verdicts - (const uint8_t *)view->block),
      .verdict_capacity = view->capacity,
  };
  *view->block = header;
  own_arena(view, arena_used);
}

void batch_format(const batch_view *view) { write_layout(view, 0, 0); }

int batch_localize(const batch_view *view) {
  const uint32_t count = view->block->count;
  const uint32_t used = view->block->arena_used;
  if (count > view->capacity || used > view->arena_bytes) return 0;
  write_layout(view, count, used);
  return 1;
}

/* ---- checking ------------------------------------------------------------------------------------------------- */

static int inside(const memory_range *range, uint64_t base, uint32_t length) {
  const uint64_t start = (uint64_t)(uintptr_t)range->base;
  return base >= start && base - start <= range->length && length <= range->length - (base - start);
}

static int check_segment(const batch_view *view, uint32_t index, const memory_range *ranges, uint32_t range_count,
                         int may_lend, int *lends, uint32_t *limit, fault *why) {
  const caisson_segment *segment = view->segments + index;
  *limit = segment->length;
  if (view->arena != NULL && segment->base == (uint64_t)(uintptr_t)view->arena) {
    /* The arena counts whole: a plugin may leave `length` to the host. */
    *limit = view->arena_bytes;
    if (segment->length <= view->arena_bytes) return 1;
  } else if (segment->length <= CAISSON_MAX_SEGMENT_BYTES) {
    if (may_lend && index > 0 && (segment->flags & CAISSON_SEGMENT_LENT) != 0 && segment->base != 0) {
      *lends = 1;
      return 1;
    }
    for (uint32_t at = 0; at < range_count; at++) {
      if (inside(ranges + at, segment->base, segment->length)) return 1;
    }
  }
  fault_set(why, "CAISSON_NATIVE_BATCH",
            "segment[%u] of %u bytes at %llu; allowed: the batch's arena, memory the host handed over, or a source's own "
            "memory marked as lent",
            index, segment->length, (unsigned long long)segment->base);
  return 0;
}

static int check_part(const batch_view *view, uint32_t index, const char *part, uint32_t segment, uint32_t offset,
                      uint32_t length, const uint32_t *limits, fault *why) {
  const uint32_t segments = view->block->segment_count;
  if (segment >= segments) {
    fault_set(why, "CAISSON_NATIVE_BATCH", "record[%u].%s_segment is %u; allowed: below %u", index, part, segment, segments);
    return 0;
  }
  if ((uint64_t)offset + length > limits[segment]) {
    fault_set(why, "CAISSON_NATIVE_BATCH", "record[%u].%s_offset is %u+%u; allowed: at most %u in segment %u", index, part,
              offset, length, limits[segment], segment);
    return 0;
  }
  return 1;
}

int batch_check(const batch_view *view, const memory_range *ranges, uint32_t range_count, int may_lend, int *lends,
                fault *why) {
  uint32_t limits[BATCH_SEGMENTS];
  const caisson_batch *block = view->block;
  const uint32_t count = block->count;
  *lends = 0;
  if (block->segment_count < 1 || block->segment_count > view->segment_capacity || view->segment_capacity > BATCH_SEGMENTS) {
    fault_set(why, "CAISSON_NATIVE_BATCH", "segment_count is %u; allowed: 1 to %u", block->segment_count,
              view->segment_capacity);
    return 0;
  }
  for (uint32_t index = 0; index < block->segment_count; index++) {
    if (!check_segment(view, index, ranges, range_count, may_lend, lends, &limits[index], why)) return 0;
  }
  if (count > view->capacity) {
    fault_set(why, "CAISSON_NATIVE_BATCH", "count is %u; allowed: at most %u", count, view->capacity);
    return 0;
  }
  for (uint32_t index = 0; index < count; index++) {
    const caisson_record *record = view->records + index;
    const int fine =
        check_part(view, index, "payload", record->payload_segment, record->payload_offset, record->payload_length, limits, why) &&
        check_part(view, index, "key", record->key_segment, record->key_offset, record->key_length, limits, why) &&
        check_part(view, index, "meta", record->meta_segment, record->meta_offset, record->meta_length, limits, why);
    if (!fine) return 0;
  }
  return 1;
}

/* ---- copying -------------------------------------------------------------------------------------------------- */

uint32_t batch_arena_end(const batch_view *view, uint32_t start) {
  const uint64_t arena = (uint64_t)(uintptr_t)view->arena;
  const uint32_t count = view->block->count;
  uint32_t end = 0;
  for (uint32_t index = start; index < count; index++) {
    const caisson_record *record = view->records + index;
    const uint32_t ends[3] = {
        view->segments[record->payload_segment].base == arena ? record->payload_offset + record->payload_length : 0,
        record->key_length > 0 && view->segments[record->key_segment].base == arena ? record->key_offset + record->key_length : 0,
        record->meta_length > 0 && view->segments[record->meta_segment].base == arena ? record->meta_offset + record->meta_length
                                                                                      : 0,
    };
    for (uint32_t part = 0; part < 3; part++) {
      if (ends[part] > end) end = ends[part];
    }
  }
  return end;
}

void batch_count_arena(const batch_view *view) {
  const uint32_t used = batch_arena_end(view, 0);
  view->block->arena_used = used;
  view->segments[0].length = used;
}

typedef struct target {
  const batch_view *slot;
  uint32_t used;
  uint32_t alignment;                /* of payloads, less one */
} target;

/* Brings one part of a record into the slot's arena and says where it lies; 0 when it does not fit. */
static int place(target *to, const batch_view *from, uint16_t *segment, uint32_t *offset, uint32_t length) {
  const caisson_segment *source = from->segments + *segment;
  const uint8_t *bytes = (const uint8_t *)(uintptr_t)source->base;
  *segment = 0;
  if (length == 0) {
    *offset = 0;
    return 1;
  }
  if (bytes == to->slot->arena) return 1;
  if (length > to->slot->arena_bytes - to->used) return 0;
  memcpy(to->slot->arena + to->used, bytes + *offset, length);
  *offset = to->used;
  const uint64_t next = ((uint64_t)to->used + length + to->alignment) & ~(uint64_t)to->alignment;
  to->used = next < to->slot->arena_bytes ? (uint32_t)next : to->slot->arena_bytes;
  return 1;
}

/* Whether every payload fits when each begins on a multiple of 8. */
static int fits_aligned(const batch_view *from, uint32_t used, uint32_t room) {
  uint64_t needed = used;
  for (uint32_t index = 0; index < from->block->count; index++) {
    const caisson_record *record = from->records + index;
    needed += (((uint64_t)record->payload_length + 7) & ~UINT64_C(7)) + (((uint64_t)record->key_length + 7) & ~UINT64_C(7)) +
              (((uint64_t)record->meta_length + 7) & ~UINT64_C(7));
  }
  return needed <= room;
}

uint32_t batch_export(const batch_view *from, uint32_t start, const batch_view *slot, int whole) {
  const uint32_t count = from->block->count;
  const int in_place = from->arena == slot->arena;
  target to = {.slot = slot, .used = in_place ? batch_arena_end(from, start) : 0, .alignment = 7};
  if (in_place) to.used = to.used + 7 <= slot->arena_bytes ? (to.used + 7) & ~7u : slot->arena_bytes;
  if (whole && !fits_aligned(from, to.used, slot->arena_bytes)) to.alignment = 0;
  uint32_t copied = 0;
  while (start + copied < count && copied < slot->capacity) {
    caisson_record record = from->records[start + copied];
    const target before = to;
    if (!place(&to, from, &record.payload_segment, &record.payload_offset, record.payload_length) ||
        !place(&to, from, &record.key_segment, &record.key_offset, record.key_length) ||
        !place(&to, from, &record.meta_segment, &record.meta_offset, record.meta_length)) {
      to = before;
      break;
    }
    slot->records[copied++] = record;
  }
  write_layout(slot, copied, to.used);
  return copied;
}
