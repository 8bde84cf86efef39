// numbers.hpp - reads numbers as JSON writes them, from memory of which eight bytes more may be read.
#ifndef JSON_KERNEL_NUMBERS_HPP
#define JSON_KERNEL_NUMBERS_HPP

#include <simdjson.h>

#include <cstddef>

#include "bytes.hpp"

namespace kernel {

// A run of at most eight bytes, the last of them in the highest place and zeros before the first: digits are their values.
struct Run {
  uint64_t word;
  uint64_t strangers;                   // high bits of the bytes that are no digits

  Run(const char *text, size_t length) {
    constexpr uint64_t kZeros = kOnes * '0';
    const uint64_t whole = load<uint64_t>(text) << (64 - 8 * length) | kZeros >> 1 >> (8 * length - 1);
    word = whole ^ kZeros;
    strangers = (((word & ~kHighs) + kOnes * 0x76) | word) & kHighs;
  }

  // The number the digits mean.
  static uint64_t value(uint64_t digits) {
    digits = digits * 10 + (digits >> 8);
    return ((digits & 0x000000ff000000ffu) * 0x000f424000000064u +
            ((digits >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >> 32;
  }
};

// Place of the point of a text of at most eight bytes that is digits but for a point between them; 0 when it is none.
inline unsigned point_of(const Run &run, const char *text, size_t length) {
  if ((run.strangers & (run.strangers - 1)) != 0) return 0;
  const unsigned place = static_cast<unsigned>(__builtin_ctzll(run.strangers)) >> 3;
  const size_t start = 8 - length;
  if (place <= start || place == 7 || text[place - start] != '.') return 0;
  return text[0] == '0' && place != start + 1 ? 0 : place;
}

// The same as is_number, for those that are rare; `text` has no sign.
bool is_longer_number(const char *text, size_t length);

// Whether all of the text is a number.
inline bool is_number(const char *text, size_t length) {
  const bool is_negative = *text == '-';
  text += is_negative;
  length -= is_negative;
  if (length - 1 < 8) {
    const Run run(text, length);
    if (run.strangers == 0) return *text != '0' || length == 1;
    if (point_of(run, text, length) != 0) return true;
  }
  return is_longer_number(text, length);
}

struct Number {
  double value;
  // JSON.stringify would write the same text.
  bool is_canonical;
};

class Numbers {
 public:
  // False when the text is no number, or one beyond what a double holds.
  bool read(const char *text, size_t length, Number &out);

 private:
  bool read_longer(const char *text, size_t length, Number &out);

  simdjson::dom::parser parser_;
};

}  // namespace kernel

#endif
