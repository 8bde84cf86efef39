/** A host whose runner is in the middle of a call: prints the runner's process id, and waits to be killed. @module */
import { Batch } from "../../runtime/data/batch.ts";
import { asSink, start, TEST_PLUGINS } from "./native_plugins.ts";
import { openRunner } from "./runner_plugins.ts";

const opened = await openRunner(`${TEST_PLUGINS}/crashing`, "crashing_sink", { mode: Deno.args[0], after: 1 }, {
  options: { slotMs: 60_000 },
});
const sink = asSink(opened);
await start(sink);
const batch = Batch.allocate();
batch.appendBytes(new Uint8Array(1), 1);
await sink.write(batch);
const { pid } = await sink.metrics!() as { pid: number };
const writing = sink.write(batch);
// By the time the host is killed the plugin is in its loop.
await new Promise((resolve) => setTimeout(resolve, 100));
await Deno.stdout.write(new TextEncoder().encode(`${pid}\n`));
await writing;
await new Promise(() => setInterval(() => {}, 1000));
