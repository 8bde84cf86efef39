/* config.c - fuzz target: the reader of configurations. Its input is a length of the caller's memory, then JSON or not. */
#include <caisson_config.h>
#include <math.h>

#include "../harness/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_known(int32_t found) {
  return found == CAISSON_CONFIG_FOUND || found == CAISSON_CONFIG_ABSENT || found == CAISSON_CONFIG_INVALID;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const keys[] = {"a", "rate", "path", "mode", "\xc3\xa9", ""};
  if (size < 1 || size > 1u << 16) return 0;
  const uint32_t capacity = data[0];
  const uint32_t length = (uint32_t)size - 1;
  /* Memory of their own, so that one byte too many is seen. */
  uint8_t *const text = malloc(length == 0 ? 1 : length);
  char *const out = malloc(capacity == 0 ? 1 : capacity);
  HOLDS(text != NULL && out != NULL);
  memcpy(text, data + 1, length);
  const caisson_config settings = {.text = text, .length = length};
  for (size_t at = 0; at < sizeof keys / sizeof *keys; at++) {
    uint64_t natural = 7;
    int64_t integer = 7;
    double real = 7;
    uint32_t flag = 7;
    int32_t found = caisson_config_u64(&settings, keys[at], &natural);
    HOLDS(is_known(found) && (found == CAISSON_CONFIG_FOUND || natural == 7));
    found = caisson_config_i64(&settings, keys[at], &integer);
    HOLDS(is_known(found) && (found == CAISSON_CONFIG_FOUND || integer == 7));
    found = caisson_config_double(&settings, keys[at], &real);
    HOLDS(is_known(found) && !isnan(real) && (found == CAISSON_CONFIG_FOUND || real == 7));
    found = caisson_config_bool(&settings, keys[at], &flag);
    HOLDS(is_known(found) && (found == CAISSON_CONFIG_FOUND ? flag <= 1 : flag == 7));
    found = caisson_config_string(&settings, keys[at], out, capacity);
    HOLDS(is_known(found));
    if (found == CAISSON_CONFIG_FOUND) HOLDS(capacity > 0 && memchr(out, 0, capacity) != NULL);
  }
  free(out);
  free(text);
  return 0;
}
