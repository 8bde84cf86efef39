/* ringing.c - components with a thread of their own: a source that rings when it has something, and a sink that judges
 * its batches later. They count how often they were asked, and how long after the ring. */
#include <caisson_config.h>
#include <caisson_plugin.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

CAISSON_PLUGIN("@caisson/ringing", "0.1.0", CAISSON_UNLOADABLE | CAISSON_SHARED_SAFE | CAISSON_HAS_THREADS,
               CAISSON_COMPONENT(CAISSON_SOURCE, 1, 0, CAISSON_INTERFACE_FAST, "ringing_source"),
               CAISSON_COMPONENT(CAISSON_SINK, 1, 0, CAISSON_INTERFACE_FAST, "ringing_sink"))

#define MOST_KEPT 16u
#define MOST_WAITS 4096u
#define NANOSECONDS UINT64_C(1000000000)

typedef struct kept {                /* a batch that is pending */
  const caisson_batch *batch;
  uint64_t id;
  uint64_t due_ns;
  uint64_t sum;                      /* of its payloads, when it was written */
} kept;

struct caisson_instance {
  const caisson_host *host;
  uint32_t sink;
  uint64_t every_us;                 /* source: between two events; 0 is never */
  uint64_t delay_ms;                 /* sink: from write to verdict */
  uint64_t log_lines;                /* written by the thread when it starts */
  uint32_t never;                    /* sink: judges nothing */
  pthread_t thread;
  int has_thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int stopping;
  uint64_t ready;                    /* source: events that wait to be polled */
  uint64_t ready_ns;                 /* when the first of them came */
  uint64_t emitted;
  kept kept[MOST_KEPT];
  uint32_t kept_count;
  atomic_ullong polls;
  uint32_t waits[MOST_WAITS];        /* microseconds from ring to poll */
  uint32_t wait_count;
  uint64_t changed_batches;
};

static atomic_uint live;

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static uint64_t sum_of(const caisson_batch *batch) {
  uint64_t sum = batch->count;
  for (uint32_t index = 0; index < batch->count; index++) {
    const caisson_slice payload = caisson_payload(batch, caisson_record_at(batch, index));
    for (uint32_t at = 0; at < payload.length; at++) sum = sum * 31 + payload.data[at];
  }
  return sum;
}

/* Sleeps on the condition until a moment; the lock is held. */
static void wait_until(caisson_instance *self, uint64_t moment) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  const uint64_t now = now_ns();
  const uint64_t left = (moment > now ? moment - now : 0) + (uint64_t)until.tv_nsec;
  until.tv_sec += (time_t)(left / NANOSECONDS);
  until.tv_nsec = (long)(left % NANOSECONDS);
  pthread_cond_timedwait(&self->changed, &self->lock, &until);
}

/* The batch that is due first, or NULL. */
static kept *first_due(caisson_instance *self) {
  kept *first = NULL;
  for (uint32_t at = 0; at < self->kept_count; at++) {
    if (first == NULL || self->kept[at].due_ns < first->due_ns) first = self->kept + at;
  }
  return first;
}

static void *work(void *argument) {
  caisson_instance *self = argument;
  uint64_t next = now_ns() + self->every_us * 1000;
  for (uint64_t line = 0; line < self->log_lines; line++) {
    caisson_log(self->host, CAISSON_LOG_INFO, "line %" PRIu64 " of a thread", line);
  }
  pthread_mutex_lock(&self->lock);
  while (!self->stopping) {
    const uint64_t now = now_ns();
    uint64_t until = now + 3600 * NANOSECONDS;
    int ring = 0;
    if (!self->sink && self->every_us > 0) {
      if (now >= next) {
        if (self->ready++ == 0) self->ready_ns = now_ns();
        next += self->every_us * 1000;
        ring = 1;
      }
      until = next;
    } else if (self->sink && !self->never && first_due(self) != NULL) {
      until = first_due(self)->due_ns;
      if (now >= until) {
        if (self->ready == 0) self->ready_ns = now_ns();
        self->ready = 1;
        ring = 1;
        until = now + 100 * UINT64_C(1000000);
      }
    }
    if (ring) {
      pthread_mutex_unlock(&self->lock);
      caisson_ring(self->host);
      pthread_mutex_lock(&self->lock);
      if (!self->sink) continue;
    }
    wait_until(self, until);
  }
  pthread_mutex_unlock(&self->lock);
  return NULL;
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  const caisson_config settings = {.text = config, .length = config_length};
  caisson_instance *self = calloc(1, sizeof *self);
  if (self == NULL || caisson_config_u64(&settings, "every_us", &self->every_us) == CAISSON_CONFIG_INVALID ||
      caisson_config_u64(&settings, "delay_ms", &self->delay_ms) == CAISSON_CONFIG_INVALID ||
      caisson_config_u64(&settings, "log_lines", &self->log_lines) == CAISSON_CONFIG_INVALID ||
      caisson_config_bool(&settings, "never", &self->never) == CAISSON_CONFIG_INVALID) {
    free(self);
    caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "every_us, delay_ms, log_lines: whole numbers");
    return NULL;
  }
  self->host = host;
  self->sink = component == 1;
  pthread_mutex_init(&self->lock, NULL);
  pthread_cond_init(&self->changed, NULL);
  atomic_fetch_add(&live, 1);
  return self;
}

void caisson_close_1(caisson_instance *self) {
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->lock);
  free(self);
  atomic_fetch_sub(&live, 1);
}

int32_t caisson_start_1(caisson_instance *self, caisson_error *error) {
  self->stopping = 0;
  if (pthread_create(&self->thread, NULL, work, self) != 0) {
    return caisson_fail(error, CAISSON_E_MEMORY, CAISSON_CLASS_TRANSIENT, "no thread");
  }
  self->has_thread = 1;
  atomic_fetch_add(&live, 1);
  return CAISSON_OK;
}

int32_t caisson_stop_1(caisson_instance *self, uint32_t deadline_ms, caisson_error *error) {
  (void)deadline_ms;
  (void)error;
  if (!self->has_thread) return CAISSON_OK;
  pthread_mutex_lock(&self->lock);
  self->stopping = 1;
  self->kept_count = 0;
  pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->lock);
  pthread_join(self->thread, NULL);
  self->has_thread = 0;
  atomic_fetch_sub(&live, 1);
  return CAISSON_OK;
}

void caisson_interrupt_1(caisson_instance *self) { (void)self; }

uint32_t caisson_live_1(void) { return atomic_load(&live); }

static int by_size(const void *left, const void *right) {
  const uint32_t a = *(const uint32_t *)left;
  const uint32_t b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[256];
  pthread_mutex_lock(&self->lock);
  const uint32_t count = self->wait_count;
  qsort(self->waits, count, sizeof *self->waits, by_size);
  const int length = snprintf(text, sizeof text,
                              "{\"polls\":%llu,\"emitted\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"waits\":%u,\"p50\":%u,\"p99\":%u}",
                              (unsigned long long)atomic_load(&self->polls), self->emitted, self->changed_batches, count,
                              count == 0 ? 0 : self->waits[count / 2], count == 0 ? 0 : self->waits[count * 99 / 100]);
  pthread_mutex_unlock(&self->lock);
  if ((uint32_t)length > capacity) return -length;
  memcpy(out, text, (size_t)length);
  return length;
}

/* Notes how long work has waited; the lock is held. */
static void note_wait(caisson_instance *self) {
  if (self->wait_count < MOST_WAITS) self->waits[self->wait_count++] = (uint32_t)((now_ns() - self->ready_ns) / 1000);
}

int32_t caisson_source_poll_1(caisson_instance *self, caisson_batch *batch, uint32_t max_events, caisson_error *error) {
  (void)error;
  atomic_fetch_add(&self->polls, 1);
  pthread_mutex_lock(&self->lock);
  const uint64_t ready = self->ready;
  if (ready > 0) note_wait(self);
  for (; self->ready > 0 && batch->count < max_events; self->ready--) {
    caisson_record *record = caisson_append_bytes(batch, "ring", 4, 1);
    if (record == NULL) break;
    record->sequence = self->emitted++;
  }
  pthread_mutex_unlock(&self->lock);
  return ready == 0 ? CAISSON_AGAIN : CAISSON_OK;
}

int32_t caisson_sink_write_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *verdicts, caisson_error *error) {
  (void)verdicts;
  pthread_mutex_lock(&self->lock);
  const int full = self->kept_count == MOST_KEPT;
  if (!full) {
    const kept added = {.batch = batch, .id = batch->batch_id, .due_ns = now_ns() + self->delay_ms * UINT64_C(1000000), .sum = sum_of(batch)};
    self->kept[self->kept_count++] = added;
    pthread_cond_signal(&self->changed);
  }
  pthread_mutex_unlock(&self->lock);
  return full ? caisson_fail(error, CAISSON_E_SPACE, CAISSON_CLASS_TRANSIENT, "too many batches") : CAISSON_PENDING;
}

/* Judges the batch that is due, the second of its events as failed. */
int32_t caisson_sink_poll_1(caisson_instance *self, caisson_batch *verdicts, caisson_error *error) {
  (void)error;
  int32_t status = CAISSON_AGAIN;
  atomic_fetch_add(&self->polls, 1);
  pthread_mutex_lock(&self->lock);
  kept *const first = self->ready > 0 ? first_due(self) : NULL;
  self->ready = 0;
  if (first != NULL && first->due_ns <= now_ns()) {
    note_wait(self);
    if (sum_of(first->batch) != first->sum) self->changed_batches++;
    verdicts->batch_id = first->id;
    verdicts->count = first->batch->count;
    const caisson_verdict verdict = {.index = 1, .action = CAISSON_RETRY, .failure_class = CAISSON_CLASS_TRANSIENT, .code = -7};
    if (first->batch->count > 1) caisson_add_verdict(verdicts, &verdict);
    *first = self->kept[--self->kept_count];
    self->emitted++;
    /* The next may be due as well. */
    self->ready = first_due(self) != NULL && first_due(self)->due_ns <= now_ns();
    pthread_cond_signal(&self->changed);
    status = CAISSON_OK;
  }
  pthread_mutex_unlock(&self->lock);
  return status;
}
