import { assertEquals } from "@std/assert";
import { runAll } from "../flow/verdicts/run_verdicts.ts";

Deno.test("10,000 random flows, with faults, pauses, lost connections and stops: each event gets exactly one verdict", async () => {
  assertEquals((await runAll(1001, 11_000)).problem, "");
});
