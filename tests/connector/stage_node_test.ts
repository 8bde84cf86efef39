import { assertEquals, assertStringIncludes } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import type { ProcessorPart } from "../../runtime/connector/contract.ts";
import { LocalStage } from "../../runtime/connector/local_stage.ts";
import { StageNode } from "../../runtime/connector/stage_node.ts";
import { Batch } from "../../runtime/data/batch.ts";
import type { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type Delivery, eventsOf } from "../../runtime/flow/delivery.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

interface Passed {
  /** What came out: text, time and stream. */
  readonly events: readonly (readonly [string, number, number])[];
  /** Why events failed, by the index of their input. */
  readonly failures: ReadonlyMap<number, unknown>;
  readonly errors: readonly CaissonError[];
}

/** Sends payloads through a stage as one batch, all with the same token, and lets the taker fail some of what comes out. */
async function pass(
  part: Pick<ProcessorPart, "process" | "maxEvents">,
  makes: "each" | "stream",
  payloads: readonly (string | Uint8Array)[],
  options: { readonly streams?: readonly number[]; readonly refuse?: string; readonly holds?: boolean } = {},
): Promise<Passed> {
  const events: [string, number, number][] = [];
  const errors: CaissonError[] = [];
  const out = new Fanout();
  out.link({
    push(delivery: Delivery) {
      for (const event of eventsOf(delivery)) {
        const shown = text.decode(event.bytes(event.codec));
        events.push([shown, event.timestamp, event.stream]);
        const { settlement, origin } = event;
        const judge = (): void => {
          if (shown === options.refuse) settlement!.fail(origin, "refused");
        };
        if (options.holds !== true) judge();
        else {
          settlement!.hold();
          // As a window does: long after the batch was given back.
          setTimeout(() => {
            judge();
            settlement!.letGo();
          }, 1);
        }
      }
      delivery.settlement.release();
    },
    drain: () => Promise.resolve(),
  });
  const codec = createCodec("binary");
  const node = new StageNode({
    alias: "flow/in.stage",
    code: "CAISSON_PREPROCESSOR_FAILED",
    part,
    makes,
    input: codec,
    output: codec,
    out,
    onError: (error) => errors.push(error),
  });
  const batch = Batch.allocate({ capacity: Math.max(1, payloads.length), arenaBytes: 1 << 21 });
  payloads.forEach((payload, index) => {
    batch.appendBytes(typeof payload === "string" ? utf8.encode(payload) : payload, 1000 + index);
    batch.setSequence(index, 7);
    batch.setPartition(index, options.streams?.[index] ?? 0);
  });
  const settled = Promise.withResolvers<ReadonlyMap<number, unknown>>();
  await node.push({ batch, events: undefined, codec, settlement: new Settlement(settled.resolve) });
  const failures = await settled.promise;
  await node.drain();
  return { events, failures, errors };
}

/** Writes what it is told for each record; the number is the sequence it claims. */
function answering(write: (batch: Batch, out: Batch, more: (() => Batch) | undefined) => void) {
  return { maxEvents: 100, process: write };
}

Deno.test("a codec that answers fewer events than it got fails all of them, and none comes out", async () => {
  const lazy = answering((_, out) => void out.appendBytes(utf8.encode("x"), 0));
  const { events, failures, errors } = await pass(lazy, "each", ["a", "b"]);
  assertEquals(events, []);
  assertEquals([...failures.keys()], [0, 1]);
  assertStringIncludes(errors[0]!.message, "1 events for 2");
});

Deno.test("what a codec makes has time and stream of what it was made of, whatever it says itself", async () => {
  const liar = answering((batch, out) => {
    for (let index = 0; index < batch.count; index++) {
      out.append(0, 0, 0, 99);
      out.setSequence(index, 12345);
      out.setPartition(index, 67);
    }
  });
  const { events } = await pass(liar, "each", ["a", "b"], { streams: [3, 4] });
  assertEquals(events, [["", 1000, 3], ["", 1001, 4]]);
});

Deno.test("a preprocessor that names an input there is not fails the batch it was given", async () => {
  const liar = answering((batch, out) => {
    if (batch.count === 0) return;
    out.appendBytes(utf8.encode("x"), 0);
    out.setSequence(0, batch.count);
  });
  const { events, failures, errors } = await pass(liar, "stream", ["a", "b"]);
  assertEquals(events, []);
  assertEquals([...failures.keys()], [0, 1]);
  assertStringIncludes(errors[0]!.message, "the sequence 2");
});

Deno.test("a preprocessor that never stops answering is stopped, and its input fails", async () => {
  let batches = 0;
  const endless = answering((batch, out, more) => {
    for (let into = out; batch.count > 0; into = more!(), batches++) {
      into.appendBytes(utf8.encode("x"), 0);
      into.setSequence(0, 0);
    }
  });
  const { events, failures } = await pass(endless, "stream", ["a"]);
  assertEquals([events.length, failures.size, batches], [0, 1, 63]);
});

Deno.test("events of a second stream fail, those of the first go through", async () => {
  const { events, failures, errors } = await pass(new LocalStage([]), "stream", ["a", "b", "c"], {
    streams: [5, 6, 5],
  });
  assertEquals(events.map(([shown]) => shown), ["a", "c"]);
  assertEquals([...failures.keys()], [1]);
  assertStringIncludes(errors[0]!.message, "stream 6");
});

Deno.test("what the taker refuses fails the piece it was cut from, even where all tokens are equal", async () => {
  const cutting = new LocalStage([createPreprocessor("separate")]);
  const { events, failures } = await pass(cutting, "stream", ["a\nb", "c\nd\n", "e"], { refuse: "d" });
  assertEquals(events.map(([shown]) => shown), ["a", "bc", "d", "e"]);
  assertEquals([...failures], [[1, "refused"]]);
});

Deno.test("a preprocessor of the runtime behind one of a plugin says when events entered the system, and fails pieces alone", async () => {
  const stamped = new LocalStage([createPreprocessor("ingest-ns")]);
  const { events, failures } = await pass(stamped, "stream", [
    new Uint8Array([0, 0, 0, 0, 0, 0, 0x27, 0x10, 0x38, 0x39]),
    new Uint8Array(7),
    new Uint8Array([0, 0, 0, 0, 0, 0, 0x27, 0x10, 0x40]),
  ]);
  assertEquals(events, [["89", 0.01, 0], ["@", 0.01, 0]]);
  assertEquals([...failures.keys()], [1]);
});

Deno.test("payloads without an event are left out behind the last preprocessor, and one larger than a batch fails", async () => {
  const { events, failures, errors } = await pass(
    new LocalStage([], (bytes) => bytes[0] === 35),
    "stream",
    ["# a comment", "a", new Uint8Array((1 << 20) + 1)],
  );
  assertEquals(events.map(([shown]) => shown), ["a"]);
  assertEquals([...failures.keys()], [2]);
  assertStringIncludes(errors[0]!.message, "at most 1048576 bytes");
});

Deno.test("a verdict that an operator keeps open finds its input when the batches are long given back", async () => {
  const cutting = new LocalStage([createPreprocessor("separate")]);
  const { failures } = await pass(cutting, "stream", ["a\nb\n", "c\nd\n"], { refuse: "c", holds: true });
  assertEquals([...failures], [[1, "refused"]]);
});
