// evaluator.cpp - see evaluator.hpp. Every rule is that of runtime/pipeline/expression_operators.ts; where following it
// to the letter would take more than the kernel knows, it punts.
#include "evaluator.hpp"

#include <cstring>

#include "bytes.hpp"
#include "operators.hpp"
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
    const bool holds = is_true(evaluate(filter));
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

// Whether a list of plain values has one.
Value Evaluator::contains(uint32_t list, const Value &part) {
  const Node &node = program_.nodes[list];
  Token at;
  if (node.op != Op::Field || !find(node.slot, at) || document_.kind(at) != '[') return punt();
  bool found = false;
  for (Token item = document_.first_item(at); item != nullptr; item = document_.next_item(item)) {
    Value value;
    if (!document_.decode(item, value)) return punt();
    if (value.type == Type::Composite || punted_) return punt();
    found = found || is_same(value, part);
  }
  return Value::of(found && !punted_);
}

bool Evaluator::is_same(const Value &left, const Value &right) {
  if (left.type == Type::Composite && right.type == Type::Composite) return punt(), false;
  if (left.type != right.type) return false;
  if (left.type == Type::Number) return left.number == right.number;
  if (left.type != Type::Text) return true;
  return left.text.size() == right.text.size() && same_bytes(left.text.data(), right.text.data(), left.text.size());
}

Value Evaluator::compare(Op op, const Value &left, const Value &right) {
  int order;
  if (is_numeric(left) && is_numeric(right)) {
    order = left.number < right.number ? -1 : left.number > right.number ? 1 : 0;
  } else if (left.type == Type::Text && right.type == Type::Text) {
    if (!orders_alike(left.text) || !orders_alike(right.text)) return punt();
    order = left.text.compare(right.text);
  } else {
    return Value::of(false);
  }
  return Value::of(is_ordered(op, order));
}

// Absent for what asText of expression_values.ts gives undefined for.
Value Evaluator::text_of(const Value &value) {
  switch (value.type) {
    case Type::Absent:
    case Type::Null: return {};
    case Type::True: return Value::of(std::string_view("true"));
    case Type::False: return Value::of(std::string_view("false"));
    case Type::Text: return value;
    case Type::Composite: return punt();
    default: {
      if (!value.text.empty()) return Value::of(value.text);
      char *const text = scratch(kNumberText);
      if (text == nullptr) return punt();
      return Value::of(std::string_view(text, static_cast<size_t>(write_number(text, value.number) - text)));
    }
  }
}

Value Evaluator::evaluate(uint32_t index) {
  const Node &node = program_.nodes[index];
  const auto &operands = node.operands;
  switch (node.op) {
    case Op::Constant: return node.constant;
    case Op::Field: return field(node.slot);
    case Op::Equal:
    case Op::NotEqual: {
      Value rooms[2];
      const Value &left = value_of(operands[0], rooms[0]);
      const Value &right = value_of(operands[1], rooms[1]);
      return Value::of(is_same(left, right) == (node.op == Op::Equal));
    }
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual: {
      Value rooms[2];
      const Value &left = value_of(operands[0], rooms[0]);
      return compare(node.op, left, value_of(operands[1], rooms[1]));
    }
    case Op::And:
    case Op::Or: {
      const bool wanted = node.op == Op::And;
      for (const uint32_t operand : operands) {
        if (is_true(evaluate(operand)) != wanted || punted_) return Value::of(!wanted);
      }
      return Value::of(wanted);
    }
    case Op::Not: return Value::of(!is_true(evaluate(operands[0])));
    case Op::In: {
      Value room;
      const Value &item = value_of(operands[0], room);
      return Value::of(has(program_.sets[node.slot], item));
    }
    case Op::Contains:
    case Op::StartsWith:
    case Op::EndsWith: {
      Value rooms[2];
      const Value &text = value_of(operands[0], rooms[0]);
      const Value &part = value_of(operands[1], rooms[1]);
      if (node.op == Op::Contains && text.type == Type::Composite) return contains(operands[0], part);
      if (text.type != Type::Text || part.type != Type::Text) return Value::of(false);
      const std::string_view whole = text.text;
      const size_t length = part.text.size();
      if (node.op == Op::Contains) return Value::of(whole.find(part.text) != std::string_view::npos);
      if (length > whole.size()) return Value::of(false);
      return Value::of((node.op == Op::StartsWith ? whole.substr(0, length) : whole.substr(whole.size() - length)) == part.text);
    }
    case Op::Add:
    case Op::Subtract:
    case Op::Multiply:
    case Op::Divide:
    case Op::Modulo: {
      const Value left = evaluate(operands[0]);
      return calculated(node.op, left, evaluate(operands[1]));
    }
    case Op::Lower:
    case Op::Upper: {
      const Value value = evaluate(operands[0]);
      if (value.type != Type::Text) return {};
      char *const text = is_ascii(value.text) ? scratch(value.text.size()) : nullptr;
      if (text == nullptr) return punt();
      change_case(value.text, node.op == Op::Upper, text);
      return Value::of(std::string_view(text, value.text.size()));
    }
    case Op::Length: {
      const Value value = evaluate(operands[0]);
      if (value.type == Type::Composite) return punt();
      return value.type == Type::Text ? Value::of(static_cast<double>(utf16_length(value.text))) : Value{};
    }
    case Op::ToNumber: {
      const Value value = evaluate(operands[0]);
      switch (value.type) {
        case Type::Number: return value;
        case Type::True: return Value::of(1.0);
        case Type::False: return Value::of(0.0);
        case Type::Text: return punt();
        default: return {};
      }
    }
    case Op::ToText: return text_of(evaluate(operands[0]));
    case Op::Coalesce: {
      for (const uint32_t operand : operands) {
        const Value value = evaluate(operand);
        if (value.type != Type::Absent && value.type != Type::Null) return value;
      }
      return {};
    }
    case Op::If: {
      if (is_true(evaluate(operands[0]))) return evaluate(operands[1]);
      return operands.size() == 3 ? evaluate(operands[2]) : Value{};
    }
    case Op::Concat: {
      // The parts first: those that are made lie in the scratch memory, too.
      std::string_view parts[16];
      if (operands.size() > 16) return punt();
      size_t total = 0;
      for (size_t at = 0; at < operands.size(); at++) {
        Value room;
        const Value part = text_of(value_of(operands[at], room));
        if (part.type == Type::Text) parts[at] = part.text;
        total += parts[at].size();
      }
      char *const text = punted_ ? nullptr : scratch(total);
      if (text == nullptr) return punt();
      char *end = text;
      for (size_t at = 0; at < operands.size(); at++) {
        if (parts[at].empty()) continue;
        std::memcpy(end, parts[at].data(), parts[at].size());
        end += parts[at].size();
      }
      return Value::of(std::string_view(text, total));
    }
    case Op::Present: return Value::of(evaluate(operands[0]).type != Type::Absent);
  }
  return punt();
}

}  // namespace kernel
