/** The codec `msgpack`: one payload is one MessagePack value. @module */
import {
  Decoder,
  decodeTimestampExtension,
  Encoder,
  encodeTimestampExtension,
  EXT_TIMESTAMP,
  ExtensionCodec,
} from "@msgpack/msgpack";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { excerpt } from "../manifest/untrusted_text.ts";
import type { Codec } from "./codec.ts";
import { MAX_DEPTH, shapeOf } from "./msgpack_shape.ts";

const EXCERPT = 80;

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: EXT_TIMESTAMP,
  encode(value: unknown): Uint8Array | null {
    if (value instanceof Date && Number.isNaN(value.getTime())) throw new RangeError("a Date that is no point in time");
    return encodeTimestampExtension(value);
  },
  decode(data: Uint8Array): Date {
    const time = decodeTimestampExtension(data);
    if (Number.isNaN(time.getTime())) throw new RangeError("a timestamp beyond what a Date can hold");
    return time;
  },
});

const decoder = new Decoder({ extensionCodec });
const wideDecoder = new Decoder({ extensionCodec, useBigInt64: true });
// The encoder counts the value itself as a level, containers or not.
const encoding = { extensionCodec, ignoreUndefined: true, maxDepth: MAX_DEPTH + 1 };
const encoder = new Encoder(encoding);
const wideEncoder = new Encoder({ ...encoding, useBigInt64: true });

/**
 * MessagePack, as {@link https://github.com/msgpack/msgpack/blob/master/spec.md} has it.
 *
 * Integers within ±(2^53 - 1) are numbers, all others bigints, both ways; a number that is no integer becomes a float64.
 * A timestamp (extension -1) is a `Date`, exact to a millisecond; every other extension is an object with `type` and
 * `data` that encodes to the same bytes. `bin` is a `Uint8Array`, a view of the payload: copy what must outlive the batch.
 * Keys of maps are strings, or numbers that become strings. Members that are `undefined` are left out, as in JSON.
 *
 * Text that is not UTF-8, bytes behind the value, more than 128 levels and lengths that the payload cannot hold are
 * refused before anything is allocated. An event that no operator changes keeps its bytes.
 */
export const msgpack: Codec = {
  name: "msgpack",
  viewsPayload: true,
  decode(bytes: Uint8Array): unknown {
    const shape = shapeOf(bytes);
    if (shape.problem !== undefined) throw undecodable(`${shape.problem}, at byte ${shape.at} of ${bytes.byteLength}`);
    try {
      return shape.wide ? narrowed(wideDecoder.decode(bytes)) : decoder.decode(bytes);
    } catch (cause) {
      throw undecodable(messageOf(cause), cause);
    }
  },
  encode(value: unknown): Uint8Array {
    if (value === undefined) throw unencodable(value);
    try {
      return encoder.encode(value);
    } catch (cause) {
      // The common encoder knows no bigint; looking for one first would cost every other event.
      if (!holdsBigint(value, 0)) throw unencodable(value, cause);
    }
    try {
      return wideEncoder.encode(widened(value));
    } catch (cause) {
      throw unencodable(value, cause);
    }
  },
};

function undecodable(found: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_CODEC_DECODE", {
    subject: "codec msgpack",
    found,
    allowed: "one MessagePack value",
    ...(cause === undefined ? {} : { cause }),
  });
}

function unencodable(value: unknown, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_CODEC_ENCODE", {
    subject: "codec msgpack",
    found: cause === undefined ? excerpt(value, EXCERPT) : messageOf(cause),
    allowed: "a value that MessagePack can express, integers within 64 bits",
    ...(cause === undefined ? {} : { cause }),
  });
}

type Members = Record<string | number, unknown>;

function isContainer(value: unknown): value is Members {
  if (Array.isArray(value)) return true;
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Makes numbers of the bigints a number can hold, in place: the value is fresh, and its depth was checked. */
function narrowed(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (!isContainer(value)) return value;
  for (const key of Object.keys(value)) value[key] = narrowed(value[key]);
  return value;
}

function holdsBigint(value: unknown, depth: number): boolean {
  if (typeof value === "bigint") return true;
  if (!isContainer(value) || depth > MAX_DEPTH) return false;
  return Object.values(value).some((member) => holdsBigint(member, depth + 1));
}

/** A copy in which integers beyond 32 bits are bigints: the encoder for bigints would make floats of them. */
function widened(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") {
    if (value !== BigInt.asIntN(64, value) && value !== BigInt.asUintN(64, value)) {
      throw new RangeError(`${value}, which takes more than 64 bits`);
    }
    return value;
  }
  if (typeof value === "number" && Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000)) {
    return BigInt(value);
  }
  if (!isContainer(value)) return value;
  if (depth > MAX_DEPTH) throw new RangeError(`more than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((member) => widened(member, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, widened(member, depth + 1)]));
}
