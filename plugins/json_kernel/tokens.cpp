// tokens.cpp - see tokens.hpp.
#include "tokens.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace kernel {

namespace {

constexpr uint32_t kNarrow = 1u << 10;
constexpr uint32_t kWide = 1u << 14;
// Tokens put behind the last one.
constexpr uint32_t kBehind = 6;

const uint8_t *find_byte(const uint8_t *from, const uint8_t *end, uint8_t byte) {
  const void *const found = std::memchr(from, byte, static_cast<size_t>(end - from));
  return found == nullptr ? end : static_cast<const uint8_t *>(found);
}

}  // namespace

Tokens::Tokens() : padded_(new uint8_t[kLongestEvent + simdjson::SIMDJSON_PADDING]()) {
  if (parser_.allocate(kLongestEvent) != simdjson::SUCCESS) throw std::bad_alloc();
}

void Tokens::forget() {
  window_ = window_end_ = alone_until_ = behind_ = nullptr;
}

bool Tokens::index(const uint8_t *data, size_t length) {
  auto &found = *parser_.implementation;
  if (found.stage1(data, length, simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
  // Who reads on behind a truncated event shall find that it has ended; simdjson has room for nine.
  for (uint32_t at = 0; at < kBehind; at++) found.structural_indexes[found.n_structural_indexes + at] = static_cast<uint32_t>(length);
  next_ = found.structural_indexes.get();
  base_ = reinterpret_cast<const char *>(data);
  return true;
}

// Looks at this event and those behind it, when it follows on the last one: one look at many costs half as much.
bool Tokens::widen(const uint8_t *data, uint32_t length, uint64_t readable) {
  if (behind_ == nullptr || data != behind_ + 1 || data < alone_until_) {
    width_ = kNarrow;
    return false;
  }
  const uint64_t most = std::min<uint64_t>(width_, readable - simdjson::SIMDJSON_PADDING);
  if (length >= most) return false;
  const uint8_t *end = data + most;
  while (end > data + length && *end != '\n') end--;
  if (*end != '\n') return false;
  if (!index(data, static_cast<size_t>(end - data))) {
    alone_until_ = end;
    return false;
  }
  width_ = std::min(kWide, 2 * width_);
  window_ = data;
  window_end_ = end;
  backslash_ = find_byte(data, end, '\\');
  return true;
}

void Tokens::take(const uint8_t *data, uint32_t length) {
  const uint32_t start = static_cast<uint32_t>(data - window_);
  end_ = start + length;
  while (*next_ < start) next_++;
  if (backslash_ < data) backslash_ = find_byte(data, window_end_, '\\');
  has_backslash_ = backslash_ < data + length;
}

bool Tokens::find(const uint8_t *data, uint32_t length, uint64_t readable) {
  const bool is_padded = readable >= static_cast<uint64_t>(length) + simdjson::SIMDJSON_PADDING;
  // The line feeds around an event keep it apart from its neighbours: in a text, the whole window would be malformed.
  if (is_padded && data[length] == '\n') {
    const bool is_inside = window_ != nullptr && data >= behind_ && data + length <= window_end_ && data[-1] == '\n';
    if (is_inside || widen(data, length, readable)) {
      take(data, length);
      behind_ = data + length;
      return true;
    }
  }
  behind_ = is_padded ? data + length : nullptr;
  window_ = nullptr;
  if (!is_padded) {
    std::memcpy(padded_.get(), data, length);
    data = padded_.get();
  }
  if (!index(data, length)) return false;
  end_ = length;
  has_backslash_ = find_byte(data, data + length, '\\') != data + length;
  return true;
}

}  // namespace kernel
