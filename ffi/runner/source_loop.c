#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "patience.h"
#include "platform.h"
#include "runner.h"

void source_prepare(runner *self) {
  source_state *const source = &self->source;
  const ring *const output = &self->output;
  const uint32_t flags = self->plugin.descriptor.flags;
  source->direct = (flags & CAISSON_SHARED_SAFE) != 0 && self->plugin.memory == NULL;
  if (!source->direct) source->batch = batch_allocate(output->capacity, NULL, output->arena_bytes);
}

/* RING_BROKEN is above any number of slots, and ends the wait as well: the step after it finds out. */
static int has_room(runner *self) {
  const uint32_t pending = ring_pending(&self->output);
  return ring_ended(&self->output) || pending <= ring_low_water(&self->output) || pending == RING_BROKEN;
}

static int is_closed(runner *self) { return ring_ended(&self->output); }

/* Gives lent memory back as soon as it is copied; verdicts come later and need none of it. */
static void give_back(runner *self, const batch_view *batch) {
  source_state *const source = &self->source;
  if (!source->lends) return;
  source->lends = 0;
  if (self->plugin.release != NULL) self->plugin.release(self->plugin.instance, batch->block);
}

static void publish(runner *self, const batch_view *slot, uint32_t count) {
  source_state *const source = &self->source;
  slot->block->batch_id =
      self->settlement.told ? settlement_add_slot(&self->settlement, source->batch_id, source->next, count) : 0;
  source->next += count;
  if (ring_publish(&self->output)) control_ring();
}

static void finish(runner *self) {
  source_state *const source = &self->source;
  if (!source->eof) return;
  source->reading = 0;
  ring_end_producer(&self->output);
  control_ring();
}

/* Payloads in the arena of a slot that is about to be the host's move out of it: the rest of their batch still needs them. */
static void spill_arena(runner *self) {
  source_state *const source = &self->source;
  batch_view *const batch = &source->batch;
  const uint64_t arena = (uint64_t)(uintptr_t)batch->arena;
  if (source->spill == NULL) source->spill = malloc(batch->arena_bytes);
  if (source->spill == NULL) runner_break("no memory for payloads of a batch in pieces");
  memcpy(source->spill, batch->arena, batch->arena_bytes);
  for (uint32_t index = 0; index < batch->block->segment_count; index++) {
    if (batch->segments[index].base == arena) batch->segments[index].base = (uint64_t)(uintptr_t)source->spill;
  }
  batch->arena = source->spill;
}

/* Copies what is left of the batch at hand into the slot at hand. */
static void pass_on(runner *self) {
  source_state *const source = &self->source;
  const batch_view *const batch = &source->batch;
  const batch_view slot = batch_view_of_slot(&self->output, self->output.own);
  const uint32_t count = batch->block->count;
  /* Room for all of it is the rule; whatever the payloads' alignment, this finds out before anything is written. */
  uint64_t needed = batch->arena == slot.arena ? batch_arena_end(batch, source->next) : 0;
  for (uint32_t index = source->next; index < count; index++) {
    const caisson_record *record = batch->records + index;
    needed += (uint64_t)record->payload_length + record->key_length + record->meta_length + 24;
  }
  if (needed > slot.arena_bytes && batch->arena == slot.arena) spill_arena(self);
  const uint32_t copied = batch_export(batch, source->next, &slot, 0);
  if (copied > 0) {
    publish(self, &slot, copied);
  } else {
    char note[128];
    const int length = snprintf(note, sizeof note, "an event of %u bytes was dropped: a batch holds %u bytes",
                                batch->records[source->next].payload_length, slot.arena_bytes);
    control_log(CAISSON_LOG_ERROR, note, (uint32_t)length);
    settlement_skip(&self->settlement, source->batch_id, source->next++, &self->plugin);
  }
  if (source->next < count) return;
  give_back(self, batch);
  source->batch_id = 0;
  source->next = 0;
  source->batch.block->count = 0;
  finish(self);
}

static void fail_read(runner *self, const fault *why, int32_t status) {
  self->source.reading = 0;
  if (status == CAISSON_E_PANIC) runner_crash(self, why);
  else control_fault("read", why->name, why->message);
}

/* Looks at what the plugin filled; 0 when it cannot be passed on. */
static int check(runner *self, const batch_view *batch, int32_t status) {
  source_state *const source = &self->source;
  fault why;
  const memory_range bound = {.base = self->plugin.memory, .length = self->plugin.memory_bytes};
  /* What was read before the interrupt has left its origin: dropping it would lose it. */
  if (status < 0 && !(status == CAISSON_E_INTERRUPTED && batch->block->count > 0)) {
    plugin_fault(&why, NULL);
  } else if (batch_check(batch, &bound, bound.base == NULL ? 0 : 1, 1, &source->lends, &why)) {
    return 1;
  }
  if (status == CAISSON_E_INTERRUPTED && runner_is_stopping()) return 0;
  fail_read(self, &why, status);
  return 0;
}

static void poll_source(runner *self) {
  source_state *const source = &self->source;
  const batch_view slot = batch_view_of_slot(&self->output, self->output.own);
  if (!source->direct) source->batch.arena = slot.arena;
  const batch_view batch = source->direct ? slot : source->batch;
  const uint32_t most = self->plugin.descriptor.max_events;
  batch_format(&batch);
  batch.block->batch_id = self->settlement.first_batch + self->settlement.batch_count;
  const uint32_t posted = patience_posted(self);
  plugin_enter();
  const int32_t status = runner_is_stopping() ? CAISSON_AGAIN
                                              : self->plugin.source_poll(self->plugin.instance, batch.block,
                                                                         most < batch.capacity ? most : batch.capacity,
                                                                         plugin_error());
  plugin_leave();
  if (!check(self, &batch, status)) {
    give_back(self, &batch);
    batch.block->count = 0;
    return;
  }
  const uint32_t count = batch.block->count;
  source->eof = status == CAISSON_EOF;
  source->next = 0;
  if (count == 0) {
    give_back(self, &batch);
    finish(self);
    if (status == CAISSON_AGAIN) patience_sleep(self, posted, is_closed);
    return;
  }
  patience_restore(self);
  if (self->settlement.told) source->batch_id = settlement_add_batch(&self->settlement, count);
  if (!source->direct) {
    pass_on(self);
    return;
  }
  batch_count_arena(&batch);
  publish(self, &batch, count);
  finish(self);
}

int source_is_unfinished(const runner *self) {
  const source_state *const source = &self->source;
  return !source->direct && source->batch.block != NULL && source->batch.block->count > 0 && !ring_ended(&self->output);
}

void source_step(runner *self) {
  source_state *const source = &self->source;
  settlement_drain(&self->settlement, &self->plugin);
  const int unfinished = source_is_unfinished(self);
  /* Stopped is the plugin: what it had handed over before goes on to the host, or nobody would ever settle it. */
  if (!self->plugin.started || ring_ended(&self->output) ||
      (!unfinished && (runner_is_stopping() || !source->reading))) {
    runner_sleep(self, LONGEST_SLEEP_NS);
    return;
  }
  const uint32_t pending = ring_pending(&self->output);
  if (pending == RING_BROKEN) runner_break("the tail of the ring went where no consumer takes it");
  if (pending == self->output.slots) {
    runner_wait(self, &self->output, RING_SPACE_BELL, has_room);
    return;
  }
  if (unfinished) {
    pass_on(self);
    return;
  }
  poll_source(self);
}
