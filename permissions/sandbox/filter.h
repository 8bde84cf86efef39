/* filter.h - system calls that no plugin process may make, also before it has confined itself. */
#ifndef CAISSON_SANDBOX_FILTER_H
#define CAISSON_SANDBOX_FILTER_H

#include "policy.h"

/* Whether this kernel filters system calls. */
int filter_possible(void);

/* Refuses them for this process and whatever it becomes. 0, or a message in `wrong`. */
int filter_enforce(const policy *what, char *wrong, size_t capacity);

#endif
