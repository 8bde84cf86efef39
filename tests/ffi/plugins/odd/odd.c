/* odd.c - a plugin that does what its mode says, most of it wrong: tests of what the host checks. */
#include <caisson_config.h>
#include <caisson_plugin.h>
#include <caisson_report.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

CAISSON_PLUGIN("@caisson/odd", "0.1.0", CAISSON_UNLOADABLE,
               CAISSON_COMPONENT(CAISSON_SOURCE, 1, 0, CAISSON_INTERFACE_FAST, "odd_source"),
               CAISSON_COMPONENT(CAISSON_SINK, 1, 0, 0, "odd_sink"),
               CAISSON_COMPONENT(CAISSON_PROCESSOR, 1, 0, 0, "odd_processor"))

struct caisson_instance {
  const caisson_host *host;
  char mode[32];
  uint32_t number;
  uint32_t lent;
  uint32_t settled;
  uint32_t writes;
  uint64_t pending_id;
  uint32_t pending_count;
  atomic_uint interrupted;
};

static atomic_uint live;
static uint8_t lent_memory[] = "lent to the host";

static int is(const caisson_instance *self, const char *mode) { return strcmp(self->mode, mode) == 0; }

static void sleep_ms(long milliseconds) {
  const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)component;
  const caisson_config settings = {.text = config, .length = config_length};
  caisson_instance *self = calloc(1, sizeof *self);
  if (self == NULL || caisson_config_string(&settings, "mode", self->mode, sizeof self->mode) != CAISSON_CONFIG_FOUND) {
    free(self);
    caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "mode: missing");
    return NULL;
  }
  self->host = host;
  self->number = host->instance;
  if (is(self, "slow_open")) sleep_ms(500);
  atomic_fetch_add(&live, 1);
  return self;
}

void caisson_close_1(caisson_instance *self) {
  free(self);
  atomic_fetch_sub(&live, 1);
}

int32_t caisson_start_1(caisson_instance *self, caisson_error *error) {
  if (!is(self, "no_start")) return CAISSON_OK;
  return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_TRANSIENT, "the other side is not there");
}

int32_t caisson_stop_1(caisson_instance *self, uint32_t deadline_ms, caisson_error *error) {
  (void)deadline_ms;
  if (!is(self, "no_stop")) return CAISSON_OK;
  return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_TRANSIENT, "could not stop");
}

void caisson_interrupt_1(caisson_instance *self) { atomic_store(&self->interrupted, 1); }

uint32_t caisson_live_1(void) { return atomic_load(&live); }

int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[128];
  const int length = is(self, "bad_metrics")
                         ? snprintf(text, sizeof text, "{broken")
                         : snprintf(text, sizeof text, "{\"lent\":%u,\"settled\":%u,\"writes\":%u}", self->lent,
                                    self->settled, self->writes);
  if (out == NULL || (uint32_t)length > capacity) return -length;
  memcpy(out, text, (size_t)length);
  return length;
}

/* Has an event, and waits for more until it is interrupted: at once where the host calls it on its own thread. */
static int32_t poll_interrupted(caisson_instance *self, caisson_batch *batch, caisson_error *error) {
  const int waits = is(self, "interrupted_late");
  caisson_append_bytes(batch, "read before", 11, 1);
  caisson_log(self->host, CAISSON_LOG_INFO, "has read");
  for (int step = 0; waits && step < 1000 && !atomic_load(&self->interrupted); step++) sleep_ms(10);
  return caisson_fail(error, CAISSON_E_INTERRUPTED, CAISSON_CLASS_TRANSIENT, "interrupted");
}

int32_t caisson_source_poll_1(caisson_instance *self, caisson_batch *batch, uint32_t max_events, caisson_error *error) {
  (void)max_events;
  (void)error;
  if (is(self, "silent")) return CAISSON_E_IO;
  if (is(self, "again")) return CAISSON_AGAIN;
  if (is(self, "end")) return CAISSON_EOF;
  if (strncmp(self->mode, "interrupted", 11) == 0) return poll_interrupted(self, batch, error);
  if (is(self, "count")) {
    batch->count = batch->capacity + 1;
    return CAISSON_OK;
  }
  if (is(self, "segments")) {
    batch->segment_count = 60000;
    return CAISSON_OK;
  }
  if (is(self, "arena")) {
    caisson_segments(batch)[0].base += 8;
    caisson_append_bytes(batch, "x", 1, 1);
    return CAISSON_OK;
  }
  const int32_t segment = caisson_lend(batch, lent_memory, sizeof lent_memory - 1, self->number);
  self->lent++;
  atomic_fetch_add(&live, 1);
  if (is(self, "foreign")) caisson_segments(batch)[segment].flags = 0;
  if (is(self, "lend_nothing")) return CAISSON_OK;
  caisson_append(batch, (uint16_t)segment, is(self, "offset") ? 1 : 0, sizeof lent_memory - 1, 1);
  return CAISSON_OK;
}

int32_t caisson_source_settle_1(caisson_instance *self, const caisson_batch *settled, caisson_error *error) {
  (void)error;
  self->settled += settled->count - settled->verdict_count;
  return CAISSON_OK;
}

void caisson_release_1(caisson_instance *self, const caisson_batch *lent) {
  (void)lent;
  self->lent--;
  atomic_fetch_sub(&live, 1);
}

/* Waits for an interrupt; "stuck" ignores it for longer than the host waits. */
static int32_t wait_long(caisson_instance *self, caisson_error *error) {
  for (int step = 0; step < 250; step++) {
    sleep_ms(10);
    if (!is(self, "stuck") && atomic_load(&self->interrupted)) {
      return caisson_fail(error, CAISSON_E_INTERRUPTED, CAISSON_CLASS_TRANSIENT, "interrupted");
    }
  }
  return CAISSON_OK;
}

int32_t caisson_sink_write_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *verdicts, caisson_error *error) {
  self->writes++;
  if (is(self, "wait") || is(self, "stuck")) return wait_long(self, error);
  if (is(self, "slow")) sleep_ms(100);
  if (is(self, "fail")) return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_THROTTLED, "too much");
  if (is(self, "pending")) {
    self->pending_id = batch->batch_id;
    self->pending_count = batch->count;
    return CAISSON_PENDING;
  }
  if (is(self, "default")) verdicts->verdict_default = CAISSON_DEADLETTER;
  if (is(self, "overflow")) verdicts->flags |= CAISSON_BATCH_OVERFLOW;
  if (is(self, "many")) verdicts->verdict_count = verdicts->verdict_capacity + 1;
  if (is(self, "index")) {
    const caisson_verdict verdict = {.index = batch->count, .action = CAISSON_RETRY};
    caisson_add_verdict(verdicts, &verdict);
  }
  return CAISSON_OK;
}

int32_t caisson_sink_poll_1(caisson_instance *self, caisson_batch *verdicts, caisson_error *error) {
  (void)error;
  if (self->pending_id == 0) return CAISSON_AGAIN;
  verdicts->batch_id = self->pending_id;
  verdicts->count = self->pending_count;
  self->pending_id = 0;
  const caisson_verdict verdict = {.index = 0, .action = CAISSON_RETRY, .failure_class = CAISSON_CLASS_TRANSIENT, .code = -100};
  caisson_add_verdict(verdicts, &verdict);
  return CAISSON_OK;
}

int32_t caisson_process_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (is(self, "fail")) return caisson_fail(error, CAISSON_E_DATA, CAISSON_CLASS_PERMANENT, "cannot be processed");
  if (is(self, "own")) {
    caisson_append_bytes(out, "made", 4, 1);
    return CAISSON_OK;
  }
  if (is(self, "lend")) {
    caisson_append(out, (uint16_t)caisson_lend(out, lent_memory, 4, self->number), 0, 4, 1);
    return CAISSON_OK;
  }
  caisson_share_segments(out, batch);
  if (is(self, "longer")) caisson_segments(out)[0].length += 4096;
  for (uint32_t index = 0; index < batch->count; index++) {
    caisson_record *record = caisson_copy_record(out, index, batch, index);
    if (is(self, "offset")) record->payload_offset += 1u << 30;
  }
  out->count = batch->count;
  return CAISSON_OK;
}
