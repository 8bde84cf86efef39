/* loop.c - the floor: drives the native blaster and blackhole through function pointers, with no JavaScript and no check.
 *
 * loop BLASTER BLACKHOLE EVENT_BYTES MILLISECONDS BATCH… prints, for each batch size, nanoseconds an event of poll alone and
 * of poll and write, and for one call. */
#define _GNU_SOURCE
#include <caisson.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef caisson_instance *(*open_function)(const caisson_host *, uint32_t, const uint8_t *, uint32_t, caisson_error *);
typedef int32_t (*start_function)(caisson_instance *, caisson_error *);
typedef int32_t (*poll_function)(caisson_instance *, caisson_batch *, uint32_t, caisson_error *);
typedef void (*release_function)(caisson_instance *, const caisson_batch *);
typedef int32_t (*write_function)(caisson_instance *, const caisson_batch *, caisson_batch *, caisson_error *);

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) {
    fprintf(stderr, "no %s\n", name);
    exit(1);
  }
  return found;
}

static double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static caisson_batch *new_batch(uint32_t capacity) {
  const size_t header = sizeof(caisson_batch);
  const size_t records = (size_t)capacity * sizeof(caisson_record);
  const size_t segments = 16 * sizeof(caisson_segment);
  const size_t verdicts = (size_t)capacity * sizeof(caisson_verdict);
  uint8_t *memory = aligned_alloc(64, (header + records + segments + verdicts + 127) / 64 * 64);
  if (memory == NULL) exit(1);
  memset(memory, 0, header + records + segments + verdicts);
  caisson_batch *batch = (caisson_batch *)memory;
  batch->size = (uint32_t)(header + records + segments + verdicts);
  batch->capacity = capacity;
  batch->record_stride = sizeof(caisson_record);
  batch->record_offset = (uint32_t)header;
  batch->segment_offset = (uint32_t)(header + records);
  batch->segment_capacity = 16;
  batch->segment_count = 1;
  batch->verdict_offset = (uint32_t)(header + records + segments);
  batch->verdict_capacity = capacity;
  return batch;
}

static caisson_instance *open_plugin(void *library, const char *config, const caisson_host *host) {
  caisson_error error = {0};
  error.size = sizeof error;
  caisson_instance *instance = ((open_function)symbol(library, "caisson_open_1"))(
      host, 0, (const uint8_t *)config, (uint32_t)strlen(config), &error);
  if (instance == NULL || ((start_function)symbol(library, "caisson_start_1"))(instance, &error) < 0) {
    fprintf(stderr, "a plugin does not start\n");
    exit(1);
  }
  return instance;
}

int main(int count, char **words) {
  if (count < 6) return 2;
  void *source_library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
  void *sink_library = dlopen(words[2], RTLD_NOW | RTLD_LOCAL);
  if (source_library == NULL || sink_library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  caisson_host host = {0};
  host.size = sizeof host;
  host.abi_major = 1;
  host.instance = 1;
  host.max_events = 65536;
  char config[64];
  snprintf(config, sizeof config, "{\"event_bytes\":%s,\"distinct\":64}", words[3]);
  caisson_instance *source = open_plugin(source_library, config, &host);
  caisson_instance *sink = open_plugin(sink_library, "{}", &host);
  const poll_function poll = (poll_function)symbol(source_library, "caisson_source_poll_1");
  const release_function release = (release_function)dlsym(source_library, "caisson_release_1");
  const write_function write = (write_function)symbol(sink_library, "caisson_sink_write_1");
  const double limit = atof(words[4]) * 1e6;
  caisson_error error = {0};
  error.size = sizeof error;
  for (int argument = 5; argument < count; argument++) {
    const uint32_t size = (uint32_t)atoi(words[argument]);
    caisson_batch *batch = new_batch(size);
    caisson_batch *verdicts = new_batch(size);
    double each[2];
    for (int both = 0; both < 2; both++) {
      uint64_t events = 0;
      const double started = now_ns();
      double ended;
      do {
        for (int turn = 0; turn < 64; turn++) {
          batch->count = 0;
          batch->segment_count = 1;
          if (poll(source, batch, size, &error) < 0) return 1;
          if (both && write(sink, batch, verdicts, &error) < 0) return 1;
          if (release != NULL) release(source, batch);
          events += batch->count;
        }
        ended = now_ns();
      } while (ended - started < limit);
      each[both] = (ended - started) / (double)events;
    }
    printf("%u %.3f %.3f\n", size, each[0], each[1]);
    free(batch);
    free(verdicts);
  }
  return 0;
}
