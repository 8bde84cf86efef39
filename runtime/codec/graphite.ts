/** The codec `graphite-plaintext`: one payload is one measurement. @module */
import { quote } from "../manifest/untrusted_text.ts";
import type { Codec } from "./codec.ts";
import { lineOf, undecodable, unencodable } from "./codec_error.ts";
import { asNanoseconds, decimalOf, integerOf, nanosecondsOf, numberText } from "./numbers.ts";
import { isMembers } from "./plain_object.ts";
import { encodeUtf8 } from "./utf8.ts";

const NS_PER_SECOND = 1_000_000_000n;
const LONGEST_SECONDS = 9_223_372_036n;
const ALLOWED = "METRIC VALUE SECONDS";
const METRIC = /^[^\s]+$/;

/**
 * `METRIC VALUE SECONDS` as `{ metric, value, timestamp }`. The timestamp is a bigint of nanoseconds; -1 on the wire
 * means the time the event entered the system. All values are floats on the wire, so `320.0` is written back as `320`.
 */
export const graphite: Codec = {
  name: "graphite-plaintext",
  decode(bytes: Uint8Array, timestampMs: number = Date.now()): unknown {
    const line = lineOf("graphite-plaintext", bytes);
    const fields = line.split(" ", 4);
    const [metric = "", valueText = "", secondsText = ""] = fields;
    const value = decimalOf(valueText);
    const seconds = integerOf(secondsText);
    if (fields.length !== 3 || !METRIC.test(metric) || value === undefined || seconds === undefined) throw wrong(line);
    if (seconds < -1n || seconds > LONGEST_SECONDS) throw wrong(line);
    return { metric, value, timestamp: seconds === -1n ? nanosecondsOf(timestampMs) : seconds * NS_PER_SECOND };
  },
  encode(value: unknown): Uint8Array {
    if (isMembers(value)) {
      const { metric, value: measured, timestamp } = value;
      const number = numberText(measured);
      const time = timestamp === undefined ? nanosecondsOf(Date.now()) : asNanoseconds(timestamp);
      if (
        typeof metric === "string" && METRIC.test(metric) && number !== undefined && time !== undefined && time >= 0n
      ) {
        return encodeUtf8(`${metric} ${number} ${time / NS_PER_SECOND}`);
      }
    }
    throw unencodable("graphite-plaintext", value, "{ metric, value, timestamp }, nanoseconds since 1970");
  },
};

function wrong(line: string): Error {
  return undecodable("graphite-plaintext", quote(line, 80), ALLOWED);
}
