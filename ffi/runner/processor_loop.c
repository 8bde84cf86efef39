#include "answer.h"
#include "control.h"
#include "runner.h"

void processor_prepare(runner *self) {
  self->processor.out = batch_allocate(self->output.capacity, NULL, self->output.arena_bytes);
}

static int has_slot(runner *self) { return ring_available(&self->input) > 0 || ring_ended(&self->input); }
static int has_room(runner *self) {
  const uint32_t pending = ring_pending(&self->output);
  return pending <= ring_low_water(&self->output) || pending == RING_BROKEN || ring_ended(&self->output);
}

static int32_t call(runner *self, const caisson_batch *in, caisson_batch *out) {
  const plugin *of = &self->plugin;
  return self->kind == CAISSON_CODEC ? of->codec(of->instance, self->processor.direction, in, out, plugin_error())
                                     : of->process(of->instance, in, out, plugin_error());
}

/* Preprocessors and postprocessors may need several batches for what they make of one. */
static int may_go_on(const runner *self) {
  return self->kind == CAISSON_PREPROCESSOR || self->kind == CAISSON_POSTPROCESSOR;
}

/* Calls the plugin and brings what it made into the slot; 0 and a fault when there is nothing to bring. `more` tells whether
 * it has to be called again with the same input. */
static int process(runner *self, const batch_view *in, const batch_view *slot, int *more, fault *why) {
  batch_view *const out = &self->processor.out;
  /* What is behind the events is left over from earlier ones. */
  const memory_range input = {.base = in->arena, .length = in->block->arena_used};
  int lends;
  out->arena = slot->arena;
  batch_format(out);
  plugin_enter();
  const int32_t status = call(self, in->block, out->block);
  plugin_leave();
  if (status < 0) {
    plugin_fault(why, NULL);
    if (status == CAISSON_E_PANIC) runner_crash(self, why);
    return 0;
  }
  if (!batch_check(out, &input, 1, 0, &lends, why)) return 0;
  *more = status == CAISSON_AGAIN && may_go_on(self);
  if (batch_export(out, 0, slot, 1) == out->block->count) {
    if (*more) slot->block->flags |= CAISSON_BATCH_MORE;
    return 1;
  }
  *more = 0;
  fault_set(why, "CAISSON_EVENT_TOO_LARGE", "process: %u events made more payload than the %u bytes of a batch",
            out->block->count, slot->arena_bytes);
  return 0;
}

/* A processor has no connection, so nobody asks for one: it is started with its first batch. */
static int is_started(runner *self, fault *why) {
  return self->plugin.started || plugin_start(&self->plugin, self->stop_ms, why);
}

void processor_step(runner *self) {
  const uint32_t available = ring_available(&self->input);
  const uint32_t pending = ring_pending(&self->output);
  if (available == RING_BROKEN || pending == RING_BROKEN) runner_break("a counter of a ring went where no ring takes it");
  if (available == 0 || ring_ended(&self->output)) {
    if (ring_ended(&self->input)) {
      runner_sleep(self, LONGEST_SLEEP_NS);
      return;
    }
    runner_wait(self, &self->input, RING_DATA_BELL, has_slot);
    return;
  }
  if (pending == self->output.slots) {
    runner_wait(self, &self->output, RING_SPACE_BELL, has_room);
    return;
  }
  const batch_view in = batch_view_of_slot(&self->input, self->input.own);
  const batch_view slot = batch_view_of_slot(&self->output, self->output.own);
  fault why;
  int more = 0;
  if (!batch_localize(&in)) runner_break("a slot holds more than a slot can");
  in.block->batch_id = (uint64_t)self->input.own + 1;
  batch_format(&slot);
  if (!is_started(self, &why) || !process(self, &in, &slot, &more, &why)) {
    if (self->failed) return;
    batch_format(&slot);
    slot_fail(&slot, &why);
  }
  const int wake_producer = more ? 0 : ring_consume(&self->input);
  const int wake_consumer = ring_publish(&self->output);
  if (wake_producer || wake_consumer) control_ring();
}
