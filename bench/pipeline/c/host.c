/* host.c - what a program in C gets out of the kernel: reads lines, cuts them into batches, calls caisson_process_1, and
 * does by hand what pipelines do with the rows it leaves (plugins/json_kernel/columns.hpp).
 *
 *   host LIBRARY CONFIG FILE MILLISECONDS WORKLOAD
 *
 * Prints events a second, and what came out of one pass. */
#define _GNU_SOURCE
#include <caisson_batch.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "work.h"

#define EVENTS 1024u
#define CHUNK (1u << 20)
#define ARENA (2u << 20)

typedef caisson_instance *(*open_function)(const caisson_host *, uint32_t, const uint8_t *, uint32_t, caisson_error *);
typedef int32_t (*process_function)(caisson_instance *, const caisson_batch *, caisson_batch *, caisson_error *);

static double time_of(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static caisson_batch *batch_new(uint32_t arena_bytes) {
  const uint32_t records = 64, segments = records + EVENTS * 64, total = segments + 4 * (uint32_t)sizeof(caisson_segment);
  caisson_batch *batch = aligned_alloc(64, (total + 63) & ~63u);
  memset(batch, 0, total);
  batch->size = sizeof *batch;
  batch->record_stride = 64;
  batch->capacity = EVENTS;
  batch->record_offset = records;
  batch->segment_offset = segments;
  batch->segment_capacity = 4;
  batch->segment_count = 1;
  if (arena_bytes > 0) {
    caisson_segments(batch)->base = (uint64_t)(uintptr_t)aligned_alloc(64, arena_bytes);
    caisson_segments(batch)->capacity = arena_bytes;
  }
  return batch;
}

/* What a sink would be handed: every event that came out, by its bytes. */
static void take(const caisson_batch *batch, const caisson_batch *out, const table *made, enum workload work, totals *sum) {
  const uint32_t *marks = marks_of(made);
  if (work == COUNT) return count_rows(made, sum);
  if (work == LOGGING) limit_rows(made, batch, sum);
  if (work == ENRICH) roll_up(made, sum);
  for (uint32_t at = 0; at < made->kept; at++) {
    const uint32_t origin = marks[at] & 0x3fffffffu;
    sum->bytes += (marks[at] & PROJECTED) != 0 ? caisson_record_at(out, at)->payload_length
                                               : caisson_record_at(batch, origin)->payload_length;
  }
  sum->kept += made->kept;
}

int main(int count, char **args) {
  if (count < 6) return 2;
  void *library = dlopen(args[1], RTLD_NOW);
  if (library == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
  open_function open_kernel = (open_function)dlsym(library, "caisson_open_1");
  process_function process = (process_function)dlsym(library, "caisson_process_1");
  caisson_error error = {0};
  const enum workload work = workload_of(args[5]);
  caisson_instance *kernel =
      work == PASS ? NULL : open_kernel(NULL, 0, (const uint8_t *)args[2], (uint32_t)strlen(args[2]), &error);
  if (work != PASS && kernel == NULL) return fprintf(stderr, "no kernel\n"), 1;
  FILE *file = fopen(args[3], "rb");
  if (file == NULL) return 1;
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *text = malloc(size + 64);
  if (fread(text, 1, size, file) != size) return 1;
  caisson_batch *batch = batch_new(0), *out = batch_new(ARENA);
  caisson_segment *segment = caisson_segments(batch);
  const table *made = (const table *)(uintptr_t)caisson_segments(out)->base;
  totals sum = {0}, first = {0};
  uint64_t events = 0;
  double measured = 0, used = 0;
  const double seconds = atof(args[4]) / 1000;
  for (int warm = 1; measured < seconds; warm = 0) {
    const double started = time_of(CLOCK_MONOTONIC), used_before = time_of(CLOCK_THREAD_CPUTIME_ID);
    uint64_t read = 0;
    for (size_t chunk = 0; chunk < size;) {
      size_t end = chunk + CHUNK < size ? chunk + CHUNK : size;
      while (end < size && text[end - 1] != '\n') end++;
      segment->base = (uint64_t)(uintptr_t)(text + chunk);
      segment->length = segment->capacity = (uint32_t)(end - chunk);
      const uint64_t now_ns = (uint64_t)(time_of(CLOCK_REALTIME) * 1e9);
      for (size_t start = chunk; start < end;) {
        batch->count = 0;
        while (batch->count < EVENTS && start < end) {
          const uint8_t *line_end = memchr(text + start, '\n', end - start);
          caisson_append(batch, 0, (uint32_t)(start - chunk), (uint32_t)(line_end - text - (long)start), now_ns);
          start = (size_t)(line_end - text) + 1;
        }
        read += batch->count;
        if (work == PASS) {
          for (uint32_t at = 0; at < batch->count; at++) sum.bytes += caisson_record_at(batch, at)->payload_length;
          sum.kept += batch->count;
          continue;
        }
        out->count = out->arena_used = 0;
        if (process(kernel, batch, out, &error) != 0 || made->punted != 0) return fprintf(stderr, "punted\n"), 1;
        take(batch, out, made, work, &sum);
      }
      chunk = end;
    }
    if (warm) {
      first = sum;
      continue;
    }
    events += read;
    measured += time_of(CLOCK_MONOTONIC) - started;
    used += time_of(CLOCK_THREAD_CPUTIME_ID) - used_before;
  }
  printf("{\"eventsPerSecond\":%.0f,\"eventsPerCpuSecond\":%.0f,\"bytes\":%" PRIu64 ",\"kept\":%" PRIu64
         ",\"within\":%" PRIu64 ",\"windows\":%" PRIu64 "}\n",
         (double)events / measured, (double)events / used, first.bytes, first.kept, sum.within, sum.windows);
  return 0;
}
