// shared_segments.hpp - events that are handed on stay where they are: the output points into the memory of the input.
#ifndef JSON_KERNEL_SHARED_SEGMENTS_HPP
#define JSON_KERNEL_SHARED_SEGMENTS_HPP

#include <caisson_batch.h>

#include <cstdint>

namespace kernel {

// Puts the memory of the input behind the arena of the output, as segments of numbers one higher, as many as fit.
inline void share_segments(const caisson_batch *batch, caisson_batch *out) {
  const caisson_segment *const from = caisson_segments(batch);
  caisson_segment *const to = caisson_segments(out);
  out->segment_count = 1;
  for (uint32_t index = 0; index < batch->segment_count && out->segment_count < out->segment_capacity; index++) {
    to[out->segment_count++] = from[index];
  }
}

// Points a copy of an event's record at its bytes, after share_segments. What is empty has no segment.
inline void point_at_shared(caisson_record *record) {
  record->payload_segment = static_cast<uint16_t>(record->payload_segment + 1u);
  if (record->key_length > 0) record->key_segment = static_cast<uint16_t>(record->key_segment + 1u);
  if (record->meta_length > 0) record->meta_segment = static_cast<uint16_t>(record->meta_segment + 1u);
}

}  // namespace kernel

#endif
