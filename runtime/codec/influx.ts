/** The codec `influx`: one payload is one line of the InfluxDB line protocol. @module */
import { quote } from "../manifest/untrusted_text.ts";
import type { Codec } from "./codec.ts";
import { lineOf, undecodable, unencodable } from "./codec_error.ts";
import { asNanoseconds, decimalOf, fitsInt64, integerOf, nanosecondsOf } from "./numbers.ts";
import { isMembers, setMember } from "./plain_object.ts";
import { encodeUtf8 } from "./utf8.ts";

const TRUE: ReadonlySet<string> = new Set(["t", "T", "true", "True", "TRUE"]);
const FALSE: ReadonlySet<string> = new Set(["f", "F", "false", "False", "FALSE"]);
const ALLOWED = "MEASUREMENT,TAG=VALUE FIELD=VALUE NANOSECONDS";

/**
 * A line as `{ measurement, tags, fields, timestamp }`; blank lines and comments hold no event.
 *
 * The timestamp is a bigint of nanoseconds, by default when the event entered the system. Floats (`82`) are numbers and
 * integers (`82i`, `82u`) bigints, so that both are written back as what they were: a database refuses a field that
 * changes its type. With `plain`, integers a number can hold are numbers, and are written as floats.
 */
export function influxCodec(name: string, plain: boolean): Codec {
  return {
    name,
    skips(bytes: Uint8Array): boolean {
      for (const byte of bytes) {
        if (byte === 0x23) return true;
        if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return false;
      }
      return true;
    },
    decode(bytes: Uint8Array, timestampMs: number = Date.now()): unknown {
      return new LineReader(lineOf("influx", bytes), plain).read(timestampMs);
    },
    encode(value: unknown): Uint8Array {
      const text = isMembers(value) ? lineText(value) : undefined;
      if (text !== undefined) return encodeUtf8(text);
      throw unencodable("influx", value, "{ measurement, tags: texts, fields: at least one, timestamp: nanoseconds }");
    },
  };
}

class LineReader {
  readonly #line: string;
  readonly #plain: boolean;
  #at = 0;

  constructor(line: string, plain: boolean) {
    this.#line = line;
    this.#plain = plain;
  }

  read(timestampMs: number): Record<string, unknown> {
    const measurement = this.#name(", ");
    if (measurement === "" || measurement.startsWith("#")) throw this.#wrong("a measurement");
    const tags: Record<string, unknown> = {};
    while (this.#take(",")) {
      const key = this.#name("= ,");
      if (key === "" || !this.#take("=")) throw this.#wrong("TAG=VALUE");
      setMember(tags, key, this.#name(", ="));
    }
    this.#spaces();
    const fields: Record<string, unknown> = {};
    do {
      const key = this.#name("= ,");
      if (key === "" || !this.#take("=")) throw this.#wrong("FIELD=VALUE");
      setMember(fields, key, this.#value());
    } while (this.#take(","));
    if (this.#at < this.#line.length) this.#spaces();
    const rest = this.#line.slice(this.#at).trimEnd();
    const timestamp = rest === "" ? nanosecondsOf(timestampMs) : integerOf(rest);
    if (timestamp === undefined || !fitsInt64(timestamp)) throw this.#wrong("nanoseconds");
    return { measurement, tags, fields, timestamp };
  }

  #wrong(allowed: string): Error {
    return undecodable(
      "influx",
      quote(this.#line, 80),
      `${allowed} at character ${this.#at + 1}; ${ALLOWED}`,
    );
  }

  #take(character: string): boolean {
    if (this.#line[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #spaces(): void {
    if (this.#line[this.#at] !== " ") throw this.#wrong("a blank");
    while (this.#line[this.#at] === " ") this.#at++;
  }

  /** Up to one of the characters, which a backslash makes part of the name. */
  #name(ends: string): string {
    const line = this.#line;
    let name = "";
    let from = this.#at;
    let at = from;
    for (; at < line.length && !ends.includes(line[at]!); at++) {
      if (line[at] === "\n") break;
      if (line[at] !== "\\" || at + 1 >= line.length || !'\\", ='.includes(line[at + 1]!)) continue;
      name += line.slice(from, at);
      from = ++at;
    }
    this.#at = at;
    return name + line.slice(from, at);
  }

  #value(): unknown {
    if (this.#take('"')) return this.#text();
    const line = this.#line;
    const from = this.#at;
    let at = from;
    while (at < line.length && line[at] !== "," && line[at] !== " ") at++;
    const text = line.slice(from, at);
    const value = this.#scalar(text);
    if (value === undefined) throw this.#wrong("a number, an integer with i or u, a boolean or a quoted text");
    this.#at = at;
    return value;
  }

  #text(): string {
    const line = this.#line;
    let text = "";
    let from = this.#at;
    let at = from;
    for (; at < line.length; at++) {
      if (line[at] === '"') {
        this.#at = at + 1;
        return text + line.slice(from, at);
      }
      if (line[at] !== "\\" || (line[at + 1] !== '"' && line[at + 1] !== "\\")) continue;
      text += line.slice(from, at);
      from = ++at;
    }
    throw this.#wrong("a text with an end");
  }

  #scalar(text: string): unknown {
    const last = text.at(-1);
    if (last === "i" || last === "u") {
      const integer = integerOf(text.slice(0, -1));
      if (integer === undefined || integer > 0xffff_ffff_ffff_ffffn || (last === "i" && !fitsInt64(integer))) {
        return undefined;
      }
      return this.#plain && Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
    }
    if (TRUE.has(text)) return true;
    if (FALSE.has(text)) return false;
    return decimalOf(text);
  }
}

function lineText(value: Readonly<Record<string, unknown>>): string | undefined {
  const { measurement, tags = {}, fields, timestamp } = value;
  if (typeof measurement !== "string" || measurement === "" || measurement.startsWith("#")) return undefined;
  if (!isMembers(tags) || !isMembers(fields)) return undefined;
  // Only quoted texts may hold line ends.
  const names = [measurement, ...Object.entries(tags).flat(), ...Object.keys(fields)];
  if (names.some((name) => typeof name === "string" && /[\r\n]/.test(name))) return undefined;
  let text = escaped(measurement, /[\\, ]/g);
  for (const [key, tag] of Object.entries(tags)) {
    if (key === "" || typeof tag !== "string") return undefined;
    text += `,${escaped(key, /[\\,= ]/g)}=${escaped(tag, /[\\,= ]/g)}`;
  }
  let separator = " ";
  for (const [key, field] of Object.entries(fields)) {
    const written = fieldText(field);
    if (key === "" || written === undefined) return undefined;
    text += `${separator}${escaped(key, /[\\,= ]/g)}=${written}`;
    separator = ",";
  }
  if (separator === " ") return undefined;
  if (timestamp === undefined || timestamp === null) return text;
  const time = asNanoseconds(timestamp);
  return time === undefined ? undefined : `${text} ${time}`;
}

function escaped(text: string, special: RegExp): string {
  return text.replace(special, "\\$&");
}

function fieldText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return `"${escaped(value, /[\\"]/g)}"`;
    case "boolean":
      return String(value);
    case "bigint":
      return fitsInt64(value) ? `${value}i` : value > 0n && value <= 0xffff_ffff_ffff_ffffn ? `${value}u` : undefined;
    case "number":
      return Number.isFinite(value) ? String(value) : undefined;
    default:
      return undefined;
  }
}
