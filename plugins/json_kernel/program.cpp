// program.cpp - see program.hpp. Runs once, when an instance is opened: clear rather than fast.
#include "program.hpp"

#include <utility>

#include "writer.hpp"

namespace kernel {

namespace {

namespace dom = simdjson::dom;

constexpr int kDeepest = 80;

const std::pair<const char *, Op> kOperators[] = {
    {"==", Op::Equal},          {"!=", Op::NotEqual},    {"<", Op::Less},
    {"<=", Op::LessEqual},      {">", Op::Greater},      {">=", Op::GreaterEqual},
    {"and", Op::And},           {"or", Op::Or},          {"not", Op::Not},
    {"in", Op::In},             {"contains", Op::Contains}, {"starts_with", Op::StartsWith},
    {"ends_with", Op::EndsWith}, {"+", Op::Add},         {"-", Op::Subtract},
    {"*", Op::Multiply},        {"/", Op::Divide},       {"%", Op::Modulo},
    {"lower", Op::Lower},       {"upper", Op::Upper},    {"length", Op::Length},
    {"number", Op::ToNumber},   {"string", Op::ToText},  {"coalesce", Op::Coalesce},
    {"if", Op::If},             {"concat", Op::Concat},  {"present", Op::Present},
};

bool number_of(dom::element element, double &out) {
  return (element.is_int64() || element.is_uint64() || element.is_double()) && element.get_double().get(out) == simdjson::SUCCESS;
}

uint32_t member_of(Program &program, std::string_view name) {
  for (uint32_t index = 0; index < program.members.size(); index++) {
    if (program.members[index].name == name) return index;
  }
  const uint8_t bucket = Program::hash(name.data(), name.size());
  program.members.push_back({std::string(name), program.buckets[bucket]});
  program.buckets[bucket] = static_cast<int32_t>(program.members.size() - 1);
  return static_cast<uint32_t>(program.members.size() - 1);
}

bool compile_field(dom::element path, Program &program, Node &node) {
  dom::array keys;
  if (path.get_array().get(keys) != simdjson::SUCCESS || keys.size() == 0) return false;
  Field field{0, {}};
  bool first = true;
  for (dom::element key : keys) {
    std::string_view name;
    if (key.get_string().get(name) != simdjson::SUCCESS) return false;
    if (first) field.member = member_of(program, name);
    else field.rest.emplace_back(name);
    first = false;
  }
  for (uint32_t index = 0; index < program.fields.size(); index++) {
    if (program.fields[index].member == field.member && program.fields[index].rest == field.rest) {
      node.slot = index;
      return true;
    }
  }
  node.slot = static_cast<uint32_t>(program.fields.size());
  program.fields.push_back(std::move(field));
  return true;
}

bool compile_set(dom::element list, Program &program, Node &node) {
  dom::array items;
  if (list.get_array().get(items) != simdjson::SUCCESS) return false;
  Set set;
  for (dom::element item : items) {
    std::string_view text;
    double number;
    bool truth;
    if (item.get_string().get(text) == simdjson::SUCCESS) set.texts.emplace_back(text);
    else if (number_of(item, number)) set.numbers.push_back(number);
    else if (item.get_bool().get(truth) == simdjson::SUCCESS) (truth ? set.has_true : set.has_false) = true;
    else if (item.is_null()) set.has_null = true;
    else return false;
  }
  node.slot = static_cast<uint32_t>(program.sets.size());
  program.sets.push_back(std::move(set));
  return true;
}

bool compile_constant(dom::element element, Node &node) {
  std::string_view text;
  double number;
  bool truth;
  if (element.get_string().get(text) == simdjson::SUCCESS) {
    node.text = std::string(text);
    node.constant.type = Type::Text;
  } else if (number_of(element, number)) {
    node.constant = Value::of(number);
  } else if (element.get_bool().get(truth) == simdjson::SUCCESS) {
    node.constant = Value::of(truth);
  } else if (element.is_null()) {
    node.constant.type = Type::Null;
  } else {
    return false;
  }
  return true;
}

// Stores the node's index; false when the expression is none.
bool compile_expression(dom::element element, Program &program, uint32_t &index, int depth) {
  if (depth > kDeepest) return false;
  Node node;
  dom::array list;
  if (element.get_array().get(list) != simdjson::SUCCESS) {
    if (!compile_constant(element, node)) return false;
  } else {
    std::string_view name;
    if (list.size() < 2 || list.at(0).get_string().get(name) != simdjson::SUCCESS) return false;
    const dom::element first = list.at(1).value_unsafe();
    if (name == "field") {
      node.op = Op::Field;
      if (!compile_field(first, program, node)) return false;
    } else {
      bool known = false;
      for (const auto &[text, op] : kOperators) {
        if (name == text) {
          node.op = op;
          known = true;
        }
      }
      if (!known) return false;
      size_t at = 0;
      for (dom::element operand : list) {
        const size_t position = at++;
        if (position == 0) continue;
        if (node.op == Op::In && position == 2) {
          if (!compile_set(operand, program, node)) return false;
          continue;
        }
        uint32_t child;
        if (!compile_expression(operand, program, child, depth + 1)) return false;
        node.operands.push_back(child);
      }
      const size_t count = node.operands.size();
      const bool any = node.op == Op::And || node.op == Op::Or || node.op == Op::Coalesce || node.op == Op::Concat;
      const bool one = node.op == Op::Not || node.op == Op::In || node.op == Op::Lower || node.op == Op::Upper ||
                       node.op == Op::Length || node.op == Op::ToNumber || node.op == Op::ToText || node.op == Op::Present;
      const bool fits = any ? count >= 1 : one ? count == 1 : node.op == Op::If ? count == 2 || count == 3 : count == 2;
      if (!fits || (node.op == Op::In && at != 3)) return false;
    }
  }
  index = static_cast<uint32_t>(program.nodes.size());
  program.nodes.push_back(std::move(node));
  return true;
}

}  // namespace

bool compile(std::string_view text, Program &program) {
  dom::parser parser;
  dom::element root;
  dom::array filters, outputs, reads;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return false;
  if (root["filters"].get_array().get(filters) != simdjson::SUCCESS) return false;
  for (dom::element filter : filters) {
    uint32_t index;
    if (!compile_expression(filter, program, index, 0)) return false;
    program.filters.push_back(index);
  }
  if (root["project"].get_array().get(outputs) == simdjson::SUCCESS) {
    program.projects = true;
    for (dom::element output : outputs) {
      std::string_view name;
      uint32_t index;
      if (output.at(0).get_string().get(name) != simdjson::SUCCESS) return false;
      dom::element expression;
      if (output.at(1).get(expression) != simdjson::SUCCESS) return false;
      if (!compile_expression(expression, program, index, 0)) return false;
      std::string label(6 * name.size() + 3, '\0');
      char *end = write_text(label.data(), name);
      *end++ = ':';
      label.resize(static_cast<size_t>(end - label.data()));
      program.outputs.push_back({std::move(label), index});
    }
  }
  if (root["reads"].get_array().get(reads) == simdjson::SUCCESS) {
    for (dom::element read : reads) {
      uint32_t index;
      if (!compile_expression(read, program, index, 0)) return false;
      program.reads.push_back(index);
    }
  }
  // Only now do the nodes stay where they are.
  for (Node &node : program.nodes) {
    if (node.op == Op::Constant && node.constant.type == Type::Text) node.constant.text = node.text;
  }
  return true;
}

}  // namespace kernel
