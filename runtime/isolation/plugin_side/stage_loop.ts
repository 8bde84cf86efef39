/** Runs a codec, preprocessor or postprocessor on the plugin's side: each event by itself, and one failure fails one. @module */
import type { Codec, Interceptor } from "@caisson/plugin";
import type { Batch } from "../../data/batch.ts";
import type { RingConsumer } from "../../data/ring_consumer.ts";
import type { RingProducer } from "../../data/ring_producer.ts";
import { describeFault } from "./fault.ts";
import { answerSlots } from "./processor_loop.ts";
import type { CodecDirection } from "../worker_protocol.ts";
import { failSlot } from "./verdict_text.ts";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });
/** Longest reason of one event, characters. */
const REASON_MAX = 500;
const NOTHING = new Uint8Array();

/** Runs a codec one way until the host ends the ring. */
export function runCodec(
  codec: Codec,
  direction: CodecDirection,
  input: RingConsumer,
  output: RingProducer,
): Promise<void> {
  const convert = direction === "decode" ? decoding(codec) : encoding(codec);
  return answerSlots(input, output, async (slot, out) => {
    for (let index = 0; index < slot.count; index++) {
      let failed = false;
      let bytes: Uint8Array;
      try {
        const converted = convert(ownBytes(slot, index), slot.timestampMs(index));
        bytes = converted instanceof Promise ? await converted : converted;
      } catch (thrown) {
        failed = true;
        bytes = reasonOf(thrown);
      }
      if (!out.appendBytes(bytes, 0)) {
        failed = true;
        const reason = reasonOf(new RangeError(tooLarge(bytes, out)));
        if (!out.appendBytes(reason, 0)) out.appendBytes(NOTHING, 0);
      }
      out.takeOrigin(index, slot, index);
      if (failed) out.markFailed(index);
    }
  });
}

type Convert = (bytes: Uint8Array, timestamp: number) => Uint8Array | Promise<Uint8Array>;

function decoding(codec: Codec): Convert {
  return (bytes, timestamp) => {
    const value = codec.decode(bytes, { timestamp });
    return value instanceof Promise ? value.then(toJson) : toJson(value);
  };
}

function encoding(codec: Codec): Convert {
  return (bytes, timestamp) => {
    const encoded = codec.encode(fromJson(strict.decode(bytes)), { timestamp });
    return encoded instanceof Promise ? encoded.then(requireBytes) : requireBytes(encoded);
  };
}

/** What JSON cannot express fails; a bigint is an integer with all its digits. */
function toJson(value: unknown): Uint8Array {
  const text = stringify(value);
  if (text === undefined) throw new TypeError(`decode returned a value JSON cannot express: ${typeof value}`);
  return encoder.encode(text);
}

/** A function that looks at every value costs several times what the rest does: only bigints pay for it. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Whatever else was wrong with it is thrown again.
    return JSON.stringify(value, exactBigint);
  }
}

/** Integers beyond 2^53 are bigints; only texts that may hold one pay for looking. */
function fromJson(text: string): unknown {
  return /\d{16}/.test(text)
    ? JSON.parse(text, exactInteger as (key: string, value: unknown) => unknown)
    : JSON.parse(text);
}

function exactInteger(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function exactBigint(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJSON(String(value)) : value;
}

function requireBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`encode returned ${typeof value}; allowed: a Uint8Array`);
}

/** Runs a preprocessor or postprocessor until the host ends the ring. */
export function runInterceptor(
  interceptor: Interceptor,
  input: RingConsumer,
  output: RingProducer,
): Promise<void> {
  return answerSlots(input, output, async (slot, first, next) => {
    let out = first;
    const append = async (bytes: Uint8Array, origin: number, failed: boolean): Promise<void> => {
      if (!out.appendBytes(bytes, Date.now())) {
        if (bytes.byteLength > out.arena.byteLength) throw new RangeError(tooLarge(bytes, out));
        out = await next();
        out.appendBytes(bytes, Date.now());
      }
      const index = out.count - 1;
      if (origin >= 0) out.takeOrigin(index, slot, origin);
      if (failed) out.markFailed(index);
    };
    const appendAll = async (pieces: readonly Uint8Array[], origin: number): Promise<void> => {
      if (!Array.isArray(pieces)) throw new TypeError(`process returned ${typeof pieces}; allowed: an array`);
      for (const piece of pieces) {
        if (!(piece instanceof Uint8Array)) throw new TypeError("process returned something else than bytes");
        await append(piece, origin, false);
      }
    };
    if (slot.count === 0) {
      try {
        await appendAll(await interceptor.finish?.() ?? [], -1);
      } catch (thrown) {
        out.clear();
        failSlot(out, describeFault(thrown));
      }
      return;
    }
    for (let index = 0; index < slot.count; index++) {
      try {
        const made = interceptor.process(ownBytes(slot, index), { timestamp: slot.timestampMs(index) });
        await appendAll(made instanceof Promise ? await made : made, index);
      } catch (thrown) {
        await append(reasonOf(thrown), index, true);
      }
    }
  });
}

/** The plugin may keep and change what it is given, and it must not change under its hands: a copy of its own. */
function ownBytes(slot: Batch, index: number): Uint8Array {
  return slot.payload(index).slice();
}

function reasonOf(thrown: unknown): Uint8Array {
  return encoder.encode(describeFault(thrown).message.slice(0, REASON_MAX));
}

function tooLarge(bytes: Uint8Array, out: Batch): string {
  return `${bytes.byteLength} bytes came out; allowed: at most ${out.arena.byteLength} bytes for all events of one call`;
}
