// program.hpp - the steps the host has handed over, compiled.
#ifndef JSON_KERNEL_PROGRAM_HPP
#define JSON_KERNEL_PROGRAM_HPP

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "value.hpp"

namespace kernel {

enum class Op : uint8_t {
  Constant, Field, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, And, Or, Not, In, Contains, StartsWith,
  EndsWith, Add, Subtract, Multiply, Divide, Modulo, Lower, Upper, Length, ToNumber, ToText, Coalesce, If, Concat, Present
};

struct Node {
  Op op = Op::Constant;
  uint32_t slot = 0;                    // Field: index into Program::fields. In: index into Program::sets.
  std::vector<uint32_t> operands{};
  Value constant{};
  std::string text{};                   // owns constant.text
};

// A field: the member of the outermost object it starts at, and the members below it.
struct Field {
  uint32_t member;
  std::vector<std::string> rest;
};

struct Set {
  std::vector<std::string> texts;
  std::vector<double> numbers;
  bool has_null = false, has_true = false, has_false = false;
};

struct Output {
  std::string label;                    // `"name":`
  uint32_t node;
};

// A member of the outermost object that some field reads; members with the same hash form a chain.
struct Member {
  std::string name;
  int32_t next = -1;
};

struct Program {
  std::vector<Node> nodes;
  std::vector<Field> fields;
  std::vector<Set> sets;
  std::vector<Member> members;
  std::array<int32_t, 256> buckets;
  std::vector<uint32_t> filters;        // every one has to be true
  std::vector<Output> outputs;
  std::vector<uint32_t> reads;          // columns of a row
  bool projects = false;

  Program() { buckets.fill(-1); }

  static uint8_t hash(const char *name, size_t length) {
    return length == 0 ? 0 : static_cast<uint8_t>(length * 31 + static_cast<uint8_t>(name[0]) * 7 +
                                                  static_cast<uint8_t>(name[length - 1]));
  }
};

// Reads `{"filters":[…],"project":[[name, expression],…]}`; false when it is no program.
bool compile(std::string_view text, Program &program);

}  // namespace kernel

#endif
