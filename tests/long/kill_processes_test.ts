// deno-lint-ignore-file no-console -- the figures are what one reads
import { killProcesses } from "../runtime/kill_processes.ts";

Deno.test({
  name: "100 runners and guards killed during 1,000,000 events: nothing is lost, only what was in flight arrives twice",
  ignore: Deno.build.os !== "linux",
  async fn() {
    console.log(JSON.stringify(await killProcesses(1_000_000, 100)));
  },
});
