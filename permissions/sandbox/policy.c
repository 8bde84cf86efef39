/* policy.c - reads a policy from arguments. What is not known is refused: a right that was misspelt must not be lost in
 * silence, nor one that this launcher cannot enforce be taken for one that it does. */
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of an argument `--name=rest`, or NULL. */
static const char *value_of(const char *argument, const char *name) {
  const size_t length = strlen(name);
  return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

static int add_path(policy *out, const char *path, uint32_t access) {
  if (path[0] != '/' || out->path_count == POLICY_PATHS) return 0;
  out->paths[out->path_count++] = (policy_path){.path = path, .access = access};
  return 1;
}

static int read_number(const char *text, uint64_t most, uint64_t *out) {
  if (text[0] < '0' || text[0] > '9') return 0;
  char *end = NULL;
  errno = 0;
  const unsigned long long number = strtoull(text, &end, 10);
  if (errno != 0 || *end != 0 || number > most) return 0;
  *out = number;
  return 1;
}

static int add_port(uint16_t *ports, uint32_t *count, const char *text) {
  uint64_t port = 0;
  if (*count == POLICY_PORTS || !read_number(text, 65535, &port)) return 0;
  ports[(*count)++] = (uint16_t)port;
  return 1;
}

static int parse_one(policy *out, const char *argument) {
  const char *value;
  if ((value = value_of(argument, "--read")) != NULL) return add_path(out, value, POLICY_READ);
  if ((value = value_of(argument, "--write")) != NULL) return add_path(out, value, POLICY_READ | POLICY_WRITE);
  if ((value = value_of(argument, "--connect")) != NULL) {
    out->internet = 1;
    return add_port(out->connect, &out->connect_count, value);
  }
  if ((value = value_of(argument, "--bind")) != NULL) {
    out->internet = 1;
    return add_port(out->bind, &out->bind_count, value);
  }
  if (strcmp(argument, "--connect-any") == 0) return out->internet = out->any_connect = 1;
  if (strcmp(argument, "--datagrams") == 0) return out->internet = out->datagrams = 1;
  if (strcmp(argument, "--names") == 0) return out->names = 1;
  if (strcmp(argument, "--watch") == 0) return out->watch = 1;
  if ((value = value_of(argument, "--memory")) != NULL) {
    if (out->memory != NULL || value[0] != '/') return 0;
    out->memory = value;
    return 1;
  }
  if ((value = value_of(argument, "--data-bytes")) != NULL) return read_number(value, UINT64_C(1) << 46, &out->data_bytes);
  if ((value = value_of(argument, "--file-bytes")) != NULL) return read_number(value, UINT64_C(1) << 46, &out->file_bytes);
  if ((value = value_of(argument, "--files")) != NULL) return read_number(value, 65536, &out->files);
  return 0;
}

int policy_parse(int count, char *const *arguments, policy *out, char *wrong, size_t capacity) {
  memset(out, 0, sizeof *out);
  for (int index = 0; index < count; index++) {
    const char *const argument = arguments[index];
    if (strcmp(argument, "--") == 0) {
      if (index + 1 == count || arguments[index + 1][0] != '/') break;
      out->program = arguments + index + 1;
      return 0;
    }
    if (parse_one(out, argument)) continue;
    snprintf(wrong, capacity, "%.200s is no right of this launcher, or says it wrongly", argument);
    return -1;
  }
  snprintf(wrong, capacity, "no program with an absolute path follows --");
  return -1;
}
