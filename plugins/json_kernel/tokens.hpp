// tokens.hpp - where the tokens of events begin, found by the first stage of simdjson for many neighbouring events at once.
#ifndef JSON_KERNEL_TOKENS_HPP
#define JSON_KERNEL_TOKENS_HPP

#include <simdjson.h>

#include <cstdint>
#include <memory>

namespace kernel {

// Points to where a token begins; the next one follows.
using Token = const uint32_t *;

constexpr uint32_t kLongestEvent = 1u << 20;

class Tokens {
 public:
  Tokens();

  // What was read before may have changed.
  void forget();

  // Finds the tokens of an event of at most kLongestEvent bytes; false when its UTF-8, or a text in it, is malformed.
  bool find(const uint8_t *data, uint32_t length, uint64_t readable);

  // What tokens count from; at least eight bytes behind the event may be read.
  const char *base() const { return base_; }
  // The first token of the event. Behind its last stand at least four at or behind its end, all of them readable.
  Token first() const { return next_; }
  // Tells which token stands behind the event, so that they need not be walked over again.
  void leave(Token behind) { next_ = behind; }
  uint32_t end() const { return end_; }
  bool has_backslash() const { return has_backslash_; }

  const simdjson::internal::dom_parser_implementation &implementation() const { return *parser_.implementation; }

 private:
  bool index(const uint8_t *data, size_t length);
  bool widen(const uint8_t *data, uint32_t length, uint64_t readable);
  void take(const uint8_t *data, uint32_t length);

  simdjson::dom::parser parser_;
  std::unique_ptr<uint8_t[]> padded_;
  const char *base_ = nullptr;
  Token next_ = nullptr;
  uint32_t end_ = 0;
  bool has_backslash_ = false;

  // Neighbouring events that were looked at together.
  const uint8_t *window_ = nullptr;
  const uint8_t *window_end_ = nullptr;
  // Until here, events are looked at one by one.
  const uint8_t *alone_until_ = nullptr;
  // Behind the last event.
  const uint8_t *behind_ = nullptr;
  // The first backslash of the window at or behind the last event.
  const uint8_t *backslash_ = nullptr;
  uint32_t width_ = 0;
};

}  // namespace kernel

#endif
