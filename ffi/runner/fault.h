/* fault.h - what went wrong, in words for the host: a code of its own and a message. */
#ifndef CAISSON_RUNNER_FAULT_H
#define CAISSON_RUNNER_FAULT_H

#include <caisson.h>

/* What went wrong, for the host. */
typedef struct fault {
  char name[40];
  char message[400];
} fault;

/* Fills in a fault. */
void fault_set(fault *why, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Fills in a fault from the error a call left; `call` names it where the host does not know it, else NULL. */
void fault_of_call(fault *why, const char *call, const caisson_error *error);

#endif
