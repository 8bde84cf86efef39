/* addresses.c - see addresses.h. */
#include "addresses.h"

#include <caisson_plugin.h>

static address_range *range_of(addresses *self, uint32_t owner) {
  for (uint32_t index = 0; index < self->count; index++) {
    if (self->ranges[index].owner == owner) return &self->ranges[index];
  }
  if (self->count == ADDRESS_OWNERS) {
    self->ranges[ADDRESS_OWNERS - 1].owner = OTHER_OWNERS;
    return &self->ranges[ADDRESS_OWNERS - 1];
  }
  address_range *range = &self->ranges[self->count++];
  *range = (address_range){.owner = owner, .lowest = UINT64_MAX};
  return range;
}

void addresses_verify(addresses *self, const caisson_batch *batch) {
  const caisson_segment *segments = caisson_segments(batch);
  /* Neighbouring events nearly always share a segment: its owner is looked up once for each run of them. */
  uint32_t known = UINT32_MAX;
  address_range *range = NULL;
  for (uint32_t index = 0; index < batch->count; index++) {
    const caisson_record *record = caisson_record_at(batch, index);
    if (record->payload_segment >= batch->segment_count) {
      self->outside++;
      continue;
    }
    const caisson_segment *segment = &segments[record->payload_segment];
    const uint64_t end_offset = (uint64_t)record->payload_offset + record->payload_length;
    if (segment->base == 0 || end_offset > segment->length) {
      self->outside++;
      continue;
    }
    if (record->payload_segment != known) {
      known = record->payload_segment;
      range = range_of(self, segment->owner);
    }
    const uint64_t first = segment->base + record->payload_offset;
    if (first < range->lowest) range->lowest = first;
    if (segment->base + end_offset > range->end) range->end = segment->base + end_offset;
    range->events++;
  }
}
