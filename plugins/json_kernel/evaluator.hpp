// evaluator.hpp - runs a program on one event.
#ifndef JSON_KERNEL_EVALUATOR_HPP
#define JSON_KERNEL_EVALUATOR_HPP

#include <memory>
#include <vector>

#include "columns.hpp"
#include "document.hpp"
#include "program.hpp"
#include "texts.hpp"

namespace kernel {

enum class Verdict { Drop, Keep, Projected, Punt };

// A projection that was written into a Room.
struct Written {
  uint32_t start;
  uint32_t length;
};

class Evaluator {
 public:
  explicit Evaluator(const Program &program);

  // To be called before the first event of a batch.
  void begin() { document_.forget(); }

  // `readable`: bytes that may be read from `data` on, at least `length`. Punt means: the host has to decide; then the
  // room is as it was, but for texts handed over.
  Verdict run(const uint8_t *data, uint32_t length, uint64_t readable, Room &room, Written &written, uint64_t *row);

  Texts &texts() { return texts_; }

 private:
  Value evaluate(uint32_t node);
  // The same without a copy of what is there already; `room` is for what is not.
  const Value &value_of(uint32_t index, Value &room) {
    const Node &node = program_.nodes[index];
    if (node.op == Op::Field) return field(node.slot);
    if (node.op == Op::Constant) return node.constant;
    return room = evaluate(index);
  }
  const Value &field(uint32_t slot) {
    if (is_read_[slot] == 0) read_field(slot);
    return fields_[slot];
  }
  void read_field(uint32_t slot);
  Value text_of(const Value &value);
  Value compare(Op op, const Value &left, const Value &right);
  bool is_same(const Value &left, const Value &right);
  bool write(Room &room, Written &written);
  bool read_columns(Room &room, uint64_t *row);
  bool text_value(uint32_t column, std::string_view text, Room &room, uint64_t &out);
  bool find(uint32_t slot, Token &at);
  Value contains(uint32_t list, const Value &part);
  char *scratch(size_t length);
  Value punt() {
    punted_ = true;
    return {};
  }

  const Program &program_;
  Texts texts_;
  Document document_;
  // Fields of the event that were looked at, by slot: expressions ask for the same ones again and again.
  std::vector<Value> fields_;
  std::vector<uint8_t> is_read_;
  std::unique_ptr<char[]> scratch_;
  size_t scratch_used_ = 0;
  bool punted_ = false;
};

}  // namespace kernel

#endif
