/* descriptor.c - fuzz target: the runner's check of a descriptor. Input: index, kind, size, then bytes laid over a good one. */
#include "../../../ffi/runner/descriptor.h"

#include <caisson_plugin.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

CAISSON_PLUGIN("@caisson/fuzzed", "0.1.0", CAISSON_UNLOADABLE, CAISSON_COMPONENT(CAISSON_SINK, 1, 0, 0, "fuzzed"))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 8) return 0;
  uint16_t claimed;
  uint16_t at;
  memcpy(&claimed, data + 2, sizeof claimed);
  memcpy(&at, data + 4, sizeof at);
  caisson_descriptor *const found = malloc(sizeof *found);
  if (found == NULL) abort();
  *found = caisson_descriptor_1;
  const size_t offset = at % sizeof *found;
  const size_t length = size - 8 < sizeof *found - offset ? size - 8 : sizeof *found - offset;
  memcpy((uint8_t *)found + offset, data + 8, length);
  fault why;
  const uint32_t said = (data[6] & 1) != 0 ? (uint32_t)sizeof *found : claimed;
  const int fits = descriptor_check(found, said, data[0] % 16, data[1] % 6, &why);
  if (fits && (found->interfaces[data[0] % 16].kind != data[1] % 6 || found->endian != CAISSON_ENDIAN)) abort();
  if (!fits && (why.name[0] == 0 || memchr(why.message, 0, sizeof why.message) == NULL)) abort();
  free(found);
  return 0;
}
