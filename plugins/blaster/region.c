/* region.c - see region.h. */
#include "region.h"

#include <caisson_plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define seek_file _fseeki64
#define tell_file _ftelli64
#else
#include <sys/types.h>
#define seek_file fseeko
#define tell_file ftello
#endif

/* Made-up events start on cache lines, so that their cost does not depend on where they happen to lie. */
#define EVENT_ALIGNMENT 64u
/* Below this a made-up event has no room for a JSON object with its number. */
#define SMALLEST_JSON 32u

int32_t region_open_file(region *self, const char *path, region_chunk chunk, caisson_error *error) {
  self->file = fopen(path, "rb");
  if (self->file == NULL) {
    return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_CONFIG, "path: cannot open \"%s\": %s", path, strerror(errno));
  }
  if (seek_file(self->file, 0, SEEK_END) != 0) {
    return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_CONFIG, "path: cannot measure \"%s\": %s", path, strerror(errno));
  }
  const int64_t length = (int64_t)tell_file(self->file);
  const int64_t most = chunk == REGION_FILE ? CAISSON_MAX_EVENT_BYTES : CAISSON_MAX_SEGMENT_BYTES;
  if (length < 1 || length > most) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG,
                        "path: \"%s\" holds %lld bytes; allowed: 1 to %lld", path, (long long)length, (long long)most);
  }
  rewind(self->file);
  self->chunk = chunk;
  self->length = (uint32_t)length;
  return CAISSON_OK;
}

int32_t region_plan_events(region *self, uint32_t event_bytes, uint32_t distinct, caisson_error *error) {
  const uint64_t step = ((uint64_t)event_bytes + EVENT_ALIGNMENT - 1) / EVENT_ALIGNMENT * EVENT_ALIGNMENT;
  if (step * distinct > CAISSON_MAX_SEGMENT_BYTES) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG,
                        "distinct: %u events of %u bytes need %llu bytes; allowed: at most %u", distinct, event_bytes,
                        (unsigned long long)(step * distinct), CAISSON_MAX_SEGMENT_BYTES);
  }
  self->event_bytes = event_bytes;
  self->distinct = distinct;
  self->length = (uint32_t)(step * distinct);
  return CAISSON_OK;
}

static int32_t take_places(region *self, uint32_t count, caisson_error *error) {
  self->places = calloc(count, sizeof *self->places);
  self->count = count;
  return self->places == NULL
             ? caisson_fail(error, CAISSON_E_MEMORY, CAISSON_CLASS_TRANSIENT, "no memory for the places of %u events", count)
             : CAISSON_OK;
}

static int32_t make_events(region *self, caisson_error *error) {
  const uint32_t step = self->length / self->distinct;
  const int32_t status = take_places(self, self->distinct, error);
  if (status != CAISSON_OK) return status;
  for (uint32_t index = 0; index < self->distinct; index++) {
    uint8_t *event = self->memory + (size_t)index * step;
    memset(event, 'x', step);
    self->places[index] = (event_place){.offset = index * step, .length = self->event_bytes};
    if (self->event_bytes < SMALLEST_JSON) {
      memset(event, 'a' + (int)(index % 26), self->event_bytes);
      continue;
    }
    char head[SMALLEST_JSON];
    const int length = snprintf(head, sizeof head, "{\"count\":%u,\"name\":\"", index);
    memcpy(event, head, (size_t)length);
    memcpy(event + self->event_bytes - 2, "\"}", 2);
  }
  return CAISSON_OK;
}

static int32_t find_lines(region *self, caisson_error *error) {
  const uint8_t *end = self->memory + self->length;
  uint32_t lines = 0;
  for (const uint8_t *at = self->memory; at < end; lines++) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    at = newline == NULL ? end : newline + 1;
  }
  const int32_t status = take_places(self, lines, error);
  if (status != CAISSON_OK) return status;
  const uint8_t *at = self->memory;
  for (uint32_t line = 0; line < lines; line++) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    const uint8_t *stop = newline == NULL ? end : newline;
    if (stop - at > (ptrdiff_t)CAISSON_MAX_EVENT_BYTES) {
      return caisson_fail(error, CAISSON_E_DATA, CAISSON_CLASS_CONFIG, "path: line %u is longer than %u bytes", line + 1,
                          CAISSON_MAX_EVENT_BYTES);
    }
    self->places[line] = (event_place){.offset = (uint32_t)(at - self->memory), .length = (uint32_t)(stop - at)};
    at = stop + 1;
  }
  return CAISSON_OK;
}

/* Length of the event whose prefix starts at `at`; the caller has seen that all four bytes are there. */
static uint32_t prefix_at(const region *self, uint32_t at) {
  const uint8_t *prefix = self->memory + at;
  return (uint32_t)prefix[0] << 24 | (uint32_t)prefix[1] << 16 | (uint32_t)prefix[2] << 8 | prefix[3];
}

static int32_t find_prefixed(region *self, caisson_error *error) {
  uint32_t events = 0;
  for (uint32_t at = 0; at < self->length; events++) {
    const uint32_t left = self->length - at;
    const uint32_t length = left < 4 ? 0 : prefix_at(self, at);
    if (left < 4 || length > left - 4 || length > CAISSON_MAX_EVENT_BYTES) {
      return caisson_fail(error, CAISSON_E_DATA, CAISSON_CLASS_CONFIG, "path: event %u at byte %u does not fit the file",
                          events + 1, at);
    }
    at += 4 + length;
  }
  const int32_t status = take_places(self, events, error);
  if (status != CAISSON_OK) return status;
  uint32_t at = 0;
  for (uint32_t event = 0; event < events; event++) {
    self->places[event] = (event_place){.offset = at + 4, .length = prefix_at(self, at)};
    at += 4 + self->places[event].length;
  }
  return CAISSON_OK;
}

static int32_t read_file(region *self, caisson_error *error) {
  const size_t got = fread(self->memory, 1, self->length, self->file);
  const int failed = ferror(self->file);
  fclose(self->file);
  self->file = NULL;
  /* A file that shrank since it was measured is replayed as far as it goes; an empty one has nothing to replay. */
  self->length = (uint32_t)got;
  if (failed || got == 0) return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_TRANSIENT, "path: the file could not be read");
  if (self->chunk == REGION_LINE) return find_lines(self, error);
  if (self->chunk == REGION_PREFIXED) return find_prefixed(self, error);
  const int32_t status = take_places(self, 1, error);
  if (status == CAISSON_OK) self->places[0] = (event_place){.offset = 0, .length = self->length};
  return status;
}

int32_t region_fill(region *self, uint8_t *memory, caisson_error *error) {
  if (memory == NULL) {
    memory = self->own = malloc(self->length);
    if (memory == NULL) {
      return caisson_fail(error, CAISSON_E_MEMORY, CAISSON_CLASS_TRANSIENT, "no memory for %u bytes of payload", self->length);
    }
  }
  self->memory = memory;
  return self->file != NULL ? read_file(self, error) : make_events(self, error);
}

void region_close(region *self) {
  if (self->file != NULL) fclose(self->file);
  free(self->places);
  free(self->own);
}
