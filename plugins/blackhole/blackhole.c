/* blackhole.c - a sink that counts events, measures how late they are, and can check where their payloads lie. */
#include "addresses.h"
#include "histogram.h"

#include <caisson_config.h>
#include <caisson_plugin.h>
#include <caisson_still.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS UINT64_C(1000000000)
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
/* 16 owners of at most 120 bytes each, and some 600 for the rest. */
#define LONGEST_METRICS 4096u
#define FNV_PRIME UINT64_C(0x100000001b3)

CAISSON_PLUGIN("@caisson/blackhole", "0.1.0", CAISSON_UNLOADABLE | CAISSON_SHARED_SAFE,
               CAISSON_COMPONENT(CAISSON_SINK, 1, 0, CAISSON_INTERFACE_FAST, "blackhole"))

struct caisson_instance {
  uint64_t events;
  uint64_t bytes;
  uint64_t batches;
  uint64_t failed;
  uint64_t first_events;             /* of the first write: its time is where the rate starts */
  uint64_t first_ns;
  uint64_t last_ns;
  uint64_t hash;
  uint32_t verify;
  uint32_t checksum;
  uint32_t fail_every;
  uint16_t fail_action;
  uint16_t reserved;
  addresses addresses;
  histogram latency;
};

/* The clock events are stamped with; read once a write, since reading it costs as much as many events. */
static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static int32_t configure(caisson_instance *self, const caisson_config *config, caisson_error *error) {
  char action[16] = "retry";
  uint64_t fail_every = 0;
  if (caisson_config_bool(config, "verify", &self->verify) == CAISSON_CONFIG_INVALID) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "verify: allowed: true or false");
  }
  if (caisson_config_bool(config, "checksum", &self->checksum) == CAISSON_CONFIG_INVALID) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "checksum: allowed: true or false");
  }
  if (caisson_config_u64(config, "fail_every", &fail_every) == CAISSON_CONFIG_INVALID || fail_every > UINT32_MAX) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "fail_every: allowed: a whole number from 0 to %u",
                        UINT32_MAX);
  }
  if (caisson_config_string(config, "fail_action", action, sizeof action) == CAISSON_CONFIG_INVALID ||
      (strcmp(action, "retry") != 0 && strcmp(action, "deadletter") != 0)) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG,
                        "fail_action: allowed: \"retry\" or \"deadletter\"");
  }
  self->fail_every = (uint32_t)fail_every;
  self->fail_action = strcmp(action, "retry") == 0 ? CAISSON_RETRY : CAISSON_DEADLETTER;
  return CAISSON_OK;
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)component;
  caisson_instance *self = caisson_still_allocate(sizeof *self, error);
  if (self == NULL) return NULL;
  self->hash = FNV_OFFSET;
  const caisson_config settings = {.text = config, .length = config_length};
  if (configure(self, &settings, error) != CAISSON_OK) {
    free(self);
    return NULL;
  }
  return caisson_still_opened(self);
}

static void measure(caisson_instance *self, const caisson_batch *batch, uint64_t now) {
  uint64_t bytes = 0;
  /* Events of one read often carry one time: each run of equal times is one entry in the histogram. */
  uint64_t run_start = 0;
  uint64_t run_length = 0;
  for (uint32_t index = 0; index < batch->count; index++) {
    const caisson_record *record = caisson_record_at(batch, index);
    bytes += record->payload_length;
    if (record->timestamp_ns != run_start && run_length > 0) {
      histogram_record(&self->latency, now > run_start ? now - run_start : 0, run_length);
      run_length = 0;
    }
    run_start = record->timestamp_ns;
    run_length++;
  }
  if (run_length > 0) histogram_record(&self->latency, now > run_start ? now - run_start : 0, run_length);
  self->bytes += bytes;
}

static void hash_payloads(caisson_instance *self, const caisson_batch *batch) {
  const caisson_segment *segments = caisson_segments(batch);
  uint64_t hash = self->hash;
  for (uint32_t index = 0; index < batch->count; index++) {
    const caisson_record *record = caisson_record_at(batch, index);
    if (record->payload_segment >= batch->segment_count) continue;
    const caisson_segment *segment = &segments[record->payload_segment];
    const uint64_t end = (uint64_t)record->payload_offset + record->payload_length;
    if (segment->base == 0 || end > segment->length) continue;
    const uint8_t *payload = (const uint8_t *)(uintptr_t)segment->base + record->payload_offset;
    for (uint32_t at = 0; at < record->payload_length; at++) hash = (hash ^ payload[at]) * FNV_PRIME;
  }
  self->hash = hash;
}

/* Judges every n-th event; what does not fit the verdict list is said with one flag, as the ABI asks. */
static void fail_some(caisson_instance *self, const caisson_batch *batch, caisson_batch *verdicts) {
  uint64_t until = self->fail_every - self->events % self->fail_every;
  for (uint64_t index = until - 1; index < batch->count; index += self->fail_every) {
    self->failed++;
    const caisson_verdict verdict = {
        .index = (uint32_t)index,
        .action = self->fail_action,
        .failure_class = self->fail_action == CAISSON_RETRY ? CAISSON_CLASS_TRANSIENT : CAISSON_CLASS_PERMANENT,
        .code = CAISSON_E_DATA,
    };
    if (!caisson_add_verdict(verdicts, &verdict)) return;
  }
}

int32_t caisson_sink_write_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *verdicts, caisson_error *error) {
  (void)error;
  const uint64_t now = now_ns();
  if (self->batches == 0) {
    self->first_ns = now;
    self->first_events = batch->count;
  }
  self->last_ns = now;
  self->batches++;
  measure(self, batch, now);
  if (self->verify) addresses_verify(&self->addresses, batch);
  if (self->checksum) hash_payloads(self, batch);
  verdicts->batch_id = batch->batch_id;
  verdicts->count = batch->count;
  verdicts->verdict_default = CAISSON_ACK;
  verdicts->verdict_count = 0;
  if (self->fail_every > 0) fail_some(self, batch, verdicts);
  self->events += batch->count;
  return CAISSON_OK;
}

/* Events a second between the first and the last write; 0 until there are two. */
static double rate(const caisson_instance *self) {
  if (self->last_ns <= self->first_ns) return 0;
  const uint64_t elapsed = self->last_ns - self->first_ns;
  return (double)(self->events - self->first_events) * (double)NANOSECONDS / (double)elapsed;
}

static double microseconds(uint64_t nanoseconds) { return (double)nanoseconds / 1000.0; }

/* Appends to a text that is long enough by construction: see LONGEST_METRICS. */
CAISSON_PRINTF(3, 4)
static uint32_t put(char *text, uint32_t at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text + at, LONGEST_METRICS - at, format, arguments);
  va_end(arguments);
  return at + (length < 0 ? 0 : (uint32_t)length);
}

static uint32_t put_owners(const caisson_instance *self, char *text, uint32_t at) {
  at = put(text, at, ",\"outside\":%" PRIu64 ",\"owners\":[", self->addresses.outside);
  for (uint32_t index = 0; index < self->addresses.count; index++) {
    const address_range *range = &self->addresses.ranges[index];
    at = put(text, at, "%s{\"owner\":%u,\"events\":%" PRIu64 ",\"lowest\":%" PRIu64 ",\"end\":%" PRIu64 "}",
             index == 0 ? "" : ",", range->owner, range->events, range->lowest, range->end);
  }
  return put(text, at, "]");
}

int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[LONGEST_METRICS];
  const histogram *latency = &self->latency;
  uint32_t length = put(text, 0,
                        "{\"events\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"batches\":%" PRIu64 ",\"failed\":%" PRIu64
                        ",\"eventsPerSecond\":%.0f,\"latencyMicroseconds\":{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,"
                        "\"max\":%.3f,\"mean\":%.3f}",
                        self->events, self->bytes, self->batches, self->failed, rate(self),
                        microseconds(histogram_percentile(latency, 0.5)), microseconds(histogram_percentile(latency, 0.99)),
                        microseconds(histogram_percentile(latency, 0.999)), microseconds(latency->highest),
                        histogram_mean(latency) / 1000.0);
  if (self->verify) length = put_owners(self, text, length);
  /* As text: JSON numbers lose bits above 2^53. */
  if (self->checksum) length = put(text, length, ",\"checksum\":\"%016" PRIx64 "\"", self->hash);
  length = put(text, length, "}");
  if (out == NULL || length > capacity) return -(int32_t)length;
  memcpy(out, text, length);
  return (int32_t)length;
}
