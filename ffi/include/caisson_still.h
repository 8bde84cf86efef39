/* caisson_still.h - for plugins in which nothing runs by itself: no thread, nothing to connect, no call that waits. It
 * defines caisson_start_1, _stop_1, _interrupt_1, _close_1 and _live_1 for them; include it in exactly one source file.
 *
 *   caisson_instance *caisson_open_1(...) {
 *     caisson_instance *self = caisson_still_allocate(sizeof *self, error);
 *     if (self == NULL) return NULL;
 *     if (!configure(self, ...)) { free(self); return NULL; }
 *     return caisson_still_opened(self);
 *   }
 */
#ifndef CAISSON_STILL_H
#define CAISSON_STILL_H

#include <stdlib.h>

#include "caisson.h"
#include "caisson_report.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Instances that are open: the host unloads the library only when there is none. */
static uint32_t caisson_still_open;

static inline uint32_t caisson_still_add(uint32_t number) {
#if defined(_MSC_VER) && !defined(__clang__)
  return (uint32_t)InterlockedExchangeAdd((volatile LONG *)&caisson_still_open, (LONG)number) + number;
#else
  return __atomic_add_fetch(&caisson_still_open, number, __ATOMIC_SEQ_CST);
#endif
}

/* Zeroed memory for an instance; NULL is failure, and the error says so. */
static inline caisson_instance *caisson_still_allocate(size_t size, caisson_error *error) {
  caisson_instance *self = (caisson_instance *)calloc(1, size);
  if (self == NULL) caisson_fail(error, CAISSON_E_MEMORY, CAISSON_CLASS_TRANSIENT, "no memory for an instance");
  return self;
}

/* Counts an instance that caisson_open_1 is about to return; caisson_close_1 frees it. */
static inline caisson_instance *caisson_still_opened(caisson_instance *self) {
  caisson_still_add(1);
  return self;
}

void caisson_close_1(caisson_instance *instance) {
  free((void *)instance);
  caisson_still_add((uint32_t)-1);
}

int32_t caisson_start_1(caisson_instance *instance, caisson_error *error) {
  (void)instance;
  (void)error;
  return CAISSON_OK;
}

int32_t caisson_stop_1(caisson_instance *instance, uint32_t deadline_ms, caisson_error *error) {
  (void)instance;
  (void)deadline_ms;
  (void)error;
  return CAISSON_OK;
}

void caisson_interrupt_1(caisson_instance *instance) { (void)instance; }

uint32_t caisson_live_1(void) { return caisson_still_add(0); }

#ifdef __cplusplus
}
#endif
#endif
