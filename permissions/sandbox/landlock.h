/* landlock.h - files, TCP ports, signals and abstract sockets. */
#ifndef CAISSON_SANDBOX_LANDLOCK_H
#define CAISSON_SANDBOX_LANDLOCK_H

#include "policy.h"

/* The version of Landlock this kernel has; 0 without it. */
int landlock_version(void);

/* Refuses everything the policy does not allow, for this process and whatever it becomes. 0, or a message in `wrong`. */
int landlock_enforce(const policy *what, char *wrong, size_t capacity);

#endif
