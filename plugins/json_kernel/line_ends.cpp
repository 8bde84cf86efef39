// line_ends.cpp - see line_ends.hpp.
#include "line_ends.hpp"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kernel {

namespace {

constexpr uint32_t kBlock = 64;
// Memory is asked for so far ahead: by itself the processor stops at the end of each page.
constexpr uint32_t kAhead = 2048;

// Bit for bit, whether the bytes of a block are line feeds.
#if defined(__x86_64__)
inline uint64_t feeds_of(const uint8_t *block) {
  const __m128i feed = _mm_set1_epi8('\n');
  uint64_t feeds = 0;
  for (uint32_t part = 0; part < 4; part++) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(block + 16 * part));
    feeds |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, feed)))) << (16 * part);
  }
  return feeds;
}

__attribute__((target("avx2"), always_inline)) inline uint64_t feeds_of_wide(const uint8_t *block) {
  const __m256i feed = _mm256_set1_epi8('\n');
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(block));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(block + 32));
  return static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, feed)))) |
         static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, feed)))) << 32;
}
#else
inline uint64_t feeds_of(const uint8_t *block) {
  uint64_t feeds = 0;
  for (uint32_t at = 0; at < kBlock; at++) feeds |= static_cast<uint64_t>(block[at] == '\n') << at;
  return feeds;
}
#endif

inline uint32_t put_places(uint64_t feeds, uint32_t at, uint32_t *places, uint32_t count) {
  for (; feeds != 0; feeds &= feeds - 1) places[count++] = at + static_cast<uint32_t>(__builtin_ctzll(feeds));
  return count;
}

// What is left behind the last whole block.
uint32_t put_rest(const uint8_t *bytes, uint32_t at, uint32_t length, uint32_t *places, uint32_t count) {
  if (at >= length) return count;
  uint8_t block[kBlock] = {0};
  std::memcpy(block, bytes + at, length - at);
  return put_places(feeds_of(block), at, places, count);
}

uint32_t find_plain(const uint8_t *bytes, uint32_t at, uint32_t length, uint32_t *places) {
  uint32_t count = 0;
  for (; count < kMostEnds && length - at >= kBlock; at += kBlock) count = put_places(feeds_of(bytes + at), at, places, count);
  return count < kMostEnds ? put_rest(bytes, at, length, places, count) : count;
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi"))) uint32_t find_wide(const uint8_t *bytes, uint32_t at, uint32_t length, uint32_t *places) {
  uint32_t count = 0;
  for (; count < kMostEnds && length - at >= kBlock; at += kBlock) {
    // Behind the last byte there may be no memory; then nothing comes of it.
    _mm_prefetch(reinterpret_cast<const char *>(reinterpret_cast<uintptr_t>(bytes) + at + kAhead), _MM_HINT_T0);
    for (uint64_t feeds = feeds_of_wide(bytes + at); feeds != 0; feeds &= feeds - 1) {
      places[count++] = at + static_cast<uint32_t>(__builtin_ctzll(feeds));
    }
  }
  return count < kMostEnds ? put_rest(bytes, at, length, places, count) : count;
}

const bool is_wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
#endif

}  // namespace

void find_line_ends(const uint8_t *bytes, uint32_t from, uint32_t length, LineEnds &found) {
  found.count =
#if defined(__x86_64__)
      is_wide ? find_wide(bytes, from, length, found.places) :
#endif
              find_plain(bytes, from, length, found.places);
}

}  // namespace kernel
