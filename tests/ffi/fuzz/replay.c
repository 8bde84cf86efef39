/* replay.c - runs a fuzz target without a fuzzer: the corpus, then damaged copies of it, always the same.
 *
 *   replay ROUNDS FILE... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 8192u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t limit) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32) % limit;
}

/* Flips, sets, repeats or cuts; returns the new size. */
static size_t damage(uint8_t *data, size_t size) {
  static const uint8_t edges[] = {0, 1, 2, 3, 7, 8, 15, 63, 64, 127, 128, 254, 255};
  for (uint32_t left = 1 + below(8); left > 0 && size > 0; left--) {
    const uint32_t at = below((uint32_t)size);
    switch (below(6)) {
      case 0: data[at] ^= (uint8_t)(1u << below(8)); break;
      case 1: data[at] = edges[below(sizeof edges)]; break;
      case 2: data[at] = (uint8_t)below(256); break;
      case 3: memset(data + at, below(2) == 0 ? 0 : 255, size - at < 4 ? size - at : 4); break;
      case 4: memmove(data + at, data + below((uint32_t)size - at) / 2, (size - at) / 2); break;
      default: size = below(8) == 0 ? at : size; break;
    }
  }
  return size;
}

int main(int count, char **arguments) {
  static uint8_t original[LONGEST];
  unsigned long executed = 0;
  if (count < 3) return 2;
  const unsigned long rounds = strtoul(arguments[1], NULL, 10);
  for (int index = 2; index < count; index++) {
    FILE *const file = fopen(arguments[index], "rb");
    if (file == NULL) return 2;
    const size_t size = fread(original, 1, sizeof original, file);
    fclose(file);
    for (unsigned long round = 0; round <= rounds; round++) {
      uint8_t *const copy = malloc(size == 0 ? 1 : size);
      if (copy == NULL) return 2;
      memcpy(copy, original, size);
      LLVMFuzzerTestOneInput(copy, round == 0 ? size : damage(copy, size));
      free(copy);
      executed++;
    }
  }
  printf("%lu executions\n", executed);
  return 0;
}
