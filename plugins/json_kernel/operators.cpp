// operators.cpp - what the operators of expressions come to. Every rule is that of
// runtime/pipeline/expression_operators.ts; where following it to the letter would take more than the kernel knows, it
// punts.
#include <cmath>
#include <cstring>

#include "bytes.hpp"
#include "evaluator.hpp"
#include "writer.hpp"

namespace kernel {

namespace {

bool is_numeric(const Value &value) { return value.type == Type::Number; }

// UTF-16 and UTF-8 order texts alike as long as no character is above U+DFFF.
bool orders_alike(std::string_view text) {
  for (const char character : text) {
    if (static_cast<uint8_t>(character) >= 0xee) return false;
  }
  return true;
}

bool is_ascii(std::string_view text) {
  for (const char character : text) {
    if (static_cast<uint8_t>(character) >= 0x80) return false;
  }
  return true;
}

size_t utf16_length(std::string_view text) {
  size_t units = 0;
  for (const char character : text) {
    const uint8_t byte = static_cast<uint8_t>(character);
    units += (byte & 0xc0) != 0x80;
    units += byte >= 0xf0;
  }
  return units;
}

Value finite(double number) { return std::isfinite(number) ? Value::of(number) : Value{}; }

bool is_true(const Value &value) { return value.type == Type::True; }

}  // namespace

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
  switch (op) {
    case Op::Less: return Value::of(order < 0);
    case Op::LessEqual: return Value::of(order <= 0);
    case Op::Greater: return Value::of(order > 0);
    default: return Value::of(order >= 0);
  }
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
      const Set &set = program_.sets[node.slot];
      switch (item.type) {
        case Type::Null: return Value::of(set.has_null);
        case Type::True: return Value::of(set.has_true);
        case Type::False: return Value::of(set.has_false);
        case Type::Text: {
          for (const std::string &text : set.texts) {
            if (text.size() == item.text.size() && same_bytes(text.data(), item.text.data(), text.size())) return Value::of(true);
          }
          return Value::of(false);
        }
        case Type::Number: {
          for (const double number : set.numbers) {
            if (number == item.number) return Value::of(true);
          }
          return Value::of(false);
        }
        default: return Value::of(false);
      }
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
      const Value right = evaluate(operands[1]);
      if (!is_numeric(left) || !is_numeric(right)) return {};
      switch (node.op) {
        case Op::Add: return finite(left.number + right.number);
        case Op::Subtract: return finite(left.number - right.number);
        case Op::Multiply: return finite(left.number * right.number);
        case Op::Divide: return right.number == 0 ? Value{} : finite(left.number / right.number);
        default: return right.number == 0 ? Value{} : finite(std::fmod(left.number, right.number));
      }
    }
    case Op::Lower:
    case Op::Upper: {
      const Value value = evaluate(operands[0]);
      if (value.type != Type::Text) return {};
      char *const text = is_ascii(value.text) ? scratch(value.text.size()) : nullptr;
      if (text == nullptr) return punt();
      for (size_t at = 0; at < value.text.size(); at++) {
        const char byte = value.text[at];
        if (node.op == Op::Lower) text[at] = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
        else text[at] = byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte;
      }
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
