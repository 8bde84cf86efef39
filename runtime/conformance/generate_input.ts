/** Events made up for a run: the same every time, on every machine. @module */
import type { Codec } from "../codec/codec.ts";
import type { Batch } from "../data/batch.ts";
import type { BatchOptions } from "../data/batch_options.ts";
import { GuardedBatch } from "./guarded_batch.ts";

/** Milliseconds since 1970 of the first event: every run has the same. */
const FIRST_MS = 1_700_000_000_000;

const texts = ["", "plain", 'quotes " and \\', "ü 漢 🦕", "line\nbreak", "\u0000\u001f", "x".repeat(300)];

/** The value of event `index`: members of every kind, some large, some empty. */
export function valueOf(index: number, codec: string): unknown {
  const text = texts[index % texts.length]!;
  if (codec === "string") return text.repeat(1 + index % 3);
  if (codec === "binary") return Uint8Array.from({ length: (index * 37) % 400 }, (_, at) => (at * 31 + index) & 255);
  if (index % 11 === 10) return {};
  return {
    index,
    text,
    number: index * 1.5 - 7,
    flag: index % 2 === 0,
    nothing: null,
    list: Array.from({ length: index % 5 }, (_, at) => at * index),
    nested: { deeper: { index: -index, [`key ${index % 3}`]: text } },
  };
}

/** How {@linkcode inputBatch} is laid out. */
export interface InputOptions extends BatchLayout {
  /** Events. */
  readonly count: number;
}

let batches = 0;

/** A batch of made-up events with guards around it. */
export function inputBatch(codec: Codec, options: InputOptions): GuardedBatch {
  const { count, ...layout } = options;
  const payloads = Array.from(
    { length: count },
    (_, at) => codec.encode(valueOf((layout.first ?? 0) + at, codec.name)),
  );
  return batchOf(payloads, { capacity: Math.max(1, count), ...layout });
}

/** How {@linkcode batchOf} lays out a batch. */
export interface BatchLayout extends BatchOptions {
  /** Number of the first event. @default {0} */
  readonly first?: number;
  /** Payload segments beside the arena; events go round. @default {0} */
  readonly spread?: number;
}

/** A batch of these payloads with guards around it. */
export function batchOf(payloads: readonly Uint8Array[], layout: BatchLayout = {}): GuardedBatch {
  const { first = 0, spread = 0, ...options } = layout;
  const bytes = payloads.reduce((sum, payload) => sum + ((payload.byteLength + 7) & ~7), 64);
  const guarded = new GuardedBatch({
    capacity: Math.max(1, payloads.length),
    arenaBytes: bytes,
    segments: Math.max(8, spread + 1),
    ...options,
  });
  const { batch } = guarded;
  batch.id = ++batches;
  const segments = Array.from({ length: spread }, () => batch.addSegment(new Uint8Array(bytes)));
  const used = segments.map(() => 0);
  payloads.forEach((payload, index) => {
    const turn = index % (spread + 1) - 1;
    if (turn < 0) batch.appendBytes(payload, FIRST_MS + index);
    else {
      batch.segmentView(segments[turn]!).set(payload, used[turn]!);
      batch.append(segments[turn]!, used[turn]!, payload.byteLength, FIRST_MS + index);
      used[turn]! += (payload.byteLength + 7) & ~7;
    }
    batch.setSequence(index, first + index);
  });
  return guarded;
}

/** Events that a codec does not take. */
export function damagedEvents(codec: Codec): Uint8Array[] {
  return damagedPayloads(codec.encode(valueOf(3, codec.name)));
}

/** Payloads that hardly anything takes, and some that only look harmless; one is half of a good one. */
export function damagedPayloads(whole: Uint8Array): Uint8Array[] {
  return [
    new Uint8Array(),
    Uint8Array.of(0xff, 0xfe, 0xc1),
    whole.slice(0, Math.max(1, whole.byteLength >> 1)),
    new TextEncoder().encode('{"a":'),
    new TextEncoder().encode("[".repeat(5000)),
    new Uint8Array(5000).fill(0xdd),
  ];
}

/** Copies of what a batch holds. */
export function payloadsOf(batch: Batch): Uint8Array[] {
  return Array.from({ length: batch.count }, (_, index) => batch.payload(index).slice());
}
