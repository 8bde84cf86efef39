/** RFC 5424: the header, structured data and time of a syslog message. @module */
import { splitNanoseconds } from "./numbers.ts";
import { isMembers } from "./plain_object.ts";

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const NAME = /^[!-<>-\\^-~]{1,255}$/;
const TEXT = /^[!-~]+$/;

/** Elements by id; parameters in order, each an object with one member, because a name may come twice. */
export type StructuredData = Record<string, Record<string, string>[]>;

/** What follows the version. */
export interface Header5424 {
  /** Nanoseconds since 1970. */
  readonly timestamp?: bigint;
  /** Absent for `-`. */
  readonly hostname?: string;
  /** Absent for `-`. */
  readonly appname?: string;
  /** Absent for `-`. */
  readonly procid?: string;
  /** Absent for `-`. */
  readonly msgid?: string;
  /** Absent for `-`. */
  // deno-lint-ignore camelcase -- a member of the event as users see it
  readonly structured_data?: StructuredData;
  /** The rest. */
  readonly msg: string;
}

/** Reads what follows `<PRI>1 `, or says what is wrong with it. */
export function parse5424(text: string): Header5424 | string {
  const fields: string[] = [];
  let at = 0;
  for (let index = 0; index < 5; index++) {
    const end = text.indexOf(" ", at);
    if (end <= at) return "a header with too few fields";
    fields.push(text.slice(at, end));
    at = end + 1;
  }
  const [time, hostname, appname, procid, msgid] = fields as [string, string, string, string, string];
  const timestamp = time === "-" ? undefined : parseTime(time);
  if (time !== "-" && timestamp === undefined) return "a time that is none";
  const data = parseData(text, at);
  if (typeof data === "string") return data;
  if (data.end < text.length && text[data.end] !== " ") return "no blank behind the structured data";
  const msg = text.slice(data.end + 1);
  return {
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(hostname === "-" ? {} : { hostname }),
    ...(appname === "-" ? {} : { appname }),
    ...(procid === "-" ? {} : { procid }),
    ...(msgid === "-" ? {} : { msgid }),
    ...(data.elements === undefined ? {} : { structured_data: data.elements }),
    // A byte order mark only says that UTF-8 follows.
    msg: msg.startsWith("\uFEFF") ? msg.slice(1) : msg,
  };
}

function parseTime(text: string): bigint | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  // Date.parse takes the 30th of February for the 1st of March.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number.isNaN(ms) || Number(day) > days || Number(hour) > 23) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

type Parsed = { readonly elements: StructuredData | undefined; readonly end: number };

function parseData(text: string, start: number): Parsed | string {
  if (text[start] === "-") return { elements: undefined, end: start + 1 };
  if (text[start] !== "[") return "no structured data";
  const elements: StructuredData = Object.create(null);
  let at = start;
  while (text[at] === "[") {
    let end = ++at;
    while (end < text.length && text[end] !== " " && text[end] !== "]") end++;
    const id = text.slice(at, end);
    if (!NAME.test(id) || id in elements) return "structured data with a bad or repeated id";
    const parameters: Record<string, string>[] = elements[id] = [];
    at = end;
    while (text[at] === " ") {
      const equals = text.indexOf('="', at);
      const name = equals < 0 || equals - at > 256 ? "" : text.slice(at + 1, equals);
      if (!NAME.test(name)) return "structured data with a bad parameter";
      let value = "";
      let from = at = equals + 2;
      for (; text[at] !== '"'; at++) {
        if (at >= text.length) return "structured data without an end";
        if (text[at] !== "\\" || !'"\\]'.includes(text[at + 1] ?? " ")) continue;
        value += text.slice(from, at);
        from = ++at;
      }
      parameters.push(Object.fromEntries([[name, value + text.slice(from, at)]]));
      at++;
    }
    if (text[at] !== "]") return "structured data without an end";
    at++;
  }
  return { elements: { ...elements }, end: at };
}

/** Writes structured data, or `undefined` when it cannot be written. */
export function dataText(data: unknown): string | undefined {
  if (data === undefined || data === null) return "-";
  if (!isMembers(data)) return undefined;
  let text = "";
  for (const [id, parameters] of Object.entries(data)) {
    if (!NAME.test(id) || !Array.isArray(parameters)) return undefined;
    text += `[${id}`;
    for (const parameter of parameters) {
      if (!isMembers(parameter)) return undefined;
      for (const [name, value] of Object.entries(parameter)) {
        if (!NAME.test(name) || typeof value !== "string") return undefined;
        text += ` ${name}="${value.replace(/["\\\]]/g, "\\$&")}"`;
      }
    }
    text += "]";
  }
  return text === "" ? "-" : text;
}

/** Writes a time in UTC with microseconds, which is what RFC 5424 allows; zeros at the end are left out. */
export function timeText(timestamp: bigint): string | undefined {
  const { ms, rest } = splitNanoseconds(timestamp);
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return undefined;
  const text = date.toISOString();
  const micros = Math.floor(rest / 1000);
  const fraction = micros > 0 ? `${text.slice(19, 23)}${String(micros).padStart(3, "0")}` : text.slice(19, 23);
  return `${text.slice(0, 19)}${fraction === ".000" ? "" : fraction}+00:00`;
}

/** A header field as text: `-` for none, `undefined` when it cannot be one. */
export function fieldText(value: unknown, most: number): string | undefined {
  if (value === undefined || value === null) return "-";
  return typeof value === "string" && value.length <= most && TEXT.test(value) ? value : undefined;
}
