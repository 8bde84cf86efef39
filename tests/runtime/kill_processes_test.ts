import { assert } from "@std/assert";
import { killProcesses } from "./kill_processes.ts";

Deno.test({
  name: "10 runners and guards killed during 100,000 events: nothing is lost, only what was in flight arrives twice",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { longestGapMs } = await killProcesses(100_000, 10);
    assert(longestGapMs < 10_000, `no event for ${longestGapMs} ms`);
  },
});
