/* adapter.c - what a host written in TypeScript needs from C so that a path-scoped --allow-ffi is enough: under it
 * Deno.UnsafePointer and its views are refused, but passing a buffer to a function of an allowed library is not.
 *
 * The Windows half follows the documentation and has not been run. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(_WIN32)
#define ADAPTER_EXPORT __declspec(dllexport)
#include <windows.h>
#else
#define ADAPTER_EXPORT __attribute__((visibility("default")))
#include <dlfcn.h>
#endif

/* Address of the first byte of a buffer. */
ADAPTER_EXPORT uint64_t caisson_adapter_address(const uint8_t *buffer);
/* Loads a library, binding every symbol now, and keeps it mapped. NULL is failure; the message is UTF-8 with a NUL. */
ADAPTER_EXPORT void *caisson_adapter_anchor(const char *path, char *message, uint32_t capacity);
/* Gives an anchor back; the library may be unmapped. 0 is success. */
ADAPTER_EXPORT int32_t caisson_adapter_release_anchor(void *anchor);
/* 1 when an anchored library exports a symbol. */
ADAPTER_EXPORT int32_t caisson_adapter_exports(void *anchor, const char *name);
/* 1 when a library is mapped, 0 when it is not; maps nothing. */
ADAPTER_EXPORT int32_t caisson_adapter_is_loaded(const char *path);
/* Copies bytes at an address: memory a plugin lent. */
ADAPTER_EXPORT void caisson_adapter_read(uint64_t address, uint8_t *out, uint32_t length);
/* Looks for the first record that is not plainly good: a payload inside of its segment, no key, no metadata. `count` is
 * none. The records lie `offset` bytes into `block`, `stride` apart; the caller vouches for that and for one limit in
 * `limits` for each of `segments`. Whoever filled the records is trusted with nothing. */
ADAPTER_EXPORT uint32_t caisson_adapter_scan(const uint8_t *block, uint32_t offset, uint32_t stride, uint32_t count,
                                             const int32_t *limits, uint32_t segments);

uint64_t caisson_adapter_address(const uint8_t *buffer) { return (uint64_t)(uintptr_t)buffer; }

void caisson_adapter_read(uint64_t address, uint8_t *out, uint32_t length) {
  if (length > 0) memcpy(out, (const void *)(uintptr_t)address, length);
}

/* Where caisson_record has what is looked at, two words at a time: half as many loads. caisson.h is not there when the
 * adapter is compiled. */
enum { PAYLOAD = 16, KEY = 24, META = 32, SEGMENTS = 40 };

static uint64_t load_pair(const uint8_t *at) {
  uint64_t pair;
  memcpy(&pair, at, sizeof pair);
  return pair;
}

uint32_t caisson_adapter_scan(const uint8_t *block, uint32_t offset, uint32_t stride, uint32_t count,
                              const int32_t *limits, uint32_t segments) {
  const uint8_t *at = block + offset;
  for (uint32_t index = 0; index < count; index++, at += stride) {
    const uint64_t payload = load_pair(at + PAYLOAD);
    const uint64_t numbers = load_pair(at + SEGMENTS);
    /* Segments of payload, key and metadata, then the kind: with no key and no metadata, theirs are 0. */
    const uint64_t rest = load_pair(at + KEY) | load_pair(at + META) | (numbers & UINT64_C(0xffffffff0000));
    const uint32_t segment = (uint32_t)(numbers & 0xffffu);
    if (rest != 0 || segment >= segments) return index;
    if ((payload & 0xffffffffu) + (payload >> 32) > (uint64_t)limits[segment]) return index;
  }
  return count;
}

#if defined(_WIN32)

static int widen(const char *path, wchar_t *wide, int capacity) {
  return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, capacity);
}

void *caisson_adapter_anchor(const char *path, char *message, uint32_t capacity) {
  wchar_t wide[32768];
  HMODULE library = NULL;
  if (widen(path, wide, 32768) > 0) library = LoadLibraryExW(wide, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  if (library == NULL && capacity > 0) {
    snprintf(message, capacity, "LoadLibraryExW failed with error %lu", (unsigned long)GetLastError());
  }
  return (void *)library;
}

int32_t caisson_adapter_release_anchor(void *anchor) { return FreeLibrary((HMODULE)anchor) ? 0 : -1; }

int32_t caisson_adapter_exports(void *anchor, const char *name) {
  return GetProcAddress((HMODULE)anchor, name) != NULL;
}

int32_t caisson_adapter_is_loaded(const char *path) {
  wchar_t wide[32768];
  return widen(path, wide, 32768) > 0 && GetModuleHandleW(wide) != NULL;
}

#else

void *caisson_adapter_anchor(const char *path, char *message, uint32_t capacity) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL && capacity > 0) {
    const char *reason = dlerror();
    snprintf(message, capacity, "%s", reason == NULL ? "dlopen failed" : reason);
  }
  return library;
}

int32_t caisson_adapter_release_anchor(void *anchor) { return dlclose(anchor); }

int32_t caisson_adapter_exports(void *anchor, const char *name) { return dlsym(anchor, name) != NULL; }

int32_t caisson_adapter_is_loaded(const char *path) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
  if (library == NULL) return 0;
  dlclose(library);
  return 1;
}

#endif
