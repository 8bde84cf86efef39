#include <stdlib.h>

#include "answer.h"
#include "control.h"
#include "patience.h"
#include "platform.h"
#include "runner.h"

void sink_prepare(runner *self) {
  sink_state *const sink = &self->sink;
  const ring *const input = &self->input;
  sink->verdicts = batch_allocate(input->capacity, NULL, 0);
  sink->answered = calloc(input->slots, sizeof *sink->answered);
  sink->counts = calloc(input->slots, sizeof *sink->counts);
  sink->written = input->own;
  if (sink->answered == NULL || sink->counts == NULL) runner_break("no memory for slots under way");
}

static uint32_t slot_number(const runner *self, uint32_t counter) { return counter & (self->input.slots - 1); }

/* Batches are known to the plugin by their counter plus one: 0 is no number. */
static uint64_t batch_id_of(uint32_t counter) { return (uint64_t)counter + 1; }

static void answer(runner *self, uint32_t counter) {
  sink_state *const sink = &self->sink;
  const batch_view slot = batch_view_of_slot(&self->input, counter);
  fault why;
  if (!slot_judge(&slot, sink->counts[slot_number(self, counter)], &sink->verdicts, &why)) slot_fail(&slot, &why);
  sink->answered[slot_number(self, counter)] = 1;
}

static void fail(runner *self, uint32_t counter, const fault *why) {
  const batch_view slot = batch_view_of_slot(&self->input, counter);
  slot_fail(&slot, why);
  self->sink.answered[slot_number(self, counter)] = 1;
}

static void write_slot(runner *self) {
  sink_state *const sink = &self->sink;
  const uint32_t counter = sink->written++;
  const batch_view slot = batch_view_of_slot(&self->input, counter);
  fault why;
  if (!batch_localize(&slot)) runner_break("a slot holds more than a slot can");
  sink->counts[slot_number(self, counter)] = slot.block->count;
  sink->answered[slot_number(self, counter)] = 0;
  slot.block->batch_id = batch_id_of(counter);
  if (!self->plugin.started) {
    fault_set(&why, "CAISSON_NATIVE_STATE", "write: the instance is not started");
    fail(self, counter, &why);
    return;
  }
  batch_format(&sink->verdicts);
  plugin_enter();
  const int32_t status = self->plugin.sink_write(self->plugin.instance, slot.block, sink->verdicts.block, plugin_error());
  plugin_leave();
  if (status == CAISSON_PENDING) return;
  if (status >= 0) {
    answer(self, counter);
    return;
  }
  plugin_fault(&why, NULL);
  if (status == CAISSON_E_PANIC) {
    runner_crash(self, &why);
    return;
  }
  fail(self, counter, &why);
}

static void fail_pending(runner *self, const fault *why) {
  for (uint32_t counter = self->input.own; counter != self->sink.written; counter++) {
    if (self->sink.answered[slot_number(self, counter)] == 0) fail(self, counter, why);
  }
}

/* Asks for verdicts of batches the plugin kept. */
static void poll_pending(runner *self) {
  sink_state *const sink = &self->sink;
  fault why;
  if (self->plugin.sink_poll == NULL) {
    fault_set(&why, "CAISSON_PLUGIN_PROTOCOL", "write was answered with PENDING, but caisson_sink_poll_1 is not there");
    fail_pending(self, &why);
    return;
  }
  for (;;) {
    batch_format(&sink->verdicts);
    plugin_enter();
    const int32_t status = self->plugin.sink_poll(self->plugin.instance, sink->verdicts.block, plugin_error());
    plugin_leave();
    if (status == CAISSON_AGAIN) return;
    if (status < 0) {
      plugin_fault(&why, "sink_poll");
      if (status == CAISSON_E_PANIC) runner_crash(self, &why);
      else fail_pending(self, &why);
      return;
    }
    const uint32_t counter = (uint32_t)(sink->verdicts.block->batch_id - 1);
    if (counter - self->input.own >= sink->written - self->input.own || sink->answered[slot_number(self, counter)] != 0) {
      fault_set(&why, "CAISSON_PLUGIN_PROTOCOL", "verdicts on batch %llu, which is not pending",
                (unsigned long long)sink->verdicts.block->batch_id);
      fail_pending(self, &why);
      return;
    }
    answer(self, counter);
    patience_restore(self);
  }
}

static int has_slots(runner *self) {
  return ring_available(&self->input) > self->sink.written - self->input.own || ring_ended(&self->input);
}

void sink_step(runner *self) {
  sink_state *const sink = &self->sink;
  const uint32_t available = ring_available(&self->input);
  if (available == RING_BROKEN) runner_break("the head of the ring went where no producer takes it");
  if (sink->written - self->input.own < available) write_slot(self);
  if (self->failed) return;
  /* Slots go back in order: one that is pending holds up those behind it, but not their writing. */
  while (self->input.own != sink->written && sink->answered[slot_number(self, self->input.own)] != 0) {
    if (ring_consume(&self->input)) control_ring();
  }
  const uint32_t pending = sink->written - self->input.own;
  const uint32_t posted = patience_posted(self);
  if (pending > 0) poll_pending(self);
  if (self->failed || ring_available(&self->input) != sink->written - self->input.own) return;
  if (pending > 0) {
    if (sink->answered[slot_number(self, self->input.own)] == 0) patience_sleep(self, posted, has_slots);
  } else if (ring_ended(&self->input)) {
    runner_sleep(self, LONGEST_SLEEP_NS);
  } else {
    runner_wait(self, &self->input, RING_DATA_BELL, has_slots);
  }
}
