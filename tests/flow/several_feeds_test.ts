import { assertEquals } from "@std/assert";
import type {
  BatchSinkPart,
  ComponentInstance,
  ProcessorPart,
  SourcePart,
  ValueSinkPart,
} from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import { CLASS_TRANSIENT, RETRY } from "../../runtime/data/layout.ts";
import { Flow } from "../../runtime/flow/flow.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function textsOf(batch: Batch): string[] {
  return Array.from({ length: batch.count }, (_, index) => decoder.decode(batch.payload(index)));
}

/** Reads all texts as one batch, every event with the same sequence, and says what became of them. */
class Source implements SourcePart {
  readonly produces = "events";
  readonly failed: string[] = [];
  settled = 0;
  readonly #texts: readonly string[];

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  poll(batch: Batch): { state: "ended" } {
    for (const text of this.#texts) {
      batch.appendBytes(encoder.encode(text), 1);
      batch.setSequence(batch.count - 1, 7);
    }
    return { state: "ended" };
  }

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    this.settled += batch.count;
    const texts = textsOf(batch);
    this.failed.push(...[...failures.keys()].sort((a, b) => a - b).map((index) => texts[index]!));
  }

  close(): void {}
}

async function run(source: Source, sink: BatchSinkPart | ValueSinkPart, processor?: ProcessorPart): Promise<void> {
  const parts: Record<string, ComponentInstance["part"]> = {
    in: { kind: "source", source },
    out: { kind: "sink", sink },
    ...(processor === undefined ? {} : { step: { kind: "processor", processor } }),
  };
  const flow = new Flow({
    definition: parseFlow({
      name: "feeds",
      connectors: { in: { type: "in", codec: "string", batchBytes: 4 << 20 }, out: { type: "out", codec: "string" } },
      ...(processor === undefined ? {} : { processors: { step: { type: "step" } } }),
      links: processor === undefined
        ? [{ from: "in", to: "out" }]
        : [{ from: "in", to: "step" }, { from: "step", to: "out" }],
    }, "test"),
    launch: ({ type }) =>
      Promise.resolve({ instance: { isolation: "builtin", level: "none", part: parts[type]! }, plugin: "builtin" }),
    onError: () => {},
  });
  await flow.start();
  await flow.done;
}

function keeps(seen: string[]): ValueSinkPart {
  return {
    accepts: "values",
    write: (events) => void seen.push(...events.map(({ value }) => String(value))),
    close() {},
  };
}

/** Passes on what it is asked to, a turn later. */
function passes(wanted: (text: string) => boolean, more: Partial<ProcessorPart> = {}): ProcessorPart {
  return {
    maxEvents: 100,
    async process(batch, out): Promise<void> {
      await undefined;
      out.shareSegments(batch);
      for (const [index, text] of textsOf(batch).entries()) if (wanted(text)) out.appendRecord(batch, index);
    },
    close() {},
    ...more,
  };
}

Deno.test("a batch with more events than a slow sink takes at once reaches it whole", async () => {
  const source = new Source(["a", "b", "c", "d", "e"]);
  const seen: string[] = [];
  await run(source, {
    accepts: "batches",
    maxEvents: 2,
    async write(batch): Promise<void> {
      await undefined;
      seen.push(...textsOf(batch));
    },
    close() {},
  });
  assertEquals(seen, ["a", "b", "c", "d", "e"]);
  assertEquals([source.settled, source.failed], [5, []]);
});

Deno.test("a batch with more events than a slow processor takes at once goes through it whole", async () => {
  const source = new Source(["a", "b", "c", "d", "e"]);
  const seen: string[] = [];
  await run(source, keeps(seen), passes(() => true, { maxEvents: 2 }));
  assertEquals(seen, ["a", "b", "c", "d", "e"]);
  assertEquals(source.settled, 5);
});

Deno.test("a processor gets no more bytes at once than it takes, and a larger event alone", async () => {
  const texts = ["a", "b", "c", "d"].map((letter) => letter.repeat(400)).concat("e".repeat(5000), "f");
  const sizes: number[] = [];
  const seen: string[] = [];
  await run(new Source(texts), keeps(seen), {
    maxEvents: 100,
    maxBytes: 1024,
    process(batch, out): void {
      sizes.push(batch.count);
      out.shareSegments(batch);
      for (let index = 0; index < batch.count; index++) out.appendRecord(batch, index);
    },
    close() {},
  });
  assertEquals(sizes, [2, 2, 1, 1]);
  assertEquals(seen, texts);
});

/** Refuses one text. */
function refuses(refused: string): ValueSinkPart {
  return {
    accepts: "values",
    write(events) {
      const index = events.findIndex(({ value }) => value === refused);
      if (index < 0) return;
      return { verdicts: [{ index, action: RETRY, failureClass: CLASS_TRANSIENT, code: 0, retryAfterMs: 0 }] };
    },
    close() {},
  };
}

Deno.test("a failed event behind a processor that drops finds its origin, also where sequences are all alike", async () => {
  const source = new Source(["a", "b", "c", "d"]);
  await run(source, refuses("c"), passes((text) => text !== "a"));
  assertEquals(source.failed, ["c"]);
});

Deno.test("a failed event behind a processor that makes new payloads in order finds its origin", async () => {
  const source = new Source(["a", "b", "c"]);
  await run(source, refuses("B"), {
    maxEvents: 100,
    process(batch, out): void {
      for (const [index, text] of textsOf(batch).entries()) {
        out.appendBytes(encoder.encode(text.toUpperCase()), 1);
        out.takeOrigin(index, batch, index);
      }
    },
    close() {},
  });
  assertEquals(source.failed, ["b"]);
});

Deno.test("a failed event that may have been made of any event fails them all: none is lost", async () => {
  const source = new Source(["a", "b", "c"]);
  await run(source, refuses("all"), {
    maxEvents: 100,
    process(_batch, out): void {
      out.appendBytes(encoder.encode("all"), 1);
    },
    close() {},
  });
  assertEquals(source.failed, ["a", "b", "c"]);
});
