/* crashing.c - a plugin that ends, hangs, leaks or lies: tests of what a process of its own protects the host from.
 *
 * `mode` says what it does, `where` in which call (open, start or data), `after` how many batches are fine before, and
 * `once` names a file that is created first: when it is there already, everything is fine. */
#include <caisson_config.h>
#include <caisson_plugin.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

CAISSON_PLUGIN("@caisson/crashing", "0.1.0", CAISSON_UNLOADABLE,
               CAISSON_COMPONENT(CAISSON_SOURCE, 1, 0, 0, "crashing_source"),
               CAISSON_COMPONENT(CAISSON_SINK, 1, 0, 0, "crashing_sink"),
               CAISSON_COMPONENT(CAISSON_PROCESSOR, 1, 0, 0, "crashing_processor"))

/* Of a ring in shared memory: control words before its first slot, and where two of them lie. */
#define CONTROL_BYTES 384u
#define HEAD 0u
#define TAIL 64u

struct caisson_instance {
  char mode[32];
  char where[16];
  char once[1024];
  const caisson_host *host;
  uint64_t after;
  uint64_t batches;
  uint64_t settled;
  uint64_t failed;
  uint64_t sequence;
  uint64_t events;
  uint64_t disordered;               /* events whose sequence was not the next one */
  uint64_t random;
  uint64_t interrupted;
};

static atomic_uint live;
static int *volatile nowhere;
static volatile uint8_t sum;

static int is(const caisson_instance *self, const char *mode) { return strcmp(self->mode, mode) == 0; }

static void leak(void) {
  for (;;) {
    const size_t size = (size_t)16 << 20;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) abort();
    memset(bytes, 0xA5, size);
    sum += bytes[size / 2];
  }
}

static void sleep_forever(void) {
  for (;;) {
    const struct timespec hour = {.tv_sec = 3600, .tv_nsec = 0};
    nanosleep(&hour, NULL);
  }
}

/* Sleeps now and then, for up to 0.2 ms: rings are tested where one side has to wait for the other. */
static void pause_at_random(caisson_instance *self) {
  if (!is(self, "pause")) return;
  self->random ^= self->random << 13;
  self->random ^= self->random >> 7;
  self->random ^= self->random << 17;
  if ((self->random & 1023) != 0) return;
  const struct timespec nap = {.tv_sec = 0, .tv_nsec = (long)(self->random >> 20 & 0x3FFFF)};
  nanosleep(&nap, NULL);
}

/* Whether the time has come. */
static int now(caisson_instance *self, const char *where) {
  if (strcmp(self->where, where) != 0 || is(self, "fine")) return 0;
  if (strcmp(where, "data") == 0 && self->batches++ < self->after) return 0;
  if (self->once[0] == 0) return 1;
  const int file = open(self->once, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (file < 0) return 0;
  close(file);
  return 1;
}

static void act(const caisson_instance *self) {
  if (is(self, "null")) *nowhere = 1;
  if (is(self, "abort")) abort();
  if (is(self, "session")) {
    setsid();
    setsid();
    abort();
  }
  if (is(self, "exit")) _exit(42);
  if (is(self, "leak")) leak();
  if (is(self, "print")) {
    printf("{\"type\":\"closed\"}\n\033[31mplugins print\n");
    fflush(stdout);
  }
  if (is(self, "log")) {
    for (uint32_t line = 0; line < 100000; line++) caisson_log(self->host, CAISSON_LOG_INFO, "line %u", line);
  }
  while (is(self, "loop")) sum++;
}

static void set_word(uint8_t *at, uint32_t value) { atomic_store((_Atomic(uint32_t) *)(void *)at, value); }

/* Writes what no runner would into the first slot of a ring and hands it over as the runner would. */
static void forge(const caisson_instance *self, uint8_t *slot, uint32_t capacity, uint32_t word) {
  caisson_batch *batch = (caisson_batch *)(void *)slot;
  caisson_record *records = (caisson_record *)(void *)(slot + sizeof *batch);
  memset(records, 0, sizeof *records);
  batch->count = 1;
  batch->arena_used = 64;
  records[0].payload_length = 64;
  if (is(self, "forge_count")) batch->count = capacity + 1;
  if (is(self, "forge_used")) batch->arena_used = UINT32_MAX;
  if (is(self, "forge_offset")) records[0].payload_offset = 0x7FFFFFF0u;
  if (is(self, "forge_length")) records[0].payload_length = UINT32_MAX;
  if (is(self, "forge_segment")) records[0].payload_segment = 7;
  if (is(self, "forge_default")) batch->verdict_default = 77;
  if (is(self, "forge_verdicts")) {
    batch->verdict_default = 0;
    batch->verdict_count = capacity * 2;
  }
  set_word(slot - CONTROL_BYTES + word, is(self, "forge_word") ? 0x10000u : 1);
  /* The host may sleep: its doorbell is a line on whatever descriptor the runner keeps for that. */
  for (int descriptor = 3; descriptor < 20; descriptor++) {
    const ssize_t written = write(descriptor, "\n", 1);
    (void)written;
  }
  sleep_forever();
}

/* The slot whose arena a batch that is no slot writes to: the block lies right before it. */
static uint8_t *slot_of(const caisson_batch *batch) {
  const uintptr_t block = (sizeof *batch + batch->capacity * (sizeof(caisson_record) + sizeof(caisson_verdict)) + 32u + 63u) & ~(uintptr_t)63;
  return (uint8_t *)((uintptr_t)caisson_segments(batch)->base - block);
}

static int forges(const caisson_instance *self) { return strncmp(self->mode, "forge_", 6) == 0; }

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)component;
  const caisson_config settings = {.text = config, .length = config_length};
  caisson_instance *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->random = 88172645463325252u;
  strcpy(self->mode, "fine");
  strcpy(self->where, "data");
  self->host = host;
  if (caisson_config_string(&settings, "mode", self->mode, sizeof self->mode) == CAISSON_CONFIG_INVALID ||
      caisson_config_string(&settings, "where", self->where, sizeof self->where) == CAISSON_CONFIG_INVALID ||
      caisson_config_string(&settings, "once", self->once, sizeof self->once) == CAISSON_CONFIG_INVALID ||
      caisson_config_u64(&settings, "after", &self->after) == CAISSON_CONFIG_INVALID || is(self, "refuse")) {
    free(self);
    caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "mode: not one of mine");
    return NULL;
  }
  atomic_fetch_add(&live, 1);
  if (now(self, "open")) act(self);
  return self;
}

void caisson_close_1(caisson_instance *self) {
  free(self);
  atomic_fetch_sub(&live, 1);
}

int32_t caisson_start_1(caisson_instance *self, caisson_error *error) {
  if (is(self, "no_start")) {
    return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_TRANSIENT, "the other side says \"no\"\n\tand\x01 nothing else");
  }
  if (now(self, "start")) act(self);
  return CAISSON_OK;
}

int32_t caisson_stop_1(caisson_instance *self, uint32_t deadline_ms, caisson_error *error) {
  (void)deadline_ms;
  (void)error;
  if (now(self, "stop")) act(self);
  return CAISSON_OK;
}

void caisson_interrupt_1(caisson_instance *self) { __atomic_store_n(&self->interrupted, 1, __ATOMIC_SEQ_CST); }

uint32_t caisson_live_1(void) { return atomic_load(&live); }

int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[256];
  const int length = snprintf(text, sizeof text, "{\"pid\":%d,\"batches\":%" PRIu64 ",\"settled\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"events\":%" PRIu64
                              ",\"disordered\":%" PRIu64 "}",
                              (int)getpid(), self->batches, self->settled, self->failed, self->events, self->disordered);
  if ((uint32_t)length > capacity) return -length;
  memcpy(out, text, (size_t)length);
  return length;
}

int32_t caisson_source_poll_1(caisson_instance *self, caisson_batch *batch, uint32_t max_events, caisson_error *error) {
  caisson_segment *arena = caisson_segments(batch);
  (void)max_events;
  if (now(self, "data")) {
    /* Wide enough to reach the host's words wherever the slot lies, and beyond the mapping. */
    if (is(self, "outside")) memset((void *)(uintptr_t)arena->base, 0xFF, (size_t)1 << 30);
    if (is(self, "panic")) return caisson_fail(error, CAISSON_E_PANIC, CAISSON_CLASS_FATAL, "caught an exception");
    if (is(self, "count")) {
      batch->count = batch->capacity + 1;
      return CAISSON_OK;
    }
    if (is(self, "error")) return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_TRANSIENT, "the line is down");
    if (is(self, "wait")) {
      while (__atomic_load_n(&self->interrupted, __ATOMIC_SEQ_CST) == 0) sum++;
      return CAISSON_E_INTERRUPTED;
    }
    if (forges(self)) forge(self, slot_of(batch), batch->capacity, HEAD);
    act(self);
  }
  pause_at_random(self);
  char text[32];
  const int length = snprintf(text, sizeof text, "%" PRIu64, self->sequence);
  caisson_record *record = caisson_append_bytes(batch, text, (uint32_t)length, 1000000);
  if (record != NULL) record->sequence = self->sequence++;
  return CAISSON_OK;
}

int32_t caisson_source_settle_1(caisson_instance *self, const caisson_batch *settled, caisson_error *error) {
  (void)error;
  self->settled += settled->count;
  self->failed += settled->verdict_count;
  return CAISSON_OK;
}

int32_t caisson_sink_write_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *verdicts, caisson_error *error) {
  (void)verdicts;
  if (now(self, "data")) {
    if (is(self, "outside")) memset((void *)(uintptr_t)batch, 0xFF, (size_t)1 << 30);
    if (is(self, "error")) return caisson_fail(error, CAISSON_E_IO, CAISSON_CLASS_TRANSIENT, "the line is down");
    if (forges(self)) forge(self, (uint8_t *)(uintptr_t)batch, batch->capacity, TAIL);
    act(self);
  }
  pause_at_random(self);
  for (uint32_t index = 0; index < batch->count; index++) {
    if (caisson_record_at(batch, index)->sequence != self->events++) self->disordered++;
  }
  return CAISSON_OK;
}

int32_t caisson_process_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (now(self, "data")) {
    caisson_segment *arena = caisson_segments(out);
    if (is(self, "outside")) memset((void *)(uintptr_t)arena->base, 0xFF, (size_t)1 << 30);
    if (is(self, "error")) return caisson_fail(error, CAISSON_E_DATA, CAISSON_CLASS_PERMANENT, "no event at all");
    if (forges(self)) forge(self, slot_of(out), out->capacity, HEAD);
    act(self);
  }
  caisson_share_segments(out, batch);
  for (uint32_t index = 0; index < batch->count; index++) caisson_copy_record(out, index, batch, index);
  out->count = batch->count;
  return CAISSON_OK;
}
