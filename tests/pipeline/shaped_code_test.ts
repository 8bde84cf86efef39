import { assertEquals, assertStrictEquals } from "@std/assert";
import { compileExpression, parseExpression } from "../../runtime/pipeline/expression.ts";
import { readerOf, recordMakerOf } from "../../runtime/pipeline/shaped_code.ts";

const STRANGE = [
  "__proto__",
  "constructor",
  "toString",
  'a"b\\c\n`${d}`',
  "\u2028",
  "",
  "0",
  "1.5",
  "a-b",
  "value0",
  "scope",
];

Deno.test("a reader reads own properties only, whatever they are called", () => {
  for (const name of [...STRANGE, "plain"]) {
    const read = readerOf(name);
    const own = JSON.parse(`{ ${JSON.stringify(name)}: 7 }`);
    assertEquals(read(own), 7);
    assertEquals(read(Object.assign(Object.create(null), { other: 1 })), undefined);
    assertEquals(read(Object.create(own)), undefined);
    for (const container of [{}, [], null, undefined, "text", 3, true, 4n, () => {}]) {
      assertStrictEquals(read(container), undefined);
    }
  }
  assertEquals(readerOf("length")([1, 2]), 2);
  assertEquals(readerOf("length")("text"), undefined);
  assertEquals(readerOf("1")(["a", "b"]), "b");
  assertEquals(readerOf("map")([]), undefined);
  assertEquals(
    readerOf("inherited")(
      new class {
        get inherited(): number {
          throw new RangeError("was asked");
        }
      }(),
    ),
    undefined,
  );
});

Deno.test("a record has the fields that were computed, in their order, as its own", () => {
  const make = recordMakerOf(STRANGE.map((name, index) => [name, (scope) => (scope as readonly unknown[])[index]]));
  const all = make(STRANGE.map((_, index) => index));
  assertEquals(Object.entries(all).length, STRANGE.length);
  for (const [index, name] of STRANGE.entries()) assertEquals(Object.getOwnPropertyDescriptor(all, name)?.value, index);
  const some = make(STRANGE.map((_, index) => index % 2 === 0 ? undefined : index));
  assertEquals(Object.keys(some).sort(), STRANGE.filter((_, index) => index % 2 === 1).sort());
  const first = make(STRANGE.map((_, index) => index === 0 ? "own" : undefined));
  assertEquals(JSON.stringify(first), '{"__proto__":"own"}');
  assertStrictEquals(Object.getPrototypeOf(all), Object.prototype);
});

Deno.test("fields that are read and fields that are computed stand in one record", () => {
  const compiled = (expression: unknown) => compileExpression(parseExpression(expression, "test"));
  let computed = 0;
  const make = recordMakerOf([
    ["id", compiled(["field", "id"])],
    ["deep", compiled(["field", "user.plan"])],
    ["same", compiled(["field", "constructor"])],
    ["counted", () => ++computed],
  ]);
  assertEquals(make({ id: 1, user: { plan: "p" }, constructor: 5 }), { id: 1, deep: "p", same: 5, counted: 1 });
  assertEquals(make({ id: 1 }), { id: 1, counted: 2 });
  assertEquals(make(Object.assign(Object.create(null), { id: 2 })), { id: 2, counted: 3 });
  assertEquals(make(Object.create({ id: 3 })), { counted: 4 });
  assertEquals(make(null), { counted: 5 });
  assertEquals(make("text"), { counted: 6 });
});

Deno.test("a record may have no field, or very many", () => {
  assertEquals(recordMakerOf([])({}), {});
  const names = Array.from({ length: 1000 }, (_, index) => `field${index}`);
  const read = names.map((name) => [name, readerOf(name)] as const);
  const value = Object.fromEntries(names.map((name, index) => [name, index]));
  assertEquals(recordMakerOf(read)(value), value);
});

Deno.test("without code generation the results are the same", async () => {
  const program = `
    import { readerOf, recordMakerOf } from ${
    JSON.stringify(import.meta.resolve("../../runtime/pipeline/shaped_code.ts"))
  };
    const make = recordMakerOf([["a", readerOf("a")], ["b", readerOf("b")]]);
    console.log(JSON.stringify([make({ a: 1, b: 2 }), make({ b: 3 }), readerOf("x")({ x: 4 })]));
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--v8-flags=--disallow-code-generation-from-strings", program],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), '[{"a":1,"b":2},{"b":3},4]\n');
});

const SCOPES: readonly unknown[] = [
  { a: "x", b: 2 },
  { a: "y" },
  { a: null },
  { a: true },
  { a: { x: 1 } },
  {},
  Object.assign(Object.create(null), { a: "x" }),
  ["x"],
  "x",
  null,
  undefined,
];

for (const constant of ["x", "", true, false, null]) {
  Deno.test(`equality with ${JSON.stringify(constant)} is that of a constant computed each time`, () => {
    for (const operator of ["==", "!="]) {
      for (const path of ["a", "a.x", "toString"]) {
        const shaped = compileExpression(parseExpression([operator, ["field", path], constant], "filter"));
        const plain = compileExpression(parseExpression([operator, ["field", path], ["literal", constant]], "filter"));
        for (const scope of SCOPES) assertEquals(shaped(scope), plain(scope));
      }
    }
  });
}

Deno.test("texts are joined whatever they are made of", () => {
  const join = compileExpression(
    parseExpression(
      ["concat", "<", ["field", "a"], 1, null, ["field", ["b"]], ["upper", ["field", "a"]], ">"],
      "project",
    ),
  );
  assertEquals(SCOPES.map(join), [
    "<x12X>",
    "<y1Y>",
    "<1>",
    "<true1>",
    '<{"x":1}1>',
    "<1>",
    "<x1X>",
    "<1>",
    "<1>",
    "<1>",
    "<1>",
  ]);
});

Deno.test("texts of every length are joined the same", () => {
  const join = compileExpression(parseExpression(["concat", ["field", "a"], "@", ["field", "b"]], "project"));
  for (let length = 0; length < 40; length++) {
    const b = "é".repeat(length);
    for (
      const [a, text] of [["x", "x"], [12.5, "12.5"], [null, ""], [[1], "[1]"], [undefined, ""], [
        "y".repeat(20),
        "y".repeat(20),
      ]]
    ) {
      assertEquals(join({ a, b }), `${text}@${b}`);
    }
  }
});
