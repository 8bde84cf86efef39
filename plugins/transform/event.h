/* event.h - the Event of this plugin, read from JSON.
 *
 * An event's payload is a JSON object (RFC 8259, at most 64 levels deep) with a member "count", an integer that fits
 * 32 bits, written without fraction or exponent, and maybe a member "name", a string. Other members are checked and skipped. Names of members
 * are compared byte by byte, so one written with escapes is another member; the last of equal names counts.
 * ../rust/src/event.rs reads the same language. */
#ifndef CAISSON_TRANSFORM_EVENT_H
#define CAISSON_TRANSFORM_EVENT_H

#include <stdint.h>

typedef struct event {
  int32_t count;
  uint32_t name_length;
  const char *name;                  /* inside the JSON text, escapes as they were written; "" when there was none */
} event;

/* Reads an event; 0 and an untouched `out` when the text is no such object. */
int event_parse(const uint8_t *text, uint32_t length, event *out);

#endif
