/** The runner under ThreadSanitizer, with plugins that have threads and are stopped under load. @module */
import { assert, assertEquals } from "@std/assert";
import { buildRunner } from "../../ffi/build_runner.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { asProcessor, asSink, asSource, PLUGINS, start, TEST_PLUGINS } from "./native_plugins.ts";
import { openRunner, type OpenRunnerOptions } from "./runner_plugins.ts";

const NONE: ReadonlyMap<number, unknown> = new Map();

/** Moves batches through every loop of the runner; what the sanitizer said is an error. */
export async function runnerUnderThreadSanitizer(rounds: number): Promise<void> {
  const log: string[] = [];
  const given: OpenRunnerOptions = {
    log: (line) => log.push(line),
    launch: { program: await buildRunner({ sanitize: "thread" }), memoryMiB: 8192 },
    options: { ring: { slots: 4, capacity: 16, arenaBytes: 1 << 12 }, openMs: 60_000 },
  };
  const batch = Batch.allocate({ capacity: 16, arenaBytes: 1 << 12 });
  for (let round = 0; round < rounds; round++) {
    // Threads of the plugin ring, log and are joined while the loop sleeps.
    await using ringing = await openRunner(`${TEST_PLUGINS}/ringing`, "ringing_source", {
      every_us: 500,
      log_lines: 50,
    }, given);
    await using keeping = await openRunner(`${TEST_PLUGINS}/ringing`, "ringing_sink", { delay_ms: 2 }, given);
    await using transform = await openRunner(`${PLUGINS}/transform`, "transform", { mode: "pass" }, given);
    const source = asSource(ringing);
    await start(source);
    await start(asSink(keeping));
    const out = Batch.allocate({ capacity: 16, arenaBytes: 1 << 12 });
    for (let events = 0; events < 100;) {
      batch.clear();
      out.clear();
      await source.poll(batch, 16);
      if (batch.count === 0) continue;
      events += batch.count;
      await asProcessor(transform).process(batch, out);
      assertEquals(out.count, batch.count);
      await asSink(keeping).write(out);
      source.settle!(batch, NONE);
      if (events % 10 === 0) await source.metrics!();
    }
  }
  const text = log.join("\n");
  assert(!text.includes("Sanitizer"), text);
  assert(text.includes("of a thread"), "no line of the plugin's thread arrived");
}
