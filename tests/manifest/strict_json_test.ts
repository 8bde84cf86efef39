import { assert, assertEquals } from "@std/assert";
import { type JsonProblem, maxJsonBytes, maxJsonDepth, scanJson } from "../../runtime/manifest/strict_json.ts";

const refused: [string, string, JsonProblem["kind"], number, number][] = [
  ["a key given twice", '{\n  "a": 1,\n  "a": 2\n}', "duplicate-key", 3, 3],
  ["the same key spelled with an escape", '{"a":1,"\\u0061":2}', "duplicate-key", 1, 8],
  ["a key given twice far inside", '[[{"x":{"k":1,"j":2,"k":3}}]]', "duplicate-key", 1, 21],
  ["__proto__", '{"a":{"__proto__":{}}}', "reserved-key", 1, 7],
  ["__proto__ spelled with an escape", '{"\\u005f_proto__":1}', "reserved-key", 1, 2],
  ["too many objects inside each other", '{"a":'.repeat(maxJsonDepth + 1), "too-deep", 1, 5 * maxJsonDepth + 1],
  ["too many lists inside each other", "[".repeat(100_000), "too-deep", 1, maxJsonDepth + 1],
  ["text larger than any manifest", " ".repeat(maxJsonBytes + 1), "too-large", 1, 1],
  ["a trailing comma", '{"a":1,}', "syntax", 1, 8],
  ["a comment", '{\n// no\n"a":1}', "syntax", 2, 1],
  ["a string that does not end", '{"a', "syntax", 1, 2],
  ["a raw line break in a string", '["a\nb"]', "syntax", 1, 2],
  ["two documents", "{} {}", "syntax", 1, 4],
  ["nothing", "", "syntax", 1, 1],
  ["a key without quotes", "{a:1}", "syntax", 1, 2],
  ["a leading zero", "[01]", "syntax", 1, 3],
];

for (const [what, text, kind, line, column] of refused) {
  Deno.test(`refuses ${what}, with its place`, () => {
    const problem = scanJson(text);
    assertEquals([problem?.kind, problem?.line, problem?.column], [kind, line, column]);
    assert((problem?.found.length ?? 0) > 0);
  });
}

Deno.test("keeps keys of different objects apart", () => {
  assertEquals(scanJson('[{"a":1},{"a":1,"b":{"a":1}}]'), undefined);
});

Deno.test("allows the deepest nesting it states", () => {
  assertEquals(scanJson("[".repeat(maxJsonDepth) + "]".repeat(maxJsonDepth)), undefined);
});

/** A generator that gives the same numbers in every run. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

Deno.test("accepts what JSON.parse accepts, apart from what it is there to refuse", () => {
  const random = numbers(7);
  const next = (below: number) => Math.floor(random.next().value * below);
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"b"',
    '"\\n"',
    '"\\u00e9"',
    "1",
    "-0.5e3",
    "01",
    ".5",
    "1.",
    "+1",
  ]
    .concat(["true", "false", "null", "nul", " ", "\n", "\t", "\u00a0", "\u000b", '"', "\\", "\u0001", "é", "NaN"]);
  const seeds = ['{"a":[1,2,{"b":null}],"c":"x"}', '[{"a":true},-1.5e-7,"\\ud800",[]]', '{"a":{"b":{}},"d":[[],[""]]}'];
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    let text = "";
    if (round % 2 === 0) { for (let count = next(9); count >= 0; count--) text += pieces[next(pieces.length)]; }
    else {
      text = seeds[next(seeds.length)]!;
      const at = next(text.length);
      text = text.slice(0, at) + (next(2) === 0 ? pieces[next(pieces.length)] : "") + text.slice(at + next(3));
    }
    let parses = true;
    try {
      JSON.parse(text);
    } catch {
      parses = false;
    }
    const problem = scanJson(text);
    if (problem?.kind === "duplicate-key") continue;
    assertEquals(problem === undefined, parses, JSON.stringify(text));
    if (parses) accepted += 1;
  }
  assert(accepted > 500, `only ${accepted} documents were valid: the test shows little`);
});
