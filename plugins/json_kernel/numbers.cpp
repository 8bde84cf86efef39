// numbers.cpp - see numbers.hpp.
#include "numbers.hpp"

#include <cstdint>

namespace kernel {

namespace {

// Different decimals of so few digits are different doubles: the shortest text of such a double is the one it was read
// from. And so few digits, divided by a power of ten that is exact, are rounded only once (Clinger).
constexpr unsigned kExactDigits = 15;
// JavaScript writes smaller ones with an exponent.
constexpr unsigned kMostPlaces = 6;

constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

// What stands in a text that is a number.
struct Parts {
  unsigned digits = 0, places = 0;
  uint64_t value = 0;                   // of all digits, where they are no more than kExactDigits
  bool has_exponent = false;
};

bool split(const char *at, const char *const end, Parts &parts) {
  if (at == end || !is_digit(*at)) return false;
  const char *const first = at;
  for (; at < end && is_digit(*at); at++) parts.value = parts.value * 10 + static_cast<uint64_t>(*at - '0');
  if (*first == '0' && at - first > 1) return false;
  parts.digits = static_cast<unsigned>(at - first);
  if (at < end && *at == '.') {
    const char *const point = ++at;
    for (; at < end && is_digit(*at); at++) parts.value = parts.value * 10 + static_cast<uint64_t>(*at - '0');
    parts.places = static_cast<unsigned>(at - point);
    if (parts.places == 0) return false;
    parts.digits += parts.places;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    parts.has_exponent = true;
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    if (at == end) return false;
    while (at < end && is_digit(*at)) at++;
    if (!is_digit(at[-1])) return false;
  }
  return at == end;
}

}  // namespace

bool is_longer_number(const char *text, size_t length) {
  if (length > 8 && length <= 16 && (Run(text, 8).strangers | Run(text + length - 8, 8).strangers) == 0) return *text != '0';
  Parts parts;
  return split(text, text + length, parts);
}

bool Numbers::read(const char *text, size_t length, Number &out) {
  if (length == 0) return false;
  const bool is_negative = *text == '-';
  const char *const first = text + is_negative;
  const size_t count = length - is_negative;
  const double sign = is_negative ? -1 : 1;
  if (count == 0) return false;
  if (count <= 8) {
    const Run run(first, count);
    if (run.strangers == 0) {
      if (*first == '0' && count > 1) return false;
      const uint64_t value = Run::value(run.word);
      out = {sign * static_cast<double>(value), value != 0 || !is_negative};
      return true;
    }
    if (const unsigned point = point_of(run, first, count); point != 0) {
      const uint64_t before = (uint64_t{1} << (8 * point)) - 1;
      const uint64_t digits = (run.word & ~before & ~(uint64_t{0xff} << (8 * point))) | (run.word & before) << 8;
      const unsigned places = 7 - point;
      out = {sign * static_cast<double>(Run::value(digits)) / kPowers[places], first[count - 1] != '0'};
      return true;
    }
  }
  Parts parts;
  if (!split(first, first + count, parts)) return false;
  if (parts.has_exponent || parts.digits > kExactDigits) return read_longer(text, length, out);
  out.value = sign * static_cast<double>(parts.value) / kPowers[parts.places];
  out.is_canonical = parts.places == 0
                         ? parts.value != 0 || !is_negative
                         : first[count - 1] != '0' && (*first != '0' || parts.places <= kMostPlaces);
  return true;
}

bool Numbers::read_longer(const char *text, size_t length, Number &out) {
  out.is_canonical = false;
  return parser_.parse(text, length).get_double().get(out.value) == simdjson::SUCCESS;
}

}  // namespace kernel
