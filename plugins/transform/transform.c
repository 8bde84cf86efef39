/* transform.c - a processor that hands events on by reference, or makes each event into its count.
 *
 * ../rust does the same in Rust, byte for byte: two languages, one C interface. */
#include "event.h"

#include <caisson_config.h>
#include <caisson_plugin.h>
#include <caisson_still.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAISSON_PLUGIN("@caisson/transform", "0.1.0", CAISSON_UNLOADABLE | CAISSON_SHARED_SAFE,
               CAISSON_COMPONENT(CAISSON_PROCESSOR, 1, 0, CAISSON_INTERFACE_FAST, "transform"))

/* Longest text of a count, "-2147483648", and the room it takes so that the next one starts on a multiple of 8. */
#define COUNT_TEXT 11u
#define COUNT_ROOM 16u

enum { MODE_PASS, MODE_COUNT };

struct caisson_instance {
  uint32_t mode;
  uint64_t events;                   /* received so far */
  uint64_t received;                 /* events `transform` was called with */
  uint64_t invalid;                  /* payloads that are no event */
};

/* What stands in for a payload that is no event. */
static const event cached = {.count = 0, .name_length = 7, .name = "my data"};

/* Reports that an event was received, and returns its count. */
static int32_t transform(caisson_instance *self, const event *received) {
  self->received++;
  return received->count;
}

static int32_t pass(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (out->segment_capacity < batch->segment_count) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "out holds %u segments; needed: %u",
                        out->segment_capacity, batch->segment_count);
  }
  caisson_share_segments(out, batch);
  for (uint32_t index = 0; index < batch->count; index++) {
    caisson_record *record = caisson_copy_record(out, index, batch, index);
    record->partition = (uint32_t)++self->events;
  }
  out->count = batch->count;
  return CAISSON_OK;
}

/* Writes a number as text and returns its length; snprintf would cost more than the rest of the event. */
static uint32_t write_count(uint8_t *out, int32_t count) {
  uint8_t digits[COUNT_TEXT];
  uint32_t length = 0;
  uint32_t rest = count < 0 ? 0u - (uint32_t)count : (uint32_t)count;
  do {
    digits[length++] = (uint8_t)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (count < 0) digits[length++] = '-';
  for (uint32_t at = 0; at < length; at++) out[at] = digits[length - 1 - at];
  return length;
}

static int32_t count(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  caisson_segment *arena = caisson_segments(out);
  const uint64_t needed = (uint64_t)batch->count * COUNT_ROOM;
  if (needed > arena->capacity - out->arena_used) {
    caisson_fail(error, CAISSON_E_SPACE, CAISSON_CLASS_PERMANENT, "the counts need %llu bytes of arena; free: %u",
                 (unsigned long long)needed, arena->capacity - out->arena_used);
    if (error != NULL) error->need = (uint32_t)needed;
    return CAISSON_E_SPACE;
  }
  uint8_t *memory = (uint8_t *)(uintptr_t)arena->base;
  uint32_t at = out->arena_used;
  for (uint32_t index = 0; index < batch->count; index++) {
    event received = cached;
    caisson_slice payload = caisson_payload(batch, caisson_record_at(batch, index));
    if (!event_parse(payload.data, payload.length, &received)) self->invalid++;
    const int32_t result = transform(self, &received);
    caisson_record *record = caisson_copy_record(out, index, batch, index);
    record->partition = (uint32_t)++self->events;
    record->payload_segment = 0;
    record->payload_offset = at;
    record->payload_length = write_count(memory + at, result);
    record->key_segment = record->meta_segment = 0;
    record->key_offset = record->key_length = record->meta_offset = record->meta_length = 0;
    at += COUNT_ROOM;
  }
  out->arena_used = arena->length = at;
  out->count = batch->count;
  return CAISSON_OK;
}

int32_t caisson_process_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (out->capacity < batch->count) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "out holds %u events; needed: %u",
                        out->capacity, batch->count);
  }
  return self->mode == MODE_PASS ? pass(self, batch, out, error) : count(self, batch, out, error);
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)component;
  char mode[8] = "pass";
  const caisson_config settings = {.text = config, .length = config_length};
  if (caisson_config_string(&settings, "mode", mode, sizeof mode) == CAISSON_CONFIG_INVALID ||
      (strcmp(mode, "pass") != 0 && strcmp(mode, "count") != 0)) {
    caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "mode: allowed: pass, count");
    return NULL;
  }
  caisson_instance *self = caisson_still_allocate(sizeof *self, error);
  if (self == NULL) return NULL;
  self->mode = strcmp(mode, "pass") == 0 ? MODE_PASS : MODE_COUNT;
  return caisson_still_opened(self);
}

int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[256];
  const int length = snprintf(text, sizeof text,
                              "{\"events\":%" PRIu64 ",\"received\":%" PRIu64 ",\"invalid\":%" PRIu64
                              ",\"cached\":{\"count\":%d,\"name\":\"%s\"}}",
                              self->events, self->received, self->invalid, cached.count, cached.name);
  if (out == NULL || (uint32_t)length > capacity) return -length;
  memcpy(out, text, (size_t)length);
  return length;
}
