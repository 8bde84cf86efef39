/* caisson_config.h - reads single values out of the JSON object that caisson_open_1 is given.
 *
 * The host has checked the configuration against the schema in plugin.json, so this reader is small: it finds keys of
 * the outermost object, skips what it does not need, and never reads past the end, whatever the bytes are. Each getter
 * returns CAISSON_CONFIG_FOUND and sets the value, or leaves the value alone: put the default there before.
 *
 *   const caisson_config settings = {config, config_length};
 *   uint64_t rate = 0;
 *   if (caisson_config_u64(&settings, "rate", &rate) == CAISSON_CONFIG_INVALID) return caisson_fail(...);
 */
#ifndef CAISSON_CONFIG_H
#define CAISSON_CONFIG_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAISSON_CONFIG_FOUND 1
#define CAISSON_CONFIG_ABSENT 0      /* no such key, or null */
#define CAISSON_CONFIG_INVALID (-1)  /* of another type, out of range, longer than the caller's memory, or no JSON */
#define CAISSON_CONFIG_DEEPEST 64

typedef struct caisson_config {
  const uint8_t *text;
  uint32_t length;
} caisson_config;

typedef struct caisson_cursor {
  const uint8_t *at;
  const uint8_t *end;
} caisson_cursor;

/* The next byte that is no white space, or 0 at the end; not taken. */
static inline uint8_t caisson_cursor_peek(caisson_cursor *cursor) {
  while (cursor->at < cursor->end &&
         (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n' || *cursor->at == '\r')) {
    cursor->at++;
  }
  return cursor->at < cursor->end ? *cursor->at : 0;
}

/* Reads four hexadecimal digits; -1 when they are none. */
static inline int32_t caisson_cursor_hex4(caisson_cursor *cursor) {
  int32_t value = 0;
  int digit;
  if (cursor->end - cursor->at < 4) return -1;
  for (digit = 0; digit < 4; digit++) {
    const uint8_t byte = *cursor->at++;
    if (byte >= '0' && byte <= '9') value = value * 16 + (byte - '0');
    else if (byte >= 'a' && byte <= 'f') value = value * 16 + (byte - 'a' + 10);
    else if (byte >= 'A' && byte <= 'F') value = value * 16 + (byte - 'A' + 10);
    else return -1;
  }
  return value;
}

/* Reads the rest of \uXXXX, with its second half when it is a surrogate; a lone surrogate becomes U+FFFD. */
static inline int32_t caisson_cursor_unicode(caisson_cursor *cursor) {
  const int32_t first = caisson_cursor_hex4(cursor);
  if (first < 0xD800 || first > 0xDFFF) return first;
  if (first <= 0xDBFF && cursor->end - cursor->at >= 6 && cursor->at[0] == '\\' && cursor->at[1] == 'u') {
    caisson_cursor ahead = {cursor->at + 2, cursor->end};
    const int32_t second = caisson_cursor_hex4(&ahead);
    if (second >= 0xDC00 && second <= 0xDFFF) {
      *cursor = ahead;
      return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }
  }
  return 0xFFFD;
}

static inline uint32_t caisson_put_utf8(uint8_t *out, uint32_t point) {
  if (point < 0x80) {
    out[0] = (uint8_t)point;
    return 1;
  }
  if (point < 0x800) {
    out[0] = (uint8_t)(0xC0 | (point >> 6));
    out[1] = (uint8_t)(0x80 | (point & 0x3F));
    return 2;
  }
  if (point < 0x10000) {
    out[0] = (uint8_t)(0xE0 | (point >> 12));
    out[1] = (uint8_t)(0x80 | ((point >> 6) & 0x3F));
    out[2] = (uint8_t)(0x80 | (point & 0x3F));
    return 3;
  }
  out[0] = (uint8_t)(0xF0 | (point >> 18));
  out[1] = (uint8_t)(0x80 | ((point >> 12) & 0x3F));
  out[2] = (uint8_t)(0x80 | ((point >> 6) & 0x3F));
  out[3] = (uint8_t)(0x80 | (point & 0x3F));
  return 4;
}

/* Takes a string and writes it, without NUL, as far as it fits; returns its full length, or -1 when it is none. */
static inline int64_t caisson_cursor_string(caisson_cursor *cursor, char *out, uint32_t capacity) {
  int64_t length = 0;
  if (caisson_cursor_peek(cursor) != '"') return -1;
  cursor->at++;
  while (cursor->at < cursor->end) {
    uint8_t bytes[4];
    uint32_t count = 1;
    uint8_t byte = *cursor->at++;
    if (byte == '"') return length;
    bytes[0] = byte;
    if (byte == '\\') {
      if (cursor->at == cursor->end) return -1;
      byte = *cursor->at++;
      switch (byte) {
        case 'b': bytes[0] = '\b'; break;
        case 'f': bytes[0] = '\f'; break;
        case 'n': bytes[0] = '\n'; break;
        case 'r': bytes[0] = '\r'; break;
        case 't': bytes[0] = '\t'; break;
        case '"': case '\\': case '/': bytes[0] = byte; break;
        case 'u': {
          const int32_t point = caisson_cursor_unicode(cursor);
          if (point < 0) return -1;
          count = caisson_put_utf8(bytes, (uint32_t)point);
          break;
        }
        default: return -1;
      }
    }
    if (length + count <= capacity) memcpy(out + length, bytes, count);
    length += count;
  }
  return -1;
}

/* Takes any value; 0 when it ends before its end. Brackets are counted, not matched: the host has parsed the text. */
static inline int32_t caisson_cursor_skip(caisson_cursor *cursor) {
  uint32_t depth = 0;
  for (;;) {
    const uint8_t byte = caisson_cursor_peek(cursor);
    if (byte == 0) return 0;
    if (byte == '"') {
      if (caisson_cursor_string(cursor, NULL, 0) < 0) return 0;
    } else if (byte == '{' || byte == '[') {
      if (++depth > CAISSON_CONFIG_DEEPEST) return 0;
      cursor->at++;
      continue;
    } else if (byte == '}' || byte == ']') {
      if (depth == 0) return 0;
      depth--;
      cursor->at++;
    } else if (byte == ',' || byte == ':') {
      if (depth == 0) return 0;
      cursor->at++;
      continue;
    } else {
      while (cursor->at < cursor->end && strchr(",:]} \t\r\n", *cursor->at) == NULL) cursor->at++;
    }
    if (depth == 0) return 1;
  }
}

/* Puts the cursor on the value of a key of the outermost object. */
static inline int32_t caisson_config_find(const caisson_config *config, const char *key, caisson_cursor *cursor) {
  const size_t key_length = strlen(key);
  char name[128];
  cursor->at = config->text;
  cursor->end = config->length == 0 ? config->text : config->text + config->length;
  if (caisson_cursor_peek(cursor) != '{') return config->length == 0 ? CAISSON_CONFIG_ABSENT : CAISSON_CONFIG_INVALID;
  cursor->at++;
  if (caisson_cursor_peek(cursor) == '}') return CAISSON_CONFIG_ABSENT;
  for (;;) {
    const int64_t length = caisson_cursor_string(cursor, name, sizeof name);
    if (length < 0 || caisson_cursor_peek(cursor) != ':') return CAISSON_CONFIG_INVALID;
    cursor->at++;
    if (length <= (int64_t)sizeof name && (size_t)length == key_length && memcmp(name, key, key_length) == 0) {
      const uint8_t byte = caisson_cursor_peek(cursor);
      if (byte == 0) return CAISSON_CONFIG_INVALID;
      return byte == 'n' ? CAISSON_CONFIG_ABSENT : CAISSON_CONFIG_FOUND;
    }
    if (!caisson_cursor_skip(cursor)) return CAISSON_CONFIG_INVALID;
    if (caisson_cursor_peek(cursor) == '}') return CAISSON_CONFIG_ABSENT;
    if (caisson_cursor_peek(cursor) != ',') return CAISSON_CONFIG_INVALID;
    cursor->at++;
  }
}

/* Copies the number at a key to `text`, which strtod and its like need to end in NUL. */
static inline int32_t caisson_config_number(const caisson_config *config, const char *key, char text[64]) {
  caisson_cursor cursor;
  uint32_t length = 0;
  const int32_t found = caisson_config_find(config, key, &cursor);
  if (found != CAISSON_CONFIG_FOUND) return found;
  while (cursor.at < cursor.end && *cursor.at != 0 && strchr("+-.0123456789eE", *cursor.at) != NULL) {
    if (length == 63) return CAISSON_CONFIG_INVALID;
    text[length++] = (char)*cursor.at++;
  }
  text[length] = 0;
  return length == 0 ? CAISSON_CONFIG_INVALID : CAISSON_CONFIG_FOUND;
}

/* A whole number from 0 to 2^64 - 1. */
static inline int32_t caisson_config_u64(const caisson_config *config, const char *key, uint64_t *value) {
  char text[64];
  uint64_t sum = 0;
  const char *at;
  const int32_t found = caisson_config_number(config, key, text);
  if (found != CAISSON_CONFIG_FOUND) return found;
  for (at = text; *at != 0; at++) {
    const uint64_t digit = (uint64_t)(*at - '0');
    if (*at < '0' || *at > '9' || sum > (UINT64_MAX - digit) / 10) return CAISSON_CONFIG_INVALID;
    sum = sum * 10 + digit;
  }
  *value = sum;
  return CAISSON_CONFIG_FOUND;
}

/* A whole number from -2^63 to 2^63 - 1. */
static inline int32_t caisson_config_i64(const caisson_config *config, const char *key, int64_t *value) {
  char text[64];
  uint64_t sum = 0;
  const char *at = text;
  uint64_t limit = (uint64_t)INT64_MAX;
  const int32_t found = caisson_config_number(config, key, text);
  if (found != CAISSON_CONFIG_FOUND) return found;
  if (*at == '-') {
    limit++;
    at++;
  }
  if (*at == 0) return CAISSON_CONFIG_INVALID;
  for (; *at != 0; at++) {
    const uint64_t digit = (uint64_t)(*at - '0');
    if (*at < '0' || *at > '9' || sum > (limit - digit) / 10) return CAISSON_CONFIG_INVALID;
    sum = sum * 10 + digit;
  }
  *value = text[0] == '-' ? (sum == limit ? INT64_MIN : -(int64_t)sum) : (int64_t)sum;
  return CAISSON_CONFIG_FOUND;
}

/* Any number. */
static inline int32_t caisson_config_double(const caisson_config *config, const char *key, double *value) {
  char text[64];
  char *end;
  double parsed;
  const int32_t found = caisson_config_number(config, key, text);
  if (found != CAISSON_CONFIG_FOUND) return found;
  /* strtod follows the process's locale, but a host in JavaScript never leaves the C locale. */
  parsed = strtod(text, &end);
  if (*end != 0) return CAISSON_CONFIG_INVALID;
  *value = parsed;
  return CAISSON_CONFIG_FOUND;
}

/* true or false, as 1 or 0. */
static inline int32_t caisson_config_bool(const caisson_config *config, const char *key, uint32_t *value) {
  caisson_cursor cursor;
  const int32_t found = caisson_config_find(config, key, &cursor);
  if (found != CAISSON_CONFIG_FOUND) return found;
  if (cursor.end - cursor.at >= 4 && memcmp(cursor.at, "true", 4) == 0) *value = 1;
  else if (cursor.end - cursor.at >= 5 && memcmp(cursor.at, "false", 5) == 0) *value = 0;
  else return CAISSON_CONFIG_INVALID;
  return CAISSON_CONFIG_FOUND;
}

/* A string, with a NUL at its end; `capacity` counts that, too. One that does not fit, or holds a NUL, is invalid. */
static inline int32_t caisson_config_string(const caisson_config *config, const char *key, char *out, uint32_t capacity) {
  caisson_cursor cursor;
  caisson_cursor start;
  int64_t length;
  const int32_t found = caisson_config_find(config, key, &cursor);
  if (found != CAISSON_CONFIG_FOUND) return found;
  start = cursor;
  length = caisson_cursor_string(&cursor, NULL, 0);
  if (length < 0 || length >= (int64_t)capacity) return CAISSON_CONFIG_INVALID;
  caisson_cursor_string(&start, out, (uint32_t)length);
  out[length] = 0;
  return memchr(out, 0, (size_t)length) == NULL ? CAISSON_CONFIG_FOUND : CAISSON_CONFIG_INVALID;
}

#ifdef __cplusplus
}
#endif
#endif
