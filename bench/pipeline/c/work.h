/* work.h - windows, counts and buckets by hand, on the rows of the kernel. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <caisson_batch.h>
#include <math.h>
#include <stdio.h>

#define WINDOW 10000u
#define PROJECTED 0x40000000u
#define SLOTS 4096u
#define TEXTS 8196u

enum workload { PASS, FILTER, PROJECT, COUNT, LOGGING, ENRICH };

/* See plugins/json_kernel/columns.hpp. */
typedef struct table {
  uint32_t kept, punted, anew, texts, rows, reserved[3];
} table;

typedef struct totals {
  uint64_t bytes, kept, within, windows;
} totals;

static enum workload workload_of(const char *name) {
  static const char *const names[] = {"pass", "filter", "project", "count", "logging", "enrich"};
  for (uint32_t at = 0; at < 6; at++) {
    if (strcmp(names[at], name) == 0) return (enum workload)at;
  }
  return PASS;
}

static const uint32_t *marks_of(const table *made) { return (const uint32_t *)(made + 1); }
static const uint64_t *rows_of(const table *made) { return (const uint64_t *)((uintptr_t)made + made->rows); }

static double number_of(uint64_t bits) {
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

/* ---- count: how often each account comes, every so many events -------------------------------------------------- */

static struct counted { uint64_t key, count; } groups[SLOTS];
static uint32_t group_order[SLOTS], group_count, counted_events;

static void flush_counts(totals *sum) {
  char text[96];
  for (uint32_t at = 0; at < group_count; at++) {
    struct counted *group = groups + group_order[at];
    const int length =
        snprintf(text, sizeof text, "{\"account\":%.17g,\"count\":%llu}", number_of(group->key), (unsigned long long)group->count);
    sum->bytes += (uint64_t)length;
    sum->kept++;
    group->count = 0;
  }
  group_count = counted_events = 0;
  sum->windows++;
}

static void count_rows(const table *made, totals *sum) {
  const uint64_t *row = rows_of(made);
  for (uint32_t at = 0; at < made->kept; at++) {
    uint32_t slot = (uint32_t)((row[at] * 0x9e3779b97f4a7c15u) >> 52) % SLOTS;
    while (groups[slot].count > 0 && groups[slot].key != row[at]) slot = (slot + 1) % SLOTS;
    if (groups[slot].count++ == 0) {
      groups[slot].key = row[at];
      group_order[group_count++] = slot;
    }
    if (++counted_events == WINDOW) flush_counts(sum);
  }
}

/* ---- enrich: count, sum and maximum of a latency by service ------------------------------------------------------ */

static struct rolled { uint64_t count; double sum, lost, max; } services[TEXTS];

static void roll_up(const table *made, totals *sum) {
  const uint64_t *row = rows_of(made);
  for (uint32_t at = 0; at < made->kept; at++, row += 2) {
    struct rolled *group = services + ((uint32_t)row[0] % TEXTS);
    const double latency = number_of(row[1]);
    const double next = group->sum + latency;
    group->lost += fabs(group->sum) >= fabs(latency) ? (group->sum - next) + latency : (latency - next) + group->sum;
    group->sum = next;
    if (group->count == 0 || latency > group->max) group->max = latency;
    if (++group->count < WINDOW) continue;
    memset(group, 0, sizeof *group);
    sum->windows++;
  }
}

/* ---- logging: at most so many events a second of each class and dimension ---------------------------------------- */

#define BUCKETS 1024u
#define PARTS 100u

static struct bucket { uint32_t name, key, sum; uint64_t at; uint32_t parts[PARTS]; } buckets[BUCKETS];

static struct bucket *bucket_of(uint32_t name, uint32_t key) {
  uint32_t slot = (name * 31 + key) % BUCKETS;
  while (buckets[slot].name != 0 && (buckets[slot].name != name || buckets[slot].key != key)) slot = (slot + 1) % BUCKETS;
  buckets[slot].name = name;
  buckets[slot].key = key;
  return buckets + slot;
}

static void limit_rows(const table *made, const caisson_batch *batch, totals *sum) {
  const uint64_t *row = rows_of(made);
  const uint32_t *marks = marks_of(made);
  for (uint32_t index = 0; index < made->kept; index++, row += 3) {
    struct bucket *bucket = bucket_of((uint32_t)row[0], (uint32_t)row[2]);
    const uint64_t now = caisson_record_at(batch, marks[index] & 0x3fffffffu)->timestamp_ns / 10000000u;
    const uint64_t passed = now > bucket->at ? now - bucket->at : 0;
    for (uint64_t step = 0; step < (passed < PARTS ? passed : PARTS); step++) {
      uint32_t *part = bucket->parts + (now - step) % PARTS;
      bucket->sum -= *part;
      *part = 0;
    }
    if (passed > 0) bucket->at = now;
    if ((double)bucket->sum + 1 > number_of(row[1])) continue;
    bucket->parts[bucket->at % PARTS]++;
    bucket->sum++;
    sum->within++;
  }
}

#endif
