/* slot.h - batches as the runner sees them: blocks whose layout it has written itself and never reads back, so that a
 * plugin that damages a header damages nothing else. */
#ifndef CAISSON_RUNNER_SLOT_H
#define CAISSON_RUNNER_SLOT_H

#include <caisson.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "ring.h"

/* Segments of a batch that is not a slot. */
#define BATCH_SEGMENTS 8u

typedef struct batch_view {
  caisson_batch *block;
  caisson_record *records;
  caisson_segment *segments;
  caisson_verdict *verdicts;
  uint8_t *arena;
  uint32_t arena_bytes;
  uint32_t capacity;
  uint32_t segment_capacity;
} batch_view;

/* Memory a plugin may refer to without lending it. */
typedef struct memory_range {
  const uint8_t *base;
  uint64_t length;
} memory_range;

/* Bytes the block of a batch takes. */
size_t batch_block_bytes(uint32_t capacity, uint32_t segments);
/* A view of memory; nothing is written. */
batch_view batch_view_over(void *block, uint8_t *arena, uint32_t capacity, uint32_t segments, uint32_t arena_bytes);
/* The slot of a ring for a counter. */
batch_view batch_view_of_slot(const ring *from, uint32_t counter);
/* Allocates a batch; `arena` is memory of somebody else, and may be NULL. Ends the process when there is no memory. */
batch_view batch_allocate(uint32_t capacity, uint8_t *arena, uint32_t arena_bytes);
/* Writes the header anew and empties the batch. */
void batch_format(const batch_view *view);
/* Writes the address of the arena, for a batch that was filled by the host; 0 when its counts are not possible. */
int batch_localize(const batch_view *view);

/* Checks everything a plugin may have written. `ranges` are memory it was given besides the arena. 0 and a fault when it
 * is not possible; `lends` tells whether a segment was lent. */
int batch_check(const batch_view *view, const memory_range *ranges, uint32_t range_count, int may_lend, int *lends,
                fault *why);

/* Copies events `start` and following to a slot, as many as fit, payloads into its arena; those that lie there already,
 * because the batch's arena is the slot's, stay. Returns how many; 0 when event `start` alone does not fit. With `whole`,
 * payloads are packed more tightly when that is needed for all of them to fit. */
uint32_t batch_export(const batch_view *from, uint32_t start, const batch_view *slot, int whole);

/* Where the part of the arena ends that events `start` and following use. */
uint32_t batch_arena_end(const batch_view *view, uint32_t start);
/* Sets how much of the arena is used from what the records refer to: not every plugin keeps count. */
void batch_count_arena(const batch_view *view);

#endif
