/* caisson_report.h - inline helpers to tell the host things: a failure, a log line, that there is work. */
#ifndef CAISSON_REPORT_H
#define CAISSON_REPORT_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "caisson.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <unistd.h>
#endif

#if defined(__GNUC__)
#define CAISSON_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CAISSON_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Longest prefix of UTF-8 text, at most `limit` bytes, that does not cut a code point. */
static inline uint32_t caisson_cut(const char *text, uint32_t length, uint32_t limit) {
  if (length <= limit) return length;
  while (limit > 0 && ((uint8_t)text[limit] & 0xC0) == 0x80) limit--;
  return limit;
}

/* Fills in the caller's error and returns `code`, so that a function can end with `return caisson_fail(...)`. */
CAISSON_PRINTF(4, 5)
static inline int32_t caisson_fail(caisson_error *error, int32_t code, uint16_t failure_class, const char *format, ...) {
  char text[1024];
  va_list arguments;
  int written;
  uint32_t length;
  if (error == NULL) return code;
  va_start(arguments, format);
  written = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  length = written < 0 ? 0 : (uint32_t)written < sizeof text ? (uint32_t)written : (uint32_t)(sizeof text - 1);
  length = caisson_cut(text, length, sizeof error->message);
  error->code = code;
  error->failure_class = failure_class;
  error->flags = 0;
  error->retry_after_ms = 0;
  error->need = 0;
  error->message_length = length;
  memcpy(error->message, text, length);
  return code;
}

/* Writes a line to the host's log, when the host has one; level is CAISSON_LOG_*. */
CAISSON_PRINTF(3, 4)
static inline void caisson_log(const caisson_host *host, uint32_t level, const char *format, ...) {
  char text[1024];
  va_list arguments;
  int written;
  void (*log)(const caisson_host *, uint32_t, const uint8_t *, uint32_t);
  uintptr_t address = (uintptr_t)host->log;
  if (address == 0) return;
  va_start(arguments, format);
  written = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (written < 0) return;
  /* C has no cast from an integer to a function pointer that -Wpedantic accepts; the bytes are the same. */
  memcpy((void *)&log, (const void *)&address, sizeof log);
  log(host, level, (const uint8_t *)text,
      caisson_cut(text, (uint32_t)written, (uint32_t)(sizeof text - 1)));
}

/* Tells the host that there is work: call it from any thread after publishing. Costs a system call only when the host
 * sleeps. */
static inline void caisson_ring(const caisson_host *host) {
  caisson_bell *bell = (caisson_bell *)(uintptr_t)host->bell;
  uint32_t armed;
  if (bell == NULL) return;
#if defined(_MSC_VER) && !defined(__clang__)
  InterlockedIncrement((volatile LONG *)&bell->posted);
  armed = (uint32_t)InterlockedExchange((volatile LONG *)&bell->armed, 0);
#else
  __atomic_fetch_add(&bell->posted, 1, __ATOMIC_SEQ_CST);
  armed = __atomic_exchange_n(&bell->armed, 0, __ATOMIC_SEQ_CST);
#endif
  if (armed == 0) return;
  if (host->wake != 0) {
    void (*wake)(const caisson_host *);
    uintptr_t address = (uintptr_t)host->wake;
    memcpy((void *)&wake, (const void *)&address, sizeof wake);
    wake(host);
  }
#if defined(_WIN32)
  if (host->bell_kind == CAISSON_BELL_EVENT) SetEvent((HANDLE)(intptr_t)host->bell_handle);
#else
  if (host->bell_kind == CAISSON_BELL_DESCRIPTOR) {
    const uint64_t one = 1;
    /* A full pipe or counter has a wake-up pending already, so a failed write loses nothing. */
    const ssize_t written = write((int)host->bell_handle, &one, sizeof one);
    (void)written;
  }
#endif
}

#ifdef __cplusplus
}
#endif
#endif
