// document.hpp - reads of an event what is asked for, and of the rest only whether it is JSON.
#ifndef JSON_KERNEL_DOCUMENT_HPP
#define JSON_KERNEL_DOCUMENT_HPP

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "numbers.hpp"
#include "program.hpp"
#include "tokens.hpp"
#include "value.hpp"

namespace kernel {

// JSON nested deeper than 64 levels, and what a double or a text of the host would not hold, are refused like what is
// malformed.
class Document {
 public:
  explicit Document(const Program &program);

  // To be called before each batch: memory may be another's now.
  void forget() { tokens_.forget(); }

  // Reads an object that is the whole event; false when it is none. At most kLongestEvent bytes.
  bool read(const uint8_t *data, uint32_t length, uint64_t readable);

  // The value of a member some field asks for, or null when there is none.
  Token found(uint32_t member) const { return found_[member]; }

  // The byte a value begins with.
  char kind(Token at) const { return base_[*at]; }

  // The value of an object's member, or null when there is none; of members with the same name the last counts.
  // False when that cannot be told.
  bool member(Token object, std::string_view name, Token &out);

  // The first item of a list, and the one behind another; null behind the last one.
  Token first_item(Token list) const;
  Token next_item(Token item) const;

  // False when the value cannot be told.
  bool decode(Token at, Value &value);

 private:
  const char *end_of(Token at) const;
  bool text(Token at, std::string_view &out, bool &is_plain);
  bool is_text(Token at);
  bool is_scalar(Token at);
  Token composite(Token at);
  Token behind(Token value) const;

  const Program &program_;
  Tokens tokens_;
  Numbers numbers_;
  std::vector<Token> found_;
  // Texts without their escapes, none longer than it was with them.
  std::unique_ptr<uint8_t[]> texts_;
  uint32_t used_ = 0;
  const char *base_ = nullptr;
  uint32_t end_ = 0;
  bool has_backslash_ = false;
};

}  // namespace kernel

#endif
