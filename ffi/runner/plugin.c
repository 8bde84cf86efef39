#include "plugin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "platform.h"

#define PAGE 4096u

static caisson_error last_error;
static atomic_uint in_call;
/* Held while an instance is interrupted, so that it is not freed under the call. */
static pthread_mutex_t instance_lock = PTHREAD_MUTEX_INITIALIZER;

caisson_error *plugin_error(void) {
  memset(&last_error, 0, sizeof last_error);
  last_error.size = sizeof last_error;
  return &last_error;
}

uint32_t plugin_retry_after_ms(void) { return last_error.retry_after_ms; }

void plugin_fault(fault *why, const char *call) { fault_of_call(why, call, &last_error); }

void plugin_enter(void) { atomic_store(&in_call, 1); }
void plugin_leave(void) { atomic_store(&in_call, 0); }
int plugin_busy(void) { return atomic_load(&in_call) != 0; }

void plugin_interrupt(plugin *self) {
  pthread_mutex_lock(&instance_lock);
  if (self->instance != NULL && plugin_busy()) self->interrupt(self->instance);
  pthread_mutex_unlock(&instance_lock);
}

static void set_instance(plugin *self, caisson_instance *instance) {
  pthread_mutex_lock(&instance_lock);
  self->instance = instance;
  pthread_mutex_unlock(&instance_lock);
}

/* ---- loading -------------------------------------------------------------------------------------------------- */

typedef struct symbol {
  const char *name;
  size_t member;                     /* offset of the function pointer in `plugin` */
  uint32_t kind;                     /* that needs it, 0 is every kind */
  int optional;
} symbol;

static const symbol symbols[] = {
    {"caisson_describe_1", offsetof(plugin, describe), 0, 0},
    {"caisson_open_1", offsetof(plugin, open), 0, 0},
    {"caisson_close_1", offsetof(plugin, close), 0, 0},
    {"caisson_start_1", offsetof(plugin, start), 0, 0},
    {"caisson_stop_1", offsetof(plugin, stop), 0, 0},
    {"caisson_interrupt_1", offsetof(plugin, interrupt), 0, 0},
    {"caisson_live_1", offsetof(plugin, live), 0, 0},
    {"caisson_memory_size_1", offsetof(plugin, memory_size), 0, 1},
    {"caisson_memory_bind_1", offsetof(plugin, memory_bind), 0, 1},
    {"caisson_metrics_1", offsetof(plugin, metrics), 0, 1},
    {"caisson_release_1", offsetof(plugin, release), 0, 1},
    {"caisson_source_poll_1", offsetof(plugin, source_poll), CAISSON_SOURCE, 0},
    {"caisson_source_settle_1", offsetof(plugin, source_settle), CAISSON_SOURCE, 1},
    {"caisson_sink_write_1", offsetof(plugin, sink_write), CAISSON_SINK, 0},
    {"caisson_sink_poll_1", offsetof(plugin, sink_poll), CAISSON_SINK, 1},
    {"caisson_process_1", offsetof(plugin, process), CAISSON_PROCESSOR, 0},
    {"caisson_process_1", offsetof(plugin, process), CAISSON_PREPROCESSOR, 0},
    {"caisson_process_1", offsetof(plugin, process), CAISSON_POSTPROCESSOR, 0},
    {"caisson_codec_1", offsetof(plugin, codec), CAISSON_CODEC, 0},
};

static int bind_symbols(plugin *self, void *library, uint32_t kind, fault *why) {
  for (size_t at = 0; at < sizeof symbols / sizeof symbols[0]; at++) {
    const symbol *wanted = symbols + at;
    if (wanted->kind != 0 && wanted->kind != kind) continue;
    void *const address = platform_symbol(library, wanted->name);
    if (address == NULL && !wanted->optional) {
      fault_set(why, "CAISSON_SYMBOL_MISSING", "no %s", wanted->name);
      return 0;
    }
    /* C has no cast from an object to a function pointer that -Wpedantic accepts; the bytes are the same. */
    memcpy((uint8_t *)self + wanted->member, &address, sizeof address);
  }
  return 1;
}

int plugin_load(plugin *self, const char *path, uint32_t index, uint32_t kind, fault *why) {
  char reason[sizeof why->message];
  void *const library = platform_load(path, reason, sizeof reason);
  if (library == NULL) {
    fault_set(why, "CAISSON_LIBRARY_LOAD", "%s", reason);
    return 0;
  }
  if (!bind_symbols(self, library, kind, why)) return 0;
  const uint32_t size = self->describe((uint8_t *)&self->descriptor, sizeof self->descriptor);
  return descriptor_check(&self->descriptor, size, index, kind, why);
}

/* ---- life ----------------------------------------------------------------------------------------------------- */

static int bind_memory(plugin *self, fault *why) {
  const uint32_t wanted = self->memory_size == NULL || self->memory_bind == NULL ? 0 : self->memory_size(self->instance);
  if (wanted == 0) return 1;
  self->memory = platform_allocate(PAGE, wanted);
  if (self->memory == NULL) {
    fault_set(why, "CAISSON_NATIVE_CALL", "memory_bind: no memory for %u bytes (code %d, transient)", wanted, CAISSON_E_MEMORY);
    return 0;
  }
  self->memory_bytes = wanted;
  const int32_t status = self->memory_bind(self->instance, self->memory, wanted, plugin_error());
  if (status < 0) plugin_fault(why, "memory_bind");
  return status >= 0;
}

int plugin_open(plugin *self, const caisson_host *host, uint32_t index, const uint8_t *config, uint32_t config_length,
                fault *why) {
  caisson_instance *const instance = self->open(host, index, config, config_length, plugin_error());
  if (instance == NULL) {
    plugin_fault(why, NULL);
    return 0;
  }
  set_instance(self, instance);
  return bind_memory(self, why);
}

static int stop(plugin *self, uint32_t stop_ms, fault *why) {
  self->started = self->running = 0;
  plugin_enter();
  const int32_t status = self->stop(self->instance, stop_ms, plugin_error());
  plugin_leave();
  if (status < 0) plugin_fault(why, "stop");
  return status >= 0;
}

int plugin_start(plugin *self, uint32_t stop_ms, fault *why) {
  if (self->running && !stop(self, stop_ms, why)) return 0;
  self->running = 1;
  plugin_enter();
  const int32_t status = self->start(self->instance, plugin_error());
  plugin_leave();
  if (status < 0) plugin_fault(why, NULL);
  self->started = status >= 0;
  return self->started;
}

int plugin_shut(plugin *self, uint32_t stop_ms, fault *why) {
  caisson_instance *const instance = self->instance;
  if (instance == NULL) return 1;
  const int stopped = !self->running || stop(self, stop_ms, why);
  set_instance(self, NULL);
  self->close(instance);
  platform_free(self->memory);
  self->memory = NULL;
  return stopped;
}
