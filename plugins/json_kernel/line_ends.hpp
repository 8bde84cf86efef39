// line_ends.hpp - finds many line feeds at once: a call of memchr for each line costs as much as the search itself.
#ifndef JSON_KERNEL_LINE_ENDS_HPP
#define JSON_KERNEL_LINE_ENDS_HPP

#include <cstdint>

namespace kernel {

constexpr uint32_t kMostEnds = 256;

// Places of line feeds in `bytes`, the first of them, at most kMostEnds.
struct LineEnds {
  uint32_t count;
  // All bytes before this one were looked at, up to the last place given.
  uint32_t places[kMostEnds + 64];
};

// Looks from `from` on; fewer than kMostEnds places: there are no more.
void find_line_ends(const uint8_t *bytes, uint32_t from, uint32_t length, LineEnds &found);

}  // namespace kernel

#endif
