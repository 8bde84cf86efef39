import { assert, assertEquals, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import {
  compileExpression,
  expressionOrFunctionSchema,
  expressionSchema,
  parseExpression,
} from "../../runtime/pipeline/expression.ts";
import { operatorNames } from "../../runtime/pipeline/expression_operators.ts";

const event = {
  level: "error",
  status: 503,
  ratio: 0.5,
  big: 2n ** 60n,
  ok: true,
  nothing: null,
  "user.name": "dotted",
  user: { name: "Ada", roles: ["admin", "dev"], address: { city: "Turin" } },
  tags: ["a", "b", 3],
  text: " 42 ",
};

function evaluate(expression: unknown, value: unknown = event): unknown {
  return compileExpression(parseExpression(expression, "test"))(value);
}

const table: readonly (readonly [expression: unknown, expected: unknown])[] = [
  // plain values
  ["error", "error"],
  [null, null],
  [true, true],
  [1.5, 1.5],
  [["literal", ["a", ["b", null]]], ["a", ["b", null]]],
  [["literal", "field"], "field"],
  // fields
  [["field", "level"], "error"],
  [["field", "user.name"], "Ada"],
  [["field", ["user.name"]], "dotted"],
  [["field", "user.roles.1"], "dev"],
  [["field", ["user", "roles", 0]], "admin"],
  [["field", "user.address.city"], "Turin"],
  [["field", "user.address.city.length"], undefined],
  [["field", "absent.deep"], undefined],
  [["field", []], event],
  // equality
  [["==", ["field", "level"], "error"], true],
  [["==", ["field", "status"], 503], true],
  [["==", ["field", "status"], "503"], false],
  [["==", ["field", "big"], 2 ** 60], true],
  [["==", ["field", "big"], 1], false],
  [["==", ["field", "absent"], null], false],
  [["==", ["field", "nothing"], null], true],
  [["==", ["field", "user.roles"], ["literal", ["admin", "dev"]]], true],
  [["==", ["field", "user.roles"], ["literal", ["admin"]]], false],
  [["==", ["field", "user"], ["field", "user"]], true],
  [["==", ["field", "user"], ["field", "tags"]], false],
  [["==", ["field", "tags"], ["field", "user"]], false],
  [["!=", ["field", "level"], "info"], true],
  [["!=", ["field", "absent"], "info"], true],
  // order
  [["<", 1, 2], true],
  [["<", 2, 2], false],
  [["<=", 2, 2], true],
  [[">", 3, 2], true],
  [[">", 2, 2], false],
  [[">=", 2, 2], true],
  [[">=", 1, 2], false],
  [[">", ["field", "big"], 5], true],
  [["<", "a", "b"], true],
  [["<", "10", 9], false],
  [[">=", "10", 9], false],
  [["<=", ["field", "absent"], 9], false],
  [[">=", ["field", "ok"], false], false],
  // logic: only true is true
  [["and", true, true, true], true],
  [["and", true, false], false],
  [["and", true, 1], false],
  [["and", true], true],
  [["or", false, true], true],
  [["or", false, ["field", "absent"]], false],
  [["or", "true"], false],
  [["not", false], true],
  [["not", true], false],
  [["not", ["field", "absent"]], true],
  // membership
  [["in", ["field", "level"], ["literal", ["warn", "error"]]], true],
  [["in", ["field", "level"], ["literal", ["warn"]]], false],
  [["in", ["field", "big"], ["literal", [2 ** 60]]], true],
  [["in", 3, ["field", "tags"]], true],
  [["in", "3", ["field", "tags"]], false],
  [["in", ["literal", [1]], ["literal", [[1], [2]]]], true],
  [["in", "e", ["field", "level"]], false],
  [["contains", ["field", "level"], "rro"], true],
  [["contains", ["field", "level"], 1], false],
  [["contains", ["field", "tags"], "b"], true],
  [["contains", ["field", "tags"], "c"], false],
  [["contains", ["field", "absent"], "c"], false],
  [["starts_with", ["field", "level"], "err"], true],
  [["starts_with", ["field", "level"], "rr"], false],
  [["starts_with", ["field", "status"], "5"], false],
  [["ends_with", ["field", "level"], "ror"], true],
  [["ends_with", ["field", "level"], "err"], false],
  [["matches", ["field", "level"], "^ERR", "i"], true],
  [["matches", ["field", "level"], "^ERR"], false],
  [["matches", ["field", "status"], "5"], false],
  // arithmetic
  [["+", ["field", "status"], 1], 504],
  [["-", 1, 3], -2],
  [["*", ["field", "ratio"], 4], 2],
  [["/", 1, 4], 0.25],
  [["/", 1, 0], undefined],
  [["%", 7, 4], 3],
  [["%", 7, 0], undefined],
  [["+", "a", "b"], undefined],
  [["+", ["field", "absent"], 1], undefined],
  [["+", ["field", "big"], 0], 2 ** 60],
  // text and numbers
  [["lower", "AbC"], "abc"],
  [["upper", "AbC"], "ABC"],
  [["upper", 1], undefined],
  [["slice", "abcd", 1], "bcd"],
  [["slice", "abcd", 0, -1], "abc"],
  [["slice", ["literal", [1, 2, 3]], 1, 2], [2]],
  [["slice", "abcd", 0.5], undefined],
  [["slice", 5, 0], undefined],
  [["length", "abc"], 3],
  [["length", ["field", "tags"]], 3],
  [["length", ["field", "user"]], undefined],
  [["number", ["field", "text"]], 42],
  [["number", ""], undefined],
  [["number", "x"], undefined],
  [["number", true], 1],
  [["number", ["field", "nothing"]], undefined],
  [["number", ["field", "tags"]], undefined],
  [["string", 1.5], "1.5"],
  [["string", "x"], "x"],
  [["string", true], "true"],
  [["string", null], undefined],
  [["string", ["field", "tags"]], '["a","b",3]'],
  // choice
  [["coalesce", ["field", "absent"], ["field", "nothing"], "x"], "x"],
  [["coalesce", ["field", "ratio"], "x"], 0.5],
  [["coalesce", ["field", "absent"]], undefined],
  [["if", ["field", "ok"], "yes", "no"], "yes"],
  [["if", ["field", "status"], "yes", "no"], "no"],
  [["if", false, "yes"], undefined],
  [["concat", "s=", ["field", "status"], ["field", "absent"], "!"], "s=503!"],
  [["present", ["field", "nothing"]], true],
  [["present", ["field", "absent"]], false],
];

Deno.test("expressions give what the table says", () => {
  for (const [expression, expected] of table) {
    assertEquals(evaluate(expression), expected, JSON.stringify(expression));
  }
});

Deno.test("the table uses every operator", () => {
  const used = new Set<unknown>();
  const collect = (expression: unknown): void => {
    if (!Array.isArray(expression)) return;
    used.add(expression[0]);
    expression.slice(1).forEach(collect);
  };
  for (const [expression] of table) collect(expression);
  assertEquals(operatorNames.filter((name) => !used.has(name)), []);
});

Deno.test("reads no inherited property, whatever the event", () => {
  const hostile: readonly unknown[] = [
    {},
    [],
    "text",
    1,
    true,
    null,
    undefined,
    () => 1,
    Object.create({ inherited: 1 }),
    JSON.parse('{"a":{"b":1}}'),
  ];
  const paths = [
    "__proto__",
    "constructor",
    "constructor.name",
    "constructor.prototype",
    "__proto__.polluted",
    "toString",
    "hasOwnProperty",
    "valueOf.call",
    "a.constructor",
    "a.__proto__.toString",
    "inherited",
  ];
  for (const value of hostile) {
    for (const path of paths) {
      assertEquals(evaluate(["field", path], value), undefined, path);
      assertEquals(evaluate(["field", path.split(".")], value), undefined);
    }
  }
});

Deno.test("reads a field of an event's own that is named __proto__ as data", () => {
  const value = JSON.parse('{"__proto__":{"admin":true}}');
  assertEquals(evaluate(["field", "__proto__.admin"], value), true);
  assertEquals(evaluate(["field", "admin"], value), undefined);
});

Deno.test("does not take names of inherited methods for operators", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    assertThrows(() => parseExpression([name, 1], "test"), CaissonError);
  }
});

const invalid: readonly (readonly [unknown, path: string, allowed: RegExp])[] = [
  [["=", 1, 1], "[0]", /==/],
  [[], "[0]", /an operator/],
  [[1, 2], "[0]", /literal/],
  [[["field", "a"]], "[0]", /an operator/],
  [["==", 1], "", /\["==", a, b\]/],
  [["not", true, true], "", /\["not", a\]/],
  [["and"], "", /and/],
  [["and", true, ["or", ["field", 1]]], "[2][1][1]", /a path/],
  [["field", ""], "[1]", /a path/],
  [["field", "a..b"], "[1]", /a path/],
  [["field", ["a", -1]], "[1]", /a path/],
  [["field", ["a", ["b"]]], "[1]", /a path/],
  [["field"], "", /field/],
  [{ field: "a" }, "", /a text/],
  [["==", ["field", "a"], { b: 1 }], "[2]", /a text/],
  [["==", 1, NaN], "[2]", /a text/],
  [["==", 1, undefined], "[2]", /a text/],
  [["literal", { a: 1 }], "[1]", /a text/],
  [["matches", ["field", "a"], "("], "[2]", /regular expression/],
  [["matches", ["field", "a"], 1], "[2]", /a text/],
  [["matches", ["field", "a"], ["concat", "x"]], "[2]", /a text/],
  [["matches", ["field", "a"], "a", "g"], "[3]", /flags/],
  [["matches", ["field", "a"], "a", "uv"], "[2]", /regular expression/],
];

Deno.test("refuses an invalid expression and names the place in it", () => {
  for (const [expression, path, allowed] of invalid) {
    const error = assertThrows(
      () => parseExpression(expression, "flow.json: filter"),
      CaissonError,
    );
    assertEquals(error.code, "CAISSON_FLOW_INVALID");
    assertEquals(error.subject, `flow.json: filter${path}`);
    assert(allowed.test(error.allowed), error.message);
  }
});

Deno.test("says where a name may stand that is no operator here", () => {
  for (
    const [expression, place] of [
      [[">", ["sum", ["field", "x"]], 1], '"sum" only in the target of a select step with a window'],
      [["==", ["group", 0], 1], '"group" only in the target of a select step with a groupBy'],
      [["captured", "a"], '"captured" only in the when and then of a match step'],
      [["state"], '"state" only in the update and target of a state step'],
      [["summ", 1], "an operator: "],
    ] as const
  ) assertThrows(() => parseExpression(expression, "flow"), CaissonError, place);
});

Deno.test("refuses an expression that is nested too deeply instead of overflowing", () => {
  let expression: unknown = true;
  for (let level = 0; level < 100_000; level++) expression = ["not", expression];
  const error = assertThrows(() => parseExpression(expression, "test"), CaissonError);
  assert(error.allowed.includes("64"));
  let list: unknown = [];
  for (let level = 0; level < 100_000; level++) list = [list];
  assertThrows(() => parseExpression(["literal", list], "test"), CaissonError);
});

Deno.test("the schema reports the path inside the expression", () => {
  for (const schema of [expressionSchema, expressionOrFunctionSchema]) {
    const result = schema.safeParse(["and", true, ["==", 1]]);
    assertEquals(result.error?.issues[0]?.path, [2]);
    assertEquals(result.error?.issues[0]?.message, '["==", a, b]');
    assert(schema.safeParse(["==", ["field", "a"], 1]).success);
  }
  assert(!expressionSchema.safeParse(() => true).success);
  assert(expressionOrFunctionSchema.safeParse(() => true).success);
});

Deno.test("an expression does not change when the flow's object does", () => {
  const list = ["a"];
  const compiled = compileExpression(
    parseExpression(["contains", ["literal", list], "b"], "test"),
  );
  list.push("b");
  assertEquals(compiled({}), false);
});

Deno.test("a list of an event is compared by content, key order aside", () => {
  const same = ["==", ["field", "a"], ["field", "b"]];
  assertEquals(evaluate(same, { a: { x: 1, y: [2] }, b: { y: [2], x: 1 } }), true);
  assertEquals(evaluate(same, { a: { x: 1 }, b: { y: 1 } }), false);
  assertEquals(evaluate(same, { a: { x: 1 }, b: { x: 1, y: 1 } }), false);
  assertEquals(evaluate(same, { a: { x: undefined }, b: { y: 1 } }), false);
  assertEquals(evaluate(same, { a: NaN, b: NaN }), false);
});
