/* privileges.h - what a process has from its parent and must not keep. */
#ifndef CAISSON_SANDBOX_PRIVILEGES_H
#define CAISSON_SANDBOX_PRIVILEGES_H

#include "policy.h"

/* Opens the memory shared with the host as descriptor 3, and closes every other descriptor above 2. */
int descriptors_keep(const policy *what, char *wrong, size_t capacity);

/* Sets limits that cannot be raised again. */
int limits_set(const policy *what, char *wrong, size_t capacity);

/* Takes away what makes root more than a user, for ever: capabilities, and ways to gain them by starting a program. */
int privileges_drop(char *wrong, size_t capacity);

#endif
