/* intruder.h - what an attack in C is given and gives back. */
#ifndef INTRUDER_H
#define INTRUDER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdint.h>

#define ANSWER_BYTES 2048

/* What attackers aim at; the same as Target in attack.ts. */
typedef struct intruder_target {
  char secret_file[512];
  char drop[512];
  char folder[512];
  char socket_path[512];
  char variable[128];
  uint64_t port;
  uint64_t datagram_port;
  uint64_t victim;
} intruder_target;

/* Writes what it took into `answer` and returns 0, or returns the number of the error that stopped it. */
typedef int (*intruder_attack)(const intruder_target *target, char answer[ANSWER_BYTES]);

typedef struct intruder_named {
  const char *name;
  intruder_attack attack;
} intruder_named;

/* Each list ends with a name that is NULL. */
extern const intruder_named intruder_files[];
extern const intruder_named intruder_network[];
extern const intruder_named intruder_processes[];
extern const intruder_named intruder_kernel[];

/* Reads a descriptor to its end, or to the end of `answer`, and closes it. */
int intruder_read(int descriptor, char answer[ANSWER_BYTES]);

#endif
