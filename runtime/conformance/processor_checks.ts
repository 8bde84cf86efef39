/** Checks of processors. @module */
import { ANY_INPUT } from "../isolation/plugin_side/processor_loop.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { firstDifference } from "./compare_output.ts";
import { GuardedBatch, snapshot } from "./guarded_batch.ts";
import { batchOf, damagedEvents, inputBatch, payloadsOf } from "./generate_input.ts";
import type { Check } from "./life_checks.ts";
import { broken, isTimeout, letTimersRun, refusalOf } from "./finding.ts";
import { strideOf } from "./read_source.ts";
import type { Opened, Trial } from "./trial.ts";

const SIZES = [0, 1, 7, 64];
const FULL = 1024;
const SMALL_ARENA = 64;
const OUT_ARENA = 4 << 20;

/** Lets it process a batch of good events into guarded memory, and checks the answer. */
async function process(trial: Trial, opened: Opened, guarded: GuardedBatch): Promise<Uint8Array[]> {
  const { batch } = guarded;
  const unchanged = snapshot(batch);
  const out = new GuardedBatch({
    capacity: trial.options.example.outputs === "any"
      ? Math.max(batch.capacity, opened.processor.maxEvents)
      : batch.capacity,
    arenaBytes: OUT_ARENA,
    segments: 16,
    recordStride: batch.recordStride,
  });
  out.batch.id = batch.id;
  const call = (): Promise<void> =>
    trial.within(opened.processor.process(batch, out.batch), `process ${batch.count} events`);
  await guarded.around(() => out.around(call));
  unchanged();
  out.batch.validate();
  checkOrigins(trial, guarded, out);
  return payloadsOf(out.batch);
}

/** Every output has an input it was made from; by default, every input has exactly one output. */
function checkOrigins(trial: Trial, { batch }: GuardedBatch, { batch: out }: GuardedBatch): void {
  const missing = new Set(Array.from({ length: batch.count }, (_, index) => batch.sequence(index)));
  const known = new Set(missing);
  const each = trial.options.example.outputs !== "any";
  for (let index = 0; index < out.count; index++) {
    const sequence = out.sequence(index);
    // Where a plugin returns more or fewer values than it got, the host cannot tell what was made of what.
    if (!each && sequence === ANY_INPUT) continue;
    if (!known.has(sequence)) throw broken(`output ${index} has sequence ${sequence}`, "the sequence of an input");
    if (!missing.delete(sequence) && each) throw broken(`two outputs for sequence ${sequence}`, "one for each input");
  }
  if (!each || missing.size === 0) return;
  throw broken(
    `${missing.size} of ${batch.count} events have no output, the first is ${[...missing][0]}`,
    'one for each input, or "outputs": "any" in conformance.json',
  );
}

const everySize: Check = {
  name: `processes batches of ${SIZES.join(", ")} events and full ones, each event once`,
  run: (trial) =>
    trial.use(async (opened) => {
      const full = Math.min(opened.processor.maxEvents, FULL);
      for (const count of [...SIZES, full, full, 1]) {
        await process(trial, opened, inputBatch(trial.options.codec, { count: Math.min(count, full) }));
      }
      return `full: ${full} events`;
    }),
};

const wideRecords: Check = {
  name: "takes wide records and payloads in several segments, with the same output",
  run: (trial) =>
    trial.use(async (opened) => {
      const { codec } = trial.options;
      const recordStride = strideOf(trial);
      const plain = await process(trial, opened, inputBatch(codec, { count: 9 }));
      for (
        const layout of [{ recordStride }, { spread: 2 }, {
          spread: 2,
          recordStride,
          capacity: 64,
        }]
      ) {
        const other = await process(trial, opened, inputBatch(codec, { count: 9, ...layout }));
        const difference = trial.deterministic ? firstDifference(plain, other, true) : undefined;
        if (difference !== undefined) throw broken(difference, "the same output, however the batch is laid out");
      }
      return `${recordStride} bytes a record`;
    }),
};

const smallArena: Check = {
  name: `never overflows an output of ${SMALL_ARENA} bytes`,
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      const { batch } = inputBatch(trial.options.codec, { count: 64 });
      const out = new GuardedBatch({ capacity: 64, arenaBytes: SMALL_ARENA, segments: 16 });
      const answer = await refusalOf(() => trial.within(opened.processor.process(batch, out.batch), "process"));
      out.check();
      if (isTimeout(answer)) throw answer;
      if (answer instanceof CaissonError && answer.code === "CAISSON_NATIVE_BATCH") throw answer;
      if (answer === undefined) out.batch.validate();
      // An instance that was given less memory than any flow gives may be of no use any more.
      const closed = await refusalOf(() => opened.close());
      if (isTimeout(closed)) throw closed;
      return answer instanceof CaissonError ? answer.found : "";
    }),
};

const survivesDamage: Check = {
  name: "answers payloads that do not decode, and goes on",
  run: (trial) =>
    trial.use(async (opened) => {
      let failed = 0;
      const damaged = damagedEvents(trial.options.codec);
      for (const payload of damaged) {
        const guarded = batchOf([payload]);
        const out = new GuardedBatch({ capacity: 16, arenaBytes: OUT_ARENA, segments: 16 });
        const answer = await refusalOf(() =>
          trial.within(opened.processor.process(guarded.batch, out.batch), "process")
        );
        guarded.check();
        out.check();
        if (answer === undefined) continue;
        if (
          !(answer instanceof CaissonError) || isTimeout(answer) || answer.code === "CAISSON_NATIVE_BATCH"
        ) throw answer;
        failed++;
      }
      for (let round = 0; round < 3; round++) {
        await letTimersRun();
        await process(trial, opened, inputBatch(trial.options.codec, { count: 3 }));
      }
      return `${failed} of ${damaged.length} refused`;
    }),
};

const sameAgain: Check = {
  name: "gives the same output every time",
  async run(trial) {
    if (!trial.deterministic) return "not deterministic: not compared";
    const first = await output(trial);
    const second = await output(trial);
    const difference = firstDifference(first, second, true);
    if (difference !== undefined) throw broken(difference, "the same bytes for the same input");
    return `${first.length} events`;
  },
};

const stopsUnderLoad: Check = {
  name: "stops under load, every event answered",
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      const full = Math.min(opened.processor.maxEvents, FULL);
      const { batch } = inputBatch(trial.options.codec, { count: full });
      const out = new GuardedBatch({ capacity: full, arenaBytes: OUT_ARENA, segments: 16 });
      const working = Promise.try(() => opened.processor.process(batch, out.batch));
      const answered = working.then(() => "processed", () => "refused");
      opened.stop.abort();
      const started = performance.now();
      await opened.close();
      const ms = Math.round(performance.now() - started);
      return `${await trial.within(answered, "process after close")}, closed after ${ms} ms`;
    }),
};

/** What it makes of some hundred events: the same in every isolation. */
export function output(trial: Trial): Promise<Uint8Array[]> {
  return trial.use(async (opened) => {
    const payloads: Uint8Array[] = [];
    for (const [count, first] of [[1, 0], [7, 1], [200, 8], [64, 208]] as const) {
      payloads.push(...await process(trial, opened, inputBatch(trial.options.codec, { count, first })));
    }
    return payloads;
  });
}

/** The checks of processors, in order. */
export const processorChecks: readonly Check[] = [
  everySize,
  wideRecords,
  smallArena,
  survivesDamage,
  sameAgain,
  stopsUnderLoad,
];
