// writer.hpp - writes JSON exactly as JSON.stringify does.
#ifndef JSON_KERNEL_WRITER_HPP
#define JSON_KERNEL_WRITER_HPP

#include <string_view>

namespace kernel {

// Longest text of a number.
constexpr unsigned kNumberText = 32;

// Writes a finite number as String() of JavaScript does, and returns the end. `out` has room for kNumberText.
char *write_number(char *out, double number);

// Writes text in quotes, and returns the end. `out` has room for six times the text and two bytes more.
char *write_text(char *out, std::string_view text);

}  // namespace kernel

#endif
