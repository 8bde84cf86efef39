/* main.c - starts a program that may do what its arguments say and nothing else.
 *
 *   launcher [--read=PATH] [--write=PATH] [--connect=PORT] [--bind=PORT] [--connect-any] [--datagrams] [--names] [--watch]
 *            [--memory=PATH] [--data-bytes=N] [--files=N] -- PROGRAM [ARGUMENT...]
 *   launcher --probe
 *
 * The program itself, its loader and the libraries of the system may always be read, and the first two be started.
 * The program has to confine itself further once it runs (ffi/confine): starting another one must stay possible here. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "filter.h"
#include "landlock.h"
#include "policy.h"
#include "privileges.h"

#define FAILED 126

extern char **environ;

static int probe(void) {
  printf("{\"landlock\":%d,\"seccomp\":%s}\n", landlock_version(), filter_possible() ? "true" : "false");
  return 0;
}

static int give_up(const char *wrong) {
  fprintf(stderr, "caisson sandbox: %s\n", wrong);
  return FAILED;
}

int main(int count, char **arguments) {
  static policy what;
  char wrong[512];
  if (count == 2 && strcmp(arguments[1], "--probe") == 0) return probe();
  /* Set again by the program: it is cleared where credentials change. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (policy_parse(count - 1, arguments + 1, &what, wrong, sizeof wrong) != 0) return give_up(wrong);
  if (descriptors_keep(&what, wrong, sizeof wrong) != 0) return give_up(wrong);
  if (limits_set(&what, wrong, sizeof wrong) != 0) return give_up(wrong);
  if (privileges_drop(wrong, sizeof wrong) != 0) return give_up(wrong);
  if (landlock_enforce(&what, wrong, sizeof wrong) != 0) return give_up(wrong);
  if (filter_enforce(&what, wrong, sizeof wrong) != 0) return give_up(wrong);
  execve(what.program[0], what.program, environ);
  snprintf(wrong, sizeof wrong, "%.200s: %s", what.program[0], strerror(errno));
  return give_up(wrong);
}
