/* main.c - hosts one native plugin in a process of its own: reads what to load, maps the memory it shares with the host,
 * and moves batches between the rings in it and the plugin until it is told to close, or the host is gone. */
#include <caisson_config.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../confine/confine.h"
#include "control.h"
#include "patience.h"
#include "platform.h"
#include "runner.h"

#define LONGEST_PATH 4096u
#define METRICS_FIRST_BYTES 4096u
#define DEFAULT_STOP_MS 1500u
/* How long the answer to "metrics" waits for the rest of a batch: a sign of life must not wait for a host that takes nothing. */
#define LONGEST_REST_NS (800 * MILLISECOND)

static runner self;
static atomic_int stopping;

int runner_is_stopping(void) { return atomic_load(&stopping); }

void runner_break(const char *what) {
  fprintf(stderr, "caisson runner: %s\n", what);
  _exit(2);
}

void runner_crash(runner *of, const fault *why) {
  of->failed = 1;
  control_fault(NULL, why->name, why->message);
}

/* On the thread that listens: a call that waits would keep the message from being handled at all. */
static void hear_urgent(const char *type) {
  atomic_store(&stopping, 1);
  if (strcmp(type, "close") == 0) {
    /* A write under way may still end by itself. */
    const uint64_t until = platform_now_ns() + self.stop_ms / 2 * MILLISECOND;
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = (long)MILLISECOND};
    while (plugin_busy() && platform_now_ns() < until) nanosleep(&nap, NULL);
  }
  plugin_interrupt(&self.plugin);
}

/* ---- what the plugin may call --------------------------------------------------------------------------------- */

static void wake(const caisson_host *host) {
  (void)host;
  control_wake();
}

static void log_line(const caisson_host *host, uint32_t level, const uint8_t *message, uint32_t length) {
  (void)host;
  if (message != NULL) control_log(level, (const char *)message, length);
}

static uint64_t address_of(const void *function, size_t size) {
  uint64_t address = 0;
  memcpy(&address, function, size);
  return address;
}

static void describe_host(void) {
  void (*const wake_function)(const caisson_host *) = wake;
  void (*const log_function)(const caisson_host *, uint32_t, const uint8_t *, uint32_t) = log_line;
  const caisson_host host = {
      .size = sizeof host,
      .abi_major = CAISSON_ABI_MAJOR,
      .abi_minor = CAISSON_ABI_MINOR,
      .instance = 1,
      .bell_kind = CAISSON_BELL_NONE,
      .bell = (uint64_t)(uintptr_t)&self.bell,
      .max_events = CAISSON_MAX_EVENTS,
      .wake = address_of(&wake_function, sizeof wake_function),
      .log = address_of(&log_function, sizeof log_function),
  };
  self.host = host;
}

/* ---- open ----------------------------------------------------------------------------------------------------- */

typedef struct dimensions {
  int64_t input;
  int64_t output;
  int64_t settlements;
  uint64_t settlement_slots;
  uint64_t bytes;
  uint64_t slots;
  uint64_t capacity;
  uint64_t arena;
} dimensions;

static uint32_t kind_of(const char *kind) {
  if (strcmp(kind, "source") == 0) return CAISSON_SOURCE;
  if (strcmp(kind, "sink") == 0) return CAISSON_SINK;
  if (strcmp(kind, "processor") == 0) return CAISSON_PROCESSOR;
  if (strcmp(kind, "codec") == 0) return CAISSON_CODEC;
  if (strcmp(kind, "preprocessor") == 0) return CAISSON_PREPROCESSOR;
  if (strcmp(kind, "postprocessor") == 0) return CAISSON_POSTPROCESSOR;
  return 0;
}

static uint32_t direction_of(const char *direction) {
  if (strcmp(direction, "decode") == 0) return CAISSON_CODEC_DECODE;
  if (strcmp(direction, "encode") == 0) return CAISSON_CODEC_ENCODE;
  return 0;
}

static int refuse(fault *why, const char *what) {
  fault_set(why, "CAISSON_PLUGIN_PROTOCOL", "open: %s", what);
  return 0;
}

/* Whether `length` bytes from an offset lie in the shared memory, on a cache line. */
static int lies_inside(int64_t offset, uint64_t length, uint64_t bytes) {
  return length > 0 && offset >= 0 && offset % 64 == 0 && length <= bytes && (uint64_t)offset <= bytes - length;
}

static int read_dimensions(const caisson_config *message, dimensions *out, fault *why) {
  const int fine = caisson_config_i64(message, "input", &out->input) == CAISSON_CONFIG_FOUND &&
                   caisson_config_i64(message, "output", &out->output) == CAISSON_CONFIG_FOUND &&
                   caisson_config_u64(message, "bytes", &out->bytes) == CAISSON_CONFIG_FOUND &&
                   caisson_config_u64(message, "slots", &out->slots) == CAISSON_CONFIG_FOUND &&
                   caisson_config_u64(message, "capacity", &out->capacity) == CAISSON_CONFIG_FOUND &&
                   caisson_config_u64(message, "arena", &out->arena) == CAISSON_CONFIG_FOUND &&
                   caisson_config_i64(message, "settlements", &out->settlements) != CAISSON_CONFIG_INVALID &&
                   caisson_config_u64(message, "settlementSlots", &out->settlement_slots) != CAISSON_CONFIG_INVALID;
  if (!fine || out->slots > UINT32_MAX || out->capacity > UINT32_MAX || out->arena > UINT32_MAX ||
      out->settlement_slots > UINT32_MAX) {
    return refuse(why, "the dimensions of the memory are missing or no numbers");
  }
  const uint64_t needed = ring_bytes((uint32_t)out->slots, (uint32_t)out->capacity, (uint32_t)out->arena);
  if (needed == 0) return refuse(why, "no ring has these dimensions");
  if (self.kind != CAISSON_SOURCE && !lies_inside(out->input, needed, out->bytes)) return refuse(why, "input lies outside");
  if (self.kind != CAISSON_SINK && !lies_inside(out->output, needed, out->bytes)) return refuse(why, "output lies outside");
  if (out->settlements >= 0 &&
      !lies_inside(out->settlements, settlement_bytes((uint32_t)out->settlement_slots), out->bytes)) {
    return refuse(why, "settlements lie outside");
  }
  return 1;
}

static int attach(const char *path, const dimensions *at, fault *why) {
  uint8_t *const memory = platform_map(path, at->bytes);
  const uint32_t slots = (uint32_t)at->slots;
  const uint32_t capacity = (uint32_t)at->capacity;
  const uint32_t arena = (uint32_t)at->arena;
  if (memory == NULL) return refuse(why, "the shared memory cannot be mapped");
  if (self.kind != CAISSON_SOURCE) ring_attach_consumer(&self.input, memory + at->input, slots, capacity, arena);
  if (self.kind != CAISSON_SINK) ring_attach_producer(&self.output, memory + at->output, slots, capacity, arena);
  if (self.kind == CAISSON_SOURCE) {
    settlement_attach(&self.settlement, at->settlements < 0 ? NULL : memory + at->settlements,
                      (uint32_t)at->settlement_slots, capacity, self.plugin.source_settle != NULL);
  }
  return 1;
}

static int open_component(const caisson_config *message, fault *why) {
  static char config[CONTROL_LINE_MAX];
  char kind[16];
  char direction[8] = "";
  char library[LONGEST_PATH];
  char memory[LONGEST_PATH];
  uint64_t index = 0;
  uint64_t stop_ms = DEFAULT_STOP_MS;
  uint64_t instance = 1;
  dimensions at = {.settlements = -1};
  if (caisson_config_string(message, "kind", kind, sizeof kind) != CAISSON_CONFIG_FOUND ||
      (self.kind = kind_of(kind)) == 0 ||
      caisson_config_string(message, "library", library, sizeof library) != CAISSON_CONFIG_FOUND ||
      caisson_config_string(message, "memory", memory, sizeof memory) != CAISSON_CONFIG_FOUND ||
      caisson_config_string(message, "config", config, sizeof config) != CAISSON_CONFIG_FOUND ||
      caisson_config_u64(message, "index", &index) != CAISSON_CONFIG_FOUND || index >= CAISSON_MAX_INTERFACES ||
      caisson_config_u64(message, "instance", &instance) == CAISSON_CONFIG_INVALID || instance > UINT32_MAX ||
      caisson_config_u64(message, "stopMs", &stop_ms) == CAISSON_CONFIG_INVALID || stop_ms > UINT32_MAX) {
    self.kind = 0;
    return refuse(why, "kind, library, memory, config or index is missing or no such value");
  }
  if (self.kind == CAISSON_CODEC &&
      (caisson_config_string(message, "direction", direction, sizeof direction) != CAISSON_CONFIG_FOUND ||
       (self.processor.direction = direction_of(direction)) == 0)) {
    self.kind = 0;
    return refuse(why, "a codec without a direction");
  }
  self.stop_ms = (uint32_t)stop_ms;
  self.host.instance = (uint32_t)instance;
  if (!read_dimensions(message, &at, why)) return 0;
  if (!plugin_load(&self.plugin, library, (uint32_t)index, self.kind, why)) return 0;
  if (!attach(memory, &at, why)) return 0;
  if (!plugin_open(&self.plugin, &self.host, (uint32_t)index, (const uint8_t *)config, (uint32_t)strlen(config), why)) return 0;
  switch (self.kind) {
    case CAISSON_SOURCE: source_prepare(&self); break;
    case CAISSON_SINK: sink_prepare(&self); break;
    default: processor_prepare(&self); break;
  }
  return 1;
}

/* ---- messages ------------------------------------------------------------------------------------------------- */

static void tell_metrics(void) {
  static uint8_t first[METRICS_FIRST_BYTES];
  uint8_t *bytes = first;
  if (self.plugin.metrics == NULL || self.plugin.instance == NULL) {
    control_metrics("{}", 2);
    return;
  }
  int32_t length = self.plugin.metrics(self.plugin.instance, bytes, sizeof first);
  if (length < 0 && length > -(int32_t)CONTROL_LINE_MAX) {
    const uint32_t needed = (uint32_t)-length;
    bytes = malloc(needed);
    if (bytes != NULL) length = self.plugin.metrics(self.plugin.instance, bytes, needed);
    if (length > (int32_t)needed) length = -1;
  } else if (length > (int32_t)sizeof first) {
    length = -1;
  }
  if (bytes != NULL && length >= 0) control_metrics((const char *)bytes, (uint32_t)length);
  else control_metrics("{}", 2);
  if (bytes != first) free(bytes);
}

/* Whoever stopped a source learns from the answer that the last it had read is published. */
static uint32_t metrics_owed;
static uint64_t metrics_owed_until;

static void ask_metrics(void) {
  if (self.kind != CAISSON_SOURCE || !runner_is_stopping() || !source_is_unfinished(&self)) {
    tell_metrics();
    return;
  }
  if (metrics_owed++ == 0) metrics_owed_until = platform_now_ns() + LONGEST_REST_NS;
}

/* While there is room in the ring the next step publishes more. Who hears the answer behind a full ring asks again once it
 * has emptied it. */
static int is_resting(void) {
  if (!source_is_unfinished(&self)) return 0;
  return ring_pending(&self.output) < self.output.slots || platform_now_ns() < metrics_owed_until;
}

static void pay_metrics(void) {
  if (metrics_owed == 0 || is_resting()) return;
  for (; metrics_owed > 0; metrics_owed--) tell_metrics();
}

static _Noreturn void close_and_leave(void) {
  fault why;
  if (!self.failed) {
    if (self.kind == CAISSON_SOURCE) settlement_drain(&self.settlement, &self.plugin);
    if (plugin_shut(&self.plugin, self.stop_ms, &why)) control_send("closed");
    else control_fault("close", why.name, why.message);
  } else {
    control_send("closed");
  }
  /* Without the destructors of the library: nothing of the plugin may run, or crash, after it was closed. */
  _exit(0);
}

static void handle(const control_message *message) {
  const caisson_config fields = {.text = message->line, .length = message->length};
  const char *const type = message->type;
  fault why;
  if (strcmp(type, "close") == 0) close_and_leave();
  if (strcmp(type, "stop") == 0 || self.failed) return;
  if (strcmp(type, "open") == 0) {
    if (self.kind != 0) runner_break("the host opened a second component");
    if (open_component(&fields, &why)) control_send("opened");
    else control_fault("open", why.name, why.message);
  } else if (self.kind == 0) {
    runner_break("the host wants something before it has opened a component");
  } else if (strcmp(type, "connect") == 0) {
    if (plugin_start(&self.plugin, self.stop_ms, &why)) control_send("connected");
    else control_fault("connect", why.name, why.message);
  } else if (strcmp(type, "read") == 0) {
    self.source.reading = self.kind == CAISSON_SOURCE;
  } else if (strcmp(type, "metrics") == 0) {
    ask_metrics();
  } else {
    runner_break("the host sent a message of an unknown type");
  }
}

static void step(void) {
  switch (self.kind) {
    case CAISSON_SOURCE: source_step(&self); break;
    case CAISSON_SINK: sink_step(&self); break;
    default: processor_step(&self); break;
  }
}

int main(int count, char **arguments) {
  if (count > 1 && !platform_end_with(strtol(arguments[1], NULL, 10))) runner_break("the host that started this is gone");
  self.stop_ms = DEFAULT_STOP_MS;
  self.waiting.spin_ns = 8000;
  patience_restore(&self);
  describe_host();
  control_start(hear_urgent);
  if (count > 2 && strcmp(arguments[2], "confine") == 0) {
    /* Nothing of the plugin has been loaded yet, and the thread that listens is under the filter, too. */
    const int32_t confined = caisson_confine(0);
    if (confined != 0) runner_break("the system calls could not be given up");
  }
  for (;;) {
    const int idle = self.plugin.instance == NULL || self.failed;
    control_message *const message = idle ? control_wait() : control_take();
    if (message == NULL) {
      step();
      pay_metrics();
      continue;
    }
    handle(message);
    free(message);
  }
}
