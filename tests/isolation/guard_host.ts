/** A host that is killed while its plugin loops; run by `guard_sandbox_test.ts`. Prints the plugin's process id. */
// deno-lint-ignore-file no-console -- the parent reads it
import { jsonBatch, launchFixture } from "./launch_fixture.ts";
import { childProcesses } from "./child_processes.ts";

const { sink } = await launchFixture("culprit", {
  isolation: "guard",
  kind: "sink",
  config: { do: "loop" },
  options: { slotMs: 600_000 },
});
const writing = sink.write(jsonBatch({ deed: true }));
console.log(String((await childProcesses())[0]));
await writing;
