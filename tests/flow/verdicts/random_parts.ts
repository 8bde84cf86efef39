/** Sources, processors and sinks that misbehave at random and say so to the ledger. @module */
import type { ComponentInstance, SinkPart, WriteResult } from "../../../runtime/connector/contract.ts";
import { CLASS_TRANSIENT, RETRY } from "../../../runtime/data/layout.ts";
import { integer } from "../../data/random.ts";
import { idsOf, type Ledger } from "./ledger.ts";

type Part = ComponentInstance["part"];

/** What all parts of one flow share. */
export interface RandomParts {
  readonly random: () => number;
  readonly ledger: Ledger;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function chance(random: () => number, percent: number): boolean {
  return random() * 100 < percent;
}

/** Now, in a turn of the microtask queue, or in one of the event loop. */
function soon(random: () => number): Promise<void> {
  return integer(random, 3) === 0 ? new Promise((resolve) => setTimeout(resolve, 0)) : Promise.resolve();
}

/** Reads `events` events in batches of random size, as one a record or as lines in chunks. */
export function randomSource({ random, ledger }: RandomParts, name: string, events: number, chunks: boolean): Part {
  let next = 0;
  const copies = chance(random, 50);
  return {
    kind: "source",
    source: {
      produces: chunks ? "chunks" : "events",
      ...(copies ? { settlesCopies: true } : {}),
      poll(batch, max) {
        const records: string[][] = [];
        for (let left = Math.min(max, 1 + integer(random, 6)); left > 0 && next < events; left--) {
          const ids: string[] = [];
          let text = "";
          for (let line = chunks ? 1 + integer(random, 4) : 1; line > 0 && next < events; line--) {
            const id = `${name}:${next}`;
            ids.push(id);
            text += `${JSON.stringify({ ids: [id], n: next++, g: integer(random, 3) })}${chunks ? "\n" : ""}`;
          }
          batch.appendBytes(encoder.encode(text), Date.now());
          batch.setSequence(records.length, next);
          records.push(ids);
        }
        if (records.length > 0) ledger.handedOut(name, batch.id, records);
        const state = next >= events ? "ended" : chance(random, 20) ? "idle" : "filled";
        const result = { state, retryAfterMs: 0 } as const;
        return chance(random, 30) ? soon(random).then(() => result) : result;
      },
      settle: (batch, failures) => ledger.settled(name, batch.id, batch.count, failures),
      close() {},
    },
  };
}

/** Passes records on, drops them, writes them anew, twice, or throws; `hasErr` says that its port `err` is linked. */
export function randomProcessor({ random, ledger }: RandomParts, hasErr: boolean): Part {
  return {
    kind: "processor",
    processor: {
      codec: "json",
      maxEvents: 1 + integer(random, 8),
      process(batch, out): void | Promise<void> {
        const texts = Array.from({ length: batch.count }, (_, index) => decoder.decode(batch.payload(index)));
        const work = (): void => {
          if (chance(random, 5)) {
            if (!hasErr) ledger.fault(texts.flatMap(idsOf));
            throw new Error("a processor's own");
          }
          const passes = chance(random, 60);
          if (passes) out.shareSegments(batch);
          for (const [index, text] of texts.entries()) {
            if (chance(random, 10)) continue;
            if (passes) {
              out.appendRecord(batch, index);
              continue;
            }
            out.appendBytes(encoder.encode(text), batch.timestampMs(index));
            out.setSequence(out.count - 1, batch.sequence(index));
          }
        };
        return chance(random, 40) ? soon(random).then(work) : work();
      },
      close() {},
    },
  };
}

/** Takes values, bytes or batches; throws, rejects, refuses some, or from some time on never answers. */
export function randomSink({ random, ledger }: RandomParts, hangs: boolean): Part {
  const kind = (["values", "bytes", "batches"] as const)[integer(random, 3)]!;
  const faulty = chance(random, 60);
  let writes = 0;
  const write = (texts: readonly string[], mayRefuse: boolean): void | WriteResult | Promise<void | WriteResult> => {
    if (hangs && ++writes > 2) return new Promise(() => {});
    const work = (): void | WriteResult => {
      if (faulty && chance(random, 15)) {
        ledger.fault(texts.flatMap(idsOf));
        throw new Error("a sink's own");
      }
      if (!faulty || !mayRefuse || !chance(random, 25)) return;
      const refused = texts.flatMap((text, index) => chance(random, 50) ? [{ text, index }] : []);
      ledger.fault(refused.flatMap(({ text }) => idsOf(text)));
      return {
        verdicts: refused.map(({ index }) => ({
          index,
          action: RETRY,
          failureClass: CLASS_TRANSIENT,
          code: 0,
          retryAfterMs: 0,
        })),
      };
    };
    return chance(random, 50) ? soon(random).then(work) : work();
  };
  const base = { close() {} };
  const sinks: Record<typeof kind, () => SinkPart> = {
    values: () => ({
      ...base,
      accepts: "values",
      write: (events) => write(events.map(({ value }) => JSON.stringify(value)), true),
    }),
    bytes: () => ({
      ...base,
      accepts: "bytes",
      codec: "json",
      write: (chunks) => write(chunks.map((chunk) => decoder.decode(chunk)), false) as void | Promise<void>,
    }),
    batches: () => ({
      ...base,
      accepts: "batches",
      codec: "json",
      maxEvents: 1 + integer(random, 8),
      inFlight: 1 + integer(random, 3),
      write: (batch) =>
        write(Array.from({ length: batch.count }, (_, index) => decoder.decode(batch.payload(index))), true),
    }),
  };
  return { kind: "sink", sink: sinks[kind]() };
}
