/* formats.c - a codec of pairs, KEY=DIGITS, and netstrings around payloads. The fixture `formats` of tests/isolation does the
 * same in TypeScript, byte for byte. */
#include <caisson_config.h>
#include <caisson_plugin.h>
#include <caisson_still.h>
#include <stdio.h>
#include <string.h>

CAISSON_PLUGIN("@caisson/formats", "0.1.0", CAISSON_UNLOADABLE | CAISSON_SHARED_SAFE,
               CAISSON_COMPONENT(CAISSON_CODEC, 1, 0, CAISSON_INTERFACE_FAST, "pair"),
               CAISSON_COMPONENT(CAISSON_PREPROCESSOR, 1, 0, CAISSON_INTERFACE_FAST, "netstring_in"),
               CAISSON_COMPONENT(CAISSON_POSTPROCESSOR, 1, 0, 0, "netstring_out"))

#define LONGEST 65536u

enum { PAIR, READER, WRITER };

struct caisson_instance {
  uint32_t component;
  /* Of a call that is to be made again: the record it stands at, and the byte in it. */
  uint32_t record;
  uint32_t byte;
  uint32_t written;
  uint32_t held_length;
  uint8_t held[LONGEST];
};

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)config;
  (void)config_length;
  caisson_instance *self = caisson_still_allocate(sizeof *self, error);
  if (self == NULL) return NULL;
  self->component = component;
  return caisson_still_opened(self);
}

/* Appends bytes made of input record `index`, -1 for none; NULL when the batch is full. */
static caisson_record *append(const caisson_batch *batch, int64_t index, caisson_batch *out, const void *bytes,
                              uint32_t length) {
  const caisson_record *from = index < 0 ? NULL : caisson_record_at(batch, (uint32_t)index);
  caisson_record *record = caisson_append_bytes(out, bytes, length, from == NULL ? 0 : from->timestamp_ns);
  if (record != NULL && from != NULL) record->sequence = from->sequence;
  return record;
}

static caisson_record *append_failure(const caisson_batch *batch, uint32_t index, caisson_batch *out, const char *reason) {
  caisson_record *record = append(batch, index, out, reason, (uint32_t)strlen(reason));
  if (record != NULL) record->flags = CAISSON_RECORD_FAILED;
  return record;
}

/* ---- pairs ---------------------------------------------------------------------------------------------------- */

static uint32_t span(const uint8_t *bytes, uint32_t from, uint32_t length, char first, char last) {
  while (from < length && bytes[from] >= first && bytes[from] <= last) from++;
  return from;
}

/* Writes JSON of a pair; 0 when it is none. */
static int decode(caisson_slice pair, char *out, size_t capacity) {
  const uint32_t key = span(pair.data, 0, pair.length, 'a', 'z');
  if (key == 0 || key >= pair.length || pair.data[key] != '=') return 0;
  const uint32_t end = span(pair.data, key + 1, pair.length, '0', '9');
  if (end != pair.length || end == key + 1) return 0;
  uint32_t zeros = key + 1;
  while (zeros + 1 < end && pair.data[zeros] == '0') zeros++;
  const int written = snprintf(out, capacity, "{\"key\":\"%.*s\",\"value\":%.*s}", (int)key, (const char *)pair.data,
                               (int)(end - zeros), (const char *)pair.data + zeros);
  return written > 0 && (size_t)written < capacity;
}

static int encode(caisson_slice json, char *out, size_t capacity) {
  const caisson_config fields = {.text = json.data, .length = json.length};
  char key[64];
  uint64_t value;
  if (caisson_config_string(&fields, "key", key, sizeof key) != CAISSON_CONFIG_FOUND ||
      caisson_config_u64(&fields, "value", &value) != CAISSON_CONFIG_FOUND) {
    return 0;
  }
  const int written = snprintf(out, capacity, "%s=%llu", key, (unsigned long long)value);
  return written > 0 && (size_t)written < capacity;
}

int32_t caisson_codec_1(caisson_instance *self, uint32_t direction, const caisson_batch *batch, caisson_batch *out,
                        caisson_error *error) {
  char text[256];
  (void)self;
  for (uint32_t index = 0; index < batch->count; index++) {
    const caisson_slice payload = caisson_payload(batch, caisson_record_at(batch, index));
    const int fine = direction == CAISSON_CODEC_DECODE ? decode(payload, text, sizeof text) : encode(payload, text, sizeof text);
    const caisson_record *made =
        fine ? append(batch, index, out, text, (uint32_t)strlen(text)) : append_failure(batch, index, out, "no pair");
    if (made == NULL) return caisson_fail(error, CAISSON_E_SPACE, CAISSON_CLASS_PERMANENT, "no room for event %u", index);
  }
  return CAISSON_OK;
}

/* ---- netstrings ----------------------------------------------------------------------------------------------- */

/* Takes one byte into what is held; 1 when a netstring is complete, -1 when it is wrong. */
static int hold(caisson_instance *self, uint8_t byte, uint32_t *from, uint32_t *length) {
  if (self->held_length == LONGEST) return -1;
  self->held[self->held_length++] = byte;
  const uint8_t *colon = memchr(self->held, ':', self->held_length);
  if (colon == NULL) return 0;
  *length = 0;
  for (const uint8_t *digit = self->held; digit < colon; digit++) *length = *length * 10 + (uint32_t)(*digit - '0');
  *from = (uint32_t)(colon - self->held) + 1;
  if (self->held_length <= *from + *length) return 0;
  return byte == ',' ? 1 : -1;
}

static int32_t read_netstrings(caisson_instance *self, const caisson_batch *batch, caisson_batch *out) {
  for (; self->record < batch->count; self->record++, self->byte = 0) {
    const caisson_slice payload = caisson_payload(batch, caisson_record_at(batch, self->record));
    while (self->byte < payload.length) {
      uint32_t from = 0;
      uint32_t length = 0;
      const uint32_t before = self->held_length;
      const int state = hold(self, payload.data[self->byte], &from, &length);
      const caisson_record *made = state == 0   ? caisson_record_at(batch, self->record)
                                   : state == 1 ? append(batch, self->record, out, self->held + from, length)
                                                : append_failure(batch, self->record, out, "no netstring");
      if (made == NULL) {
        self->held_length = before;
        return CAISSON_AGAIN;
      }
      if (state != 0) self->held_length = 0;
      self->byte++;
    }
  }
  if (batch->count == 0 && self->held_length > 0) {
    append(batch, -1, out, self->held, self->held_length);
    self->held_length = 0;
  }
  self->record = self->byte = 0;
  return CAISSON_OK;
}

static int32_t write_netstrings(caisson_instance *self, const caisson_batch *batch, caisson_batch *out) {
  static _Thread_local uint8_t framed[LONGEST + 16];
  for (; self->record < batch->count; self->record++, self->written++) {
    const caisson_slice payload = caisson_payload(batch, caisson_record_at(batch, self->record));
    const caisson_record *made;
    if (payload.length > LONGEST) {
      made = append_failure(batch, self->record, out, "too long");
    } else {
      const uint32_t head = (uint32_t)snprintf((char *)framed, 16, "%u:", payload.length);
      memcpy(framed + head, payload.data, payload.length);
      framed[head + payload.length] = ',';
      made = append(batch, self->record, out, framed, head + payload.length + 1);
    }
    if (made == NULL) return CAISSON_AGAIN;
  }
  if (batch->count == 0) {
    char text[16];
    append(batch, -1, out, text, (uint32_t)snprintf(text, sizeof text, "#%u", self->written));
    self->written = 0;
  }
  self->record = 0;
  return CAISSON_OK;
}

int32_t caisson_process_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  (void)error;
  return self->component == READER ? read_netstrings(self, batch, out) : write_netstrings(self, batch, out);
}
