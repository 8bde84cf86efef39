/** Calls codecs, preprocessors and postprocessors as the stages of a flow do, over guarded memory. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { broken } from "./finding.ts";
import { type BatchLayout, batchOf } from "./generate_input.ts";
import { GuardedBatch, snapshot } from "./guarded_batch.ts";
import type { Opened, Trial } from "./trial.ts";

const OUT_ARENA = 1 << 20;
/** Most batches one may be answered with, as in a flow. */
const MOST_BATCHES = 64;

/** One record that came out. */
export interface Piece {
  /** Its bytes; of one that failed, why. */
  readonly bytes: Uint8Array;
  /** Sequence of the input it is said to be made of. */
  readonly sequence: number;
  /** Whether it stands for an event that failed. */
  readonly failed: boolean;
}

/** How {@linkcode callFormat} lays out memory. */
export interface FormatCallOptions extends BatchLayout {
  /** Bytes of each batch of the output. @default {1 MiB, or what the component asks for} */
  readonly outArenaBytes?: number;
}

/** The memory of one instance's output, used again for each call. */
const outputs = new WeakMap<Opened, Map<string, GuardedBatch[]>>();

/**
 * Hands over one batch and returns all that came out; without `payloads` the stream has ended.
 *
 * @throws {CaissonError} what the component was refused with, or `CAISSON_CONFORMANCE_FAILED`
 */
export async function callFormat(
  trial: Trial,
  opened: Opened,
  payloads: readonly Uint8Array[],
  { outArenaBytes, ...layout }: FormatCallOptions = {},
): Promise<Piece[]> {
  const { processor } = opened;
  const isCodec = trial.options.provision.kind === "codec";
  const input = batchOf(payloads, layout);
  const unchanged = snapshot(input.batch);
  const arenaBytes = outArenaBytes ?? processor.output?.arenaBytes ?? OUT_ARENA;
  const capacity = Math.max(payloads.length, processor.output?.capacity ?? Math.min(processor.maxEvents, 1024), 1);
  const memory = memoryOf(opened, `${arenaBytes} ${layout.recordStride}`);
  let used = 0;
  const next = (): GuardedBatch => {
    if (used === MOST_BATCHES) throw endless(trial);
    const fitting = memory[used];
    const out = fitting !== undefined && fitting.batch.capacity >= capacity ? fitting : new GuardedBatch({
      capacity,
      arenaBytes,
      segments: 16,
      ...(layout.recordStride === undefined ? {} : { recordStride: layout.recordStride }),
    });
    memory[used++] = out;
    out.batch.clear();
    out.batch.ownSegments();
    out.batch.id = input.batch.id;
    return out;
  };
  const what = payloads.length === 0 ? "the end of the stream" : `process ${payloads.length} events`;
  const first = next().batch;
  const more = isCodec ? undefined : () => next().batch;
  try {
    await trial.within(Promise.try(() => processor.process(input.batch, first, more)), what);
  } finally {
    input.check();
    memory.slice(0, used).forEach((out) => out.check());
  }
  unchanged();
  const pieces = memory.slice(0, used).flatMap(({ batch }) => {
    batch.validate();
    return Array.from({ length: batch.count }, (_, index): Piece => ({
      bytes: batch.payload(index).slice(),
      sequence: batch.sequence(index),
      failed: batch.isFailed(index),
    }));
  });
  if (isCodec) requireOneEach(pieces, payloads.length);
  else if (payloads.length > 0) requireOrigins(pieces, payloads.length);
  return pieces;
}

/** What a flow says to it. */
function endless(trial: Trial): CaissonError {
  const { kind, name } = trial.options.provision;
  return new CaissonError(kind === "preprocessor" ? "CAISSON_PREPROCESSOR_FAILED" : "CAISSON_POSTPROCESSOR_FAILED", {
    subject: name,
    found: `more than ${MOST_BATCHES} batches for one`,
    allowed: `at most ${MOST_BATCHES}`,
  });
}

function memoryOf(opened: Opened, key: string): GuardedBatch[] {
  const all = outputs.get(opened) ?? new Map<string, GuardedBatch[]>();
  outputs.set(opened, all);
  const memory = all.get(key) ?? [];
  all.set(key, memory);
  return memory;
}

function requireOneEach(pieces: readonly Piece[], count: number): void {
  if (pieces.length !== count) throw broken(`${pieces.length} events for ${count}`, "one for each, in order");
}

function requireOrigins(pieces: readonly Piece[], count: number): void {
  for (const [index, { sequence }] of pieces.entries()) {
    if (sequence < count) continue;
    throw broken(`output ${index} has sequence ${sequence}`, `the sequence of an input, 0 to ${count - 1}`);
  }
}

/** What came out; the first that failed is thrown as what is wrong. */
export function whole(pieces: readonly Piece[], what: string): Uint8Array[] {
  for (const [index, { bytes, failed }] of pieces.entries()) {
    if (failed) throw broken(`${what} ${index} failed: ${new TextDecoder().decode(bytes)}`, "none that fails");
  }
  return pieces.map(({ bytes }) => bytes);
}

/** Passes a stream through in batches of so many records, and ends it. */
export async function passStream(
  trial: Trial,
  opened: Opened,
  stream: readonly Uint8Array[],
  size: number,
  options: FormatCallOptions = {},
): Promise<Uint8Array[]> {
  const made: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += size) {
    made.push(...whole(await callFormat(trial, opened, stream.slice(at, at + size), options), "piece"));
  }
  made.push(...whole(await callFormat(trial, opened, [], options), "piece at the end"));
  return made;
}

/** Whether it was refused in words a flow can pass on, not for writing where it may not. */
export function isHonestRefusal(thrown: unknown): boolean {
  return thrown instanceof CaissonError && thrown.code !== "CAISSON_NATIVE_BATCH" &&
    thrown.code !== "CAISSON_CONFORMANCE_FAILED" && thrown.code !== "CAISSON_PLUGIN_TIMEOUT";
}
