/* event.c - see event.h. A scanner of one pass that allocates nothing. */
#include "event.h"

#include <string.h>

#define DEEPEST 64

typedef struct scanner {
  const uint8_t *at;
  const uint8_t *end;
  uint32_t depth;
} scanner;

static int skip_value(scanner *self);

static void skip_space(scanner *self) {
  while (self->at < self->end && (*self->at == ' ' || *self->at == '\t' || *self->at == '\n' || *self->at == '\r')) {
    self->at++;
  }
}

/* The byte at the scanner, or 0 at the end: no rule of the grammar takes a NUL. */
static uint8_t peek(const scanner *self) { return self->at < self->end ? *self->at : 0; }

static int take(scanner *self, uint8_t byte) {
  if (peek(self) != byte || byte == 0) return 0;
  self->at++;
  return 1;
}

static int is_hex(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static int is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/* Takes a string; `start` and `length` tell what stands between its quotes. */
static int take_string(scanner *self, const uint8_t **start, uint32_t *length) {
  if (!take(self, '"')) return 0;
  *start = self->at;
  while (self->at < self->end) {
    const uint8_t byte = *self->at++;
    if (byte == '"') {
      *length = (uint32_t)(self->at - 1 - *start);
      return 1;
    }
    if (byte < 0x20) return 0;
    if (byte != '\\') continue;
    const uint8_t escaped = peek(self);
    if (escaped == 0) return 0;
    self->at++;
    if (escaped == 'u') {
      for (int digit = 0; digit < 4; digit++) {
        if (!is_hex(peek(self))) return 0;
        self->at++;
      }
    } else if (strchr("\"\\/bfnrt", escaped) == NULL) {
      return 0;
    }
  }
  return 0;
}

/* Takes a number. `integer` becomes 1 and `value` its value when it has no fraction and no exponent and fits 32 bits. */
static int take_number(scanner *self, int *integer, int32_t *value) {
  *integer = 1;
  const int negative = take(self, '-');
  if (!is_digit(peek(self))) return 0;
  int64_t sum = 0;
  if (peek(self) == '0') {
    self->at++;
  } else {
    while (is_digit(peek(self))) {
      if (sum <= INT32_MAX) sum = sum * 10 + (*self->at - '0');
      self->at++;
    }
  }
  if (negative) sum = -sum;
  if (sum < INT32_MIN || sum > INT32_MAX) *integer = 0;
  if (take(self, '.')) {
    *integer = 0;
    if (!is_digit(peek(self))) return 0;
    while (is_digit(peek(self))) self->at++;
  }
  if (peek(self) == 'e' || peek(self) == 'E') {
    *integer = 0;
    self->at++;
    if (peek(self) == '+' || peek(self) == '-') self->at++;
    if (!is_digit(peek(self))) return 0;
    while (is_digit(peek(self))) self->at++;
  }
  if (*integer) *value = (int32_t)sum;
  return 1;
}

static int take_word(scanner *self, const char *word) {
  const size_t length = strlen(word);
  if ((size_t)(self->end - self->at) < length || memcmp(self->at, word, length) != 0) return 0;
  self->at += length;
  return 1;
}

static int skip_array(scanner *self) {
  self->at++;
  skip_space(self);
  if (take(self, ']')) return 1;
  do {
    if (!skip_value(self)) return 0;
    skip_space(self);
  } while (take(self, ','));
  return take(self, ']');
}

static int skip_object(scanner *self) {
  self->at++;
  skip_space(self);
  if (take(self, '}')) return 1;
  do {
    const uint8_t *key;
    uint32_t length;
    skip_space(self);
    if (!take_string(self, &key, &length)) return 0;
    skip_space(self);
    if (!take(self, ':') || !skip_value(self)) return 0;
    skip_space(self);
  } while (take(self, ','));
  return take(self, '}');
}

static int skip_value(scanner *self) {
  const uint8_t *start;
  uint32_t length;
  int integer;
  int32_t value;
  skip_space(self);
  switch (peek(self)) {
    case '"': return take_string(self, &start, &length);
    case 't': return take_word(self, "true");
    case 'f': return take_word(self, "false");
    case 'n': return take_word(self, "null");
    case '[':
    case '{': {
      if (self->depth == DEEPEST) return 0;
      self->depth++;
      const int taken = peek(self) == '[' ? skip_array(self) : skip_object(self);
      self->depth--;
      return taken;
    }
    default: return take_number(self, &integer, &value);
  }
}

static int key_is(const uint8_t *key, uint32_t length, const char *name) {
  return length == strlen(name) && memcmp(key, name, length) == 0;
}

int event_parse(const uint8_t *text, uint32_t length, event *out) {
  if (length == 0) return 0;
  scanner self = {.at = text, .end = text + length, .depth = 1};
  event found = {.count = 0, .name_length = 0, .name = ""};
  int has_count = 0;
  int has_name = 1;
  skip_space(&self);
  if (!take(&self, '{')) return 0;
  skip_space(&self);
  if (take(&self, '}')) return 0;
  do {
    const uint8_t *key;
    uint32_t key_length;
    skip_space(&self);
    if (!take_string(&self, &key, &key_length)) return 0;
    skip_space(&self);
    if (!take(&self, ':')) return 0;
    skip_space(&self);
    if (key_is(key, key_length, "count") && (peek(&self) == '-' || is_digit(peek(&self)))) {
      if (!take_number(&self, &has_count, &found.count)) return 0;
    } else if (key_is(key, key_length, "name") && peek(&self) == '"') {
      const uint8_t *name;
      has_name = take_string(&self, &name, &found.name_length);
      if (!has_name) return 0;
      found.name = (const char *)name;
    } else {
      if (key_is(key, key_length, "count")) has_count = 0;
      if (key_is(key, key_length, "name")) has_name = 0;
      if (!skip_value(&self)) return 0;
    }
    skip_space(&self);
  } while (take(&self, ','));
  if (!take(&self, '}')) return 0;
  skip_space(&self);
  if (self.at != self.end || !has_count || !has_name) return 0;
  *out = found;
  return 1;
}
