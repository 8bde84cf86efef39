import { assert, assertEquals } from "@std/assert";
import { Ledger } from "./verdicts/ledger.ts";
import { runAll } from "./verdicts/run_verdicts.ts";

Deno.test("the ledger of these tests notices an event without a verdict, with two, and with a wrong one", () => {
  const ledger = new Ledger();
  ledger.handedOut("s0", 1, [["s0:1"], ["s0:2"]]);
  ledger.handedOut("s0", 2, [["s0:3"]]);
  ledger.fault(["s0:1"]);
  const failures = new Map([[1, "why"]]);
  ledger.settled("s0", 1, 2, failures);
  ledger.settled("s0", 1, 2, failures);
  assertEquals(ledger.problems(), [
    "s0:1: acked, but it was lost",
    "s0:2: failed for no reason",
    "s0 1: settled twice, or never read",
    "s0 2: never settled",
  ]);
});

Deno.test("500 random flows, with faults, pauses, lost connections and stops: each event gets exactly one verdict", async () => {
  const { settled, problem } = await runAll(1, 500);
  assertEquals(problem, "");
  assert(settled > 5000, `${settled} events settled`);
});
