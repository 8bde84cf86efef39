// writer.cpp - see writer.hpp.
#include "writer.hpp"

#include "bytes.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace kernel {

namespace {

// Nothing that JSON.stringify escapes: most bytes of most texts.
struct Plain {
  bool of[256];
  constexpr Plain() : of() {
    for (int byte = 0; byte < 256; byte++) of[byte] = byte >= 0x20 && byte != '"' && byte != '\\';
  }
};
constexpr Plain kPlain;

// A number of at most four decimals and 15 digits: no shorter text can mean it, as different ones of so few digits are
// different doubles. Null when it is none.
char *write_decimals(char *out, double number) {
  constexpr double kScale = 10000;
  constexpr double kMost = 1e15;
  const double scaled = number * kScale;
  if (!(scaled > -kMost && scaled < kMost)) return nullptr;
  const int64_t rounded = static_cast<int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  if (static_cast<double>(rounded) / kScale != number) return nullptr;
  const uint64_t digits = static_cast<uint64_t>(rounded < 0 ? -rounded : rounded);
  if (rounded < 0) *out++ = '-';
  out = std::to_chars(out, out + kNumberText, digits / 10000).ptr;
  uint32_t decimals = static_cast<uint32_t>(digits % 10000);
  *out++ = '.';
  for (uint32_t place = 1000; decimals > 0; place /= 10) {
    *out++ = static_cast<char>('0' + decimals / place);
    decimals %= place;
  }
  return out;
}

}  // namespace

char *write_number(char *out, double number) {
  constexpr double kExact = 9007199254740992.0;
  if (number >= -kExact && number <= kExact) {
    const int64_t integer = static_cast<int64_t>(number);
    if (static_cast<double>(integer) == number) return std::to_chars(out, out + kNumberText, integer).ptr;
  }
  if (char *const end = write_decimals(out, number)) return end;
  if (number < 0) *out++ = '-';
  // The shortest digits that read back as the same number, as ECMAScript wants them; it places the point differently.
  char text[kNumberText];
  const char *end = std::to_chars(text, text + sizeof text, std::fabs(number), std::chars_format::scientific).ptr;
  char digits[kNumberText];
  int count = 0;
  const char *at = text;
  for (; at < end && *at != 'e'; at++) {
    if (*at != '.') digits[count++] = *at;
  }
  int exponent = 0;
  std::from_chars(at[1] == '+' ? at + 2 : at + 1, end, exponent);
  const int point = exponent + 1;
  if (count <= point && point <= 21) {
    std::memcpy(out, digits, static_cast<size_t>(count));
    std::memset(out + count, '0', static_cast<size_t>(point - count));
    return out + point;
  }
  if (0 < point && point <= 21) {
    std::memcpy(out, digits, static_cast<size_t>(point));
    out[point] = '.';
    std::memcpy(out + point + 1, digits + point, static_cast<size_t>(count - point));
    return out + count + 1;
  }
  if (-6 < point && point <= 0) {
    std::memcpy(out, "0.", 2);
    std::memset(out + 2, '0', static_cast<size_t>(-point));
    std::memcpy(out + 2 - point, digits, static_cast<size_t>(count));
    return out + 2 - point + count;
  }
  *out++ = digits[0];
  if (count > 1) {
    *out++ = '.';
    std::memcpy(out, digits + 1, static_cast<size_t>(count - 1));
    out += count - 1;
  }
  *out++ = 'e';
  *out++ = exponent < 0 ? '-' : '+';
  return std::to_chars(out, out + 8, exponent < 0 ? -exponent : exponent).ptr;
}

char *write_text(char *out, std::string_view text) {
  static const char kHex[] = "0123456789abcdef";
  *out++ = '"';
  const char *at = text.data();
  const char *const end = at + text.size();
  while (at < end) {
    // Eight at a time: copied first, since there is room for more than the text is long.
    for (uint64_t word; end - at >= 8; at += 8, out += 8) {
      std::memcpy(&word, at, 8);
      if (escaped_bytes(word) != 0) break;
      std::memcpy(out, &word, 8);
    }
    if (at == end) break;
    const char character = *at++;
    const uint8_t byte = static_cast<uint8_t>(character);
    if (kPlain.of[byte]) {
      *out++ = character;
      continue;
    }
    *out++ = '\\';
    switch (byte) {
      case '"': *out++ = '"'; break;
      case '\\': *out++ = '\\'; break;
      case '\b': *out++ = 'b'; break;
      case '\f': *out++ = 'f'; break;
      case '\n': *out++ = 'n'; break;
      case '\r': *out++ = 'r'; break;
      case '\t': *out++ = 't'; break;
      default:
        std::memcpy(out, "u00", 3);
        out[3] = kHex[byte >> 4];
        out[4] = kHex[byte & 15];
        out += 5;
    }
  }
  *out++ = '"';
  return out;
}

}  // namespace kernel
