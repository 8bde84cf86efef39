/** Checks of sources. @module */
import { createCodec } from "../codec/codecs.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { Batch } from "../data/batch.ts";
import { firstDifference } from "./compare_output.ts";
import type { Check } from "./life_checks.ts";
import { readSome, type SourceRead, strideOf } from "./read_source.ts";
import { broken, isTimeout, refusalOf } from "./finding.ts";
import type { Trial } from "./trial.ts";

/** Events that are enough to see how a source behaves. */
const SAMPLE_EVENTS = 200;

const CAPACITIES = [1, 7, 64, 1024];
const SMALL_ARENA = 64;

const everySize: Check = {
  name: `fills batches of ${CAPACITIES.join(", ")} events, never beyond`,
  async run(trial) {
    const counts: number[] = [];
    for (const capacity of CAPACITIES) {
      const { payloads } = await trial.use((opened) => readSome(trial, opened, { events: SAMPLE_EVENTS, capacity }));
      if (payloads.length === 0) throw broken(`no event in batches of ${capacity}`, "the events it has");
      counts.push(payloads.length);
    }
    return `${counts.join(", ")} events`;
  },
};

const smallArena: Check = {
  name: `never overflows an arena of ${SMALL_ARENA} bytes and one event`,
  async run(trial) {
    const { answer } = await trial.use(async (opened) => ({
      answer: await refusalOf(() => readSome(trial, opened, { events: 3, capacity: 1, arenaBytes: SMALL_ARENA })),
    }));
    // Saying that it does not fit is right; writing beside it is not.
    if (answer === undefined) return "";
    if (!(answer instanceof CaissonError) || isTimeout(answer) || overflowed(answer)) throw answer;
    return answer.found;
  },
};

function overflowed({ code }: CaissonError): boolean {
  return code === "CAISSON_NATIVE_BATCH" || code === "CAISSON_PLUGIN_PROTOCOL" || code === "CAISSON_CONFORMANCE_FAILED";
}

const wideRecords: Check = {
  name: "fills wide records",
  async run(trial) {
    const recordStride = strideOf(trial);
    const wide = await trial.use((opened) => readSome(trial, opened, { events: SAMPLE_EVENTS, recordStride }));
    if (wide.payloads.length === 0) throw broken("no event", "events");
    return `${wide.payloads.length} events, ${recordStride} bytes a record`;
  },
};

const decodes: Check = {
  name: "gives events that its codec decodes",
  run: (trial) =>
    trial.use(async (opened) => {
      const codec = createCodec(trial.options.example.codec ?? opened.source.codec ?? "json");
      // Chunks become events only behind the preprocessors of a flow.
      if (opened.source.produces === "chunks") return "chunks of a stream: not decoded";
      const { payloads } = await readSome(trial, opened, { events: SAMPLE_EVENTS });
      for (const payload of payloads) codec.decode(payload);
      return `${payloads.length} events as ${codec.name}`;
    }),
};

const endsOnce: Check = {
  name: "gives nothing after it has ended",
  run: (trial) =>
    trial.use(async (opened) => {
      const { ended } = await readSome(trial, opened, { events: 100_000 });
      if (!ended) return "it did not end; limit it in conformance.json to have this checked";
      const batch = Batch.allocate({ capacity: 8 });
      for (let again = 0; again < 3; again++) {
        const { state } = await trial.within(opened.source.poll(batch, 8), "poll after the end");
        if (state !== "ended" || batch.count > 0) {
          throw broken(`${state} with ${batch.count} events`, "ended, no event");
        }
      }
      return "";
    }),
};

const settlesFailures: Check = {
  name: "goes on when events have failed",
  async run(trial) {
    const { payloads } = await trial.use((opened) =>
      readSome(trial, opened, { events: SAMPLE_EVENTS, failSome: true })
    );
    if (payloads.length === 0) throw broken("no event", "events");
    return `${payloads.length} events`;
  },
};

const sameAgain: Check = {
  name: "gives the same events every time",
  async run(trial) {
    if (!trial.deterministic) return "not deterministic: not compared";
    const first = await sample(trial, 64);
    const second = await sample(trial, 7);
    const difference = firstDifference(first.payloads, second.payloads, first.ended && second.ended);
    if (difference !== undefined) throw broken(difference, "the same bytes, whatever the size of the batches");
    return `${first.payloads.length} events`;
  },
};

const stopsWaiting: Check = {
  name: "stops while it waits",
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      const batch = Batch.allocate({ capacity: 8 });
      const polling = Promise.resolve(opened.source.poll(batch, 8));
      // What it answers does not matter, only that it answers.
      const answered = polling.then(() => {}, () => {});
      opened.stop.abort();
      await trial.within(answered, "poll after the flow was stopped");
      const started = performance.now();
      await opened.close();
      return `closed after ${Math.round(performance.now() - started)} ms`;
    }),
};

const stopsUnderLoad: Check = {
  name: "stops under load, batches still unsettled",
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      const batches = Array.from({ length: 4 }, () => Batch.allocate({ capacity: 256 }));
      for (const batch of batches) await trial.within(opened.source.poll(batch, 256), "poll");
      opened.stop.abort();
      const started = performance.now();
      await opened.close();
      return `closed after ${Math.round(performance.now() - started)} ms`;
    }),
};

/** What the source gives: the same in every isolation when it is deterministic. */
export function sample(trial: Trial, capacity = 64): Promise<SourceRead> {
  return trial.use((opened) => readSome(trial, opened, { events: SAMPLE_EVENTS, capacity }));
}

/** The checks of sources, in order. */
export const sourceChecks: readonly Check[] = [
  everySize,
  wideRecords,
  smallArena,
  decodes,
  endsOnce,
  settlesFailures,
  sameAgain,
  stopsWaiting,
  stopsUnderLoad,
];
