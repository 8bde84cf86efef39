import { assertEquals } from "@std/assert";
import { placeIn } from "../../runtime/manifest/json_place.ts";

const text = `{
  "name": "f", "empty": {},
  "text }]": ["a, ] \\" {", { "x y": [1, [2, 3]] }],
  "list": [
    true,
    { "key": null }
  ]
}`;

const cases: readonly (readonly [string, number, number])[] = [
  ["", 1, 1],
  ["name", 2, 3],
  ["empty", 2, 16],
  ["empty.missing", 2, 16],
  ['["text }]"]', 3, 3],
  ['["text }]"][1]', 3, 28],
  ['["text }]"][1]["x y"][1][1]', 3, 45],
  ["list[0]", 5, 5],
  ["list[1].key", 6, 7],
  ["list[1].key.deeper[5]", 6, 7],
  ["list[7]", 4, 3],
  ["list.name", 4, 3],
  ["list[1]: what is behind a path", 6, 5],
  ["nowhere[0]", 1, 1],
];

for (const [path, line, column] of cases) {
  Deno.test(`finds ${path === "" ? "the document itself" : path}`, () => {
    assertEquals(placeIn(text, path), { line, column });
  });
}

Deno.test("finds what is behind very long texts and deep lists", () => {
  const long = "\\n".repeat(200_000);
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  assertEquals(placeIn(`{ "long": "${long}", "deep": ${deep},\n"here": 1 }`, "here"), { line: 2, column: 1 });
});
