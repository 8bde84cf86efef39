// line_cutter.cpp - see line_cutter.hpp.
#include "line_cutter.hpp"

#include <algorithm>
#include <cstring>

#include "line_ends.hpp"
#include "shared_segments.hpp"

namespace kernel {

namespace {

caisson_record *begin(caisson_batch *out, const caisson_record &from) {
  caisson_record *const made = caisson_record_begin(out);
  made->timestamp_ns = from.timestamp_ns;
  made->sequence = from.sequence;
  made->partition = from.partition;
  return made;
}

}  // namespace

void LineCutter::forget() {
  held_.clear();
  held_length_ = 0;
}

void LineCutter::hold(const uint8_t *bytes, uint32_t length) {
  held_length_ += length;
  if (held_length_ > longest_) held_.clear();
  else held_.insert(held_.end(), bytes, bytes + length);
}

bool LineCutter::put_failure(caisson_batch *out, const caisson_record &from) {
  static const char kReason[] = "a line is longer than max_length allows";
  uint32_t offset = 0;
  uint8_t *const text = out->count < out->capacity ? caisson_arena_take(out, sizeof kReason - 1, &offset) : nullptr;
  if (text == nullptr) return false;
  std::memcpy(text, kReason, sizeof kReason - 1);
  caisson_record *const made = begin(out, from);
  made->payload_offset = offset;
  made->payload_length = sizeof kReason - 1;
  made->flags = CAISSON_RECORD_FAILED;
  return true;
}

// What was held and `bytes` behind it are one line, in the arena.
bool LineCutter::put_joined(caisson_batch *out, const caisson_record &from, const uint8_t *bytes, uint32_t length) {
  const uint64_t whole = held_length_ + length;
  bool fits = whole <= longest_;
  if (fits) {
    uint32_t offset = 0;
    uint8_t *const line =
        out->count < out->capacity ? caisson_arena_take(out, static_cast<uint32_t>(whole), &offset) : nullptr;
    if (line != nullptr) {
      if (!held_.empty()) std::memcpy(line, held_.data(), held_.size());
      if (length > 0) std::memcpy(line + held_.size(), bytes, length);
      caisson_record *const made = begin(out, from);
      made->payload_offset = offset;
      made->payload_length = static_cast<uint32_t>(whole);
      forget();
      return true;
    }
    // An empty batch will never have more room.
    fits = out->count > 0;
  }
  if (fits || !put_failure(out, from)) return false;
  forget();
  return true;
}

bool LineCutter::finish(caisson_batch *out) {
  record_ = byte_ = 0;
  if (held_length_ == 0) return true;
  const caisson_record none = {};
  return put_joined(out, none, nullptr, 0);
}

// Lines that are whole where they are, from the byte at hand on; stops before one that is not, or has no place in `out`.
void LineCutter::put_whole(caisson_batch *out, const caisson_record &record, const uint8_t *bytes, uint32_t length) {
  caisson_record line = {};
  line.timestamp_ns = record.timestamp_ns;
  line.sequence = record.sequence;
  line.partition = record.partition;
  line.payload_segment = static_cast<uint16_t>(record.payload_segment + 1u);
  const bool is_plain = out->record_stride == sizeof line;
  LineEnds ends;
  do {
    find_line_ends(bytes, byte_, length, ends);
    const uint32_t count = std::min(ends.count, out->capacity - out->count);
    uint32_t start = byte_, put = 0;
    for (; put < count; put++) {
      const uint32_t size = ends.places[put] - start;
      if (size > longest_) break;
      caisson_record *const made = caisson_record_at(out, out->count + put);
      if (!is_plain) std::memset(static_cast<void *>(made), 0, out->record_stride);
      std::memcpy(made, &line, sizeof line);
      made->payload_offset = record.payload_offset + start;
      made->payload_length = size;
      start = ends.places[put] + 1;
    }
    byte_ = start;
    out->count += put;
    if (put < ends.count) return;
  } while (ends.count >= kMostEnds && out->count < out->capacity);
}

int32_t LineCutter::cut(const caisson_batch *batch, caisson_batch *out) {
  share_segments(batch, out);
  if (batch->count == 0) return finish(out) ? CAISSON_OK : CAISSON_AGAIN;
  for (; record_ < batch->count; record_++, byte_ = 0) {
    const caisson_record &record = *caisson_record_at(batch, record_);
    const caisson_slice chunk = caisson_payload(batch, &record);
    const bool shares = record.payload_segment + 1u < out->segment_count;
    while (byte_ < chunk.length) {
      if (shares && held_length_ == 0) put_whole(out, record, chunk.data, chunk.length);
      const uint8_t *const start = chunk.data + byte_;
      const uint32_t left = chunk.length - byte_;
      const void *const found = left == 0 ? nullptr : std::memchr(start, '\n', left);
      if (found == nullptr) {
        if (left > 0) hold(start, left);
        break;
      }
      if (out->count >= out->capacity) return CAISSON_AGAIN;
      const uint32_t length = static_cast<uint32_t>(static_cast<const uint8_t *>(found) - start);
      if (!put_joined(out, record, start, length)) return CAISSON_AGAIN;
      byte_ += length + 1;
    }
  }
  record_ = byte_ = 0;
  return CAISSON_OK;
}

}  // namespace kernel
