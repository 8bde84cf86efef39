/* batch.c - fuzz target: what the runner makes of a batch, and of verdicts, that a plugin filled.
 *
 * Input: 8 bytes of choices, then bytes that are laid over the block. Addresses of segments cannot be guessed, so the
 * lowest bits of a base choose one: the arena, memory that was handed over, memory that was lent, or what stands there. */
#include "../../../ffi/runner/answer.h"
#include "../../../ffi/runner/slot.h"

#include <caisson_batch.h>

#include "../harness/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BOUND_BYTES 96u
#define LENT_BYTES 128u

static uint8_t *take(size_t bytes) {
  uint8_t *const memory = malloc(bytes == 0 ? 1 : bytes);
  HOLDS(memory != NULL);
  memset(memory, 0x5a, bytes);
  return memory;
}

static void choose_bases(const batch_view *view, const uint8_t *bound, const uint8_t *lent) {
  for (uint32_t index = 0; index < view->segment_capacity; index++) {
    caisson_segment *const segment = view->segments + index;
    switch (segment->base & 3) {
      case 0: segment->base = (uint64_t)(uintptr_t)view->arena; break;
      case 1: segment->base = (uint64_t)(uintptr_t)bound + (segment->base >> 8 & 31); break;
      case 2:
        segment->base = (uint64_t)(uintptr_t)lent;
        /* Of memory that is lent nobody but its owner knows how much there is. */
        if (segment->length > LENT_BYTES) segment->length = LENT_BYTES;
        break;
      default: segment->flags &= ~CAISSON_SEGMENT_LENT; break;
    }
  }
}

static uint64_t read_part(const batch_view *view, uint16_t segment, uint32_t offset, uint32_t length) {
  const uint8_t *const bytes = (const uint8_t *)(uintptr_t)view->segments[segment].base + offset;
  uint64_t sum = 0;
  for (uint32_t at = 0; at < length; at++) sum += bytes[at];
  return sum;
}

static volatile uint64_t kept;

/* Whatever was let through is read and copied: a sanitizer sees the rest. */
static void use(const batch_view *view, const batch_view *slot, int whole) {
  uint64_t sum = 0;
  const uint32_t count = view->block->count;
  for (uint32_t index = 0; index < count; index++) {
    const caisson_record *record = view->records + index;
    sum += read_part(view, record->payload_segment, record->payload_offset, record->payload_length);
    if (record->key_length > 0) sum += read_part(view, record->key_segment, record->key_offset, record->key_length);
    if (record->meta_length > 0) sum += read_part(view, record->meta_segment, record->meta_offset, record->meta_length);
  }
  for (uint32_t start = 0; start < count;) {
    batch_format(slot);
    const uint32_t copied = batch_export(view, start, slot, whole);
    HOLDS(copied <= slot->capacity && copied <= count - start && slot->block->count == copied);
    HOLDS(slot->block->arena_used <= slot->arena_bytes);
    for (uint32_t index = 0; index < copied; index++) {
      const caisson_record *record = slot->records + index;
      HOLDS(record->payload_segment == 0 && (uint64_t)record->payload_offset + record->payload_length <= slot->arena_bytes);
      sum += read_part(slot, 0, record->payload_offset, record->payload_length);
    }
    start += copied == 0 ? 1 : copied;
  }
  kept = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 8) return 0;
  const uint32_t capacity = 1 + data[0] % 8;
  const uint32_t arena_bytes = data[1];
  const uint32_t slot_capacity = 1 + data[2] % 8;
  const uint32_t slot_bytes = data[3];
  const int may_lend = data[4] & 1;
  const int whole = data[4] >> 1 & 1;
  const uint32_t judged = data[5] % 9;
  const uint8_t *const laid = data + 8;
  const size_t block_bytes = batch_block_bytes(capacity, BATCH_SEGMENTS);
  uint8_t *const arena = take(arena_bytes);
  uint8_t *const block = aligned_alloc(64, (block_bytes + 63) & ~(size_t)63);
  uint8_t *const bound = take(BOUND_BYTES);
  uint8_t *const lent = take(LENT_BYTES);
  uint8_t *const slot_arena = take(slot_bytes);
  uint8_t *const slot_block = aligned_alloc(64, (batch_block_bytes(slot_capacity, 1) + 63) & ~(size_t)63);
  HOLDS(block != NULL && slot_block != NULL);
  memset(block, 0, block_bytes);
  memset(slot_block, 0, batch_block_bytes(slot_capacity, 1));
  const batch_view view = batch_view_over(block, arena, capacity, BATCH_SEGMENTS, arena_bytes);
  const batch_view slot = batch_view_over(slot_block, slot_arena, slot_capacity, 1, slot_bytes);
  batch_format(&view);
  batch_format(&slot);
  const size_t over = size - 8 < block_bytes ? size - 8 : block_bytes;
  memcpy(block, laid, over);
  choose_bases(&view, bound, lent);
  const memory_range range = {.base = bound, .length = BOUND_BYTES};
  fault why;
  int lends = 0;
  if (batch_check(&view, &range, 1, may_lend, &lends, &why)) {
    HOLDS(may_lend || !lends);
    use(&view, &slot, whole);
    if (view.block->count <= capacity) batch_count_arena(&view);
  } else {
    HOLDS(memchr(why.message, 0, sizeof why.message) != NULL && why.name[0] != 0);
  }
  /* The same bytes as a list of verdicts, and as a slot a host has filled. */
  batch_format(&slot);
  if (slot_judge(&slot, judged <= slot_capacity ? judged : slot_capacity, &view, &why)) {
    HOLDS(slot.block->verdict_count <= slot_capacity);
  } else {
    slot_fail(&slot, &why);
  }
  HOLDS(slot.block->arena_used <= slot_bytes);
  if (batch_localize(&view)) HOLDS(view.block->count <= capacity && view.block->segment_count == 1);
  free(slot_block);
  free(slot_arena);
  free(lent);
  free(bound);
  free(block);
  free(arena);
  return 0;
}
