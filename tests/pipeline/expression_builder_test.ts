import { assertEquals, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { compileExpression, parseExpression } from "../../runtime/pipeline/expression.ts";
import { concat, field, literal, type Term, when } from "../../runtime/pipeline/expression_builder.ts";

const a = ["field", "a"];
const f = field("a");

const pairs: readonly (readonly [Term, unknown])[] = [
  [field(["a.b", 0]), ["field", ["a.b", 0]]],
  [f.eq("x"), ["==", a, "x"]],
  [f.ne(null), ["!=", a, null]],
  [f.lt(1), ["<", a, 1]],
  [f.le(1), ["<=", a, 1]],
  [f.gt(1), [">", a, 1]],
  [f.ge(field("b")), [">=", a, ["field", "b"]]],
  [f.in(["x", 1]), ["in", a, ["literal", ["x", 1]]]],
  [f.contains("x"), ["contains", a, "x"]],
  [f.startsWith("x"), ["starts_with", a, "x"]],
  [f.endsWith("x"), ["ends_with", a, "x"]],
  [f.matches(/^x+$/i), ["matches", a, "^x+$", "i"]],
  [f.present(), ["present", a]],
  [f.plus(1), ["+", a, 1]],
  [f.minus(1), ["-", a, 1]],
  [f.times(2), ["*", a, 2]],
  [f.dividedBy(2), ["/", a, 2]],
  [f.modulo(2), ["%", a, 2]],
  [f.lower(), ["lower", a]],
  [f.upper(), ["upper", a]],
  [f.length(), ["length", a]],
  [f.asNumber(), ["number", a]],
  [f.asText(), ["string", a]],
  [f.orElse("x", null), ["coalesce", a, "x", null]],
  [f.eq(1).and(f.eq(2)), ["and", ["==", a, 1], ["==", a, 2]]],
  [f.eq(1).or(f.eq(2)), ["or", ["==", a, 1], ["==", a, 2]]],
  [f.eq(1).not(), ["not", ["==", a, 1]]],
  [literal(["x"]), ["literal", ["x"]]],
  [when(f.eq(1), "one"), ["if", ["==", a, 1], "one"]],
  [when(f.eq(1), "one", "more"), ["if", ["==", a, 1], "one", "more"]],
  [concat("x", f), ["concat", "x", a]],
];

Deno.test("the builder writes the same expressions as JSON, all of them valid", () => {
  for (const [term, json] of pairs) {
    assertEquals(term.toJSON(), json);
    assertEquals(JSON.parse(JSON.stringify(term)), json);
    assertEquals(parseExpression(json, "test"), json);
  }
});

Deno.test("a term may stand anywhere in an expression", () => {
  const condition = field("level").eq("error").and(field("status").ge(500));
  const compiled = compileExpression(
    parseExpression(["not", condition], "test"),
  );
  assertEquals(compiled({ level: "error", status: 500 }), false);
  assertEquals(compiled({ level: "error", status: 499 }), true);
});

Deno.test("a stateful flag of a regular expression is refused when the flow is checked", () => {
  assertThrows(
    () => parseExpression(field("a").matches(/x/g), "test"),
    CaissonError,
  );
});
