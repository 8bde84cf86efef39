#include "text.h"

#include <string.h>

text text_in(char *bytes, size_t capacity) {
  const text started = {.bytes = bytes, .capacity = capacity, .length = 0, .full = 0};
  return started;
}

static void put(text *out, const char *bytes, size_t length) {
  if (out->full || length > out->capacity - out->length) {
    out->full = 1;
    return;
  }
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
}

void text_put(text *out, const char *raw) { put(out, raw, strlen(raw)); }

void text_put_string(text *out, const char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  put(out, "\"", 1);
  for (size_t at = 0; at < length; at++) {
    const unsigned char byte = (unsigned char)bytes[at];
    if (byte == '"' || byte == '\\') {
      const char escaped[2] = {'\\', (char)byte};
      put(out, escaped, sizeof escaped);
    } else if (byte < 0x20 || byte == 0x7F) {
      const char escaped[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
      put(out, escaped, sizeof escaped);
    } else {
      put(out, bytes + at, 1);
    }
  }
  put(out, "\"", 1);
}
