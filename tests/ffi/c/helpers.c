/* helpers.c - checks the inline helpers of the headers; built with sanitizers, every buffer exactly as long as it says. */
#include <caisson_config.h>
#include <caisson_plugin.h>
#include <stdio.h>
#include <stdlib.h>

CAISSON_PLUGIN("@caisson/helpers", "1.0.0", 0, CAISSON_COMPONENT(CAISSON_SINK, 1, 0, 0, "one"),
               CAISSON_COMPONENT(CAISSON_CODEC, 1, 0, 0, "two"))

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);   \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

#define GUARD 0xA5

static void *take(size_t length) {
  void *memory = malloc(length == 0 ? 1 : length);
  CHECK(memory != NULL);
  return memory;
}

/* ---- batches ---- */

typedef struct block {
  caisson_batch *batch;
  uint8_t *arena;
  size_t length;
} block;

static block make(uint32_t stride, uint32_t capacity, uint16_t segments, uint32_t verdicts, uint32_t arena) {
  block made;
  const uint32_t segment_offset = 64 + capacity * stride;
  const uint32_t verdict_offset = segment_offset + segments * 32;
  made.length = verdict_offset + verdicts * 16;
  made.batch = (caisson_batch *)take(made.length);
  made.arena = (uint8_t *)take(arena);
  memset((void *)made.batch, GUARD, made.length);
  memset((void *)made.batch, 0, 64);
  made.batch->size = 64;
  made.batch->record_stride = stride;
  made.batch->capacity = capacity;
  made.batch->record_offset = 64;
  made.batch->segment_offset = segment_offset;
  made.batch->segment_count = 1;
  made.batch->segment_capacity = segments;
  made.batch->verdict_offset = verdict_offset;
  made.batch->verdict_capacity = verdicts;
  memset((void *)caisson_segments(made.batch), 0, sizeof(caisson_segment));
  caisson_segments(made.batch)->base = (uint64_t)(uintptr_t)made.arena;
  caisson_segments(made.batch)->capacity = arena;
  return made;
}

static void drop(block *made) {
  free(made->batch);
  free(made->arena);
}

static void check_strides(void) {
  const uint32_t strides[] = {64, 72, 80, 96, 128};
  for (size_t index = 0; index < sizeof strides / sizeof *strides; index++) {
    block made = make(strides[index], 3, 2, 2, 20);
    caisson_record *first = caisson_append_bytes(made.batch, "hello", 5, 42);
    CHECK(first != NULL && first->timestamp_ns == 42 && first->payload_offset == 0);
    caisson_record *second = caisson_append_bytes(made.batch, "world", 5, 43);
    CHECK(second != NULL && second->payload_offset == 8);
    CHECK((uint8_t *)second - (uint8_t *)first == (ptrdiff_t)strides[index]);
    for (uint32_t at = 64; at < strides[index]; at++) CHECK(((uint8_t *)second)[at] == 0);
    CHECK(((uint8_t *)second)[strides[index]] == GUARD);
    /* 16 of 20 bytes are taken: 5 more do not fit, 4 do. */
    CHECK(caisson_append_bytes(made.batch, "third", 5, 44) == NULL);
    CHECK(made.batch->count == 2 && made.batch->arena_used == 13);
    CHECK(caisson_append_bytes(made.batch, "4444", 4, 44) != NULL);
    CHECK(caisson_append_bytes(made.batch, "", 0, 45) == NULL);
    CHECK(made.batch->count == 3);
    const caisson_slice slice = caisson_payload(made.batch, second);
    CHECK(slice.length == 5 && memcmp(slice.data, "world", 5) == 0);
    CHECK(CAISSON_RECORD_HAS(made.batch, reserved));
    drop(&made);
  }
}

static void check_bounds(void) {
  block made = make(64, 1, 2, 1, 8);
  caisson_record *record = caisson_append(made.batch, 0, 0, 8, 1);
  CHECK(caisson_payload(made.batch, record).data == NULL);
  caisson_segments(made.batch)->length = 8;
  CHECK(caisson_payload(made.batch, record).length == 8);
  record->payload_offset = UINT32_MAX;
  CHECK(caisson_payload(made.batch, record).data == NULL);
  record->payload_segment = 1;
  CHECK(caisson_payload(made.batch, record).data == NULL);
  CHECK(caisson_append(made.batch, 0, 0, 0, 1) == NULL);
  CHECK(caisson_lend(made.batch, "lent", 4, 9) == 1);
  CHECK(caisson_lend(made.batch, "lent", 4, 9) == -1);
  CHECK(caisson_segments(made.batch)[1].owner == 9 && caisson_segments(made.batch)[1].flags == CAISSON_SEGMENT_LENT);
  const caisson_verdict verdict = {0, CAISSON_RETRY, CAISSON_CLASS_TRANSIENT, -5, 10};
  CHECK(caisson_add_verdict(made.batch, &verdict) == 1);
  CHECK(caisson_add_verdict(made.batch, &verdict) == 0);
  CHECK(made.batch->flags == CAISSON_BATCH_OVERFLOW && made.batch->verdict_count == 1);
  CHECK(caisson_verdicts(made.batch)->code == -5);
  drop(&made);
}

static void check_passing_on(void) {
  block from = make(80, 2, 3, 0, 16);
  block to = make(96, 2, 2, 0, 0);
  caisson_append_bytes(from.batch, "payload", 7, 5);
  caisson_lend(from.batch, "lent", 4, 1);
  caisson_lend(from.batch, "lent", 4, 1);
  caisson_share_segments(to.batch, from.batch);
  CHECK(to.batch->segment_count == 2);
  caisson_record *record = caisson_copy_record(to.batch, 1, from.batch, 0);
  CHECK(record->timestamp_ns == 5 && caisson_payload(to.batch, record).data == from.arena);
  for (uint32_t at = 80; at < 96; at++) CHECK(((uint8_t *)record)[at] == 0);
  drop(&from);
  drop(&to);
}

/* ---- reports ---- */

static uint32_t woken;
static char line[64];

static void wake(const caisson_host *host) { woken += host->instance; }

static void write_line(const caisson_host *host, uint32_t level, const uint8_t *text, uint32_t length) {
  snprintf(line, sizeof line, "%u %u %.*s", host->instance, level, (int)length, (const char *)text);
}

static void check_reports(void) {
  caisson_error *error = (caisson_error *)take(sizeof(caisson_error));
  char text[400];
  memset(error, GUARD, sizeof *error);
  CHECK(caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_TRANSIENT, "cannot %s", "read") == CAISSON_E_IO);
  CHECK(error->code == CAISSON_E_IO && error->failure_class == CAISSON_CLASS_TRANSIENT && error->need == 0);
  CHECK(error->message_length == 11 && memcmp(error->message, "cannot read", 11) == 0);
  /* 231 bytes and a letter of two: it does not fit whole, so it is left out. */
  memset(text, 'x', sizeof text);
  memcpy(text + 231, "\xC3\xA9", 3);
  caisson_fail(error, -100, CAISSON_CLASS_FATAL, "%s", text);
  CHECK(error->message_length == 231);
  CHECK(caisson_fail(NULL, -7, 0, "nobody listens") == -7);
  free(error);

  caisson_bell bell;
  memset(&bell, 0, sizeof bell);
  caisson_host host;
  memset(&host, 0, sizeof host);
  host.instance = 3;
  caisson_ring(&host);
  caisson_log(&host, CAISSON_LOG_INFO, "nobody listens");
  void (*function)(const caisson_host *) = wake;
  memcpy(&host.wake, &function, sizeof function);
  void (*log_function)(const caisson_host *, uint32_t, const uint8_t *, uint32_t) = write_line;
  memcpy(&host.log, &log_function, sizeof log_function);
  host.bell = (uint64_t)(uintptr_t)&bell;
  caisson_ring(&host);
  CHECK(bell.posted == 1 && woken == 0);
  bell.armed = 1;
  caisson_ring(&host);
  CHECK(bell.posted == 2 && bell.armed == 0 && woken == 3);
  caisson_log(&host, CAISSON_LOG_ERROR, "%d of %d", 1, 2);
  CHECK(strcmp(line, "3 1 1 of 2") == 0);
}

/* ---- configuration ---- */

/* A copy exactly as long as the text, so that the sanitizer sees one byte too many. */
static caisson_config config_of(const char *text, size_t length) {
  uint8_t *copy = (uint8_t *)take(length);
  memcpy(copy, text, length);
  const caisson_config config = {copy, (uint32_t)length};
  return config;
}

static void check_values(void) {
  const char *text =
      "{ \"a\":1, \"big\" : 18446744073709551615, \"over\":18446744073709551616,\"min\":-9223372036854775808,"
      "\"under\":-9223372036854775809,\"half\":2.5e-1,\"yes\":true,\"no\":false,\"nothing\":null,"
      "\"nested\":{\"a\":[2,{\"a\":\"}\\\"\"}]},\"\\u0065sc\":\"tab\\t \\u00e9 \\ud83d\\ude00 \\ud800\","
      "\"nul\":\"a\\u0000b\",\"last\":\"end\" }";
  const caisson_config config = config_of(text, strlen(text));
  uint64_t u64 = 7;
  int64_t i64 = 7;
  double number = 7;
  uint32_t truth = 7;
  char string[32] = "default";
  CHECK(caisson_config_u64(&config, "a", &u64) == CAISSON_CONFIG_FOUND && u64 == 1);
  CHECK(caisson_config_u64(&config, "big", &u64) == CAISSON_CONFIG_FOUND && u64 == UINT64_MAX);
  CHECK(caisson_config_u64(&config, "over", &u64) == CAISSON_CONFIG_INVALID && u64 == UINT64_MAX);
  CHECK(caisson_config_u64(&config, "half", &u64) == CAISSON_CONFIG_INVALID);
  CHECK(caisson_config_u64(&config, "yes", &u64) == CAISSON_CONFIG_INVALID);
  CHECK(caisson_config_u64(&config, "absent", &u64) == CAISSON_CONFIG_ABSENT);
  CHECK(caisson_config_u64(&config, "nothing", &u64) == CAISSON_CONFIG_ABSENT);
  CHECK(caisson_config_i64(&config, "min", &i64) == CAISSON_CONFIG_FOUND && i64 == INT64_MIN);
  CHECK(caisson_config_i64(&config, "under", &i64) == CAISSON_CONFIG_INVALID);
  CHECK(caisson_config_i64(&config, "big", &i64) == CAISSON_CONFIG_INVALID);
  CHECK(caisson_config_double(&config, "half", &number) == CAISSON_CONFIG_FOUND && number == 0.25);
  CHECK(caisson_config_bool(&config, "yes", &truth) == CAISSON_CONFIG_FOUND && truth == 1);
  CHECK(caisson_config_bool(&config, "no", &truth) == CAISSON_CONFIG_FOUND && truth == 0);
  CHECK(caisson_config_bool(&config, "a", &truth) == CAISSON_CONFIG_INVALID);
  CHECK(caisson_config_string(&config, "last", string, sizeof string) == CAISSON_CONFIG_FOUND);
  CHECK(strcmp(string, "end") == 0);
  CHECK(caisson_config_string(&config, "esc", string, sizeof string) == CAISSON_CONFIG_FOUND);
  CHECK(strcmp(string, "tab\t \xC3\xA9 \xF0\x9F\x98\x80 \xEF\xBF\xBD") == 0);
  CHECK(caisson_config_string(&config, "last", string, 4) == CAISSON_CONFIG_FOUND);
  CHECK(caisson_config_string(&config, "last", string, 3) == CAISSON_CONFIG_INVALID);
  CHECK(caisson_config_string(&config, "nul", string, sizeof string) == CAISSON_CONFIG_INVALID);
  CHECK(caisson_config_string(&config, "nested", string, sizeof string) == CAISSON_CONFIG_INVALID);
  /* Every prefix, and every prefix with one byte changed, must end without reading past its end. */
  uint32_t random = 12345;
  for (size_t length = 0; length <= strlen(text); length++) {
    for (int turn = 0; turn < 4; turn++) {
      const caisson_config part = config_of(text, length);
      if (turn > 0 && length > 0) {
        random = random * 1664525u + 1013904223u;
        ((uint8_t *)(uintptr_t)part.text)[(random >> 8) % length] = (uint8_t)random;
      }
      caisson_config_u64(&part, "absent", &u64);
      caisson_config_double(&part, "half", &number);
      caisson_config_bool(&part, "no", &truth);
      caisson_config_string(&part, "last", string, sizeof string);
      caisson_config_string(&part, "esc", string, sizeof string);
      free((void *)(uintptr_t)part.text);
    }
  }
  free((void *)(uintptr_t)config.text);
  const caisson_config empty = {NULL, 0};
  CHECK(caisson_config_u64(&empty, "a", &u64) == CAISSON_CONFIG_ABSENT);
}

int main(void) {
  uint8_t small[16];
  caisson_descriptor copy;
  CHECK(caisson_describe_1(small, sizeof small) == sizeof copy);
  CHECK(caisson_describe_1((uint8_t *)&copy, sizeof copy) == sizeof copy);
  CHECK(copy.interface_count == 2 && copy.layout_count == CAISSON_LAYOUT_COUNT);
  check_strides();
  check_bounds();
  check_passing_on();
  check_reports();
  check_values();
  puts("ok");
  return 0;
}
