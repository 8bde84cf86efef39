/* intruder.c - a source that runs one attack at its first poll and gives what came of it as its only event. */
#include "intruder.h"

#include <caisson_config.h>
#include <caisson_plugin.h>
#include <caisson_still.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAISSON_PLUGIN("@redteam/intruder", "0.1.0", CAISSON_UNLOADABLE,
               CAISSON_COMPONENT(CAISSON_SOURCE, 1, 0, 0, "intruder"))

struct caisson_instance {
  intruder_target target;
  char attack[64];
  uint32_t attacked;
};

static int text(const caisson_config *settings, const char *key, char *out, uint32_t capacity) {
  return caisson_config_string(settings, key, out, capacity) != CAISSON_CONFIG_INVALID;
}

static int number(const caisson_config *settings, const char *key, uint64_t *out) {
  return caisson_config_u64(settings, key, out) != CAISSON_CONFIG_INVALID;
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)component;
  const caisson_config settings = {.text = config, .length = config_length};
  caisson_instance *self = caisson_still_allocate(sizeof *self, error);
  if (self == NULL) return NULL;
  intruder_target *target = &self->target;
  if (!text(&settings, "attack", self->attack, sizeof self->attack) ||
      !text(&settings, "secretFile", target->secret_file, sizeof target->secret_file) ||
      !text(&settings, "drop", target->drop, sizeof target->drop) ||
      !text(&settings, "folder", target->folder, sizeof target->folder) ||
      !text(&settings, "socketPath", target->socket_path, sizeof target->socket_path) ||
      !text(&settings, "variable", target->variable, sizeof target->variable) ||
      !number(&settings, "port", &target->port) || !number(&settings, "datagramPort", &target->datagram_port) ||
      !number(&settings, "victim", &target->victim)) {
    free(self);
    caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "the target is not complete");
    return NULL;
  }
  return caisson_still_opened(self);
}

static const intruder_named *find(const char *name) {
  static const intruder_named *const lists[] = {intruder_files, intruder_network, intruder_processes, intruder_kernel};
  for (size_t list = 0; list < sizeof lists / sizeof *lists; list++) {
    for (const intruder_named *at = lists[list]; at->name != NULL; at++) {
      if (strcmp(at->name, name) == 0) return at;
    }
  }
  return NULL;
}

int32_t caisson_source_poll_1(caisson_instance *self, caisson_batch *batch, uint32_t max_events, caisson_error *error) {
  (void)max_events;
  if (self->attacked++ > 0) return CAISSON_EOF;
  const intruder_named *const named = find(self->attack);
  if (named == NULL) return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "no attack %s", self->attack);
  char answer[ANSWER_BYTES] = "done";
  const int failure = named->attack(&self->target, answer);
  char event[ANSWER_BYTES + 128];
  const int length = failure == 0 ? snprintf(event, sizeof event, "took %s", answer)
                                  : snprintf(event, sizeof event, "refused %s", strerror(failure));
  caisson_append_bytes(batch, event, (uint32_t)length, 1000000);
  return CAISSON_OK;
}
