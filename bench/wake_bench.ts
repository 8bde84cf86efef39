// deno-lint-ignore-file no-console -- the terminal is where it reports
// What native sources that wait cost: reading files beside 64 of them, the processor's time, and how soon one wakes.
//
//   deno task offline deno run -A --no-lock bench/wake_bench.ts
import { Batch } from "../runtime/data/batch.ts";
import { asSource, type Opened, openNative, start, TEST_PLUGINS } from "../tests/isolation/native_plugins.ts";
import { openRunner } from "../tests/isolation/runner_plugins.ts";

const SOURCES = 64;
const SECONDS = 4;
const RINGING = `${TEST_PLUGINS}/ringing`;

interface Wakes {
  readonly polls: number;
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds to read a file: the median of 2,000. */
async function readTime(): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 2000; turn++) {
    const from = performance.now();
    await Deno.readTextFile(new URL(import.meta.url));
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[1000]!;
}

/** Seconds of processor time this process has used; Linux only. */
async function processorSeconds(): Promise<number> {
  const stat = await Deno.readTextFile("/proc/self/stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Polls until told to stop. */
async function drive(opened: Opened, running: () => boolean): Promise<void> {
  const batch = Batch.allocate({ capacity: 64, arenaBytes: 4096 });
  while (running()) {
    batch.clear();
    await asSource(opened).poll(batch, 64);
  }
}

/** Runs sources while `measure` does. */
async function beside<Result>(
  count: number,
  open: () => Promise<Opened>,
  measure: (first: Opened) => Promise<Result>,
): Promise<Result> {
  let running = true;
  const sources: Opened[] = [];
  const driving: Promise<void>[] = [];
  try {
    while (sources.length < count) {
      const opened = await open();
      sources.push(opened);
      await start(asSource(opened));
      driving.push(drive(opened, () => running));
    }
    return await measure(sources[0]!);
  } finally {
    running = false;
    await Promise.all(sources.map((opened) => opened[Symbol.asyncDispose]()));
    await Promise.allSettled(driving);
  }
}

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const alone = await readTime();
console.log(`Deno.readTextFile alone: ${alone.toFixed(3)} ms`);
for (const everyUs of [0, 100_000, 10_000]) {
  await beside(SOURCES, () => openNative(RINGING, "ringing_source", { every_us: everyUs }), async (first) => {
    const time = await readTime();
    await pause(2);
    const from = await processorSeconds();
    await pause(SECONDS);
    const used = (await processorSeconds() - from) / SECONDS;
    const { polls, p50, p99 } = await asSource(first).metrics!() as unknown as Wakes;
    console.log(
      `${SOURCES} sources, ${everyUs === 0 ? "idle" : `${1e6 / everyUs} events/s each`}: readTextFile ${
        time.toFixed(3)
      } ms ` +
        `(${(time / alone).toFixed(2)} ×), ${(used * 100).toFixed(2)} % of a processor, ` +
        `one was asked ${polls} times` + (everyUs === 0 ? "" : `, woke in p50 ${p50} µs, p99 ${p99} µs`),
    );
  });
}
for (const [name, open] of [["native", openNative], ["runner", openRunner]] as const) {
  await beside(1, () => open(RINGING, "ringing_source", { every_us: 5000 }), async (first) => {
    await pause(SECONDS);
    const { p50, p99 } = await asSource(first).metrics!() as unknown as Wakes;
    console.log(`${name}: from ring to poll p50 ${p50} µs, p99 ${p99} µs`);
  });
}
