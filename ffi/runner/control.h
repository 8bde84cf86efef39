/* control.h - the two pipes to the host: lines of JSON, and empty lines that mean "look at the rings".
 *
 * A thread of its own reads, so that the end of the host, and a call that has to be interrupted, are noticed while the
 * plugin is in a call that does not return. */
#ifndef CAISSON_RUNNER_CONTROL_H
#define CAISSON_RUNNER_CONTROL_H

#include <stdint.h>

/* Longest line of either side, bytes. */
#define CONTROL_LINE_MAX 65536u

typedef struct control_message {
  struct control_message *next;
  uint32_t length;
  char type[16];
  uint8_t line[];
} control_message;

/* Takes over standard input and output, and starts to listen. What a plugin prints goes to standard error from here on.
 * `urgent` is called on the reading thread for "stop" and "close", before the message is queued. */
void control_start(void (*urgent)(const char *type));

/* The next message, or NULL when there is none; the caller frees it. */
control_message *control_take(void);
/* Waits for a message. */
control_message *control_wait(void);
/* Whether a message is there; any thread, costs one load. */
int control_has_message(void);

/* Doorbells so far: read it before looking whether there is work, then hand it to control_sleep. */
uint32_t control_rings(void);
/* Sleeps until a doorbell rings that is not counted in `rings`, a message is there, or the time is up. */
void control_sleep(uint32_t rings, uint64_t timeout_ns);
/* Ends a sleep from inside this process: a plugin has work. */
void control_wake(void);

/* Rings the host's doorbell. */
void control_ring(void);
/* Sends {"type":"<type>"}. */
void control_send(const char *type);
/* Sends {"type":"log",…}; lines beyond a rate are counted, not sent: the host stops a process that floods it. */
void control_log(uint32_t level, const char *message, uint32_t length);
/* Sends {"type":"failed",…}, or "crashed" without a stage. */
void control_fault(const char *stage, const char *name, const char *message);
/* Sends {"type":"metrics","json":…}; an empty object when it is too long for a line. */
void control_metrics(const char *json, uint32_t length);

#endif
