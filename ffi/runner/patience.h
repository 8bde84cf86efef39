/* patience.h - how long a plugin that has nothing is left alone: until it rings, or for as long as it asked. One that does
 * neither is asked again after 1 ms, 2, 4 and so on, so that it costs next to nothing while it stays idle. */
#ifndef CAISSON_RUNNER_PATIENCE_H
#define CAISSON_RUNNER_PATIENCE_H

#include "runner.h"

/* Another reason not to sleep. */
typedef int (*patience_reason)(runner *);

/* How often the plugin has rung: read it before asking whether there is work. */
uint32_t patience_posted(const runner *self);
/* Something came of the last question: the next sleep begins short again. */
void patience_restore(runner *self);
/* Sleeps until the plugin rings more often than `posted`, the host has something for it, or its time; not at all when
 * `ready`. The last call may have left in its error when to ask again. */
void patience_sleep(runner *self, uint32_t posted, patience_reason ready);

#endif
