// operators.hpp - what operators of expressions come to where nothing has to be read or kept for it. Inline: a call for each
// costs a tenth of what an event takes.
#ifndef JSON_KERNEL_OPERATORS_HPP
#define JSON_KERNEL_OPERATORS_HPP

#include <cmath>
#include <cstdint>
#include <string_view>

#include "bytes.hpp"
#include "program.hpp"
#include "value.hpp"

namespace kernel {

inline bool is_numeric(const Value &value) { return value.type == Type::Number; }

inline bool is_true(const Value &value) { return value.type == Type::True; }

// UTF-16 and UTF-8 order texts alike as long as no character is above U+DFFF.
inline bool orders_alike(std::string_view text) {
  for (const char character : text) {
    if (static_cast<uint8_t>(character) >= 0xee) return false;
  }
  return true;
}

inline bool is_ascii(std::string_view text) {
  for (const char character : text) {
    if (static_cast<uint8_t>(character) >= 0x80) return false;
  }
  return true;
}

inline size_t utf16_length(std::string_view text) {
  size_t units = 0;
  for (const char character : text) {
    const uint8_t byte = static_cast<uint8_t>(character);
    units += (byte & 0xc0) != 0x80;
    units += byte >= 0xf0;
  }
  return units;
}

// Of ASCII only; as many bytes as `text` has are written.
inline void change_case(std::string_view text, bool is_upper, char *out) {
  for (const char byte : text) {
    if (is_upper) *out++ = byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte;
    else *out++ = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
  }
}

inline Value finite(double number) { return std::isfinite(number) ? Value::of(number) : Value{}; }

inline Value calculated(Op op, const Value &left, const Value &right) {
  if (!is_numeric(left) || !is_numeric(right)) return {};
  switch (op) {
    case Op::Add: return finite(left.number + right.number);
    case Op::Subtract: return finite(left.number - right.number);
    case Op::Multiply: return finite(left.number * right.number);
    case Op::Divide: return right.number == 0 ? Value{} : finite(left.number / right.number);
    default: return right.number == 0 ? Value{} : finite(std::fmod(left.number, right.number));
  }
}

// `order`: below 0 when the left one comes first, 0 when both are the same.
inline bool is_ordered(Op op, int order) {
  switch (op) {
    case Op::Less: return order < 0;
    case Op::LessEqual: return order <= 0;
    case Op::Greater: return order > 0;
    default: return order >= 0;
  }
}

inline bool has(const Set &set, const Value &item) {
  switch (item.type) {
    case Type::Null: return set.has_null;
    case Type::True: return set.has_true;
    case Type::False: return set.has_false;
    case Type::Text:
      for (const std::string &text : set.texts) {
        if (text.size() == item.text.size() && same_bytes(text.data(), item.text.data(), text.size())) return true;
      }
      return false;
    case Type::Number:
      for (const double number : set.numbers) {
        if (number == item.number) return true;
      }
      return false;
    default: return false;
  }
}

}  // namespace kernel

#endif
