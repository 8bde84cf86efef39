// columns.cpp - see columns.hpp.
#include "columns.hpp"

#include <cmath>
#include <cstring>

#include "evaluator.hpp"

namespace kernel {

namespace {

uint64_t bits_of(double number) {
  uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

void put_length(char *at, size_t length) {
  const uint32_t word = static_cast<uint32_t>(length);
  std::memcpy(at, &word, sizeof word);
}

}  // namespace

bool Evaluator::text_value(uint32_t column, std::string_view text, Room &room, uint64_t &out) {
  const uint64_t padded = (static_cast<uint64_t>(text.size()) + 3) & ~uint64_t{3};
  const uint64_t needed = padded + 4;
  const auto fits = [&room, needed] { return room.back - room.front >= needed; };
  const uint32_t texts_before = texts_.next();
  const uint32_t number = texts_.find(column, text, fits);
  if (number != Texts::kNone) {
    if (number == texts_before) {
      put_length(room.base + room.back - 4, text.size());
      room.back -= static_cast<uint32_t>(needed);
      std::memcpy(room.base + room.back, text.data(), text.size());
    }
    out = kKnown | number;
    return true;
  }
  // A projection may have ended anywhere; the host reads the length as a word.
  const uint64_t start = (static_cast<uint64_t>(room.front) + 3) & ~uint64_t{3};
  if (start + needed > room.back) return false;
  put_length(room.base + start, text.size());
  std::memcpy(room.base + start + 4, text.data(), text.size());
  out = kLoose | start;
  room.front = static_cast<uint32_t>(start + needed);
  return true;
}

bool Evaluator::read_columns(Room &room, uint64_t *row) {
  for (uint32_t column = 0; column < program_.reads.size(); column++) {
    Value made;
    const Value &value = value_of(program_.reads[column], made);
    if (punted_) return false;
    switch (value.type) {
      case Type::Absent: row[column] = kKnown; break;
      case Type::Null: row[column] = kKnown | 1; break;
      case Type::False: row[column] = kKnown | 2; break;
      case Type::True: row[column] = kKnown | 3; break;
      case Type::Number:
        if (is_negative_zero(value)) return false;
        row[column] = bits_of(value.number);
        break;
      case Type::Text:
        if (!text_value(column, value.text, room, row[column])) return false;
        break;
      default: return false;
    }
  }
  return true;
}

}  // namespace kernel
