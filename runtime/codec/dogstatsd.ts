/** The codec `dogstatsd`: one payload is one metric, event or service check. @module */
import { quote } from "../manifest/untrusted_text.ts";
import type { Codec } from "./codec.ts";
import { lineOf, undecodable, unencodable } from "./codec_error.ts";
import { decimalOf, integerOf, numberText } from "./numbers.ts";
import { isMembers } from "./plain_object.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

type Members = Record<string, unknown>;

/** One optional section behind a `|`. */
interface Section {
  readonly prefix: string;
  readonly member: string;
  readonly kind: "text" | "tags" | "seconds" | "rate";
}

const TAGS: Section = { prefix: "#", member: "tags", kind: "tags" };
const CONTAINER: Section = { prefix: "c:", member: "container_id", kind: "text" };
const TIME: Section = { prefix: "d:", member: "timestamp", kind: "seconds" };
const HOST: Section = { prefix: "h:", member: "hostname", kind: "text" };

const METRIC_SECTIONS: readonly Section[] = [
  { prefix: "@", member: "sample_rate", kind: "rate" },
  TAGS,
  CONTAINER,
  { prefix: "T", member: "timestamp", kind: "seconds" },
];
const EVENT_SECTIONS: readonly Section[] = [
  TIME,
  HOST,
  { prefix: "k:", member: "aggregation_key", kind: "text" },
  { prefix: "p:", member: "priority", kind: "text" },
  { prefix: "s:", member: "source", kind: "text" },
  { prefix: "t:", member: "type", kind: "text" },
  TAGS,
  CONTAINER,
];
const CHECK_SECTIONS: readonly Section[] = [
  TIME,
  HOST,
  TAGS,
  { prefix: "m:", member: "message", kind: "text" },
  CONTAINER,
];

const TYPES: ReadonlySet<string> = new Set(["c", "g", "ms", "h", "s", "d"]);
const NAME = /^[^:|\r\n]+$/;
const CHECK_NAME = /^[^|\r\n]+$/;
const EVENT_HEAD = /^_e\{(\d{1,6}),(\d{1,6})\}:/;

/**
 * DogStatsD, version 1.3: `{ metric: { metric, values, type, … } }`, `{ event: { title, text, … } }` or
 * `{ service_check: { name, status, … } }`. Lengths of events count bytes; timestamps are seconds, as on the wire.
 */
export const dogstatsd: Codec = {
  name: "dogstatsd",
  decode(bytes: Uint8Array): unknown {
    const line = lineOf("dogstatsd", bytes);
    const head = EVENT_HEAD.exec(line);
    if (head !== null) return { event: decodeEvent(line, bytes, head) };
    const fields = line.split("|");
    if (fields[0] === "_sc") return { service_check: decodeCheck(line, fields) };
    return { metric: decodeMetric(line, fields) };
  },
  encode(value: unknown): Uint8Array {
    if (isMembers(value)) {
      const { metric, event, service_check: check } = value;
      const text = isMembers(metric)
        ? metricText(metric)
        : isMembers(event)
        ? eventText(event)
        : isMembers(check)
        ? checkText(check)
        : undefined;
      if (text !== undefined) return encodeUtf8(text);
    }
    throw unencodable("dogstatsd", value, "{ metric: … }, { event: … } or { service_check: … }");
  },
};

function wrong(line: string, allowed: string): Error {
  return undecodable("dogstatsd", quote(line, 80), allowed);
}

function decodeMetric(line: string, fields: readonly string[]): Members {
  const allowed = "METRIC:VALUE:…|TYPE|@RATE|#TAG,…|c:CONTAINER|TSECONDS";
  const [head = "", type = "", ...sections] = fields;
  const [metric = "", ...texts] = head.split(":");
  const values = texts.map(decimalOf);
  if (metric === "" || values.length === 0 || values.includes(undefined) || !TYPES.has(type)) {
    throw wrong(line, allowed);
  }
  return decodeSections({ metric, values, type }, sections, METRIC_SECTIONS, () => wrong(line, allowed));
}

function decodeEvent(line: string, bytes: Uint8Array, head: RegExpExecArray): Members {
  const allowed = "_e{TITLE BYTES,TEXT BYTES}:TITLE|TEXT|…";
  const titleStart = head[0].length;
  const titleEnd = titleStart + Number(head[1]);
  const textEnd = titleEnd + 1 + Number(head[2]);
  const lineEnd = encodeUtf8(line).byteLength;
  if (textEnd > lineEnd || bytes[titleEnd] !== 0x7c || (textEnd < lineEnd && bytes[textEnd] !== 0x7c)) {
    throw wrong(line, allowed);
  }
  try {
    const title = unescape(decodeUtf8(bytes.subarray(titleStart, titleEnd)));
    const text = unescape(decodeUtf8(bytes.subarray(titleEnd + 1, textEnd)));
    const sections = textEnd === lineEnd ? [] : decodeUtf8(bytes.subarray(textEnd + 1, lineEnd)).split("|");
    return decodeSections({ title, text }, sections, EVENT_SECTIONS, () => wrong(line, allowed));
  } catch (error) {
    // A length that ends inside a character.
    if (error instanceof TypeError) throw wrong(line, allowed);
    throw error;
  }
}

function decodeCheck(line: string, [, name = "", status = "", ...sections]: readonly string[]): Members {
  const allowed = "_sc|NAME|STATUS 0 to 3|…";
  if (name === "" || !/^[0-3]$/.test(status)) throw wrong(line, allowed);
  return decodeSections({ name, status: Number(status) }, sections, CHECK_SECTIONS, () => wrong(line, allowed));
}

function decodeSections(
  members: Members,
  texts: readonly string[],
  sections: readonly Section[],
  refuse: () => Error,
): Members {
  for (const text of texts) {
    const section = sections.find(({ prefix }) => text.startsWith(prefix));
    if (section === undefined || section.member in members) throw refuse();
    const rest = text.slice(section.prefix.length);
    const value = section.kind === "tags"
      ? rest.split(",")
      : section.kind === "text"
      ? section.member === "message" ? unescape(rest) : rest
      : section.kind === "rate"
      ? decimalOf(rest)
      : secondsOf(rest);
    if (value === undefined) throw refuse();
    members[section.member] = value;
  }
  return members;
}

function secondsOf(text: string): number | undefined {
  const seconds = integerOf(text);
  return seconds === undefined || seconds > Number.MAX_SAFE_INTEGER || seconds < 0 ? undefined : Number(seconds);
}

function unescape(text: string): string {
  return text.replaceAll("\\n", "\n");
}

function escape(text: string): string {
  return text.replaceAll("\n", "\\n");
}

function metricText({ metric, values, type, ...rest }: Members): string | undefined {
  if (typeof metric !== "string" || !NAME.test(metric) || typeof type !== "string" || !TYPES.has(type)) {
    return undefined;
  }
  if (!Array.isArray(values) || values.length === 0) return undefined;
  const texts = values.map(numberText);
  if (texts.includes(undefined)) return undefined;
  return withSections(`${metric}:${texts.join(":")}|${type}`, rest, METRIC_SECTIONS);
}

function eventText({ title, text, ...rest }: Members): string | undefined {
  if (typeof title !== "string" || typeof text !== "string") return undefined;
  const [first, second] = [escape(title), escape(text)];
  const lengths = `${encodeUtf8(first).byteLength},${encodeUtf8(second).byteLength}`;
  return withSections(`_e{${lengths}}:${first}|${second}`, rest, EVENT_SECTIONS);
}

function checkText({ name, status, ...rest }: Members): string | undefined {
  if (typeof name !== "string" || !CHECK_NAME.test(name)) return undefined;
  if (status !== 0 && status !== 1 && status !== 2 && status !== 3) return undefined;
  return withSections(`_sc|${name}|${status}`, rest, CHECK_SECTIONS);
}

function withSections(head: string, members: Members, sections: readonly Section[]): string | undefined {
  let text = head;
  let known = 0;
  for (const { prefix, member, kind } of sections) {
    const value = members[member];
    if (value !== undefined) known++;
    if (value === undefined || value === null) continue;
    const written = kind === "tags"
      ? Array.isArray(value) && value.every((tag) => typeof tag === "string" && !tag.includes(","))
        ? value.join(",")
        : undefined
      : kind === "text"
      ? typeof value === "string" ? member === "message" ? escape(value) : value : undefined
      : numberText(value);
    if (written === undefined || /[|\r\n]/.test(written)) return undefined;
    text += `|${prefix}${written}`;
  }
  const given = Object.values(members).filter((value) => value !== undefined).length;
  return known === given ? text : undefined;
}
