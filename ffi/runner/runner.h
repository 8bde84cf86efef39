/* runner.h - the state of the process, and the loop of each kind of component.
 *
 * A step does one piece of work, or waits for some; between two steps the control messages are handled. */
#ifndef CAISSON_RUNNER_H
#define CAISSON_RUNNER_H

#include "plugin.h"
#include "ring.h"
#include "settlement.h"

/* Longest time between two looks at the rings, however sure the bells are. */
#define LONGEST_SLEEP_NS (1000u * UINT64_C(1000000))

typedef struct waiting {
  uint64_t spin_ns;
} waiting;

typedef struct source_state {
  batch_view batch;                  /* what is polled into, unless that is the slot itself */
  int direct;                        /* the slot itself: the plugin never lends, and has no memory but the arena */
  int reading;
  uint64_t batch_id;                 /* of the batch at hand */
  uint32_t next;                     /* of its events, the first that is in no slot yet */
  int lends;
  int eof;
  uint8_t *spill;                    /* where payloads go that lie in a slot which has to be published first */
} source_state;

typedef struct sink_state {
  batch_view verdicts;
  uint8_t *answered;                 /* for each slot of the ring: 0 is pending */
  uint32_t *counts;                  /* events of each slot, as they were handed over */
  uint32_t written;                  /* counter of the next slot to hand to the plugin */
} sink_state;

/* Of processors, codecs, preprocessors and postprocessors. */
typedef struct processor_state {
  batch_view out;
  uint32_t direction;                /* of a codec */
} processor_state;

typedef struct runner {
  plugin plugin;
  uint32_t kind;                     /* CAISSON_SOURCE and so on, 0 before open */
  uint32_t stop_ms;
  int failed;                        /* crashed: nothing is called any more */
  ring input;
  ring output;
  settlement settlement;
  waiting waiting;
  uint64_t idle_ns;                  /* how long a plugin that never rings is left alone next */
  source_state source;
  sink_state sink;
  processor_state processor;
  caisson_host host;
  caisson_bell bell;
} runner;

/* Prepare what a loop needs, after the plugin was opened. */
void source_prepare(runner *self);
void sink_prepare(runner *self);
void processor_prepare(runner *self);
/* One piece of work, or a wait that ends with a doorbell, a message, or its time. */
void source_step(runner *self);
/* Whether a part of the batch at hand has not been passed on, and still can be. */
int source_is_unfinished(const runner *self);
void sink_step(runner *self);
void processor_step(runner *self);

/* Whether reading has to end: "stop" or "close" was heard. Any thread. */
int runner_is_stopping(void);
/* Ends the process: the host's memory says what no ring says. */
_Noreturn void runner_break(const char *what);
/* Gives the instance up after a panic: the host is told, and nothing is called any more. */
void runner_crash(runner *self, const fault *why);

/* Waits until `ready` or a message; looks for some microseconds, then arms `bell` of a ring and sleeps. */
void runner_wait(runner *self, const ring *on, uint32_t bell, int (*ready)(runner *));
/* Sleeps without a ring: until a doorbell, a message, or `timeout_ns`. A plugin that rings ends it. */
void runner_sleep(runner *self, uint64_t timeout_ns);

#endif
