/* blaster.c - a source that replays events from one stretch of memory, as fast as it is asked or at a rate.
 *
 * The memory is the host's when the host hands some over, else the blaster's own, lent with every batch. Either way a
 * poll writes records that point into it: no payload is read or copied, so an event costs the same at any size. */
#include "region.h"

#include <caisson_config.h>
#include <caisson_plugin.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS UINT64_C(1000000000)
#define ENDLESS UINT64_MAX
#define FASTEST UINT64_C(1000000000)
#define LONGEST_PATH 4096
#define MOST_DISTINCT 1048576u

CAISSON_PLUGIN("@caisson/blaster", "0.1.0", CAISSON_UNLOADABLE,
               CAISSON_COMPONENT(CAISSON_SOURCE, 1, 0, CAISSON_INTERFACE_FAST, "blaster"))

struct caisson_instance {
  region region;
  uint32_t number;
  uint32_t started;
  uint32_t next;                     /* index of the event to emit next */
  uint32_t lent;                     /* batches that hold the blaster's own memory */
  uint64_t rate;                     /* events a second, 0 is no limit */
  uint64_t limit;                    /* events to emit in all */
  uint64_t started_ns;
  uint64_t emitted;
  uint64_t emitted_before;           /* emitted before the last start: the rate counts from there */
  uint64_t acked;
  uint64_t failed;
  uint64_t dropped;
};

static atomic_uint live;

static uint64_t now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static int32_t refuse(caisson_error *error, const char *member, const char *allowed) {
  return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "%s: allowed: %s", member, allowed);
}

/* Reads a whole number; the value keeps its default when the member is left out. */
static int32_t take_number(const caisson_config *config, const char *member, uint64_t least, uint64_t most,
                           uint64_t *value, caisson_error *error) {
  const int32_t found = caisson_config_u64(config, member, value);
  if (found == CAISSON_CONFIG_ABSENT || (found == CAISSON_CONFIG_FOUND && *value >= least && *value <= most)) return CAISSON_OK;
  return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG,
                      "%s: allowed: a whole number from %" PRIu64 " to %" PRIu64, member, least, most);
}

static int32_t configure(caisson_instance *self, const caisson_config *config, caisson_error *error) {
  char path[LONGEST_PATH];
  char chunk[16] = "line";
  uint64_t event_bytes = 0;
  uint64_t distinct = 1;
  int32_t status;
  self->limit = ENDLESS;
  if ((status = take_number(config, "event_bytes", 1, CAISSON_MAX_EVENT_BYTES, &event_bytes, error)) != CAISSON_OK ||
      (status = take_number(config, "distinct", 1, MOST_DISTINCT, &distinct, error)) != CAISSON_OK ||
      (status = take_number(config, "count", 1, ENDLESS, &self->limit, error)) != CAISSON_OK ||
      (status = take_number(config, "rate", 0, FASTEST, &self->rate, error)) != CAISSON_OK) {
    return status;
  }
  if (caisson_config_string(config, "chunk", chunk, sizeof chunk) == CAISSON_CONFIG_INVALID ||
      (strcmp(chunk, "line") != 0 && strcmp(chunk, "file") != 0 && strcmp(chunk, "prefixed") != 0)) {
    return refuse(error, "chunk", "\"line\", \"file\" or \"prefixed\"");
  }
  const int32_t has_path = caisson_config_string(config, "path", path, sizeof path);
  if (has_path == CAISSON_CONFIG_INVALID) return refuse(error, "path", "a string of at most 4095 bytes");
  if ((has_path == CAISSON_CONFIG_FOUND) == (event_bytes > 0)) {
    return refuse(error, "path", "a file to replay, or else event_bytes to make events up");
  }
  const region_chunk cut = strcmp(chunk, "file") == 0       ? REGION_FILE
                           : strcmp(chunk, "prefixed") == 0 ? REGION_PREFIXED
                                                            : REGION_LINE;
  return has_path == CAISSON_CONFIG_FOUND
             ? region_open_file(&self->region, path, cut, error)
             : region_plan_events(&self->region, (uint32_t)event_bytes, (uint32_t)distinct, error);
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)component;
  caisson_instance *self = calloc(1, sizeof *self);
  if (self == NULL) {
    caisson_fail(error, CAISSON_E_MEMORY, CAISSON_CLASS_TRANSIENT, "no memory for an instance");
    return NULL;
  }
  self->number = host->instance;
  const caisson_config settings = {.text = config, .length = config_length};
  if (configure(self, &settings, error) != CAISSON_OK) {
    region_close(&self->region);
    free(self);
    return NULL;
  }
  atomic_fetch_add(&live, 1);
  return self;
}

void caisson_close_1(caisson_instance *self) {
  atomic_fetch_sub(&live, 1 + self->lent);
  region_close(&self->region);
  free(self);
}

uint32_t caisson_memory_size_1(caisson_instance *self) { return self->region.memory == NULL ? self->region.length : 0; }

int32_t caisson_memory_bind_1(caisson_instance *self, uint8_t *memory, uint32_t length, caisson_error *error) {
  if (self->region.memory != NULL) {
    return caisson_fail(error, CAISSON_E_STATE, CAISSON_CLASS_FATAL, "memory is bound once, between open and start");
  }
  if (memory == NULL || length < self->region.length) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_FATAL, "%u bytes of memory; needed: %u", length,
                        self->region.length);
  }
  return region_fill(&self->region, memory, error);
}

int32_t caisson_start_1(caisson_instance *self, caisson_error *error) {
  if (self->region.memory == NULL) {
    const int32_t status = region_fill(&self->region, NULL, error);
    if (status != CAISSON_OK) return status;
  }
  if (self->region.places == NULL) {
    return caisson_fail(error, CAISSON_E_STATE, CAISSON_CLASS_FATAL, "the events could not be loaded; open another instance");
  }
  /* Started again, it goes on where it was; only the rate starts anew. */
  self->started_ns = now_ns(CLOCK_MONOTONIC);
  self->emitted_before = self->emitted;
  self->started = 1;
  return CAISSON_OK;
}

int32_t caisson_stop_1(caisson_instance *self, uint32_t deadline_ms, caisson_error *error) {
  (void)deadline_ms;
  (void)error;
  self->started = 0;
  return CAISSON_OK;
}

/* Nothing here ever waits. */
void caisson_interrupt_1(caisson_instance *self) { (void)self; }

uint32_t caisson_live_1(void) { return atomic_load(&live); }

/* Events that may be emitted now without going beyond the rate. */
static uint64_t due(const caisson_instance *self) {
  const uint64_t left = self->limit - self->emitted;
  if (self->rate == 0) return left;
  const uint64_t elapsed = now_ns(CLOCK_MONOTONIC) - self->started_ns;
  /* Seconds and the rest apart: nanoseconds times a rate would overflow within minutes. */
  const uint64_t scheduled = elapsed / NANOSECONDS * self->rate + elapsed % NANOSECONDS * self->rate / NANOSECONDS;
  const uint64_t emitted = self->emitted - self->emitted_before;
  const uint64_t ready = scheduled > emitted ? scheduled - emitted : 0;
  return ready < left ? ready : left;
}

/* Milliseconds until the rate allows the next event, at least one: nothing of the blaster's runs by itself to ring. */
static uint32_t next_due_ms(const caisson_instance *self) {
  const uint64_t emitted = self->emitted - self->emitted_before + 1;
  const uint64_t at = emitted / self->rate * NANOSECONDS + (emitted % self->rate * NANOSECONDS + self->rate - 1) / self->rate;
  const uint64_t elapsed = now_ns(CLOCK_MONOTONIC) - self->started_ns;
  const uint64_t wait = at > elapsed ? (at - elapsed) / UINT64_C(1000000) : 0;
  return wait < 1 ? 1 : wait < UINT32_MAX ? (uint32_t)wait : UINT32_MAX;
}

/* Puts the region into the batch's segment table; the host gives lent memory back with caisson_release_1. */
static int32_t add_region(caisson_instance *self, caisson_batch *batch) {
  const int32_t segment = caisson_lend(batch, self->region.memory, self->region.length, self->number);
  if (segment < 0) return segment;
  if (self->region.own != NULL) {
    self->lent++;
    atomic_fetch_add(&live, 1);
  } else {
    caisson_segments(batch)[segment].flags = 0;
    caisson_segments(batch)[segment].owner = 0;
  }
  return segment;
}

int32_t caisson_source_poll_1(caisson_instance *self, caisson_batch *batch, uint32_t max_events, caisson_error *error) {
  if (!self->started) return caisson_fail(error, CAISSON_E_STATE, CAISSON_CLASS_FATAL, "polled before start or after stop");
  if (self->emitted == self->limit) return CAISSON_EOF;
  uint64_t count = due(self);
  if (count == 0) {
    if (error != NULL) error->retry_after_ms = next_due_ms(self);
    return CAISSON_AGAIN;
  }
  if (count > max_events) count = max_events;
  if (count > batch->capacity) count = batch->capacity;
  if (count == 0) return CAISSON_OK;
  const int32_t segment = add_region(self, batch);
  if (segment < 0) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "the batch holds %u segments; needed: %u",
                        batch->segment_capacity, batch->segment_count + 1u);
  }
  const event_place *places = self->region.places;
  const uint32_t places_count = self->region.count;
  const uint32_t stride = batch->record_stride;
  uint32_t next = self->next;
  caisson_record record = {.timestamp_ns = now_ns(CLOCK_REALTIME), .sequence = self->emitted, .payload_segment = (uint16_t)segment};
  for (uint32_t index = 0; index < (uint32_t)count; index++) {
    caisson_record *target = caisson_record_at(batch, index);
    record.payload_offset = places[next].offset;
    record.payload_length = places[next].length;
    *target = record;
    if (stride > sizeof record) memset((uint8_t *)target + sizeof record, 0, stride - sizeof record);
    record.sequence++;
    if (++next == places_count) next = 0;
  }
  self->next = next;
  self->emitted += count;
  batch->count = (uint32_t)count;
  return self->emitted == self->limit ? CAISSON_EOF : CAISSON_OK;
}

int32_t caisson_source_settle_1(caisson_instance *self, const caisson_batch *settled, caisson_error *error) {
  uint64_t by_action[CAISSON_DROP + 1] = {0};
  const uint32_t listed = settled->verdict_count;
  const uint32_t rest = settled->flags & CAISSON_BATCH_OVERFLOW ? CAISSON_RETRY : settled->verdict_default;
  if (listed > settled->verdict_capacity || listed > settled->count || rest > CAISSON_DROP) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "%u verdicts on %u events, default %u", listed,
                        settled->count, rest);
  }
  for (uint32_t index = 0; index < listed; index++) {
    const uint16_t action = caisson_verdicts(settled)[index].action;
    by_action[action <= CAISSON_DROP ? action : CAISSON_RETRY]++;
  }
  by_action[rest] += settled->count - listed;
  self->acked += by_action[CAISSON_ACK];
  self->failed += by_action[CAISSON_RETRY] + by_action[CAISSON_DEADLETTER];
  self->dropped += by_action[CAISSON_DROP];
  return CAISSON_OK;
}

void caisson_release_1(caisson_instance *self, const caisson_batch *lent) {
  (void)lent;
  if (self->lent == 0) return;
  self->lent--;
  atomic_fetch_sub(&live, 1);
}

int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[512];
  const int length = snprintf(text, sizeof text,
                              "{\"emitted\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"dropped\":%" PRIu64
                              ",\"distinct\":%u,\"memory\":{\"base\":%" PRIu64 ",\"length\":%u,\"lent\":%s}}",
                              self->emitted, self->acked, self->failed, self->dropped, self->region.count,
                              (uint64_t)(uintptr_t)self->region.memory, self->region.length,
                              self->region.own != NULL ? "true" : "false");
  if (out == NULL || (uint32_t)length > capacity) return -length;
  memcpy(out, text, (size_t)length);
  return length;
}
