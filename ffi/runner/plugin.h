/* plugin.h - the one library of this process, its functions, and its one instance. */
#ifndef CAISSON_RUNNER_PLUGIN_H
#define CAISSON_RUNNER_PLUGIN_H

#include <caisson.h>

#include "slot.h"

typedef struct plugin {
  caisson_descriptor descriptor;
  caisson_instance *instance;
  int started;                       /* data calls are allowed */
  int running;                       /* start was called and stop was not: also when start failed */
  uint8_t *memory;                   /* handed over with memory_bind, or NULL */
  uint32_t memory_bytes;

  uint32_t (*describe)(uint8_t *, uint32_t);
  caisson_instance *(*open)(const caisson_host *, uint32_t, const uint8_t *, uint32_t, caisson_error *);
  void (*close)(caisson_instance *);
  int32_t (*start)(caisson_instance *, caisson_error *);
  int32_t (*stop)(caisson_instance *, uint32_t, caisson_error *);
  void (*interrupt)(caisson_instance *);
  uint32_t (*live)(void);
  uint32_t (*memory_size)(caisson_instance *);
  int32_t (*memory_bind)(caisson_instance *, uint8_t *, uint32_t, caisson_error *);
  int32_t (*metrics)(caisson_instance *, uint8_t *, uint32_t);
  int32_t (*source_poll)(caisson_instance *, caisson_batch *, uint32_t, caisson_error *);
  int32_t (*source_settle)(caisson_instance *, const caisson_batch *, caisson_error *);
  void (*release)(caisson_instance *, const caisson_batch *);
  int32_t (*sink_write)(caisson_instance *, const caisson_batch *, caisson_batch *, caisson_error *);
  int32_t (*sink_poll)(caisson_instance *, caisson_batch *, caisson_error *);
  int32_t (*process)(caisson_instance *, const caisson_batch *, caisson_batch *, caisson_error *);
  int32_t (*codec)(caisson_instance *, uint32_t, const caisson_batch *, caisson_batch *, caisson_error *);
} plugin;

/* Loads a library, which runs its constructors, and checks that what runs was built for this ABI and provides component
 * `index` of `kind` with all its functions. 0 and a fault when it does not. */
int plugin_load(plugin *self, const char *path, uint32_t index, uint32_t kind, fault *why);
/* Opens the instance and hands it memory when it wants some. `host` has to stay. */
int plugin_open(plugin *self, const caisson_host *host, uint32_t index, const uint8_t *config, uint32_t config_length,
                fault *why);
/* Starts the instance; one that was started is stopped before. */
int plugin_start(plugin *self, uint32_t stop_ms, fault *why);
/* Stops the instance if it was started, and closes it. */
int plugin_shut(plugin *self, uint32_t stop_ms, fault *why);

/* An empty error for the next call; there is one for the whole process. */
caisson_error *plugin_error(void);
/* When the last call asked to be called again; 0 when it did not. */
uint32_t plugin_retry_after_ms(void);
/* Fills in a fault from the error of the last call; see fault_of_call. */
void plugin_fault(fault *why, const char *call);

/* Brackets every call that may wait, so that plugin_interrupt knows that there is something to interrupt. */
void plugin_enter(void);
void plugin_leave(void);
/* Whether a call is under way; any thread. */
int plugin_busy(void);
/* Interrupts the call under way; any thread. Does nothing when there is none. */
void plugin_interrupt(plugin *self);

#endif
