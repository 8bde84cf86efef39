/** Texts and names that somebody chose to do harm, through the extractors and patterns of `match`. */
import { assertEquals } from "@std/assert";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { runPipeline } from "./run_pipeline.ts";

/** What an extractor makes of texts; those it cannot take apart are left out. */
async function extracted(extractor: object, texts: readonly string[]): Promise<unknown[]> {
  const definition = [{
    match: {
      cases: [{ case: { $extract: extractor, $as: "found" }, then: { found: ["captured", "found"] } }],
      otherwise: "drop",
    },
  }] as unknown as PipelineDefinition;
  const { out } = await runPipeline(definition, texts);
  return out.map((value) => (value as { found: unknown }).found);
}

/** A record that has `__proto__` for a field of its own, as JSON can have. */
const own = (text: string): unknown => JSON.parse(text);

Deno.test("a field called __proto__ is a field like any other, whoever named it", async () => {
  assertEquals(await extracted({ kv: true }, ["__proto__=x a=1"]), [own('{"__proto__":"x","a":"1"}')]);
  assertEquals(await extracted({ dissect: "%{__proto__} %{b}" }, ["x y"]), [own('{"__proto__":"x","b":"y"}')]);
  assertEquals(await extracted({ grok: "%{WORD:__proto__}" }, ["x"]), [own('{"__proto__":"x"}')]);
  assertEquals(await extracted({ influx: true }, ["m,__proto__=t __proto__=1i"]), [
    own('{"measurement":"m","tags":{"__proto__":"t"},"fields":{"__proto__":1}}'),
  ]);
});

Deno.test("what every record inherits is no field that something is appended to", async () => {
  assertEquals(await extracted({ dissect: "%{+constructor} %{+constructor}" }, ["a b"]), [{ constructor: "a b" }]);
});

Deno.test("numbers that are none are left out, and never NaN or infinite", async () => {
  assertEquals(await extracted({ grok: "%{WORD:n:int} %{WORD:w}" }, ["abc def", "7 def"]), [
    { w: "def" },
    { n: 7, w: "def" },
  ]);
  const huge = "9".repeat(400);
  assertEquals(await extracted({ influx: true }, [`m a=1e999`, `m a=${huge}i`, `m a=1 ${huge}`]), []);
  assertEquals(await extracted({ datetime: "%s" }, [huge, "12"]), [12_000]);
});

Deno.test("a glob with many stars takes no longer on a text that nearly fits", async () => {
  const text = "a".repeat(5000);
  assertEquals(await extracted({ glob: "*a*a*a*a*a*a*a*a*b" }, [text, `${text}b`]), [`${text}b`]);
});

Deno.test("a glob fits the whole text, character by character", async () => {
  const fits = (glob: string, ...texts: string[]) => extracted({ glob }, texts);
  assertEquals(await fits("host-?.[a-c]*", "host-1.b", "host-😀.cde", "host-.b", "host-1.d", "xhost-1.a"), [
    "host-1.b",
    "host-😀.cde",
  ]);
  assertEquals(await fits("[!a]*z", "bz", "az", "z", "bzy"), ["bz"]);
  assertEquals(await fits("a.c", "a.c", "abc"), ["a.c"]);
  assertEquals(await fits("*ab*ab", "abab", "ab", "aab ab", "ababx"), ["abab", "aab ab"]);
  assertEquals(await fits("[]]", "]", "["), ["]"]);
});

Deno.test("what a pattern captured before it failed is not captured", async () => {
  const login = { user: { $as: "user" }, ok: true };
  const definition = [{
    match: {
      cases: [{
        case: { $any: [login, { guest: true }] },
        then: { user: ["coalesce", ["captured", "user"], "nobody"] },
      }],
    },
  }] as unknown as PipelineDefinition;
  const { out } = await runPipeline(definition, [{ user: "ann", ok: true }, { user: "bob", ok: false, guest: true }]);
  assertEquals(out, [{ user: "ann" }, { user: "nobody" }]);
});
