// line_cutter.hpp - the preprocessor `lines`: cuts a stream at line feeds; lines stay where they are.
#ifndef JSON_KERNEL_LINE_CUTTER_HPP
#define JSON_KERNEL_LINE_CUTTER_HPP

#include <caisson_batch.h>

#include <cstdint>
#include <vector>

namespace kernel {

class LineCutter {
 public:
  // Longer lines are left out and reported.
  explicit LineCutter(uint32_t longest) : longest_(longest) {}

  // CAISSON_OK, or CAISSON_AGAIN when `out` is full.
  int32_t cut(const caisson_batch *batch, caisson_batch *out);

 private:
  bool finish(caisson_batch *out);
  bool put_joined(caisson_batch *out, const caisson_record &from, const uint8_t *bytes, uint32_t length);
  void put_whole(caisson_batch *out, const caisson_record &record, const uint8_t *bytes, uint32_t length);
  bool put_failure(caisson_batch *out, const caisson_record &from);
  void hold(const uint8_t *bytes, uint32_t length);
  void forget();

  uint32_t longest_;
  // What followed the last line feed; nothing is kept of a line that is too long.
  std::vector<uint8_t> held_{};
  uint64_t held_length_ = 0;
  // Where a call that is made again goes on.
  uint32_t record_ = 0;
  uint32_t byte_ = 0;
};

}  // namespace kernel

#endif
