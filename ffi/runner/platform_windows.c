/* Follows the documentation; has been compiled, never run. */
#if defined(_WIN32)
#include "platform.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_PATH 32768

static int widen(const char *path, wchar_t *wide) {
  return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, LONGEST_PATH) > 0;
}

/* ---- the end of the host ---------------------------------------------------------------------------------------- */

static void *wait_for_parent(void *parent) {
  WaitForSingleObject((HANDLE)parent, INFINITE);
  TerminateProcess(GetCurrentProcess(), 0);
  return NULL;
}

int platform_end_with(long parent) {
  const HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)parent);
  if (process == NULL || WaitForSingleObject(process, 0) != WAIT_TIMEOUT) return 0;
  return platform_start_thread(wait_for_parent, (void *)process);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

uint8_t *platform_map(const char *path, uint64_t bytes) {
  static wchar_t wide[LONGEST_PATH];
  LARGE_INTEGER size;
  uint8_t *memory = NULL;
  if (!widen(path, wide)) return NULL;
  const HANDLE file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                                  FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return NULL;
  if (GetFileSizeEx(file, &size) && (uint64_t)size.QuadPart >= bytes) {
    const HANDLE mapping = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    if (mapping != NULL) {
      memory = MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, (SIZE_T)bytes);
      CloseHandle(mapping);
    }
  }
  CloseHandle(file);
  return memory;
}

void *platform_allocate(size_t alignment, size_t bytes) {
  void *const memory = _aligned_malloc(bytes, alignment);
  if (memory != NULL) memset(memory, 0, bytes);
  return memory;
}

void platform_free(void *memory) { _aligned_free(memory); }

/* ---- libraries --------------------------------------------------------------------------------------------------- */

void *platform_load(const char *path, char *why, size_t capacity) {
  static wchar_t wide[LONGEST_PATH];
  const HMODULE library = widen(path, wide) ? LoadLibraryExW(wide, NULL, LOAD_WITH_ALTERED_SEARCH_PATH) : NULL;
  if (library == NULL) snprintf(why, capacity, "LoadLibraryExW failed with error %lu", (unsigned long)GetLastError());
  return (void *)library;
}

void *platform_symbol(void *library, const char *name) {
  const FARPROC function = GetProcAddress((HMODULE)library, name);
  void *address = NULL;
  memcpy(&address, &function, sizeof address);
  return address;
}

/* ---- standard input and output ----------------------------------------------------------------------------------- */

static int take(int standard, int replacement) {
  const int taken = _dup(standard);
  if (taken < 0 || replacement < 0 || _dup2(replacement, standard) < 0) return -1;
  _setmode(taken, _O_BINARY);
  return taken;
}

int platform_take_standard(int *input, int *output) {
  const int nothing = _open("NUL", _O_RDONLY);
  *input = take(0, nothing);
  *output = take(1, 2);
  if (nothing > 2) _close(nothing);
  return *input >= 0 && *output >= 0;
}

int64_t platform_read(int from, void *bytes, size_t length) { return _read(from, bytes, (unsigned int)length); }

int64_t platform_write(int to, const void *bytes, size_t length) { return _write(to, bytes, (unsigned int)length); }

/* Pipes here make the writer wait by themselves. */
void platform_wait_writable(int to) { (void)to; }

/* ---- threads ----------------------------------------------------------------------------------------------------- */

int platform_start_thread(void *(*run)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run, argument) != 0) return 0;
  pthread_detach(thread);
  return 1;
}

void platform_condition(pthread_cond_t *condition) { pthread_cond_init(condition, NULL); }

uint32_t platform_processors(void) {
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return info.dwNumberOfProcessors < 1 ? 1 : (uint32_t)info.dwNumberOfProcessors;
}

#else
typedef int platform_windows_is_for_windows_alone;
#endif
