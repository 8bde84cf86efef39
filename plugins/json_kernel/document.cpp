// document.cpp - see document.hpp.
#include "document.hpp"

#include <cstring>

#include "bytes.hpp"

namespace kernel {

namespace {

constexpr int kDeepest = 64;

bool is_space(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

// Half of a surrogate pair, encoded as if it were a character.
bool has_surrogate(std::string_view text) {
  const char *at = text.data();
  const char *const end = at + text.size();
  while (at < end && (at = static_cast<const char *>(std::memchr(at, 0xed, static_cast<size_t>(end - at)))) != nullptr) {
    if (end - at > 1 && static_cast<uint8_t>(at[1]) >= 0xa0) return true;
    at++;
  }
  return false;
}

}  // namespace

Document::Document(const Program &program)
    : program_(program),
      found_(program.members.size()),
      texts_(new uint8_t[kLongestEvent + 2 * simdjson::SIMDJSON_PADDING]) {}

// Behind the last byte of a text or scalar: only space is between it and the next token.
inline const char *Document::end_of(Token at) const {
  const char *end = base_ + at[1];
  const char *const start = base_ + *at;
  while (end - 1 > start && is_space(end[-1])) end--;
  return end;
}

bool Document::text(Token at, std::string_view &out, bool &is_plain) {
  const char *const start = base_ + *at + 1;
  const char *const end = end_of(at) - 1;
  if (end < start || *end != '"') return false;
  const size_t length = static_cast<size_t>(end - start);
  is_plain = true;
  out = std::string_view(start, length);
  if (!has_backslash_ || std::memchr(start, '\\', length) == nullptr) return true;
  if (length + simdjson::SIMDJSON_PADDING > kLongestEvent + 2 * simdjson::SIMDJSON_PADDING - used_) return false;
  uint8_t *const from = texts_.get() + used_;
  const uint8_t *const behind = tokens_.implementation().parse_string(reinterpret_cast<const uint8_t *>(start), from);
  if (behind == nullptr) return false;
  out = std::string_view(reinterpret_cast<const char *>(from), static_cast<size_t>(behind - from));
  const Content content = content_of(out.data(), out.size());
  is_plain = !content.escaped;
  used_ += static_cast<uint32_t>(out.size());
  return !content.beyond_ascii || !has_surrogate(out);
}

// What is between quotes is checked already, but for escapes.
inline bool Document::is_text(Token at) {
  if (!has_backslash_) return true;
  std::string_view ignored;
  bool is_plain;
  const uint32_t used = used_;
  const bool is_valid = text(at, ignored, is_plain);
  used_ = used;
  return is_valid;
}

inline bool Document::is_scalar(Token at) {
  const char *const start = base_ + *at;
  const size_t length = static_cast<size_t>(end_of(at) - start);
  switch (*start) {
    case '"': return is_text(at);
    case 't': return length == 4 && load<uint32_t>(start) == load<uint32_t>("true");
    case 'n': return length == 4 && load<uint32_t>(start) == load<uint32_t>("null");
    case 'f': return length == 5 && load<uint32_t>(start + 1) == load<uint32_t>("alse");
    default: return is_number(start, length);
  }
}

// Behind the object or list that begins here, or null when it is malformed.
Token Document::composite(Token at) {
  uint64_t objects = 0;                 // of the composites around, a bit each
  int depth = 0;
  bool opens = true;
  for (;;) {
    if (opens) {
      const bool is_object = base_[*at] == '{';
      if (depth++ == kDeepest) return nullptr;
      objects = objects << 1 | (is_object ? 1 : 0);
      at++;
      opens = false;
      if (base_[*at] != (is_object ? '}' : ']')) goto member;
    } else {
      const char mark = base_[*at];
      if (mark == ',') {
        at++;
        goto member;
      }
      if (mark != ((objects & 1) != 0 ? '}' : ']')) return nullptr;
    }
    at++;
    objects >>= 1;
    if (--depth == 0) return at;
    continue;
  member:
    if (*at >= end_) return nullptr;
    if ((objects & 1) != 0) {
      if (base_[*at] != '"' || base_[at[1]] != ':' || !is_text(at)) return nullptr;
      at += 2;
      if (*at >= end_) return nullptr;
    }
    if (base_[*at] == '{' || base_[*at] == '[') opens = true;
    else if (!is_scalar(at++)) return nullptr;
  }
}

bool Document::read(const uint8_t *data, uint32_t length, uint64_t readable) {
  if (!tokens_.find(data, length, readable)) return false;
  base_ = tokens_.base();
  end_ = tokens_.end();
  has_backslash_ = tokens_.has_backslash();
  used_ = 0;
  for (Token &found : found_) found = nullptr;
  const char *const base = base_;
  const uint32_t end = end_;
  Token at = tokens_.first();
  if (*at >= end || base[*at] != '{') return false;
  if (base[*++at] != '}') {
    for (;; at++) {
      const char *name = base + *at + 1;
      if (*at >= end || name[-1] != '"' || base[at[1]] != ':') return false;
      // Most names end right before the colon, and have no escapes.
      uint32_t length = at[1] - *at - 2;
      if (has_backslash_ || base[at[1] - 1] != '"' || length > end) {
        std::string_view found;
        bool is_plain;
        if (!text(at, found, is_plain)) return false;
        name = found.data();
        length = static_cast<uint32_t>(found.size());
      }
      at += 2;
      if (*at >= end) return false;
      for (int32_t known = program_.buckets[Program::hash(name, length)]; known >= 0;) {
        const Member &wanted = program_.members[static_cast<size_t>(known)];
        if (wanted.name.size() == length && same_bytes(wanted.name.data(), name, length)) {
          found_[static_cast<size_t>(known)] = at;
          break;
        }
        known = wanted.next;
      }
      const char kind = base[*at];
      if (kind == '"') {
        if (!is_text(at++)) return false;
      } else if (kind == '{' || kind == '[') {
        if ((at = composite(at)) == nullptr) return false;
      } else if (!is_scalar(at++)) {
        return false;
      }
      if (base[*at] != ',') break;
    }
  }
  // With all of it inside the event, every token before was, and nothing is to follow.
  if (base[*at] != '}' || *at >= end || at[1] < end) return false;
  tokens_.leave(at + 1);
  return true;
}

// Of a value that was read before.
Token Document::behind(Token value) const {
  int depth = 0;
  for (;; value++) {
    const char kind = base_[*value];
    if (kind == '{' || kind == '[') depth++;
    else if (kind == '}' || kind == ']') depth--;
    if (depth <= 0 || *value >= end_) return value + 1;
  }
}

bool Document::member(Token object, std::string_view name, Token &out) {
  out = nullptr;
  if (base_[*object] != '{') return true;
  Token at = object + 1;
  while (*at < end_ && base_[*at] == '"') {
    std::string_view found;
    bool is_plain;
    const uint32_t used = used_;
    if (!text(at, found, is_plain)) return false;
    if (found == name) out = at + 2;
    used_ = used;
    at = behind(at + 2);
    if (base_[*at] != ',') break;
    at++;
  }
  return true;
}

Token Document::first_item(Token list) const { return base_[list[1]] == ']' ? nullptr : list + 1; }

Token Document::next_item(Token item) const {
  const Token mark = behind(item);
  return *mark < end_ && base_[*mark] == ',' ? mark + 1 : nullptr;
}

bool Document::decode(Token at, Value &value) {
  const char *const start = base_ + *at;
  switch (*start) {
    case '"':
      value.type = Type::Text;
      return text(at, value.text, value.is_plain);
    case '{':
    case '[': value.type = Type::Composite; return true;
    case 't': value.type = Type::True; return true;
    case 'f': value.type = Type::False; return true;
    case 'n': value.type = Type::Null; return true;
    default: {
      Number number;
      const size_t length = static_cast<size_t>(end_of(at) - start);
      if (!numbers_.read(start, length, number)) return false;
      value.type = Type::Number;
      value.number = number.value;
      value.text = number.is_canonical ? std::string_view(start, length) : std::string_view();
      return true;
    }
  }
}

}  // namespace kernel
