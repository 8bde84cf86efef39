/** Files of a minimal plugin in C. @module */
import { readme, type TemplateFiles, type TemplateOptions } from "./example.ts";
import { nativeFiles } from "./native.ts";

/** A plugin that builds, passes `caisson check` and runs at once. */
export function cFiles(options: TemplateOptions): TemplateFiles {
  const { name, kind } = options;
  const file = { source: sourceFile, processor: processorFile, sink: sinkFile }[kind];
  return {
    [`${name}.c`]: file(name),
    "README.md": readme(options, true),
    ...nativeFiles(options, { language: "c", sources: [`${name}.c`] }),
  };
}

function head(name: string, kind: string, members: string): string {
  return `#include <caisson_config.h>
#include <caisson_plugin.h>
#include <caisson_still.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

CAISSON_PLUGIN("${name}", "0.1.0", CAISSON_UNLOADABLE | CAISSON_SHARED_SAFE,
               CAISSON_COMPONENT(${kind}, 1, 0, CAISSON_INTERFACE_FAST, "${name}"))

struct caisson_instance {
${members}
};
`;
}

const opened = `  caisson_instance *self = caisson_still_allocate(sizeof *self, error);
  if (self == NULL) return NULL;`;

function sourceFile(name: string): string {
  return `${head(name, "CAISSON_SOURCE", "  uint64_t count; /* events to make */\n  uint64_t made;")}
caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)component;
  uint64_t count = 10;
  /* The host has checked the configuration against plugin.json. */
  const caisson_config settings = {.text = config, .length = config_length};
  if (caisson_config_u64(&settings, "count", &count) == CAISSON_CONFIG_INVALID) {
    caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "count: a whole number");
    return NULL;
  }
${opened}
  self->count = count;
  return caisson_still_opened(self);
}

static uint64_t now_ns(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Called again and again; must not wait. CAISSON_AGAIN says that there is nothing now. */
int32_t caisson_source_poll_1(caisson_instance *self, caisson_batch *batch, uint32_t max_events, caisson_error *error) {
  (void)error;
  const uint64_t now = now_ns();
  while (self->made < self->count && batch->count < max_events) {
    char text[64];
    const int length = snprintf(text, sizeof text, "{\\"n\\":%" PRIu64 ",\\"from\\":\\"${name}\\"}", self->made + 1);
    /* NULL: the batch is full, the rest comes with the next one. */
    if (caisson_append_bytes(batch, text, (uint32_t)length, now) == NULL) break;
    self->made++;
  }
  return self->made == self->count ? CAISSON_EOF : CAISSON_OK;
}
`.replace("char text[64]", `char text[${64 + name.length}]`);
}

function processorFile(name: string): string {
  return `${
    head(name, "CAISSON_PROCESSOR", "  uint64_t max_bytes; /* of an event that goes on */\n  uint64_t dropped;")
      .replace("#include <time.h>\n", "")
  }
caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)component;
  uint64_t max_bytes = 1024;
  /* The host has checked the configuration against plugin.json. */
  const caisson_config settings = {.text = config, .length = config_length};
  if (caisson_config_u64(&settings, "max_bytes", &max_bytes) == CAISSON_CONFIG_INVALID) {
    caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "max_bytes: a whole number");
    return NULL;
  }
${opened}
  self->max_bytes = max_bytes;
  return caisson_still_opened(self);
}

/* Payloads stay where they are: what is handed on are records that point at them. An event without a record is dropped. */
int32_t caisson_process_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (out->capacity < batch->count || out->segment_capacity < batch->segment_count) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "out is smaller than the batch");
  }
  caisson_share_segments(out, batch);
  for (uint32_t index = 0; index < batch->count; index++) {
    if (caisson_record_at(batch, index)->payload_length > self->max_bytes) {
      self->dropped++;
    } else {
      caisson_copy_record(out, out->count, batch, index);
      out->count++;
    }
  }
  return CAISSON_OK;
}

/* Shown in the report of the flow. */
int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[64];
  const int length = snprintf(text, sizeof text, "{\\"dropped\\":%" PRIu64 "}", self->dropped);
  if (out == NULL || (uint32_t)length > capacity) return -length;
  memcpy(out, text, (size_t)length);
  return length;
}
`;
}

function sinkFile(name: string): string {
  return `${
    head(name, "CAISSON_SINK", "  uint64_t events;\n  uint64_t bytes;").replace("#include <time.h>\n", "").replace(
      "#include <caisson_config.h>\n",
      "",
    )
  }
caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)component;
  (void)config;
  (void)config_length;
${opened}
  return caisson_still_opened(self);
}

/* Every event is acknowledged unless it is listed in \`verdicts\`. Payloads are read where their source put them. */
int32_t caisson_sink_write_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *verdicts,
                             caisson_error *error) {
  (void)verdicts;
  (void)error;
  for (uint32_t index = 0; index < batch->count; index++) {
    self->bytes += caisson_payload(batch, caisson_record_at(batch, index)).length;
  }
  self->events += batch->count;
  return CAISSON_OK;
}

/* Shown in the report of the flow. */
int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[96];
  const int length = snprintf(text, sizeof text, "{\\"events\\":%" PRIu64 ",\\"bytes\\":%" PRIu64 "}", self->events, self->bytes);
  if (out == NULL || (uint32_t)length > capacity) return -length;
  memcpy(out, text, (size_t)length);
  return length;
}
`;
}
