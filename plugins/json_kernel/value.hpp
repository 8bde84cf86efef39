// value.hpp - what an expression gives.
#ifndef JSON_KERNEL_VALUE_HPP
#define JSON_KERNEL_VALUE_HPP

#include <cmath>
#include <cstdint>
#include <string_view>

namespace kernel {

enum class Type : uint8_t { Absent, Null, False, True, Number, Text, Composite };

// Absent is JavaScript's undefined. Composite is an object or a list, of which the kernel knows nothing more.
struct Value {
  Type type = Type::Absent;
  // The text is written as it is, between quotes.
  bool is_plain = false;
  double number = 0;
  // Of a number: how JSON.stringify writes it, when that is known.
  std::string_view text{};

  static Value of(bool value) {
    Value result;
    result.type = value ? Type::True : Type::False;
    return result;
  }
  static Value of(double value) {
    Value result;
    result.type = Type::Number;
    result.number = value;
    return result;
  }
  static Value of(std::string_view value) {
    Value result;
    result.type = Type::Text;
    result.text = value;
    return result;
  }
};

// JSON.stringify does not keep its sign, and a step further on may tell it from 0.
inline bool is_negative_zero(const Value &value) { return value.number == 0 && std::signbit(value.number); }

}  // namespace kernel

#endif
