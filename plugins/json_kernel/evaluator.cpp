// evaluator.cpp - see evaluator.hpp.
#include "evaluator.hpp"

#include <cstring>

#include "writer.hpp"

namespace kernel {

namespace {

constexpr size_t kScratch = 1u << 16;

}  // namespace

Evaluator::Evaluator(const Program &program)
    : program_(program),
      texts_(static_cast<uint32_t>(program.reads.size())),
      document_(program),
      fields_(program.fields.size()),
      is_read_(program.fields.size()),
      scratch_(new char[kScratch]) {}

char *Evaluator::scratch(size_t length) {
  if (length > kScratch - scratch_used_) return nullptr;
  char *const start = scratch_.get() + scratch_used_;
  scratch_used_ += length;
  return start;
}

Verdict Evaluator::run(const uint8_t *data, uint32_t length, uint64_t readable, Room &room, Written &written, uint64_t *row) {
  // A byte order mark is taken off by the host.
  if (length == 0 || length > kLongestEvent || data[0] == 0xef) return Verdict::Punt;
  if (!document_.read(data, length, readable)) return Verdict::Punt;
  punted_ = false;
  scratch_used_ = 0;
  if (!is_read_.empty()) std::memset(is_read_.data(), 0, is_read_.size());
  for (const uint32_t filter : program_.filters) {
    const bool holds = evaluate(filter).type == Type::True;
    if (punted_) return Verdict::Punt;
    if (!holds) return Verdict::Drop;
  }
  const uint32_t front = room.front;
  if ((program_.projects && !write(room, written)) || punted_ || !read_columns(room, row)) {
    room.front = front;
    return Verdict::Punt;
  }
  return program_.projects ? Verdict::Projected : Verdict::Keep;
}

bool Evaluator::write(Room &room, Written &written) {
  const uint64_t start = (static_cast<uint64_t>(room.front) + 7) & ~uint64_t{7};
  if (start + 2 > room.back) return false;
  char *at = room.base + start;
  char *const end = room.base + room.back;
  *at++ = '{';
  bool first = true;
  for (const Output &output : program_.outputs) {
    Value made;
    const Value &value = value_of(output.node, made);
    if (punted_ || value.type == Type::Composite) return false;
    if (value.type == Type::Absent) continue;
    const size_t needed = output.label.size() + 2 + (value.type == Type::Text ? 6 * value.text.size() + 2 : kNumberText);
    if (static_cast<size_t>(end - at) < needed) return false;
    if (!first) *at++ = ',';
    first = false;
    std::memcpy(at, output.label.data(), output.label.size());
    at += output.label.size();
    switch (value.type) {
      case Type::Null: std::memcpy(at, "null", 4); at += 4; break;
      case Type::True: std::memcpy(at, "true", 4); at += 4; break;
      case Type::False: std::memcpy(at, "false", 5); at += 5; break;
      case Type::Text:
        if (!value.is_plain) {
          at = write_text(at, value.text);
          break;
        }
        *at++ = '"';
        std::memcpy(at, value.text.data(), value.text.size());
        at += value.text.size();
        *at++ = '"';
        break;
      default:
        // A step further on may tell -0 from 0, and JSON.stringify would not keep it.
        if (is_negative_zero(value)) return false;
        if (value.text.empty()) {
          at = write_number(at, value.number);
        } else {
          std::memcpy(at, value.text.data(), value.text.size());
          at += value.text.size();
        }
    }
  }
  *at++ = '}';
  written.start = static_cast<uint32_t>(start);
  room.front = static_cast<uint32_t>(at - room.base);
  written.length = room.front - written.start;
  return true;
}

// The value a path leads to; false when there is none, or when the path leads through a list and it punted.
bool Evaluator::find(uint32_t slot, Token &at) {
  const Field &field = program_.fields[slot];
  at = document_.found(field.member);
  for (const std::string &name : field.rest) {
    if (at == nullptr) return false;
    // A list has members, too: its indexes and its length.
    if (document_.kind(at) == '[' || !document_.member(at, name, at)) return punt(), false;
  }
  return at != nullptr;
}

void Evaluator::read_field(uint32_t slot) {
  Value &value = fields_[slot];
  is_read_[slot] = 1;
  Token at;
  if (find(slot, at) && document_.decode(at, value)) return;
  if (at != nullptr) punt();
  value.type = Type::Absent;
}

}  // namespace kernel
