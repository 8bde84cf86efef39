import { assert, assertEquals, assertRejects } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { bellListeners } from "../../runtime/isolation/bell_keeper.ts";
import type { SourcePart } from "../../runtime/connector/contract.ts";
import type { NativeDeadlines } from "../../runtime/isolation/native_instance.ts";
import { asSink, asSource, type Opened, openNative, start, TEST_PLUGINS } from "./native_plugins.ts";
import { openRunner } from "./runner_plugins.ts";

const RINGING = `${TEST_PLUGINS}/ringing`;

type Config = Readonly<Record<string, unknown>>;

function ringing(kind: string, config: Config, deadlines?: NativeDeadlines, log?: (line: string) => void) {
  return openNative(RINGING, `ringing_${kind}`, config, deadlines, log);
}

const PLACES: readonly [string, (kind: string, config: Config) => Promise<Opened>][] = [
  ["native", ringing],
  ["runner", (kind, config) => openRunner(RINGING, `ringing_${kind}`, config)],
];

interface Counts {
  readonly polls: number;
  readonly emitted: number;
  readonly changed: number;
  readonly p50: number;
}

async function countsOf(part: { metrics?(): unknown }): Promise<Counts> {
  return await part.metrics!() as Counts;
}

/** Polls until told to stop; the number of events. */
async function drive(source: SourcePart, running: () => boolean): Promise<number> {
  const batch = Batch.allocate({ capacity: 64, arenaBytes: 4096 });
  let events = 0;
  while (running()) {
    batch.clear();
    await source.poll(batch, 64);
    events += batch.count;
    if (batch.count > 0) source.settle?.(batch, new Map());
  }
  return events;
}

function batchOf(id: number): Batch {
  const batch = Batch.allocate({ capacity: 4, arenaBytes: 4096 });
  for (let index = 0; index < 4; index++) batch.appendBytes(new TextEncoder().encode(`batch ${id}, event ${index}`), 1);
  batch.id = id;
  return batch;
}

/** Milliseconds to read a file, the median of many. */
async function readTime(): Promise<number> {
  const file = new URL(import.meta.url);
  const times: number[] = [];
  for (let turn = 0; turn < 101; turn++) {
    const from = performance.now();
    await Deno.readTextFile(file);
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[50]!;
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const limit = performance.now() + 20_000;
  while (!holds()) {
    assert(performance.now() < limit, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const everyUs of [0, 10_000]) {
  Deno.test(`64 sources that ${everyUs === 0 ? "are idle" : "get something now and then"} leave files as fast as without them`, async () => {
    const alone = await readTime();
    const sources: Opened[] = [];
    let running = true;
    const driving: Promise<number>[] = [];
    try {
      for (let count = 0; count < 64; count++) {
        const opened = await ringing("source", { every_us: everyUs });
        sources.push(opened);
        await start(asSource(opened));
        driving.push(drive(asSource(opened), () => running));
      }
      assertEquals(bellListeners(), { listening: 64, threads: 1 });
      const before = await Promise.all(sources.map((opened) => countsOf(asSource(opened))));
      const from = performance.now();
      const beside = await readTime();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const seconds = (performance.now() - from) / 1000;
      // With a thread of the pool for each source this takes more than a second.
      assert(beside < alone * 10 + 20, `${beside} ms, alone ${alone} ms`);
      for (const [index, opened] of sources.entries()) {
        const { polls, emitted } = await countsOf(asSource(opened));
        const asked = polls - before[index]!.polls;
        // 1 ms, 2, 4 and so on; or one for each event, and one that finds nothing after it.
        const most = 12 + (emitted - before[index]!.emitted) * 2 + seconds * 2;
        assert(asked <= most, `asked ${asked} times in ${seconds} s, for ${emitted - before[index]!.emitted} events`);
      }
    } finally {
      running = false;
      await Promise.all(sources.map((opened) => opened[Symbol.asyncDispose]()));
      await Promise.all(driving);
    }
    assertEquals(bellListeners(), { listening: 0, threads: 0 });
  });
}

for (const [place, open] of PLACES) {
  Deno.test(`${place}: an event wakes a source that sleeps`, async () => {
    await using opened = await open("source", { every_us: 20_000 });
    const source = asSource(opened);
    await start(source);
    let events = 0;
    const batch = Batch.allocate({ capacity: 64, arenaBytes: 4096 });
    while (events < 25) {
      batch.clear();
      await source.poll(batch, 64);
      events += batch.count;
    }
    const { p50, polls } = await countsOf(source);
    // Without the bell it would be asked once a second.
    assert(p50 < 200_000, `${p50} microseconds`);
    assert(polls <= 25 * 2 + 20, `asked ${polls} times for ${events} events`);
  });

  Deno.test(`${place}: batches are judged later, each with its own verdicts, and stay as they are until then`, async () => {
    await using opened = await open("sink", { delay_ms: 40 });
    const sink = asSink(opened);
    await start(sink);
    for (let round = 0; round < 3; round++) {
      const results = await Promise.all([1, 2, 3, 4].map((id) => sink.write(batchOf(id))));
      for (const result of results) {
        assertEquals(result?.verdicts.map(({ index, action, code }) => [index, action, code]), [[1, 1, -7]]);
      }
    }
    const { polls, emitted, changed } = await countsOf(sink);
    assert(emitted > 0);
    assertEquals(changed, 0, "the payloads of a pending batch were changed");
    // Each ms would have been 120 at least.
    assert(polls <= 60, `asked ${polls} times`);
  });
}

Deno.test("a batch that is never judged fails after its deadline, and the sink can be started again", async () => {
  await using opened = await ringing("sink", { never: true }, { pendingMs: 50 });
  const sink = asSink(opened);
  await start(sink);
  const error = await assertRejects(async () => await sink.write(batchOf(1)), CaissonError);
  assertEquals(error.code, "CAISSON_PLUGIN_TIMEOUT");
  const stopped = await assertRejects(async () => await sink.write(batchOf(2)), CaissonError);
  assertEquals(stopped.code, "CAISSON_NATIVE_STATE");
  await start(sink);
  const again = await assertRejects(async () => await sink.write(batchOf(3)), CaissonError);
  assertEquals(again.code, "CAISSON_PLUGIN_TIMEOUT");
});

Deno.test("a batch that is pending when its sink is closed fails, after the plugin has let go of it", async () => {
  const opened = await ringing("sink", { never: true });
  const sink = asSink(opened);
  await start(sink);
  const failed = assertRejects(async () => await sink.write(batchOf(1)), CaissonError, "closed before it judged");
  await opened[Symbol.asyncDispose]();
  await failed;
});

Deno.test("a thread of a plugin logs without a call of the host, and what finds no room is counted", async () => {
  const log: string[] = [];
  await using few = await ringing("sink", { log_lines: 20 }, {}, (line) => log.push(line));
  await start(asSink(few));
  await until(() => log.length === 20, `${log.length} lines`);
  assertEquals(log[19], "info: line 19 of a thread");

  const flood: string[] = [];
  await using many = await ringing("source", { log_lines: 50_000 }, {}, (line) => flood.push(line));
  await start(asSource(many));
  const seen = (): number =>
    flood.reduce((sum, line) => sum + Number(/^warning: (\d+) log lines/.exec(line)?.[1] ?? 1), 0);
  const driving = drive(asSource(many), () => seen() < 50_000);
  await until(() => seen() === 50_000, `${seen()} of 50000 lines`);
  await driving;
  const numbers = flood.flatMap((line) => /^info: line (\d+) of a thread$/.exec(line)?.[1] ?? []).map(Number);
  assert(numbers.every((number, index) => index === 0 || number > numbers[index - 1]!), "lines out of order");
});
