import { assertEquals, assertThrows } from "@std/assert";
import { callSite, callSites } from "../../ffi/call_site.ts";

Deno.test("a function called from a place of its own gets its parameters, gives its result, and throws", () => {
  const sum = callSite((left: number, right: number) => left + right, 2);
  assertEquals(sum(2, 3), 5);
  assertEquals(callSite(() => 7, 0)(), 7);
  const thrower = callSite(() => {
    throw new TypeError("of the function");
  }, 0);
  assertThrows(thrower, TypeError, "of the function");
});

Deno.test("functions keep their names, and each its own parameters", () => {
  const symbols = { pair: (left: number, right: number) => [left, right], one: (value: string) => value };
  const sites = callSites(symbols, { pair: { parameters: ["i32", "i32"] }, one: { parameters: ["buffer"] } });
  assertEquals([sites.pair(1, 2), sites.one("x")], [[1, 2], "x"]);
});

Deno.test("where code may not be made of text, functions are called as they are", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "--no-check",
      "--v8-flags=--disallow-code-generation-from-strings",
      new URL("./call_without_code.ts", import.meta.url).href,
    ],
    stdin: "null",
  }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
});
