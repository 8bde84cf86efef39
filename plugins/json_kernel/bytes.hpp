// bytes.hpp - looks at eight bytes at a time: most texts and names are too short for a call of the C library to pay.
#ifndef JSON_KERNEL_BYTES_HPP
#define JSON_KERNEL_BYTES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kernel {

constexpr uint64_t kOnes = 0x0101010101010101u;
constexpr uint64_t kHighs = 0x8080808080808080u;

template <typename Word>
inline Word load(const char *at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline bool same_bytes(const char *left, const char *right, size_t length) {
  if (length >= 8) {
    for (size_t at = 0; at + 8 <= length; at += 8) {
      if (load<uint64_t>(left + at) != load<uint64_t>(right + at)) return false;
    }
    return load<uint64_t>(left + length - 8) == load<uint64_t>(right + length - 8);
  }
  if (length >= 4) {
    return load<uint32_t>(left) == load<uint32_t>(right) &&
           load<uint32_t>(left + length - 4) == load<uint32_t>(right + length - 4);
  }
  for (size_t at = 0; at < length; at++) {
    if (left[at] != right[at]) return false;
  }
  return true;
}

// High bits of the bytes that are `byte`; also of some behind one that is.
constexpr uint64_t bytes_equal(uint64_t word, uint8_t byte) {
  const uint64_t with = word ^ (kOnes * byte);
  return (with - kOnes) & ~with & kHighs;
}

// High bits of bytes that JSON.stringify escapes; also of some behind one, and never of one beyond ASCII alone.
constexpr uint64_t escaped_bytes(uint64_t word) {
  const uint64_t controls = (word - kOnes * 0x20) & ~word & kHighs;
  return controls | bytes_equal(word, '"') | bytes_equal(word, '\\');
}

// What a text has in it.
struct Content {
  bool beyond_ascii;
  bool escaped;
};

inline Content content_of(const char *text, size_t length) {
  uint64_t high = 0, escaped = 0;
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    const uint64_t word = load<uint64_t>(text + at);
    high |= word;
    escaped |= escaped_bytes(word);
  }
  if (at < length) {
    // What was looked at before may be looked at again; a copy of the rest would have to wait for its own stores.
    uint64_t word;
    if (length >= 8) {
      word = load<uint64_t>(text + length - 8);
    } else if (length >= 4) {
      word = load<uint32_t>(text) | static_cast<uint64_t>(load<uint32_t>(text + length - 4)) << 32;
    } else {
      word = kOnes * 'a' << 24 | static_cast<uint64_t>(static_cast<uint8_t>(text[0])) |
             static_cast<uint64_t>(static_cast<uint8_t>(text[length / 2])) << 8 |
             static_cast<uint64_t>(static_cast<uint8_t>(text[length - 1])) << 16;
    }
    high |= word;
    escaped |= escaped_bytes(word);
  }
  return {(high & kHighs) != 0, escaped != 0};
}

}  // namespace kernel

#endif
