/* histogram.h - a log-linear histogram of nanoseconds with three significant figures, from 1 microsecond to 1 hour.
 *
 * Laid out as HdrHistogram lays out its counts, so that its percentiles can be compared one to one: buckets of 2,048
 * slots, each bucket twice as coarse as the one before. A value is recorded with a shift and an add. */
#ifndef CAISSON_BLACKHOLE_HISTOGRAM_H
#define CAISSON_BLACKHOLE_HISTOGRAM_H

#include <stdint.h>

/* A slot of the first bucket is 512 ns wide; 2,048 of them keep three figures; 22 doublings reach past an hour. */
#define HISTOGRAM_UNIT_BITS 9
#define HISTOGRAM_HALF_BITS 10
#define HISTOGRAM_HALF (1u << HISTOGRAM_HALF_BITS)
#define HISTOGRAM_BUCKETS 23u
#define HISTOGRAM_SLOTS ((HISTOGRAM_BUCKETS + 1) * HISTOGRAM_HALF)
#define HISTOGRAM_HIGHEST UINT64_C(3600000000000)

typedef struct histogram {
  uint64_t total;
  uint64_t highest;                  /* exact */
  double sum;                        /* of nanoseconds; 64 bits of integer would overflow within hours */
  uint64_t counts[HISTOGRAM_SLOTS];
} histogram;

/* Slot of a value; values above an hour count as an hour. */
static inline uint32_t histogram_slot(uint64_t value) {
  const uint64_t mask = ((uint64_t)HISTOGRAM_HALF * 2 - 1) << HISTOGRAM_UNIT_BITS;
  if (value > HISTOGRAM_HIGHEST) value = HISTOGRAM_HIGHEST;
  const uint32_t bits = 64u - (uint32_t)__builtin_clzll(value | mask);
  const uint32_t bucket = bits - (HISTOGRAM_UNIT_BITS + HISTOGRAM_HALF_BITS + 1);
  const uint32_t within = (uint32_t)(value >> (bucket + HISTOGRAM_UNIT_BITS));
  return (bucket << HISTOGRAM_HALF_BITS) + within;
}

/* Records `times` events that all took `value` nanoseconds. */
static inline void histogram_record(histogram *self, uint64_t value, uint64_t times) {
  self->counts[histogram_slot(value)] += times;
  self->total += times;
  self->sum += (double)value * (double)times;
  if (value > self->highest) self->highest = value;
}

/* The value below or at which this share of all events lies, nanoseconds; `share` is 0 to 1. */
uint64_t histogram_percentile(const histogram *self, double share);

/* Mean in nanoseconds, 0 when nothing was recorded. */
double histogram_mean(const histogram *self);

#endif
