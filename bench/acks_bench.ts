/**
 * What delivery costs: passthrough of 629-byte events with the full machinery against without, interleaved, medians of 7:
 *
 * ```sh
 * deno task offline deno run --no-lock --allow-read --allow-env bench/acks_bench.ts
 * ```
 *
 * `loop`: source and sink called in turn, nothing counts, nothing is told. `no acks`: the runtime, a source that wants no
 * verdicts. `acks`: a source that looks at the verdict of every event, a sink that answers for each write, a breaker, and a
 * pipeline between. The goal is acks ≥ 0.85 of no acks.
 * @module
 */
// deno-lint-ignore-file no-console -- the terminal is where it reports
import { type FlowDefinition, Runtime } from "../mod.ts";
import type { SinkPart, SourcePart } from "../runtime/connector/contract.ts";
import { Batch } from "../runtime/data/batch.ts";

const EVENTS = 2_000_000;
const BATCH = 1024;
const ROUNDS = 7;

const payload = new TextEncoder().encode(`"${"x".repeat(627)}"`);

/** Fills batches with the same payload. */
class Passing implements SourcePart {
  readonly produces = "events";
  #left = EVENTS;

  poll(batch: Batch, max: number): { readonly state: "filled" | "ended" } {
    const count = Math.min(max, this.#left);
    for (let index = 0; index < count; index++) batch.appendBytes(payload, 1);
    this.#left -= count;
    return { state: this.#left === 0 ? "ended" : "filled" };
  }

  close(): void {}
}

/** The same, and looks at every verdict. */
class Acknowledged extends Passing {
  acked = 0;

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    for (let index = 0; index < batch.count; index++) if (!failures.has(index)) this.acked++;
  }
}

/** Looks at the first byte of every payload, as a sink at least does. */
function sinkOf(answers: boolean): SinkPart & { bytes: number } {
  return {
    bytes: 0,
    accepts: "batches",
    maxEvents: BATCH,
    write(batch) {
      for (let index = 0; index < batch.count; index++) this.bytes += batch.payloadLength(index);
      if (answers) return { verdicts: [] };
    },
    close() {},
  };
}

function loop(): number {
  const source = new Passing();
  const sink = sinkOf(false);
  const batch = Batch.allocate({ capacity: BATCH, arenaBytes: 1 << 20 });
  const start = performance.now();
  for (let state = "filled"; state === "filled";) {
    batch.clear();
    ({ state } = source.poll(batch, BATCH));
    if (sink.accepts === "batches") sink.write(batch);
  }
  return (performance.now() - start) * 1e6 / EVENTS;
}

async function flow(acks: boolean, pipeline: boolean): Promise<number> {
  const source = acks ? new Acknowledged() : new Passing();
  await using runtime = new Runtime();
  runtime.provide({ type: "in", kind: "source", create: () => source });
  runtime.provide({ type: "out", kind: "sink", create: () => sinkOf(acks) });
  const definition: FlowDefinition = {
    name: "acks",
    connectors: {
      in: { type: "in", batchEvents: BATCH },
      out: { type: "out", ...(acks ? { breaker: { failures: 5 } } : {}) },
    },
    ...(pipeline ? { pipelines: { pass: [] } } : {}),
    links: pipeline ? [{ from: "in", to: "pass" }, { from: "pass", to: "out" }] : [{ from: "in", to: "out" }],
  };
  const start = performance.now();
  const { done } = await runtime.deploy(definition);
  await done;
  const nanoseconds = (performance.now() - start) * 1e6 / EVENTS;
  if (source instanceof Acknowledged && source.acked !== EVENTS) throw new Error(`${source.acked} acked`);
  return nanoseconds;
}

const kinds = {
  "loop": () => Promise.resolve(loop()),
  "no acks": () => flow(false, false),
  "acks": () => flow(true, true),
};
type Kind = keyof typeof kinds;

const times: Record<Kind, number[]> = { "loop": [], "no acks": [], "acks": [] };
for (let round = 0; round <= ROUNDS; round++) {
  for (const kind of Object.keys(kinds) as Kind[]) {
    const nanoseconds = await kinds[kind]();
    // The first round warms up.
    if (round > 0) times[kind].push(nanoseconds);
  }
}
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;
const ratio = (over: Kind, under: Kind): string =>
  median(times[over].map((time, round) => time / times[under][round]!)).toFixed(2);
for (const kind of Object.keys(kinds) as Kind[]) console.log(`${kind}\t${median(times[kind]).toFixed(0)} ns an event`);
console.log(`throughput with acks ÷ without\t${ratio("no acks", "acks")}`);
console.log(`throughput with acks ÷ loop\t${ratio("loop", "acks")}`);
