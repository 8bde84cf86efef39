#include "settlement.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define TAIL 64u
#define BELL 68u

typedef _Atomic(uint32_t) word;

static _Noreturn void no_memory(void) {
  fprintf(stderr, "caisson runner: no memory for batches under way\n");
  _exit(2);
}

uint64_t settlement_bytes(uint32_t slots) {
  if (slots < 1 || slots > 65536 || (slots & (slots - 1)) != 0) return 0;
  return SETTLEMENT_HEADER_BYTES + (uint64_t)slots * sizeof(settlement_entry);
}

void settlement_attach(settlement *self, uint8_t *base, uint32_t slots, uint32_t capacity, int told) {
  memset(self, 0, sizeof *self);
  self->base = base;
  self->slots = slots;
  self->told = told && base != NULL;
  self->first_slot = self->first_batch = 1;
  if (self->told) self->verdicts = batch_allocate(capacity, NULL, 0);
}

void settlement_arm(const settlement *self, uint32_t armed) {
  if (self->base != NULL) atomic_store((word *)(void *)(self->base + BELL), armed);
}

int settlement_waits(const settlement *self) {
  return self->base != NULL && atomic_load((word *)(void *)self->base) != self->tail;
}

/* Makes a ring of things one longer; what it held keeps its order, from index 0 on. */
static void *grow(void *from, size_t size, uint64_t first, uint32_t count, uint32_t *capacity) {
  const uint32_t wider = *capacity == 0 ? 64 : *capacity * 2;
  uint8_t *const to = calloc(wider, size);
  if (to == NULL) no_memory();
  for (uint64_t index = first; index < first + count; index++) {
    memcpy(to + (index & (wider - 1)) * size, (uint8_t *)from + (index & (*capacity - 1)) * size, size);
  }
  free(from);
  *capacity = wider;
  return to;
}

static polled *batch_at(settlement *self, uint64_t id) { return &self->batches[id & (self->batch_capacity - 1)]; }
static part *part_at(settlement *self, uint64_t slot) { return &self->parts[slot & (self->part_capacity - 1)]; }

uint64_t settlement_add_batch(settlement *self, uint32_t count) {
  if (self->batch_count == self->batch_capacity) {
    self->batches = grow(self->batches, sizeof *self->batches, self->first_batch, self->batch_count, &self->batch_capacity);
  }
  const uint64_t id = self->first_batch + self->batch_count++;
  const polled added = {.id = id, .count = count, .left = count};
  *batch_at(self, id) = added;
  return id;
}

uint64_t settlement_add_slot(settlement *self, uint64_t batch, uint32_t first, uint32_t count) {
  if (self->part_count == self->part_capacity) {
    self->parts = grow(self->parts, sizeof *self->parts, self->first_slot, self->part_count, &self->part_capacity);
  }
  const uint64_t slot = self->first_slot + self->part_count++;
  const part added = {.batch = batch, .first = first, .count = count};
  *part_at(self, slot) = added;
  return slot;
}

static void add_failure(polled *batch, uint32_t index) {
  if (batch->failed_count == batch->failed_capacity) {
    batch->failed_capacity = batch->failed_capacity == 0 ? 16 : batch->failed_capacity * 2;
    batch->failed = realloc(batch->failed, batch->failed_capacity * sizeof *batch->failed);
    if (batch->failed == NULL) no_memory();
  }
  batch->failed[batch->failed_count++] = index;
}

static void tell_plugin(settlement *self, const polled *batch, plugin *to) {
  const batch_view *verdicts = &self->verdicts;
  if (to->instance == NULL || !to->started) return;
  batch_format(verdicts);
  verdicts->block->batch_id = batch->id;
  verdicts->block->count = batch->count;
  verdicts->block->verdict_count = batch->failed_count < verdicts->capacity ? batch->failed_count : verdicts->capacity;
  for (uint32_t at = 0; at < verdicts->block->verdict_count; at++) {
    const caisson_verdict verdict = {
        .index = batch->failed[at],
        .action = CAISSON_RETRY,
        .failure_class = CAISSON_CLASS_TRANSIENT,
    };
    verdicts->verdicts[at] = verdict;
  }
  const int32_t status = to->source_settle(to->instance, verdicts->block, plugin_error());
  if (status < 0) {
    fault why;
    plugin_fault(&why, "settle");
    control_log(CAISSON_LOG_ERROR, why.message, (uint32_t)strlen(why.message));
  }
}

/* Takes events off a batch, and lets go of it when that were the last. */
static void settle_events(settlement *self, uint64_t id, uint32_t count, plugin *to) {
  polled *const batch = batch_at(self, id);
  batch->left -= count < batch->left ? count : batch->left;
  if (batch->left > 0) return;
  tell_plugin(self, batch, to);
  free(batch->failed);
  batch->failed = NULL;
  while (self->batch_count > 0 && batch_at(self, self->first_batch)->left == 0) {
    self->first_batch++;
    self->batch_count--;
  }
}

void settlement_skip(settlement *self, uint64_t batch, uint32_t index, plugin *to) {
  if (!self->told) return;
  add_failure(batch_at(self, batch), index);
  settle_events(self, batch, 1, to);
}

static void read_entry(settlement *self, const settlement_entry *entry, plugin *to) {
  const uint64_t at = entry->slot_id - self->first_slot;
  if (entry->slot_id < self->first_slot || at >= self->part_count) return;
  part *const of = part_at(self, entry->slot_id);
  if (of->count == 0) return;
  if (entry->kind == SETTLEMENT_FAILED) {
    if (entry->value < of->count) add_failure(batch_at(self, of->batch), of->first + entry->value);
    return;
  }
  const part settled = *of;
  of->count = 0;
  settle_events(self, settled.batch, settled.count, to);
  while (self->part_count > 0 && part_at(self, self->first_slot)->count == 0) {
    self->first_slot++;
    self->part_count--;
  }
}

void settlement_drain(settlement *self, plugin *to) {
  if (self->base == NULL) return;
  const uint32_t head = atomic_load((word *)(void *)self->base);
  if (head == self->tail || head - self->tail > self->slots) return;
  const settlement_entry *const entries = (const settlement_entry *)(void *)(self->base + SETTLEMENT_HEADER_BYTES);
  if (!self->told) self->tail = head;
  while (self->tail != head) {
    const settlement_entry entry = entries[self->tail & (self->slots - 1)];
    self->tail++;
    read_entry(self, &entry, to);
  }
  atomic_store((word *)(void *)(self->base + TAIL), self->tail);
}
