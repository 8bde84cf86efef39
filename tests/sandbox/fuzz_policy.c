/* fuzz_policy.c - policies put together at random: the parser reads each or says why not, and never more than it is given.
 *
 *   fuzz_policy SEED ROUNDS
 *
 * Built with sanitizers. Prints how many were read and how many refused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../permissions/sandbox/policy.h"

#define MOST_ARGUMENTS 700u

static uint64_t state;

static uint64_t next(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

static const char *const names[] = {
    "--read=", "--write=", "--execute=", "--connect=", "--bind=", "--memory=", "--data-bytes=", "--file-bytes=", "--files=",
    "--connect-any", "--datagrams", "--watch", "--names", "--", "--read", "-", "", "--connect-any=",
};
static const char *const values[] = {
    "/", "/etc", "/tmp/a b", "etc", "", "0", "80", "65535", "65536", "-1", "+1", " 1", "1 ", "0x10", "1e9", "00",
    "18446744073709551615", "18446744073709551616", "99999999999999999999999", "/\xff\xfe", "=", "--",
};

/* A copy of its own size, so that a read behind its end is seen. */
static char *make_argument(void) {
  char text[8192];
  size_t length = (size_t)snprintf(text, 64, "%s", names[next(sizeof names / sizeof *names)]);
  if (next(2) == 0) length += (size_t)snprintf(text + length, 64, "%s", values[next(sizeof values / sizeof *values)]);
  if (next(200) == 0) {
    const size_t more = next(8000);
    memset(text + length, 'a' + (int)next(26), more);
    length += more;
  }
  if (next(8) == 0 && length > 0) text[next(length)] = (char)(1 + next(255));
  char *const argument = malloc(length + 1);
  if (argument == NULL) exit(2);
  memcpy(argument, text, length);
  argument[length] = 0;
  return argument;
}

static void must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

static void check(const policy *read, int result, const char *wrong, char *const *arguments, int count) {
  if (result != 0) {
    must(strlen(wrong) > 0, "a refusal says why");
    return;
  }
  must(read->path_count <= POLICY_PATHS && read->connect_count <= POLICY_PORTS && read->bind_count <= POLICY_PORTS,
       "no more than there is room for");
  for (uint32_t index = 0; index < read->path_count; index++) must(read->paths[index].path[0] == '/', "whole paths");
  must(read->memory == NULL || read->memory[0] == '/', "a whole path of the memory");
  must(read->program > arguments && read->program < arguments + count && read->program[0][0] == '/', "a program");
  must(strcmp(read->program[-1], "--") == 0, "a program that follows the end of the policy");
  must(read->internet || (read->connect_count == 0 && read->bind_count == 0), "ports are of the internet");
}

int main(int count, char **given) {
  if (count != 3) return 2;
  state = strtoull(given[1], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
  uint64_t read = 0;
  uint64_t refused = 0;
  for (uint64_t rounds = strtoull(given[2], NULL, 10); rounds > 0; rounds--) {
    const int length = (int)next(next(100) == 0 ? MOST_ARGUMENTS : 8);
    char **const arguments = calloc((size_t)length + 1, sizeof *arguments);
    char wrong[300] = "";
    policy what;
    if (arguments == NULL) return 2;
    /* Most of them alike, so that long ones are not all refused at their second argument. */
    const int alike = next(3) == 0;
    for (int index = 0; index < length; index++) {
      arguments[index] = alike && index + 2 < length ? strdup(next(2) ? "--read=/x" : "--bind=7") : make_argument();
    }
    if (alike && length >= 2) {
      free(arguments[length - 2]);
      free(arguments[length - 1]);
      arguments[length - 2] = strdup("--");
      arguments[length - 1] = strdup("/program");
    }
    /* A message that does not fit is cut. */
    const int result = policy_parse(length, arguments, &what, wrong, next(40) == 0 ? 2 + next(20) : sizeof wrong);
    check(&what, result, wrong, arguments, length);
    if (result == 0) read++;
    else refused++;
    for (int index = 0; index < length; index++) free(arguments[index]);
    free(arguments);
  }
  printf("%llu %llu\n", (unsigned long long)read, (unsigned long long)refused);
  return 0;
}
