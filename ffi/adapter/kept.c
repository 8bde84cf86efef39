/* kept.c - memory that a plugin's threads may use for as long as the process lives. That of a JavaScript buffer is freed
 * with its isolate, while a thread nobody could end goes on to ring and to log. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define KEPT_EXPORT __declspec(dllexport)
#else
#define KEPT_EXPORT __attribute__((visibility("default")))
#endif

/* As long as a cache line, which is what the structs in it are aligned to. */
#define ALIGNMENT 64u

/* Zeros, aligned to 64 bytes; NULL when there is no memory. */
KEPT_EXPORT void *caisson_kept_take(uint32_t bytes);
/* Frees it: nobody may use it any more. */
KEPT_EXPORT void caisson_kept_give_back(void *memory);
/* Where it lies. */
KEPT_EXPORT uint64_t caisson_kept_address(const void *memory);
/* Reads and writes a word that other threads use as well. */
KEPT_EXPORT uint32_t caisson_kept_load(const void *memory, uint32_t offset);
KEPT_EXPORT void caisson_kept_store(void *memory, uint32_t offset, uint32_t value);
/* Copies bytes out and in, and sets bytes to zero. */
KEPT_EXPORT void caisson_kept_read(const void *memory, uint32_t offset, uint8_t *out, uint32_t length);
KEPT_EXPORT void caisson_kept_write(void *memory, uint32_t offset, const uint8_t *from, uint32_t length);
KEPT_EXPORT void caisson_kept_clear(void *memory, uint32_t offset, uint32_t length);

void *caisson_kept_take(uint32_t bytes) {
  uint8_t *const base = calloc(1, (size_t)bytes + 2 * ALIGNMENT);
  if (base == NULL) return NULL;
  const uintptr_t start = ((uintptr_t)base + 2 * ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
  memcpy((uint8_t *)start - sizeof base, &base, sizeof base);
  return (void *)start;
}

void caisson_kept_give_back(void *memory) {
  void *base;
  memcpy(&base, (uint8_t *)memory - sizeof base, sizeof base);
  free(base);
}

uint64_t caisson_kept_address(const void *memory) { return (uint64_t)(uintptr_t)memory; }

uint32_t caisson_kept_load(const void *memory, uint32_t offset) {
  return __atomic_load_n((const uint32_t *)memory + offset / sizeof(uint32_t), __ATOMIC_SEQ_CST);
}

void caisson_kept_store(void *memory, uint32_t offset, uint32_t value) {
  __atomic_store_n((uint32_t *)memory + offset / sizeof(uint32_t), value, __ATOMIC_SEQ_CST);
}

void caisson_kept_read(const void *memory, uint32_t offset, uint8_t *out, uint32_t length) {
  if (length > 0) memcpy(out, (const uint8_t *)memory + offset, length);
}

void caisson_kept_write(void *memory, uint32_t offset, const uint8_t *from, uint32_t length) {
  if (length > 0) memcpy((uint8_t *)memory + offset, from, length);
}

void caisson_kept_clear(void *memory, uint32_t offset, uint32_t length) {
  if (length > 0) memset((uint8_t *)memory + offset, 0, length);
}
