/** The codec `statsd`: one payload is one measurement. @module */
import { quote } from "../manifest/untrusted_text.ts";
import type { Codec } from "./codec.ts";
import { lineOf, undecodable, unencodable } from "./codec_error.ts";
import { decimalOf, numberText } from "./numbers.ts";
import { isMembers } from "./plain_object.ts";
import { encodeUtf8 } from "./utf8.ts";

const TYPES: ReadonlySet<string> = new Set(["c", "ms", "g", "h", "s"]);
const METRIC = /^[^:|\r\n]+$/;

/**
 * `METRIC:VALUE|TYPE|@RATE` as `{ type, metric, value, action?, sample_rate? }`; the type is `c`, `ms`, `g`, `h` or
 * `s`. A sign before a gauge's value is `action`, `"add"` or `"sub"`, and `value` has none.
 */
export const statsd: Codec = {
  name: "statsd",
  decode(bytes: Uint8Array): unknown {
    const line = lineOf("statsd", bytes);
    const colon = line.indexOf(":");
    const [text = "", type = "", rate, ...more] = line.slice(colon + 1).split("|", 5);
    if (colon <= 0 || !METRIC.test(line.slice(0, colon)) || !TYPES.has(type) || more.length > 0) throw wrong(line);
    const signed = type === "g" && (text.startsWith("+") || text.startsWith("-"));
    const value = decimalOf(signed ? text.slice(1) : text);
    if (value === undefined || (signed && /^[+-]/.test(text.slice(1)))) throw wrong(line);
    const sampleRate = rate === undefined ? undefined : rate.startsWith("@") ? decimalOf(rate.slice(1)) : NaN;
    if (rate !== undefined && !(sampleRate! > 0 && sampleRate! <= 1)) throw wrong(line);
    return {
      type,
      metric: line.slice(0, colon),
      value,
      ...(signed ? { action: text.startsWith("+") ? "add" : "sub" } : {}),
      ...(sampleRate === undefined ? {} : { sample_rate: sampleRate }),
    };
  },
  encode(value: unknown): Uint8Array {
    if (!isMembers(value)) throw unwritable(value);
    const { type, metric, value: measured, action, sample_rate: rate } = value;
    const number = numberText(measured);
    const sign = action === undefined || action === null
      ? ""
      : action === "add"
      ? "+"
      : action === "sub"
      ? "-"
      : undefined;
    if (typeof metric !== "string" || !METRIC.test(metric) || typeof type !== "string" || !TYPES.has(type)) {
      throw unwritable(value);
    }
    if (number === undefined || sign === undefined || (sign !== "" && (type !== "g" || number.startsWith("-")))) {
      throw unwritable(value);
    }
    if (rate !== undefined && !(typeof rate === "number" && rate > 0 && rate <= 1)) throw unwritable(value);
    // A sign means a change, so a negative gauge cannot be said in one line.
    if (type === "g" && sign === "" && number.startsWith("-")) throw unwritable(value);
    return encodeUtf8(`${metric}:${sign}${number}|${type}${rate === undefined ? "" : `|@${rate}`}`);
  },
};

function wrong(line: string): Error {
  return undecodable("statsd", quote(line, 80), "METRIC:VALUE|TYPE|@RATE");
}

function unwritable(value: unknown): Error {
  return unencodable("statsd", value, "{ type, metric, value, action?, sample_rate? }; action only for gauges");
}
