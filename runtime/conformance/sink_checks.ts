/** Checks of sinks. @module */
import type { WriteResult } from "../connector/contract.ts";
import { ACK, DROP } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { type GuardedBatch, snapshot } from "./guarded_batch.ts";
import { batchOf, damagedEvents, inputBatch } from "./generate_input.ts";
import type { Check } from "./life_checks.ts";
import { broken, isTimeout, letTimersRun, refusalOf } from "./finding.ts";
import { strideOf } from "./read_source.ts";
import type { Opened, Trial } from "./trial.ts";

const SIZES = [0, 1, 7, 64];
const FULL = 1024;

/** Writes a batch of good events; returns how many were not acked. */
async function write(trial: Trial, { sink }: Opened, guarded: GuardedBatch): Promise<number> {
  const { batch } = guarded;
  const unchanged = snapshot(batch);
  const result = await guarded.around(() => trial.within(sink.write(batch), `write of ${batch.count} events`));
  unchanged();
  return judge(result, batch.count);
}

/** Checks that every event was answered once: what is not listed is delivered. */
function judge(result: void | WriteResult, count: number): number {
  const seen = new Set<number>();
  for (const { index, action } of result?.verdicts ?? []) {
    if (index >= count) throw broken(`a verdict on event ${index} of ${count}`, "verdicts on events of the batch");
    if (seen.has(index)) throw broken(`two verdicts on event ${index}`, "one answer for each event");
    if (action > DROP) throw broken(`action ${action}`, `${ACK} to ${DROP}`);
    seen.add(index);
  }
  return seen.size;
}

const everySize: Check = {
  name: `answers batches of ${SIZES.join(", ")} events and full ones, each event once`,
  run: (trial) =>
    trial.use(async (opened) => {
      const full = Math.min(opened.sink.maxEvents, FULL);
      let refused = 0;
      for (const count of [...SIZES, full, full, 1]) {
        refused += await write(trial, opened, inputBatch(trial.options.codec, { count: Math.min(count, full) }));
      }
      return `full: ${full} events; ${refused} not delivered`;
    }),
};

const partlyFull: Check = {
  name: "reads wide records, batches half full, payloads in several segments",
  run: (trial) =>
    trial.use(async (opened) => {
      const { codec } = trial.options;
      const recordStride = strideOf(trial);
      await write(trial, opened, inputBatch(codec, { count: 9, recordStride }));
      await write(trial, opened, inputBatch(codec, { count: 9, capacity: 64 }));
      await write(trial, opened, inputBatch(codec, { count: 9, spread: 2, recordStride }));
      return `${recordStride} bytes a record`;
    }),
};

const survivesDamage: Check = {
  name: "answers payloads that do not decode, and goes on",
  run: (trial) =>
    trial.use(async (opened) => {
      const { codec } = trial.options;
      let failed = 0;
      const damaged = damagedEvents(codec);
      for (const payloads of [...damaged.map((payload) => [payload]), damaged]) {
        const guarded = batchOf(payloads);
        const answer = await refusalOf(async () => {
          failed += judge(
            await trial.within(opened.sink.write(guarded.batch), "write of damaged events"),
            payloads.length,
          );
        });
        guarded.check();
        if (answer === undefined) continue;
        if (!(answer instanceof CaissonError) || isTimeout(answer) || answer.code === "CAISSON_CONFORMANCE_FAILED") {
          throw answer;
        }
        failed += payloads.length;
      }
      for (let round = 0; round < 3; round++) {
        await letTimersRun();
        await write(trial, opened, inputBatch(codec, { count: 3 }));
      }
      return `${failed} of ${damaged.length * 2} refused`;
    }),
};

const stopsUnderLoad: Check = {
  name: "stops under load, every event answered",
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      const full = Math.min(opened.sink.maxEvents, FULL);
      const { batch } = inputBatch(trial.options.codec, { count: full });
      const writing = Promise.try(() => opened.sink.write(batch));
      const answered = writing.then(() => "written", () => "refused");
      opened.stop.abort();
      const started = performance.now();
      await opened.close();
      const ms = Math.round(performance.now() - started);
      return `${await trial.within(answered, "write after close")}, closed after ${ms} ms`;
    }),
};

/** The checks of sinks, in order. */
export const sinkChecks: readonly Check[] = [everySize, partlyFull, survivesDamage, stopsUnderLoad];
