/* histogram.c - reading a histogram; recording is inline in histogram.h. */
#include "histogram.h"

/* Highest value that falls into a slot: what HdrHistogram calls the highest equivalent value. */
static uint64_t slot_top(uint32_t slot) {
  uint32_t bucket = slot >> HISTOGRAM_HALF_BITS;
  uint64_t within = slot & (HISTOGRAM_HALF - 1);
  if (bucket == 0) return ((within + 1) << HISTOGRAM_UNIT_BITS) - 1;
  bucket -= 1;
  within += HISTOGRAM_HALF;
  return ((within + 1) << (bucket + HISTOGRAM_UNIT_BITS)) - 1;
}

uint64_t histogram_percentile(const histogram *self, double share) {
  if (self->total == 0) return 0;
  uint64_t rank = (uint64_t)(share * (double)self->total + 0.5);
  if (rank < 1) rank = 1;
  if (rank > self->total) rank = self->total;
  uint64_t seen = 0;
  for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
    seen += self->counts[slot];
    if (seen >= rank) {
      const uint64_t top = slot_top(slot);
      return top < self->highest ? top : self->highest;
    }
  }
  return self->highest;
}

double histogram_mean(const histogram *self) {
  return self->total == 0 ? 0 : self->sum / (double)self->total;
}
