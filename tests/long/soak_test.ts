import { assert, assertEquals } from "@std/assert";
import { runSoak } from "../../scripts/soak/run_soak.ts";

Deno.test("a flow that is killed, replaced, paused and cut off at random loses nothing", async () => {
  const report = await runSoak({ events: 40_000, seconds: 20, seed: 7, say() {} });
  assertEquals([report.sent, report.settled, report.lost, report.verdictsTwice], [40_000, 40_000, 0, 0]);
  assert(Object.keys(report.disturbances).length >= 6, JSON.stringify(report.disturbances));
});
