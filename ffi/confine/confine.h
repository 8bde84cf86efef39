/* confine.h - a plugin process gives up what it needed to start, before it runs any code of the plugin. */
#ifndef CAISSON_CONFINE_H
#define CAISSON_CONFINE_H

#include <stdint.h>

/* Leaves this process, with all its threads, the system calls that a plugin needs, and refuses all others with EPERM.
 * Each kind of call that is refused is reported once on descriptor 2: `caisson sandbox: refused NAME (NUMBER)`.
 * Returns 0, -errno, or -ENOSYS on other systems than Linux. It has to stay in memory: a refused call comes back to it. */
int32_t caisson_confine(uint32_t keeps);

/* The event loop of Deno wakes itself over a pair of sockets that it makes when it is first needed. */
#define CAISSON_CONFINE_KEEPS_PAIRS 1u

#endif
