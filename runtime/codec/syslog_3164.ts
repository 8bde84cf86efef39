/** RFC 3164: what syslog messages of old look like. @module */
import { nanosecondsOf, splitNanoseconds } from "./numbers.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HEAD = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ([^ ]{1,255}) /;
const TAG = /^([^\s:[\]]{1,255})(?:\[([^\]\s]{1,128})\])?: ?/;

/** What follows the priority. */
export interface Header3164 {
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint;
  /** Absent for `-`. */
  readonly hostname?: string;
  /** Absent when no tag is there. */
  readonly appname?: string;
  /** In brackets behind the tag. */
  readonly procid?: string;
  /** The rest. */
  readonly msg: string;
}

/** Reads what follows the priority; anything is a message. The year, which is not said, is that of `nowMs`, in UTC. */
export function parse3164(text: string, nowMs: number): Header3164 {
  const head = HEAD.exec(text);
  const month = head === null ? -1 : MONTHS.indexOf(head[1]!);
  const [day, hour, minute, second] = head?.slice(2, 6).map(Number) as [number, number, number, number] ?? [];
  const year = new Date(nowMs).getUTCFullYear();
  const ms = Date.UTC(year, month, day, hour, minute, second);
  const fits = head !== null && month >= 0 && hour < 24 && minute < 60 && second < 60 &&
    new Date(ms).getUTCDate() === day;
  if (!fits) return { timestamp: nanosecondsOf(nowMs), msg: text };
  const hostname = head[6]!;
  const rest = text.slice(head[0].length);
  const tag = TAG.exec(rest);
  return {
    timestamp: BigInt(ms) * 1_000_000n,
    ...(hostname === "-" ? {} : { hostname }),
    ...(tag === null ? {} : { appname: tag[1]! }),
    ...(tag?.[2] === undefined ? {} : { procid: tag[2] }),
    // Without a program name the tag is a lone colon.
    msg: tag !== null ? rest.slice(tag[0].length) : rest.startsWith(": ") ? rest.slice(2) : rest,
  };
}

/** Writes a time without its year, in UTC. */
export function time3164(timestamp: bigint): string {
  const date = new Date(splitNanoseconds(timestamp).ms);
  const clock = date.toISOString().slice(-13, -5);
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, " ")} ${clock}`;
}
