/* lingering.c - a source that leaves something behind when it is closed: a thread that goes on logging and ringing, or a
 * destructor that the system runs when the thread that opened it ends. */
#include <caisson_config.h>
#include <caisson_plugin.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

CAISSON_PLUGIN("@caisson/lingering", "0.1.0", CAISSON_UNLOADABLE,
               CAISSON_COMPONENT(CAISSON_SOURCE, 1, 0, CAISSON_INTERFACE_FAST, "lingering"))

struct caisson_instance {
  const caisson_host *host;
};

static atomic_uint live;
static char object;

/* What C++ calls for a thread_local object with a destructor; the C library keeps the library until the thread ends. */
extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *of, void *library);
extern void *__dso_handle;

static void destroy(void *of) { (void)of; }

static void *linger(void *argument) {
  const caisson_host *host = argument;
  for (;;) {
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 1000000};
    caisson_log(host, CAISSON_LOG_DEBUG, "still here");
    caisson_ring(host);
    nanosleep(&nap, NULL);
  }
  return NULL;
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  char mode[16] = "";
  const caisson_config settings = {.text = config, .length = config_length};
  (void)component;
  caisson_config_string(&settings, "mode", mode, sizeof mode);
  caisson_instance *self = calloc(1, sizeof *self);
  if (self == NULL) {
    caisson_fail(error, CAISSON_E_MEMORY, CAISSON_CLASS_TRANSIENT, "no memory");
    return NULL;
  }
  self->host = host;
  if (strcmp(mode, "sticky") == 0) __cxa_thread_atexit_impl(destroy, &object, &__dso_handle);
  if (strcmp(mode, "thread") == 0) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, linger, (void *)(uintptr_t)host) == 0) {
      pthread_detach(thread);
      atomic_fetch_add(&live, 1);
    }
  }
  atomic_fetch_add(&live, 1);
  return self;
}

void caisson_close_1(caisson_instance *self) {
  free(self);
  atomic_fetch_sub(&live, 1);
}

int32_t caisson_start_1(caisson_instance *self, caisson_error *error) {
  (void)self, (void)error;
  return CAISSON_OK;
}

int32_t caisson_stop_1(caisson_instance *self, uint32_t deadline_ms, caisson_error *error) {
  (void)self, (void)deadline_ms, (void)error;
  return CAISSON_OK;
}

void caisson_interrupt_1(caisson_instance *self) { (void)self; }

uint32_t caisson_live_1(void) { return atomic_load(&live); }

int32_t caisson_source_poll_1(caisson_instance *self, caisson_batch *batch, uint32_t max_events, caisson_error *error) {
  (void)self, (void)batch, (void)max_events, (void)error;
  return CAISSON_EOF;
}
