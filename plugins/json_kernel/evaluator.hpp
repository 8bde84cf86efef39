// evaluator.hpp - runs a program on one event.
#ifndef JSON_KERNEL_EVALUATOR_HPP
#define JSON_KERNEL_EVALUATOR_HPP

#include <simdjson.h>

#include <memory>
#include <vector>

#include "program.hpp"

namespace kernel {

enum class Verdict { Drop, Keep, Projected, Punt };

// Where a projection is written.
struct Room {
  char *start;
  uint32_t capacity;
  uint32_t length;
};

class Evaluator {
 public:
  explicit Evaluator(const Program &program);

  // `readable`: bytes that may be read from `data` on, at least `length`. Punt means: the host has to decide.
  Verdict run(const uint8_t *data, uint32_t length, uint64_t readable, Room &room);

 private:
  Value evaluate(uint32_t node);
  Value field(uint32_t slot);
  Value from(simdjson::dom::element element);
  Value text_of(const Value &value);
  Value compare(Op op, const Value &left, const Value &right);
  bool is_same(const Value &left, const Value &right);
  bool read(simdjson::dom::object object);
  bool write(Room &room);
  char *scratch(size_t length);
  Value punt();

  const Program &program_;
  simdjson::dom::parser parser_;
  std::vector<simdjson::dom::element> found_;
  std::vector<uint8_t> is_found_;
  std::unique_ptr<uint8_t[]> padded_;
  std::unique_ptr<char[]> scratch_;
  size_t scratch_used_ = 0;
  const uint8_t *data_ = nullptr;
  uint32_t length_ = 0;
  bool punted_ = false;
};

}  // namespace kernel

#endif
